// What the user wrote, made fit for an error message, and what they may have meant.
#pragma once

#include "error.h"
#include "slice.h"

#define QUOTE_MAX 100

struct quote {
    char text[QUOTE_MAX];
};

// quote gives `text` escaped for a terminal, its end cut with "..." when it is long.
struct quote quote(struct slice text);
struct quote quote_text(const char *text);

// A search for the name nearest to `wanted`: start it with nearest_to, offer it every name with
// nearest_offer, then `best` is the one at most 3 edits away (a third of the length for short
// ones) or begins with it (from 3 letters on), NULL when there is none. Compares without case.
struct nearest {
    struct slice wanted;
    const char *best;
    size_t best_edits;
};

struct nearest nearest_to(struct slice wanted);
void nearest_offer(struct nearest *nearest, const char *name); // `name` is kept; NULL is passed by

// nearest_hint gives ", did you mean 'NAME'?" or the empty text.
struct quote nearest_hint(const struct nearest *nearest);

// Names listed in an error: "a, b, c", the rest left out as "..." when the line is full.
struct name_line {
    char text[380];
    size_t len;
};

void name_line_add(struct name_line *line, const char *name);

// error_prefix puts "PREFIX: " in front of the text of an error; it is always false, as error_set.
bool error_prefix(struct error *error, const char *prefix);
