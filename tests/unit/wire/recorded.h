// Bytes for the tests of wire: hex, copies of the exact size, and the recordings in data/.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "text.h"

#define RECORDED_WORDS    4
#define RECORDED_ROWS_MAX 256

// Bytes on the heap, of the exact size, so that ASan sees a read past their end.
struct exact {
    uint8_t *data;
    size_t len;
};

static inline struct exact exact_of(struct slice bytes)
{
    struct exact copy = {malloc(bytes.len > 0 ? bytes.len : 1), bytes.len};
    assert_non_null(copy.data);
    if (bytes.len > 0) {
        memcpy(copy.data, bytes.data, bytes.len);
    }
    return copy;
}

static inline struct exact exact_of_hex(const char *hex)
{
    struct buffer buffer = {0};
    assert_true(text_unhex(&buffer, slice_of_text(hex)));
    struct exact copy = exact_of(buffer_slice(&buffer));
    buffer_clear(&buffer);
    return copy;
}

static inline struct slice exact_slice(const struct exact *exact)
{
    return (struct slice){exact->data, exact->len};
}

static inline void exact_clear(struct exact *exact)
{
    free(exact->data);
    *exact = (struct exact){NULL, 0};
}

// One line of a file in data/: words between blanks, the first of them its name.
struct recorded {
    const char *name;
    const char *words[RECORDED_WORDS]; // name included
};

static inline char *recorded_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct buffer text = {0};
    char chunk[4096];
    for (size_t got = fread(chunk, 1, sizeof(chunk), file); got > 0;
         got = fread(chunk, 1, sizeof(chunk), file)) {
        assert_true(buffer_append(&text, (struct slice){(const uint8_t *)chunk, got}));
    }
    (void)fclose(file); // opened for reading: nothing to lose
    assert_non_null(buffer_text(&text));
    return (char *)text.data; // nothing was consumed: the text starts where the memory does
}

// recorded_load fills `rows` from the file and gives their number. The text stays allocated.
static inline size_t recorded_load(const char *path, struct recorded *rows)
{
    size_t count = 0;
    char *next_line = NULL;
    for (char *line = strtok_r(recorded_text(path), "\n", &next_line); line != NULL;
         line = strtok_r(NULL, "\n", &next_line)) {
        if (line[0] == '#') {
            continue;
        }
        assert_true(count < RECORDED_ROWS_MAX);
        char *next_word = NULL;
        char *word = strtok_r(line, " ", &next_word);
        for (size_t i = 0; i < RECORDED_WORDS && word != NULL; i++) {
            rows[count].words[i] = word;
            word = strtok_r(NULL, " ", &next_word);
        }
        rows[count].name = rows[count].words[0];
        count++;
    }
    return count;
}

static inline int recorded_run(const char *group, const struct recorded *rows, size_t count,
                               CMUnitTestFunction check)
{
    assert_true(count > 0);
    return rows_run(group, rows, count, sizeof(rows[0]), check);
}
