// What a command prints for people: rows and tables, as wide as the terminal and coloured as it
// can; or JSON. All of it is put together first, then written to standard output at once.
#pragma once

#include "json.h"
#include "pen.h"

#define SHEET_COLUMNS_MAX 6
#define SHEET_LABEL       14 // the column at which the text of a labelled row begins

// Its own address is in it: not to be copied after sheet_open.
struct sheet {
    struct buffer text;
    struct pen pen;
};

struct sheet_row {
    const char *cells[SHEET_COLUMNS_MAX]; // NULL: empty
    enum style styles[SHEET_COLUMNS_MAX];
};

void sheet_open(struct sheet *sheet);

// sheet_line writes one line, wrapped; sheet_head a line that stands out, after an empty one unless
// it is the first. sheet_label writes a labelled row; a NULL text is left out.
void sheet_line(struct sheet *sheet, const char *text);
void sheet_head(struct sheet *sheet, const char *text);
void sheet_label(struct sheet *sheet, const char *label, const char *text);

// sheet_table writes rows with each column as wide as its widest cell; the last one wraps.
void sheet_table(struct sheet *sheet, const struct sheet_row *rows, size_t count, size_t columns);

// sheet_print writes it to standard output and clears it; gives `code`, or OUTCOME_OURS (reported)
// when memory was out or standard output takes no more. sheet_print_json does so for a writer's
// buffer, with a newline after it.
int sheet_print(struct sheet *sheet, int code);
int sheet_print_json(const struct json *json, int code);
