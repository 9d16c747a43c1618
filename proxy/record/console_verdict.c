// A block for a verdict: which leg broke and where, why, and what mends it.
#include <stdio.h>
#include <string.h>

#include "console_view.h"
#include "words.h"

#define LABEL_COLUMNS 10

static enum style severity_style(enum severity severity)
{
    return severity == SEVERITY_ERROR ? STYLE_BAD : STYLE_WARN;
}

static const char *severity_mark(enum severity severity)
{
    return severity == SEVERITY_ERROR ? "✗" : "⚠";
}

static void write_broken_leg(struct pen *pen, const struct verdict *verdict)
{
    pen_style(pen, severity_style(verdict->severity));
    pen_ours(pen, " ━━ ");
    pen_ours(pen, severity_mark(verdict->severity));
    if (verdict->phase != PHASE_NONE) {
        pen_ours(pen, " ");
        console_say(pen, phase_name(verdict->phase));
    }
    pen_ours(pen, " ━━ ");
    pen_style(pen, STYLE_PLAIN);
}

static void write_whole_leg(struct pen *pen, const struct leg_evidence *leg)
{
    if (leg->handshake.kind == ENDING_SECURED) {
        pen_style(pen, STYLE_GOOD);
        pen_ours(pen, " ━━ ");
        console_say(pen, leg->version != 0 ? version_name(leg->version) : "secured");
        pen_ours(pen, " ━━ ");
    } else {
        pen_style(pen, STYLE_DIM);
        console_say(pen, leg->is_started ? " ┄┄ not finished ┄┄ " : " ┄┄ not begun ┄┄ ");
    }
    pen_style(pen, STYLE_PLAIN);
}

static void write_target(struct pen *pen, const char *target)
{
    if (target != NULL) {
        pen_peer(pen, slice_of_text(target));
    } else {
        console_say(pen, "origin");
    }
}

// client ━━ TLS 1.3 ━━ midspan ━━ ✗ server-hello ━━ app.internal:443
// The target has no name where it is NULL.
static void draw_picture(struct pen *pen, const struct event *event, const char *target)
{
    console_say(pen, "client");
    if (event->evidence->is_captured) { // nobody was in the middle
        write_broken_leg(pen, event->verdict);
        write_target(pen, target);
        return;
    }
    for (enum side side = CLIENT; side < SIDES; side++) {
        if (side == event->verdict->leg) {
            write_broken_leg(pen, event->verdict);
        } else {
            write_whole_leg(pen, &event->evidence->legs[side]);
        }
        if (side == CLIENT) {
            pen_ours(pen, "midspan");
        }
    }
    write_target(pen, target);
}

static void write_picture(struct pen *pen, const struct event *event)
{
    const struct evidence *evidence = event->evidence;
    char text[ENDPOINT_TEXT_MAX];
    pen_line(pen);
    struct pen before = *pen;
    size_t len_before = pen->out->len;
    draw_picture(pen, event, evidence->has_target ? endpoint_text(&evidence->target, text) : NULL);
    if (pen->column > pen->columns && !pen->failed) {
        *pen = before; // too wide a name: the title has it too
        pen->out->len = len_before;
        draw_picture(pen, event, NULL);
    }
}

// The column at which a labelled row's text begins.
static int write_label(struct pen *pen, const char *label)
{
    pen_line(pen);
    int hang = pen->column + LABEL_COLUMNS;
    console_say_styled(pen, STYLE_DIM, label);
    pen_gap(pen, hang);
    return hang;
}

static void write_row(struct pen *pen, const char *label, const char *text)
{
    if (text == NULL) {
        return;
    }
    int hang = write_label(pen, label);
    pen_wrap(pen, hang, text);
}

static void write_facts(struct pen *pen, const struct verdict *verdict)
{
    for (size_t i = 0; i < COUNT_OF(verdict->facts) && verdict->facts[i] != NULL; i++) {
        int hang = write_label(pen, i == 0 ? "because" : "");
        pen_wrap(pen, hang, verdict->facts[i]);
    }
}

static void write_fix(struct pen *pen, const struct verdict *verdict)
{
    static const char *const places[] = {
        [PARTY_CLIENT] = "client: ",
        [PARTY_SERVER] = "server: ",
        [PARTY_BRIDGE] = "bridge: ",
        [PARTY_NETWORK] = "network: ",
    };
    if (verdict->fix == NULL) {
        return;
    }
    int hang = write_label(pen, "fix");
    console_say_styled(pen, STYLE_BOLD, places[verdict->party]);
    pen_wrap(pen, hang, verdict->fix);
}

// nginx: proxy_ssl_server_name on;
static void write_dialect(struct pen *pen, const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->dialect_count; i++) {
        int hang = write_label(pen, "");
        pen_styled(pen, STYLE_BOLD, verdict->device);
        pen_styled(pen, STYLE_BOLD, ": ");
        pen_wrap(pen, hang, verdict->dialect[i].words);
    }
}

static int widest_changed(const struct verdict *verdict)
{
    int widest = 0;
    for (size_t i = 0; i < verdict->proof_count; i++) {
        int columns = text_columns(verdict->proof[i].changed);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

static int widest_outcome(const struct verdict *verdict)
{
    int widest = 0;
    for (size_t i = 0; i < verdict->proof_count; i++) {
        int columns = text_columns(verdict->proof[i].outcome);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

#define MARK_COLUMNS   2
#define GAP_COLUMNS    2
#define MS_COLUMNS     12
#define NUMBER_COLUMNS 8

// ✓ SNI: none → www.example.com   secured, TLS 1.3   3.1 ms
// or, when that does not fit, the outcome on the next line.
static void write_proof_row(struct pen *pen, const struct proof_row *row, int hang, int outcome_at)
{
    char ms[48];
    pen_styled(pen, row->passed ? STYLE_GOOD : STYLE_DIM, row->passed ? "✓ " : "✗ ");
    pen_wrap(pen, hang + MARK_COLUMNS, row->changed);
    if (outcome_at == 0) {
        pen_line(pen);
        outcome_at = hang + MARK_COLUMNS + GAP_COLUMNS;
    }
    pen_pad(pen, outcome_at);
    pen_wrap(pen, outcome_at, row->outcome);
    (void)snprintf(ms, sizeof(ms), "  %.1f ms", row->ms); // fits what a probe may last
    pen_styled(pen, STYLE_DIM, ms);
    if (row->connection > 0) {
        (void)snprintf(ms, sizeof(ms), "  #%llu", (unsigned long long)row->connection);
        pen_styled(pen, STYLE_DIM, ms);
    }
}

static void write_proof(struct pen *pen, const struct verdict *verdict)
{
    int changed = widest_changed(verdict);
    int outcome = widest_outcome(verdict);
    for (size_t i = 0; i < verdict->proof_count; i++) {
        int hang = write_label(pen, i == 0 ? "proof" : "");
        int outcome_at = hang + MARK_COLUMNS + changed + GAP_COLUMNS;
        bool has_number = verdict->proof[i].connection > 0;
        int end = outcome_at + outcome + MS_COLUMNS + (has_number ? NUMBER_COLUMNS : 0);
        bool fits = end <= pen->columns;
        write_proof_row(pen, &verdict->proof[i], hang, fits ? outcome_at : 0);
    }
}

static void write_direct_row(struct pen *pen, const char *text)
{
    write_row(pen, "direct", words_in(text, pen->language, NULL));
}

static void write_direct(struct pen *pen, const struct verdict *verdict)
{
    switch (verdict->direct) {
    case DIRECT_WOULD_SUCCEED:
        write_direct_row(pen, "without midspan in the middle it would work");
        return;
    case DIRECT_WOULD_FAIL:
        write_direct_row(pen, "it would fail without midspan in the middle too");
        return;
    case DIRECT_UNKNOWN:
        return;
    }
}

// A finding that is told again says what has told more about it.
static void write_update(struct pen *pen, const struct verdict *verdict)
{
    char by[48];
    if (verdict->proven_by > 0) {
        (void)snprintf(by, sizeof(by), " by #%llu", (unsigned long long)verdict->proven_by);
        console_say(pen, by);
    } else if (verdict->is_update) {
        console_say(pen, ", after experiments");
    }
}

// Room for the longest of what stands behind a cause: "  suspected".
#define CONFIDENCE_COLUMNS 11

static void write_title(struct pen *pen, const struct event *event)
{
    const struct verdict *verdict = event->verdict;
    struct console_layout layout = console_layout_of(pen->columns);
    enum style style = severity_style(verdict->severity);
    console_begin(pen, event, style, severity_mark(verdict->severity));
    console_target(pen, event->evidence, STYLE_BOLD);
    int code_at = pen->column < layout.legs_column ? layout.legs_column : pen->column + 1;
    int end = code_at + text_columns(verdict->cause->code) + CONFIDENCE_COLUMNS;
    if (end > pen->columns) { // a long name: the code has a line of its own
        pen->indent = layout.target_column;
        pen_line(pen);
    } else {
        pen_gap(pen, code_at);
    }
    pen_styled(pen, style, verdict->cause->code);
    pen_style(pen, STYLE_DIM);
    if (event->repeats > 0) {
        char again[32];
        (void)snprintf(again, sizeof(again), "  again (%u×)", event->repeats + 1u);
        console_say(pen, again);
    } else {
        pen_ours(pen, "  ");
        console_say(pen, confidence_name(verdict->confidence));
        write_update(pen, verdict);
    }
    pen_style(pen, STYLE_PLAIN);
}

void console_view_verdict(struct pen *pen, const struct event *event)
{
    const struct verdict *verdict = event->verdict;
    write_title(pen, event);
    if (event->repeats > 0) {
        return; // the block stands further up
    }
    pen->indent = console_layout_of(pen->columns).mark_column;
    pen->bar = "│";
    pen->bar_style = severity_style(verdict->severity);
    write_picture(pen, event);
    if (verdict->summary != NULL) {
        pen_line(pen);
        pen_wrap(pen, pen->column, verdict->summary);
    }
    write_row(pen, "offered", verdict->offered);
    write_row(pen, "accepted", verdict->accepted);
    write_facts(pen, verdict);
    write_fix(pen, verdict);
    write_dialect(pen, verdict);
    write_proof(pen, verdict);
    write_direct(pen, verdict);
}
