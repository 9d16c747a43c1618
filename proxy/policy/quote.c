#include "quote.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define NEAREST_EDITS_MAX 3
#define NEAREST_NAME_MAX  64
#define BEGINNING_LEN_MIN 3

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

static bool same_letter(uint8_t a, uint8_t b)
{
    return folded(a) == folded(b);
}

// The fewest letters added, dropped, replaced, or swapped with their neighbour, that make `b` of
// `a`. Row i of the table is the distance of a's first i letters to each beginning of b.
static size_t edits_between(struct slice a, struct slice b)
{
    size_t table[NEAREST_NAME_MAX + 1][NEAREST_NAME_MAX + 1];
    for (size_t i = 0; i <= a.len; i++) {
        table[i][0] = i;
    }
    for (size_t j = 0; j <= b.len; j++) {
        table[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        for (size_t j = 1; j <= b.len; j++) {
            bool is_same = same_letter(a.data[i - 1], b.data[j - 1]);
            size_t edits = least(table[i - 1][j - 1] + (is_same ? 0 : 1),
                                 least(table[i - 1][j], table[i][j - 1]) + 1);
            bool is_swap = i > 1 && j > 1 && same_letter(a.data[i - 1], b.data[j - 2]) &&
                           same_letter(a.data[i - 2], b.data[j - 1]);
            table[i][j] = is_swap ? least(edits, table[i - 2][j - 2] + 1) : edits;
        }
    }
    return table[a.len][b.len];
}

// is_beginning is true where only the end was left out: "nginx" of "nginx-1.22".
static bool is_beginning(struct slice wanted, struct slice offered)
{
    return wanted.len >= BEGINNING_LEN_MIN && wanted.len < offered.len &&
           slice_equals_nocase(wanted, slice_part(offered, 0, wanted.len));
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    struct slice offered = slice_of_text(name);
    struct slice wanted = nearest->wanted;
    if (is_beginning(wanted, offered) && nearest->best_edits > 1) {
        nearest->best = name;
        nearest->best_edits = 1;
        return;
    }
    size_t len_apart =
        offered.len > wanted.len ? offered.len - wanted.len : wanted.len - offered.len;
    if (offered.len == 0 || offered.len > NEAREST_NAME_MAX || wanted.len > NEAREST_NAME_MAX ||
        len_apart >= nearest->best_edits) { // as many edits at least
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

void name_line_add(struct name_line *line, const char *name)
{
    static const char more[] = ", ...";
    const char *comma = line->len > 0 ? ", " : "";
    size_t len = strlen(comma) + strlen(name);
    size_t left = sizeof(line->text) - line->len;
    if (left == 0) {
        return; // full before
    }
    if (len + sizeof(more) > left) {
        memcpy(line->text + line->len, more, sizeof(more)); // room was kept for it
        line->len = sizeof(line->text);
        return;
    }
    (void)snprintf(line->text + line->len, left, "%s%s", comma, name); // fits, just seen
    line->len += len;
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
