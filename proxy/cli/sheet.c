#include "sheet.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "report.h"
#include "terminal.h"

#define GAP_COLUMNS 2

void sheet_open(struct sheet *sheet)
{
    struct terminal terminal = terminal_of(STDOUT_FILENO);
    *sheet = (struct sheet){.pen = {.colour = terminal.colour, .columns = terminal.columns}};
    sheet->pen.out = &sheet->text;
}

void sheet_line(struct sheet *sheet, const char *text)
{
    pen_wrap(&sheet->pen, 0, text);
    pen_end(&sheet->pen);
}

void sheet_head(struct sheet *sheet, const char *text)
{
    if (sheet->text.len > 0) {
        pen_end(&sheet->pen);
    }
    pen_styled(&sheet->pen, STYLE_BOLD, text);
    pen_end(&sheet->pen);
}

void sheet_label(struct sheet *sheet, const char *label, const char *text)
{
    if (text == NULL) {
        return;
    }
    pen_styled(&sheet->pen, STYLE_DIM, label);
    pen_gap(&sheet->pen, SHEET_LABEL);
    pen_wrap(&sheet->pen, sheet->pen.column, text);
    pen_end(&sheet->pen);
}

static int widest(const struct sheet_row *rows, size_t count, size_t column)
{
    int most = 0;
    for (size_t i = 0; i < count; i++) {
        int columns = rows[i].cells[column] != NULL ? text_columns(rows[i].cells[column]) : 0;
        most = columns > most ? columns : most;
    }
    return most;
}

void sheet_table(struct sheet *sheet, const struct sheet_row *rows, size_t count, size_t columns)
{
    struct pen *pen = &sheet->pen;
    int begins[SHEET_COLUMNS_MAX] = {0};
    for (size_t c = 1; c < columns; c++) {
        int width = widest(rows, count, c - 1);
        begins[c] = begins[c - 1] + width + (width > 0 ? GAP_COLUMNS : 0);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < columns; c++) {
            if (rows[i].cells[c] == NULL || rows[i].cells[c][0] == '\0') {
                continue;
            }
            pen_pad(pen, begins[c]);
            pen_style(pen, rows[i].styles[c]);
            if (c + 1 < columns) {
                pen_words(pen, rows[i].cells[c]);
            } else {
                pen_wrap(pen, begins[c], rows[i].cells[c]);
            }
            pen_style(pen, STYLE_PLAIN);
        }
        pen_end(pen);
    }
}

static int print(struct slice text, bool is_whole, int code)
{
    if (!is_whole) {
        report("out of memory for what there is to print");
        return OUTCOME_OURS;
    }
    bool is_written = fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    if (!is_written && errno != EPIPE) { // a reader who left wants no more
        report("cannot write to standard output");
        return OUTCOME_OURS;
    }
    return code;
}

int sheet_print(struct sheet *sheet, int code)
{
    int outcome = print(buffer_slice(&sheet->text), !sheet->pen.failed, code);
    buffer_clear(&sheet->text);
    return outcome;
}

int sheet_print_json(const struct json *json, int code)
{
    bool is_whole = !json->failed && buffer_append_text(json->out, "\n");
    int outcome = print(buffer_slice(json->out), is_whole, code);
    buffer_clear(json->out);
    return outcome;
}
