// The words of a command line that is being put together.
#pragma once

#include "arena.h"

#define LINE_WORDS_MAX 256

// All-zero is a valid empty line.
struct line {
    struct arena arena;                    // owns what line_printf made
    const char *words[LINE_WORDS_MAX + 1]; // NULL-terminated
    size_t count;
    bool failed; // a word did not fit: the line must not be used
};

// line_add appends a word that outlives the line, line_printf one of the line's own.
void line_add(struct line *line, const char *word);
void line_printf(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void line_clear(struct line *line);
