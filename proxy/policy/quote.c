#include "quote.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define NEAREST_EDITS_MAX 3
#define NEAREST_NAME_MAX  64

struct quote quote(struct slice text)
{
    struct quote shown = {""};
    struct buffer escaped = {0};
    // An escape is at most four bytes, so a cut text can still fill the quote.
    if (text_escape(&escaped, slice_part(text, 0, QUOTE_MAX)) && buffer_text(&escaped) != NULL) {
        bool is_cut = escaped.len >= QUOTE_MAX || text.len > QUOTE_MAX;
        (void)snprintf(shown.text, sizeof(shown.text), is_cut ? "%.*s..." : "%.*s", QUOTE_MAX - 4,
                       buffer_text(&escaped)); // an uncut text of 97 or more is cut here
    }
    buffer_clear(&escaped);
    return shown;
}

struct quote quote_text(const char *text)
{
    return quote(slice_of_text(text));
}

struct nearest nearest_to(struct slice wanted)
{
    size_t edits = wanted.len / 3;
    edits = edits < NEAREST_EDITS_MAX ? edits : NEAREST_EDITS_MAX;
    return (struct nearest){.wanted = wanted, .best_edits = edits + 1};
}

static uint8_t folded(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Levenshtein's distance, one row at a time.
static size_t edits_between(struct slice a, struct slice b)
{
    size_t row[NEAREST_NAME_MAX + 1];
    for (size_t i = 0; i <= b.len; i++) {
        row[i] = i;
    }
    for (size_t i = 0; i < a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.len; j++) {
            size_t replaced = diagonal + (folded(a.data[i]) != folded(b.data[j]));
            diagonal = row[j + 1];
            row[j + 1] = least(replaced, least(row[j], row[j + 1]) + 1);
        }
    }
    return row[b.len];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    struct slice offered = slice_of_text(name);
    struct slice wanted = nearest->wanted;
    if (offered.len == 0 || offered.len > NEAREST_NAME_MAX || wanted.len > NEAREST_NAME_MAX) {
        return;
    }
    size_t edits = edits_between(wanted, offered);
    if (edits < nearest->best_edits) {
        nearest->best = name;
        nearest->best_edits = edits;
    }
}

struct quote nearest_hint(const struct nearest *nearest)
{
    struct quote hint = {""};
    if (nearest->best != NULL) {
        (void)snprintf(hint.text, sizeof(hint.text), ", did you mean '%s'?",
                       nearest->best); // names are at most NEAREST_NAME_MAX long
    }
    return hint;
}

bool error_prefix(struct error *error, const char *prefix)
{
    if (error == NULL) {
        return false;
    }
    char text[ERROR_TEXT_MAX];
    memcpy(text, error->text, sizeof(text));
    return error_set(error, error->kind, "%s: %s", prefix, text);
}
