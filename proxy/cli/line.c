#include "line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void line_add(struct line *line, const char *word)
{
    if (word == NULL || line->count == LINE_WORDS_MAX) {
        line->failed = true;
        return;
    }
    line->words[line->count++] = word;
    line->words[line->count] = NULL;
}

void line_printf(struct line *line, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    line_add(line, len >= 0 ? arena_text(&line->arena, slice_of_text(text)) : NULL);
    if (len >= 0) {
        free(text);
    }
}

void line_clear(struct line *line)
{
    arena_clear(&line->arena);
    *line = (struct line){0};
}
