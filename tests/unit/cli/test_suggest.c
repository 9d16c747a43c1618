#include "rows.h"

#include "suggest.h"

static const struct row {
    const char *name, *word, *best;
} rows[] = {
    {"a swapped pair of letters", "porxy", "proxy"},
    {"a letter missing", "brige", "bridge"},
    {"a letter too many", "execc", "exec"},
    {"the word itself", "browser", "browser"},
    {"nothing near", "zzzzzz", NULL},
    {"the beginning of a word", "bro", "browser"},
    {"a beginning that is too short", "br", NULL},
    {"an empty word", "", NULL},
    {"the nearer of two that are near", "bridgr", "bridge"},
    {"a word longer than any",
     "proxyproxyproxyproxyproxyproxyproxyproxyproxyproxyproxyproxyproxyproxy", NULL},
};

static const char *const words[] = {"proxy", "bridge", "exec", "browser", "ca", "help"};

static void suggests(void **state)
{
    const struct row *row = *state;
    struct suggestion suggestion = {.word = row->word};
    for (size_t i = 0; i < COUNT(words); i++) {
        suggestion_consider(&suggestion, words[i]);
    }
    if (row->best == NULL) {
        assert_null(suggestion.best);
    } else {
        assert_non_null(suggestion.best);
        assert_string_equal(suggestion.best, row->best);
    }
}

static const struct distance {
    const char *name, *a, *b;
    size_t want;
} distances[] = {
    {"equal words are no edits apart", "proxy", "proxy", 0},
    {"an empty word needs every letter", "", "exec", 4},
    {"a swap counts once", "ab", "ba", 1},
    {"one changed, one added", "listen", "lasten2", 2},
};

static void distance_is(void **state)
{
    const struct distance *row = *state;
    assert_int_equal(suggest_distance(row->a, row->b), row->want);
    assert_int_equal(suggest_distance(row->b, row->a), row->want);
}

int main(void)
{
    return RUN_ROWS(rows, suggests) + RUN_ROWS(distances, distance_is);
}
