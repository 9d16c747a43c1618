// What earlier dials brought: which hellos count as the same, how long it is known, and the bounds.
#include "rows.h"

#include <netinet/in.h>
#include <string.h>

#include "../policy/hellos.h"
#include "outcomes.h"

static const struct hello_row plain = {
    .versions = {0x0a0a, 0x0304, 0x0303},
    .suites = {0x0a0a, 0x1301, 0xc02f},
    .groups = {0x0a0a, 0x001d, 0x0017},
    .schemes = {0x0804, 0x0403},
    .shares = {0x0a0a, 0x001d},
};

static const struct row {
    const char *name;
    struct hello_row hello; // without suites: the plain one
    uint8_t random;         // fills random and session id
    uint16_t port;          // 0: 443
    const char *tunnel;
    uint8_t alert;
    bool is_same;
} rows[] = {
    {.name = "the same again", .is_same = true},
    {.name = "another random and session", .random = 9, .is_same = true},
    {.name = "other GREASE",
     .hello = {.versions = {0x3a3a, 0x0304, 0x0303},
               .suites = {0x1a1a, 0x1301, 0xc02f},
               .groups = {0xfafa, 0x001d, 0x0017},
               .schemes = {0x0804, 0x0403},
               .shares = {0xfafa, 0x001d}},
     .is_same = true},
    {.name = "another port", .port = 444},
    {.name = "through an upstream proxy", .tunnel = "app.test:443"},
    {.name = "the origin answers otherwise by now", .alert = 70},
    {.name = "one suite more",
     .hello = {.versions = {0x0a0a, 0x0304, 0x0303},
               .suites = {0x0a0a, 0x1301, 0xc02f, 0xc030},
               .groups = {0x0a0a, 0x001d, 0x0017},
               .schemes = {0x0804, 0x0403},
               .shares = {0x0a0a, 0x001d}}},
    {.name = "schemes in another order",
     .hello = {.versions = {0x0a0a, 0x0304, 0x0303},
               .suites = {0x0a0a, 0x1301, 0xc02f},
               .groups = {0x0a0a, 0x001d, 0x0017},
               .schemes = {0x0403, 0x0804},
               .shares = {0x0a0a, 0x001d}}},
    {.name = "a share of another group",
     .hello = {.versions = {0x0a0a, 0x0304, 0x0303},
               .suites = {0x0a0a, 0x1301, 0xc02f},
               .groups = {0x0a0a, 0x001d, 0x0017},
               .schemes = {0x0804, 0x0403},
               .shares = {0x0a0a, 0x0017}}},
    {.name = "no GREASE",
     .hello = {.versions = {0x0304, 0x0303},
               .suites = {0x1301, 0xc02f},
               .groups = {0x001d, 0x0017},
               .schemes = {0x0804, 0x0403},
               .shares = {0x001d}}},
    {.name = "ALPN",
     .hello = {.versions = {0x0a0a, 0x0304, 0x0303},
               .suites = {0x0a0a, 0x1301, 0xc02f},
               .groups = {0x0a0a, 0x001d, 0x0017},
               .schemes = {0x0804, 0x0403},
               .shares = {0x0a0a, 0x001d},
               .alpn = "\x02h2"}},
};

static void key_of(const struct row *row, struct outcome_key *out)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = row->port != 0 ? row->port : 443};
    const struct ending ending = {.kind = ENDING_ALERT_RECEIVED,
                                  .alert = row->alert != 0 ? row->alert : 40};
    const struct outcome_place place = {
        .address = (const struct sockaddr *)&address, .tunnel = row->tunnel, .ending = &ending};
    struct made_hello made;
    hello_make(row->hello.suites[0] != 0 ? &row->hello : &plain, &made);
    if (row->random != 0) {
        memset(made.message.data + made.message.start + 6, row->random, 32);
    }
    assert_true(outcome_key_of(&place, buffer_slice(&made.message), out));
    buffer_clear(&made.message);
}

static void keys_meet(void **state)
{
    struct outcome_key first, second;
    key_of(&rows[0], &first);
    key_of(*state, &second);
    assert_int_equal(memcmp(&first, &second, sizeof(first)) == 0,
                     ((const struct row *)*state)->is_same);
}

static const uint8_t leaf_bytes[] = {0x30, 0x03, 0x02, 0x01, 0x05};

static struct outcome alert(uint8_t number)
{
    return (struct outcome){
        .kind = OUTCOME_ALERT, .alert = number, .leaf = {leaf_bytes, sizeof(leaf_bytes)}};
}

static void an_outcome_is_known_for_a_while(void **state)
{
    struct outcomes *outcomes = outcomes_new();
    struct arena arena = {0};
    const struct outcome_key key = {{1}}, other = {{2}};
    struct outcome kept = alert(40), got;
    int64_t age_us = 0;
    (void)state;
    outcomes_put(outcomes, &key, 1000, &kept);
    assert_false(outcomes_find(outcomes, &other, 1000, &arena, &got, &age_us));
    assert_true(outcomes_find(outcomes, &key, 5000, &arena, &got, &age_us));
    assert_int_equal(age_us, 4000);
    assert_int_equal(got.alert, 40);
    assert_true(slice_equals(got.leaf, kept.leaf) && got.leaf.data != leaf_bytes);
    assert_true(outcomes_find(outcomes, &key, 999 + OUTCOMES_US_MAX, &arena, &got, &age_us));
    assert_false(outcomes_find(outcomes, &key, 1000 + OUTCOMES_US_MAX, &arena, &got, &age_us));
    kept = alert(70);
    outcomes_put(outcomes, &key, 2000 + OUTCOMES_US_MAX, &kept); // takes the row's place
    assert_true(outcomes_find(outcomes, &key, 2000 + OUTCOMES_US_MAX, &arena, &got, &age_us));
    assert_int_equal(got.alert, 70);
    arena_clear(&arena);
    outcomes_free(outcomes);
}

static void what_says_nothing_is_not_kept(void **state)
{
    static uint8_t long_leaf[OUTCOMES_LEAF_BYTES_MAX + 1];
    struct outcomes *outcomes = outcomes_new();
    struct arena arena = {0};
    const struct outcome_key key = {{1}};
    const struct outcome none[] = {
        {.kind = OUTCOME_NONE},
        {.kind = OUTCOME_UNREACHABLE},
        {.kind = OUTCOME_SERVER_HELLO, .leaf = {long_leaf, sizeof(long_leaf)}},
    };
    struct outcome got;
    int64_t age_us;
    (void)state;
    for (size_t i = 0; i < COUNT(none); i++) {
        outcomes_put(outcomes, &key, 0, &none[i]);
        assert_false(outcomes_find(outcomes, &key, 0, &arena, &got, &age_us));
    }
    arena_clear(&arena);
    outcomes_free(outcomes);
}

static void the_oldest_goes_first(void **state)
{
    struct outcomes *outcomes = outcomes_new();
    struct arena arena = {0};
    const struct outcome kept = alert(40);
    struct outcome got;
    int64_t age_us;
    (void)state;
    for (int i = 0; i <= OUTCOMES_ROWS_MAX; i++) {
        const struct outcome_key key = {{(uint8_t)i, (uint8_t)(i >> 8)}};
        outcomes_put(outcomes, &key, i, &kept);
    }
    for (int i = 0; i <= OUTCOMES_ROWS_MAX; i++) {
        const struct outcome_key key = {{(uint8_t)i, (uint8_t)(i >> 8)}};
        assert_int_equal(outcomes_find(outcomes, &key, 1000, &arena, &got, &age_us), i > 0);
    }
    arena_clear(&arena);
    outcomes_free(outcomes);
}

static void what_is_no_hello_has_no_key(void **state)
{
    const struct sockaddr_in address = {.sin_family = AF_INET};
    const struct ending ending = {.kind = ENDING_RESET};
    const struct outcome_place place = {.address = (const struct sockaddr *)&address,
                                        .ending = &ending};
    struct outcome_key key;
    struct made_hello made;
    (void)state;
    hello_make(&plain, &made);
    struct slice whole = buffer_slice(&made.message);
    for (size_t len = 0; len < whole.len; len++) {
        assert_false(outcome_key_of(&place, slice_part(whole, 0, len), &key));
    }
    assert_true(outcome_key_of(&place, whole, &key));
    buffer_clear(&made.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outcome_is_known_for_a_while),
        cmocka_unit_test(what_says_nothing_is_not_kept),
        cmocka_unit_test(the_oldest_goes_first),
        cmocka_unit_test(what_is_no_hello_has_no_key),
    };
    int failed = RUN_ROWS(rows, keys_meet);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
