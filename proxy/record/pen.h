// Writes terminal text: colours, columns and wrapping. Nothing that came from outside reaches the
// terminal but through pen_peer or pen_words.
#pragma once

#include "base.h"

#define STYLE_MAP(XX)     \
    XX(PLAIN, "\033[0m")  \
    XX(DIM, "\033[2m")    \
    XX(BOLD, "\033[1m")   \
    XX(GOOD, "\033[32m")  \
    XX(BAD, "\033[1;31m") \
    XX(WARN, "\033[33m")

enum style {
#define XX(name, code) STYLE_##name,
    STYLE_MAP(XX)
#undef XX
};

// All lines but the first begin with `indent` blanks and, when there is one, the bar.
struct pen {
    struct buffer *out;
    bool colour;
    int columns; // of the terminal
    int column;  // where the next character goes, from 0
    int indent;
    const char *bar; // one column wide and a blank after it; NULL none
    enum style bar_style;
    enum language language; // of what is written; a pen says nothing of its own
    bool failed;            // memory was out: what was written is not whole
};

// pen_style holds until it is called again; it takes no columns.
void pen_style(struct pen *pen, enum style style);

// pen_ours writes text of our own: UTF-8, as it is. pen_peer writes what a peer said: ASCII, all
// else escaped. pen_words writes sentences that may quote a peer: UTF-8, with control, invisible
// and direction-changing characters and broken UTF-8 escaped.
void pen_ours(struct pen *pen, const char *text);
void pen_peer(struct pen *pen, struct slice bytes);
void pen_words(struct pen *pen, const char *text);

// pen_styled is pen_ours in a style, and back to plain.
void pen_styled(struct pen *pen, enum style style, const char *text);

// pen_pad writes blanks up to `column`; pen_gap likewise, but at least one.
void pen_pad(struct pen *pen, int column);
void pen_gap(struct pen *pen, int column);

// pen_line begins a new line; pen_end ends the last one.
void pen_line(struct pen *pen);
void pen_end(struct pen *pen);

// pen_wrap writes sentences like pen_words, broken at blanks (and between wide characters, but not
// before a full stop or after an opening bracket) so that no line passes the terminal's columns; a
// word that is wider stands alone. Its lines but the first begin at column `hang`.
void pen_wrap(struct pen *pen, int hang, const char *text);

// text_line_len gives how many bytes of `text` stand on a line of so many columns, broken as
// pen_wrap breaks it. A word that is wider than a line stays where it is. 0 for "" alone.
size_t text_line_len(const char *text, int columns);

// text_columns is how many columns pen_words takes for `text`.
int text_columns(const char *text);
