// The tap as OpenSSL sees it: what it serves, in which order, and what it holds.
#include "rows.h"

#include <string.h>

#include "tap.h"

struct seen {
    uint8_t bytes[64];
    size_t len, calls;
};

static void on_received(void *user, struct slice bytes)
{
    struct seen *seen = user;
    memcpy(seen->bytes + seen->len, bytes.data, bytes.len);
    seen->len += bytes.len;
    seen->calls++;
}

static void held_bytes_come_first(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct buffer out = {0};
    struct tap tap = {.out = &out, .received = on_received, .user = &seen};
    BIO *bio = tap_bio(&tap);
    char data[16];
    assert_non_null(bio);
    tap.in = slice_of_text("abc");
    assert_true(tap_hold(&tap));
    assert_int_equal(tap.in.len, 0);
    tap.in = slice_of_text("def");
    assert_int_equal(tap_unread(&tap), 6);
    assert_int_equal(BIO_read(bio, data, 5), 5);
    assert_memory_equal(data, "abcde", 5);
    assert_int_equal(tap_unread(&tap), 1);
    assert_int_equal(BIO_read(bio, data, 5), 1);
    assert_int_equal(data[0], 'f');
    assert_int_equal(tap.bytes_in, 6);
    assert_int_equal(seen.len, 6);
    assert_memory_equal(seen.bytes, "abcdef", 6);
    BIO_free(bio);
    tap_clear(&tap);
}

static void nothing_to_read_is_no_end(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct buffer out = {0};
    struct tap tap = {.out = &out, .received = on_received, .user = &seen};
    BIO *bio = tap_bio(&tap);
    char data[16];
    assert_true(BIO_read(bio, data, sizeof(data)) <= 0);
    assert_true(BIO_should_retry(bio));
    assert_true(BIO_should_read(bio));
    assert_int_equal(seen.calls, 0);
    tap.in = slice_of_text("x");
    assert_int_equal(BIO_read(bio, data, sizeof(data)), 1);
    assert_false(BIO_should_retry(bio));
    BIO_free(bio);
}

static void writes_go_to_the_callers_buffer(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 4);
    struct tap tap = {.out = &out};
    BIO *bio = tap_bio(&tap);
    assert_int_equal(BIO_write(bio, "abc", 3), 3);
    assert_int_equal(BIO_flush(bio), 1);
    assert_true(BIO_write(bio, "de", 2) <= 0); // past the limit: all or nothing, and no retry
    assert_false(BIO_should_retry(bio));
    assert_int_equal(out.len, 3);
    assert_int_equal(tap.bytes_out, 3);
    BIO_free(bio);
    buffer_clear(&out);
}

static void holding_has_a_limit(void **state)
{
    (void)state;
    static uint8_t bytes[TAP_HELD_BYTES_MAX];
    struct buffer out = {0};
    struct tap tap = {.out = &out};
    assert_true(tap_hold(&tap)); // nothing
    tap.in = (struct slice){bytes, sizeof(bytes)};
    assert_true(tap_hold(&tap));
    tap.in = (struct slice){bytes, 1};
    assert_false(tap_hold(&tap));
    assert_int_equal(tap_unread(&tap), TAP_HELD_BYTES_MAX);
    tap_clear(&tap);
    assert_int_equal(tap_unread(&tap), 0);
    assert_true(tap_hold(&tap));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_bytes_come_first),
        cmocka_unit_test(nothing_to_read_is_no_end),
        cmocka_unit_test(writes_go_to_the_callers_buffer),
        cmocka_unit_test(holding_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
