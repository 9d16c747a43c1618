// One line for a connection that works.
#include <stdio.h>
#include <string.h>

#include "console_view.h"
#include "words.h"

// Lines are filled up to here on wider terminals: the eye must find the way to the end.
#define LINE_COLUMNS_MAX 132
#define LEG_TEXT_MAX     96

enum leg_part {
    PART_VERSION,
    PART_SUITE,
    PART_GROUP,
    PART_ALPN,
    LEG_PARTS
};

// What was agreed on a leg, in words ready to show; a part may be empty.
struct leg_words {
    char part[LEG_PARTS][LEG_TEXT_MAX];
};

// "AES_128_GCM" for TLS_AES_128_GCM_SHA256: in TLS 1.3 the rest says nothing about the leg. Names
// of TLS 1.2 stay whole, so that they can be copied into a configuration.
static void write_suite(const struct leg_evidence *leg, char out_text[LEG_TEXT_MAX])
{
    const char *name = leg->suite != 0 ? suite_name(leg->suite) : "";
    (void)snprintf(out_text, LEG_TEXT_MAX, "%s", name); // registered names are shorter
    if (leg->version != VERSION_TLS13 || strncmp(name, "TLS_", 4) != 0) {
        return;
    }
    (void)snprintf(out_text, LEG_TEXT_MAX, "%s", name + 4);
    char *hash = strstr(out_text, "_SHA");
    if (hash != NULL) {
        *hash = '\0';
    }
}

static void write_group(const struct leg_evidence *leg, char out_text[LEG_TEXT_MAX])
{
    const struct group *group = leg->group != 0 ? group_find(leg->group) : NULL;
    if (group != NULL) {
        (void)snprintf(out_text, LEG_TEXT_MAX, "%s",
                       group->openssl != NULL ? group->openssl : group->name);
    }
}

static void write_alpn(const struct leg_evidence *leg, bool other_has_one, enum language language,
                       char out_text[LEG_TEXT_MAX])
{
    struct buffer escaped = {0};
    if (leg->alpn.len == 0) {
        (void)snprintf(out_text, LEG_TEXT_MAX, "%s",
                       other_has_one ? words_in("no ALPN", language, NULL) : "");
        return;
    }
    (void)text_escape(&escaped, slice_part(leg->alpn, 0, (LEG_TEXT_MAX - 1) / 4));
    const char *text = buffer_text(&escaped);
    (void)snprintf(out_text, LEG_TEXT_MAX, "%s", text != NULL ? text : "");
    buffer_clear(&escaped);
}

static struct leg_words words_of(const struct evidence *evidence, enum side side,
                                 enum language language)
{
    const struct leg_evidence *leg = &evidence->legs[side];
    struct leg_words words = {0};
    if (leg->version != 0) {
        (void)snprintf(words.part[PART_VERSION], LEG_TEXT_MAX, "%s", version_name(leg->version));
    }
    write_suite(leg, words.part[PART_SUITE]);
    write_group(leg, words.part[PART_GROUP]);
    write_alpn(leg, evidence->legs[!side].alpn.len > 0, language, words.part[PART_ALPN]);
    return words;
}

static int columns_of(const struct leg_words *words)
{
    int columns = 0;
    for (size_t i = 0; i < LEG_PARTS; i++) {
        int part = text_columns(words->part[i]);
        columns += part + (part > 0 && columns > 0 ? 1 : 0);
    }
    return columns;
}

static bool is_same(const struct leg_words *a, const struct leg_words *b)
{
    for (size_t i = 0; i < LEG_PARTS; i++) {
        if (strcmp(a->part[i], b->part[i]) != 0) {
            return false;
        }
    }
    return true;
}

// Parts that differ from the other leg's stand out.
static void write_leg(struct pen *pen, const struct leg_words *words, const struct leg_words *other)
{
    bool is_first = true;
    for (size_t i = 0; i < LEG_PARTS; i++) {
        if (words->part[i][0] == '\0') {
            continue;
        }
        if (!is_first) {
            pen_ours(pen, " ");
        }
        bool differs = strcmp(words->part[i], other->part[i]) != 0;
        pen_styled(pen, differs ? STYLE_WARN : STYLE_PLAIN, words->part[i]);
        is_first = false;
    }
}

static int64_t secured_us(const struct evidence *evidence)
{
    int64_t client_us = evidence->legs[CLIENT].secured_us;
    int64_t server_us = evidence->legs[SERVER].secured_us;
    return client_us > server_us ? client_us : server_us;
}

#define MS_TEXT_MAX 32

static const char *ms_text(int64_t us, char out_text[MS_TEXT_MAX])
{
    (void)snprintf(out_text, MS_TEXT_MAX, us < 10000 ? "  %.1f ms" : "  %.0f ms",
                   (double)us / 1000.0); // fits
    return out_text;
}

// The time stands at the right edge.
static void write_ms(struct pen *pen, const char *ms)
{
    int edge = pen->columns < LINE_COLUMNS_MAX ? pen->columns : LINE_COLUMNS_MAX;
    pen_pad(pen, edge - text_columns(ms));
    pen_styled(pen, STYLE_DIM, ms);
}

static void write_masked(struct pen *pen, const struct event *event)
{
    for (size_t i = 0; i < event->masked_count; i++) {
        const struct verdict *masked = &event->masked[i];
        pen_line(pen);
        pen_style(pen, STYLE_WARN);
        console_say(pen, "⚠ masked: ");
        pen_ours(pen, masked->cause->code);
        pen_style(pen, STYLE_PLAIN);
        if (masked->summary != NULL) {
            pen_ours(pen, "  ");
            pen_wrap(pen, pen->indent + 2, masked->summary);
        }
    }
}

static int greater(int a, int b)
{
    return a > b ? a : b;
}

// Client and server leg below each other: at `column` of this line if there is room, else on lines
// of their own.
static void write_stacked(struct pen *pen, const struct leg_words words[SIDES], int column,
                          const char *ms)
{
    const char *labels[SIDES] = {words_in("client", pen->language, NULL),
                                 words_in("server", pen->language, NULL)};
    int label_columns = 1 + greater(text_columns(labels[CLIENT]), text_columns(labels[SERVER]));
    int widest = greater(columns_of(&words[CLIENT]), columns_of(&words[SERVER]));
    bool has_room = column + label_columns + widest + text_columns(ms) <= pen->columns;
    if (!has_room) {
        write_ms(pen, ms);
        column = pen->indent;
    }
    for (enum side side = CLIENT; side < SIDES; side++) {
        if (side == SERVER || !has_room) {
            pen_line(pen);
        }
        pen_pad(pen, column);
        pen_styled(pen, STYLE_DIM, labels[side]);
        pen_pad(pen, column + label_columns);
        write_leg(pen, &words[side], &words[!side]);
        if (side == CLIENT && has_room) {
            write_ms(pen, ms);
        }
    }
}

static void write_legs(struct pen *pen, const struct evidence *evidence)
{
    struct console_layout layout = console_layout_of(pen->columns);
    struct leg_words words[SIDES] = {words_of(evidence, CLIENT, pen->language),
                                     words_of(evidence, SERVER, pen->language)};
    bool is_same_twice = is_same(&words[CLIENT], &words[SERVER]);
    char ms[MS_TEXT_MAX];
    ms_text(secured_us(evidence), ms);
    int column = pen->column < layout.legs_column ? layout.legs_column : pen->column + 1;
    int both = columns_of(&words[CLIENT]) + (is_same_twice ? 0 : 3 + columns_of(&words[SERVER]));
    if (column + both + text_columns(ms) > pen->columns) {
        write_stacked(pen, words, column, ms);
        return;
    }
    pen_pad(pen, column);
    write_leg(pen, &words[CLIENT], &words[SERVER]);
    if (!is_same_twice) {
        pen_styled(pen, STYLE_DIM, " │ ");
        write_leg(pen, &words[SERVER], &words[CLIENT]);
    }
    write_ms(pen, ms);
}

void console_view_secured(struct pen *pen, const struct event *event)
{
    bool has_warning = event->masked_count > 0;
    pen->indent = console_layout_of(pen->columns).target_column;
    console_begin(pen, event, has_warning ? STYLE_WARN : STYLE_GOOD, has_warning ? "⚠" : "✓");
    console_target(pen, event->evidence, STYLE_BOLD);
    write_legs(pen, event->evidence);
    write_masked(pen, event);
}

void console_view_passed(struct pen *pen, const struct event *event)
{
    struct console_layout layout = console_layout_of(pen->columns);
    struct leg_words words = words_of(event->evidence, SERVER, pen->language);
    console_begin(pen, event, STYLE_DIM, "→");
    console_target(pen, event->evidence, STYLE_DIM);
    pen_gap(pen, layout.legs_column);
    pen_style(pen, STYLE_DIM);
    console_say(pen, "passed untouched");
    for (size_t i = 0; i < LEG_PARTS; i++) {
        int columns = text_columns(words.part[i]);
        if (columns == 0 || pen->column + 2 + columns > pen->columns) {
            continue;
        }
        pen_ours(pen, i == 0 ? "  " : " ");
        pen_ours(pen, words.part[i]);
    }
    pen_style(pen, STYLE_PLAIN);
}

void console_view_plain(struct pen *pen, const struct event *event)
{
    struct console_layout layout = console_layout_of(pen->columns);
    console_begin(pen, event, STYLE_DIM, "→");
    console_target(pen, event->evidence, STYLE_DIM);
    pen_gap(pen, layout.legs_column);
    console_say_styled(pen, STYLE_DIM, "plain, not TLS: relayed as it is");
}

#define ROW_TEXT_MAX 320 // a row of an experiment is shorter

// ✓ target   experiment for #12: what was changed → what the client did
void console_view_experiment(struct pen *pen, const struct event *event)
{
    struct console_layout layout = console_layout_of(pen->columns);
    const struct proof_row *row = event->row;
    char text[ROW_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "experiment for #%llu: %s → %s",
                   (unsigned long long)event->evidence->experiment_of, row->changed, row->outcome);
    struct arena arena = {0};
    pen->indent = layout.target_column;
    console_begin(pen, event, row->passed ? STYLE_GOOD : STYLE_DIM, row->passed ? "✓" : "✗");
    console_target(pen, event->evidence, STYLE_DIM);
    pen_gap(pen, layout.legs_column);
    pen_style(pen, STYLE_DIM);
    pen_wrap(pen, layout.target_column, words_in(text, pen->language, &arena));
    pen_style(pen, STYLE_PLAIN);
    arena_clear(&arena);
}
