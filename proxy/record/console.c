#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "console_view.h"
#include "recorder.h"
#include "reword.h"
#include "words.h"

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN     40
#define COLUMNS_NARROW  100

struct console {
    struct console_manner manner;
};

struct console_layout console_layout_of(int columns)
{
    if (columns < COLUMNS_NARROW) {
        return (struct console_layout){true, 16, 18, 40};
    }
    return (struct console_layout){false, 20, 22, 52};
}

// Local time: it is read by the person in front of the terminal.
static void write_time(struct pen *pen, int64_t wall_us, bool is_narrow)
{
    char text[32];
    struct tm local;
    time_t seconds = (time_t)(wall_us / 1000000);
    if (localtime_r(&seconds, &local) == NULL) {
        return; // a year that has no number
    }
    int len =
        snprintf(text, sizeof(text), "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
    if (!is_narrow && len > 0) {
        (void)snprintf(text + len, sizeof(text) - (size_t)len, ".%03d",
                       (int)(wall_us / 1000 % 1000)); // four characters
    }
    pen_styled(pen, STYLE_DIM, text);
}

void console_begin(struct pen *pen, const struct event *event, enum style style, const char *mark)
{
    struct console_layout layout = console_layout_of(pen->columns);
    char number[24];
    write_time(pen, event->wall_us, layout.is_narrow);
    if (event->connection > 0) {
        int len = snprintf(number, sizeof(number), "#%llu", (unsigned long long)event->connection);
        pen_gap(pen, layout.mark_column - 1 - len);
        pen_styled(pen, STYLE_DIM, number);
    }
    pen_gap(pen, layout.mark_column);
    pen_styled(pen, style, mark);
    pen_gap(pen, layout.target_column);
}

void console_say(struct pen *pen, const char *text)
{
    struct arena arena = {0};
    pen_words(pen, words_in(text, pen->language, &arena));
    arena_clear(&arena);
}

void console_say_styled(struct pen *pen, enum style style, const char *text)
{
    pen_style(pen, style);
    console_say(pen, text);
    pen_style(pen, STYLE_PLAIN);
}

void console_target(struct pen *pen, const struct evidence *evidence, enum style style)
{
    struct endpoint client;
    char text[ENDPOINT_TEXT_MAX];
    const char *address = evidence->client_address;
    bool is_near =
        address == NULL || (endpoint_parse(slice_of_text(address), 1, "client", &client, NULL) &&
                            endpoint_is_loopback(&client));
    if (!is_near) {
        pen_style(pen, STYLE_DIM);
        pen_peer(pen, slice_of_text(address));
        pen_ours(pen, " → ");
        pen_style(pen, STYLE_PLAIN);
    }
    pen_style(pen, style);
    if (evidence->has_target) {
        pen_peer(pen, slice_of_text(endpoint_text(&evidence->target, text)));
    } else {
        console_say(pen, "(no target)");
    }
    pen_style(pen, STYLE_PLAIN);
}

// LISTENING, NOTICE and ERROR.
static void view_text(struct pen *pen, const struct event *event)
{
    struct console_layout layout = console_layout_of(pen->columns);
    pen->indent = layout.target_column;
    switch (event->kind) {
    case EVENT_LISTENING:
        console_begin(pen, event, STYLE_GOOD, "●");
        console_say(pen, "listening on ");
        break;
    case EVENT_ERROR:
        console_begin(pen, event, STYLE_BAD, "!");
        break;
    case EVENT_NOTICE:
    case EVENT_OPENED:
    case EVENT_TARGET:
    case EVENT_SECURED:
    case EVENT_PLAIN:
    case EVENT_PASSED:
    case EVENT_VERDICT:
    case EVENT_EXPERIMENT:
    case EVENT_CLOSED:
    case EVENTS:
        console_begin(pen, event, STYLE_DIM, "·");
        break;
    }
    struct arena arena = {0};
    const char *text = event->text != NULL ? event->text : "";
    pen_wrap(pen, layout.target_column, words_in(text, pen->language, &arena));
    arena_clear(&arena);
}

static void view(struct pen *pen, const struct event *event)
{
    switch (event->kind) {
    case EVENT_SECURED:
        console_view_secured(pen, event);
        return;
    case EVENT_PASSED:
        console_view_passed(pen, event);
        return;
    case EVENT_PLAIN:
        console_view_plain(pen, event);
        return;
    case EVENT_VERDICT:
        console_view_verdict(pen, event);
        return;
    case EVENT_EXPERIMENT:
        console_view_experiment(pen, event);
        return;
    case EVENT_LISTENING:
    case EVENT_NOTICE:
    case EVENT_ERROR:
        view_text(pen, event);
        return;
    case EVENT_OPENED:
    case EVENT_TARGET:
    case EVENT_CLOSED:
    case EVENTS:
        return; // not wanted: they say nothing that a person waits for
    }
}

// view_said_again views an event of which verdicts and rows are said again in another language.
static void view_said_again(struct pen *pen, const struct event *event)
{
    struct arena arena = {0};
    struct event shown = *event;
    struct verdict verdict, masked[VERDICTS_MAX];
    struct proof_row row;
    if (event->verdict != NULL) {
        verdict = verdict_in(event->verdict, pen->language, &arena);
        if (event->evidence->is_captured) {
            reword_captured(&verdict, pen->language, &arena);
        }
        shown.verdict = &verdict;
    }
    if (event->row != NULL) {
        row = proof_row_in(event->row, pen->language, &arena);
        shown.row = &row;
    }
    shown.masked_count = 0;
    for (size_t i = 0; i < event->masked_count && i < VERDICTS_MAX; i++) {
        masked[shown.masked_count++] = verdict_in(&event->masked[i], pen->language, &arena);
    }
    shown.masked = masked;
    view(pen, &shown);
    arena_clear(&arena);
}

static void render(void *user, const struct event *event, struct buffer *out)
{
    const struct console *console = user;
    size_t len_before = out->len;
    struct pen pen = {.out = out,
                      .colour = console->manner.colour,
                      .columns = console->manner.columns,
                      .language = console->manner.language};
    if (pen.language == LANGUAGE_EN) {
        view(&pen, event);
    } else {
        view_said_again(&pen, event);
    }
    if (out->len == len_before) {
        return;
    }
    pen_end(&pen);
    if (pen.failed) {
        out->len = len_before;
        (void)buffer_append_text(out, "an event was left out: no memory to show it\n");
    }
}

struct sink console_sink(int fd, const struct console_manner *manner)
{
    uint32_t loud = 1u << EVENT_VERDICT | 1u << EVENT_ERROR;
    uint32_t rest = 1u << EVENT_LISTENING | 1u << EVENT_SECURED | 1u << EVENT_PASSED |
                    1u << EVENT_PLAIN | 1u << EVENT_EXPERIMENT | 1u << EVENT_NOTICE;
    struct console *console = calloc(1, sizeof(*console));
    if (console == NULL) {
        abort(); // at start, before anything runs: there is no one to tell and nothing to save
    }
    int columns = manner->columns > 0 ? manner->columns : COLUMNS_DEFAULT;
    console->manner = *manner;
    console->manner.columns = columns < COLUMNS_MIN ? COLUMNS_MIN : columns;
    return (struct sink){
        .name = "console",
        .render = render,
        .user = console,
        .fd = fd,
        .events = manner->quiet ? loud : loud | rest,
    };
}

void console_sink_free(struct sink *sink)
{
    free(sink->user);
    sink->user = NULL;
}
