// Answers of addresses are kept for a while, by address and question, and not beyond their room.
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"

#define NOW_US ((int64_t)1000 * 1000000)

static const struct row {
    const char *name;
    const char *address, *question; // asked for after http://a/ with "q" was kept
    int64_t later_us;
    bool is_found;
    int64_t keep_us; // of the answer
} rows[] = {
    {"the same question to the same address", "http://a/", "q", 1, true, 0},
    {"just before its time is over", "http://a/", "q", ANSWERS_US_MAX - 1, true, 0},
    {"when its time is over", "http://a/", "q", ANSWERS_US_MAX, false, 0},
    {"one that may be kept for longer", "http://a/", "q", ANSWERS_US_MAX, true, 2 * ANSWERS_US_MAX},
    {"when that time is over", "http://a/", "q", 2 * ANSWERS_US_MAX, false, 2 * ANSWERS_US_MAX},
    {"another question", "http://a/", "p", 1, false, 0},
    {"no question", "http://a/", "", 1, false, 0},
    {"another address", "http://b/", "q", 1, false, 0},
    {"what runs together is not the same", "http://a/q", "", 1, false, 0},
};

static const struct answer_kept kept = {
    .result = FETCH_ANSWER, .status = 200, .date = "Sun", .body = {(const uint8_t *)"body", 4}};

static void finds(void **state)
{
    const struct row *row = *state;
    struct answers *answers = answers_new();
    struct arena arena = {0};
    struct answer_kept got = {0};
    assert_non_null(answers);
    struct answer_kept answer = kept;
    answer.keep_us = row->keep_us;
    answers_put(answers, "http://a/", slice_of_text("q"), NOW_US, &answer);
    bool is_found = answers_find(answers, row->address, slice_of_text(row->question),
                                 NOW_US + row->later_us, &arena, &got);
    answers_free(answers); // what was found is the arena's
    bool is_whole = !is_found || (got.status == 200 && strcmp(got.date, "Sun") == 0 &&
                                  slice_equals_text(got.body, "body") && got.age_us > 0);
    arena_clear(&arena);
    assert_int_equal(is_found, row->is_found);
    assert_true(is_whole);
}

static void the_oldest_goes_first(void **state)
{
    struct answers *answers = answers_new();
    struct arena arena = {0};
    struct answer_kept got;
    char address[32];
    size_t found = 0;
    (void)state;
    assert_non_null(answers);
    for (int i = 0; i <= ANSWERS_ROWS_MAX; i++) {
        (void)snprintf(address, sizeof(address), "http://a/%d", i);
        answers_put(answers, address, SLICE_EMPTY, NOW_US + i, &kept);
    }
    bool has_first = answers_find(answers, "http://a/0", SLICE_EMPTY, NOW_US + 99, &arena, &got);
    for (int i = 1; i <= ANSWERS_ROWS_MAX; i++) {
        (void)snprintf(address, sizeof(address), "http://a/%d", i);
        found += answers_find(answers, address, SLICE_EMPTY, NOW_US + 99, &arena, &got);
    }
    answers_free(answers);
    answers_free(NULL);
    arena_clear(&arena);
    assert_false(has_first);
    assert_int_equal(found, ANSWERS_ROWS_MAX);
}

// What is long takes the place of as many old ones as it needs.
static void bytes_are_bounded(void **state)
{
    struct answers *answers = answers_new();
    struct arena arena = {0};
    struct answer_kept big = kept, got;
    uint8_t *bytes = calloc(1, ANSWERS_BYTES_MAX + 1);
    (void)state;
    assert_non_null(answers);
    assert_non_null(bytes);
    answers_put(answers, "http://a/1", SLICE_EMPTY, NOW_US + 1, &kept);
    answers_put(answers, "http://a/2", SLICE_EMPTY, NOW_US + 2, &kept);
    big.body = (struct slice){bytes, ANSWERS_BYTES_MAX + 1};
    answers_put(answers, "http://a/3", SLICE_EMPTY, NOW_US + 3, &big); // never
    bool has_all = answers_find(answers, "http://a/1", SLICE_EMPTY, NOW_US + 9, &arena, &got) &&
                   !answers_find(answers, "http://a/3", SLICE_EMPTY, NOW_US + 9, &arena, &got);
    big.body = (struct slice){bytes, ANSWERS_BYTES_MAX - kept.body.len};
    answers_put(answers, "http://a/4", SLICE_EMPTY, NOW_US + 4, &big);
    bool has_first = answers_find(answers, "http://a/1", SLICE_EMPTY, NOW_US + 9, &arena, &got);
    bool has_second = answers_find(answers, "http://a/2", SLICE_EMPTY, NOW_US + 9, &arena, &got);
    answers_free(answers);
    arena_clear(&arena);
    free(bytes);
    assert_true(has_all);
    assert_false(has_first);
    assert_true(has_second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_goes_first),
                                       cmocka_unit_test(bytes_are_bounded)};
    return RUN_ROWS(rows, finds) + cmocka_run_group_tests(tests, NULL, NULL);
}
