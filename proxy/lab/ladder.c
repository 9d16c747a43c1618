#include "ladder.h"

#include <stdio.h>
#include <string.h>

#include "ladder_rows.h"

#define TIME_COLUMNS  9
#define TIME_TEXT_MAX 32
#define NOTE_INDENT   3
#define ARROW_COLUMNS 5 // of "── ", a blank and the arrow's point

// Where the three lines stand.
struct rails {
    int at[3];
};

static struct rails rails_of(int columns)
{
    columns = columns > LADDER_COLUMNS_MAX ? LADDER_COLUMNS_MAX : columns;
    columns = columns < LADDER_COLUMNS_MIN ? LADDER_COLUMNS_MIN : columns;
    int gap = (columns - TIME_COLUMNS - 4) / 2;
    return (struct rails){{TIME_COLUMNS + 2, TIME_COLUMNS + 2 + gap, TIME_COLUMNS + 2 + 2 * gap}};
}

// cut shortens `text` to `columns`, with an ellipsis where something is left out.
static const char *cut(const char *text, int columns, char *out, size_t size)
{
    if (text_columns(text) <= columns) {
        return text;
    }
    size_t len = 0;
    out[0] = '\0';
    while (text[len] != '\0') {
        size_t next = len + 1;
        while (((unsigned char)text[next] & 0xc0) == 0x80) { // the rest of one character
            next++;
        }
        if (next + sizeof("…") > size) {
            break;
        }
        memcpy(out + len, text + len, next - len);
        out[next] = '\0';
        if (text_columns(out) >= columns) {
            break;
        }
        len = next;
    }
    (void)snprintf(out + len, size - len, "…"); // fits
    return out;
}

static void write_rail(struct pen *pen, const struct rails *rails, size_t i)
{
    pen_pad(pen, rails->at[i]);
    pen_styled(pen, STYLE_DIM, "│");
}

static void fill(struct pen *pen, int column)
{
    while (pen->column < column) {
        pen_ours(pen, "─");
    }
}

// write_arrow fills the gap of the row's leg: "── LABEL ────▶" or "◀──── LABEL ──".
static void write_arrow(struct pen *pen, const struct rails *rails, const struct ladder_row *row)
{
    char room[256];
    int from = rails->at[row->side] + 1, to = rails->at[row->side + 1];
    int columns = to - from - (row->way == LADDER_STILL ? NOTE_INDENT + 1 : ARROW_COLUMNS);
    const char *label = cut(row->label, columns, room, sizeof(room));
    pen_style(pen, row->style);
    switch (row->way) {
    case LADDER_RIGHT:
        pen_ours(pen, "── ");
        pen_ours(pen, label);
        pen_ours(pen, " ");
        fill(pen, to - 1);
        pen_ours(pen, "▶");
        break;
    case LADDER_LEFT:
        pen_ours(pen, "◀");
        fill(pen, to - 4 - text_columns(label));
        pen_ours(pen, " ");
        pen_ours(pen, label);
        pen_ours(pen, " ──");
        break;
    case LADDER_STILL:
        pen_pad(pen, from + NOTE_INDENT);
        pen_ours(pen, label);
        break;
    }
    pen_style(pen, STYLE_PLAIN);
}

static int note_columns(const struct rails *rails, const struct ladder_row *row)
{
    return rails->at[row->side + 1] - rails->at[row->side] - 1 - NOTE_INDENT - 1;
}

static void write_note(struct pen *pen, const struct rails *rails, const struct ladder_row *row,
                       const char *text, enum style style)
{
    char room[256];
    pen_pad(pen, rails->at[row->side] + 1 + NOTE_INDENT);
    pen_styled(pen, style, cut(text, note_columns(rails, row), room, sizeof(room)));
}

// write_line writes one line: the three rails, and what stands in the gap of the row's leg: its
// arrow, or a note (`text`).
static void write_line(struct pen *pen, const struct rails *rails, const struct ladder_row *row,
                       const char *text, enum style style)
{
    for (size_t i = 0; i < 3; i++) {
        write_rail(pen, rails, i);
        if (i == (size_t)row->side) {
            if (text == NULL) {
                write_arrow(pen, rails, row);
            } else {
                write_note(pen, rails, row, text, style);
            }
        }
    }
    pen_end(pen);
}

// write_note_lines breaks a note so that each line fits; a word that fits on no line is cut where
// it stands.
static void write_note_lines(struct pen *pen, const struct rails *rails,
                             const struct ladder_row *row, const char *text, enum style style)
{
    char line[256];
    while (*text != '\0') {
        size_t len = text_line_len(text, note_columns(rails, row));
        len = len < sizeof(line) ? len : sizeof(line) - 1; // no line is so long
        (void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
        write_line(pen, rails, row, line, style);
        text += len;
        text += strspn(text, " ");
    }
}

// write_row writes the time where it is another than that of the row before, `out_time`.
static void write_row(struct pen *pen, const struct rails *rails, const struct ladder_row *row,
                      char out_time[TIME_TEXT_MAX])
{
    char time[TIME_TEXT_MAX];
    (void)snprintf(time, sizeof(time), "%7.1f", (double)row->at_us / 1000.0); // cut when absurd
    if (strcmp(time, out_time) != 0) {
        pen_styled(pen, STYLE_DIM, time);
        memcpy(out_time, time, sizeof(time));
    }
    write_line(pen, rails, row, NULL, STYLE_PLAIN);
    for (size_t i = 0; i < LADDER_NOTES_MAX && row->notes[i] != NULL; i++) {
        bool is_fault = row->notes[i] == row->fault_note;
        write_note_lines(pen, rails, row, row->notes[i], is_fault ? STYLE_BAD : STYLE_DIM);
    }
}

// The names above the rails: the outer ones begin and end there, midspan stands in the middle.
static void write_head(struct pen *pen, const struct rails *rails, const char *origin,
                       enum language language)
{
    char room[128];
    bool is_ja = language == LANGUAGE_JA;
    const char *client = is_ja ? "クライアント" : "client";
    const char *name = cut(origin, rails->at[2] - rails->at[1] - 6, room, sizeof(room));
    pen_styled(pen, STYLE_DIM, "     ms");
    pen_pad(pen, rails->at[0]);
    pen_styled(pen, STYLE_BOLD, client);
    pen_pad(pen, rails->at[1] - 3);
    pen_styled(pen, STYLE_BOLD, "midspan");
    pen_pad(pen, rails->at[2] + 1 - text_columns(name));
    pen_styled(pen, STYLE_BOLD, name);
    pen_end(pen);
}

// The box, where it stands: "[ FortiGate CA ]", "[ box: first-segment ]".
static void write_box(struct pen *pen, const struct rails *rails, const struct lab_box *box,
                      enum language language)
{
    char text[LAB_SUBJECT_MAX + 64], room[256];
    struct ladder_row row = {.side = box->on, .way = LADDER_STILL, .style = STYLE_WARN};
    const char *name = strstr(box->subject, "CN=");
    const char *what = language == LANGUAGE_JA ? "機器" : "box";
    if (box->is_interceptor) {
        name = name != NULL ? name + 3 : box->subject;
        (void)snprintf(text, sizeof(text), "[ %s ]", name); // fits
    } else {
        (void)snprintf(text, sizeof(text), "[ %s: %s ]", what, quirk_word(box->box.quirk.kind));
    }
    row.label = cut(text, note_columns(rails, &row), room, sizeof(room));
    write_line(pen, rails, &row, NULL, STYLE_PLAIN);
}

void ladder_write(struct pen *pen, const struct play_part *part, const struct lab_case *lab_case,
                  bool tells_box, enum language language)
{
    static const char *const nothing[LANGUAGES] = {
        [LANGUAGE_EN] = "no connection reached midspan",
        [LANGUAGE_JA] = "midspan に届いた接続はない",
    };
    struct arena arena = {0};
    char time[TIME_TEXT_MAX] = "";
    struct rails rails = rails_of(pen->columns);
    struct ladder_row *rows = arena_alloc(&arena, LADDER_ROWS_MAX * sizeof(*rows));
    size_t count = part->evidence != NULL && rows != NULL
                       ? ladder_rows(part->evidence, part->result.status, language, &arena, rows,
                                     LADDER_ROWS_MAX)
                       : 0;
    write_head(pen, &rails, lab_case->origin.sites[0].name, language);
    if (tells_box && lab_case->box.is_there) {
        write_box(pen, &rails, &lab_case->box, language);
    }
    for (size_t i = 0; i < count; i++) {
        write_row(pen, &rails, &rows[i], time);
    }
    if (part->evidence == NULL) {
        pen_pad(pen, rails.at[0]);
        pen_styled(pen, STYLE_DIM, nothing[language]);
        pen_end(pen);
    }
    arena_clear(&arena);
}
