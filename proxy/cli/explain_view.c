#include "explain_view.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "pen.h"
#include "report.h"
#include "reword.h"
#include "terminal.h"
#include "words.h"

void explain_view_open(struct explain_view *view, bool is_json, enum language language)
{
    struct terminal terminal = terminal_of(STDOUT_FILENO);
    struct console_manner manner = {.colour = terminal.colour,
                                    .columns = terminal.columns,
                                    .quiet = true,
                                    .language = language};
    *view = (struct explain_view){.is_json = is_json, .language = language};
    view->sink = is_json ? jsonl_sink(STDOUT_FILENO, false) : console_sink(STDOUT_FILENO, &manner);
}

static void print(struct explain_view *view)
{
    struct slice text = buffer_slice(&view->text);
    bool is_written = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    view->failed = view->failed || (!is_written && errno != EPIPE); // who left wants no more
    buffer_clear(&view->text);
}

void explain_view_verdict(struct explain_view *view, const struct evidence *evidence,
                          const struct verdict *verdict)
{
    struct arena arena = {0};
    struct verdict shown = *verdict;
    if (evidence->is_captured && (view->is_json || view->language == LANGUAGE_EN)) {
        reword_captured(&shown, LANGUAGE_EN, &arena); // else the console does, in its language
    }
    struct event event = {
        .kind = EVENT_VERDICT,
        .connection = evidence->connection,
        .wall_us = evidence->opened_us,
        .evidence = evidence,
        .verdict = &shown,
    };
    view->sink.render(view->sink.user, &event, &view->text);
    arena_clear(&arena);
    print(view);
}

void explain_view_note(struct explain_view *view, const char *text)
{
    if (view->is_json) {
        return;
    }
    struct arena arena = {0};
    struct pen pen = {.out = &view->text};
    pen_words(&pen, words_in(text, view->language, &arena)); // may quote the file
    pen_end(&pen);
    view->failed = view->failed || pen.failed;
    arena_clear(&arena);
    print(view);
}

int explain_view_close(struct explain_view *view, int code)
{
    if (!view->is_json) {
        console_sink_free(&view->sink);
    }
    if (view->failed) {
        report("cannot write to standard output");
        return OUTCOME_OURS;
    }
    return code;
}
