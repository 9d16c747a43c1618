#include "socks4.h"

#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct row {
    const char *name;
    const char *bytes;
    size_t len;
    enum parse want;
    const char *host;
    uint16_t port;
} rows[] = {
    {"an address", BYTES("\4\1\1\273\177\0\0\1me\0"), PARSE_OK, "127.0.0.1", 443},
    {"an address, nobody's name", BYTES("\4\1\0\120\300\0\2\1\0"), PARSE_OK, "192.0.2.1", 80},
    {"4A: a name", BYTES("\4\1\1\273\0\0\0\1\0app.test\0"), PARSE_OK, "app.test", 443},
    {"what follows is not looked at", BYTES("\4\1\1\273\177\0\0\1\0\26\3\1"), PARSE_OK, "127.0.0.1",
     443},
    {"0.0.0.0 has no name", BYTES("\4\1\1\273\0\0\0\0\0"), PARSE_OK, "0.0.0.0", 443},
    {"4A: a name that is none", BYTES("\4\1\1\273\0\0\0\1\0app test\0"), PARSE_BAD, NULL, 0},
    {"4A: an empty name", BYTES("\4\1\1\273\0\0\0\1\0\0"), PARSE_BAD, NULL, 0},
    {"BIND", BYTES("\4\2\1\273\177\0\0\1\0"), PARSE_BAD, NULL, 0},
    {"SOCKS5", BYTES("\5\1\0"), PARSE_BAD, NULL, 0},
    {"port 0", BYTES("\4\1\0\0\177\0\0\1\0"), PARSE_BAD, NULL, 0},
    {"nothing", BYTES(""), PARSE_MORE, NULL, 0},
};

// A copy of the exact size, so that a read past the end is one that ASan sees.
static enum parse parse(const void *bytes, size_t len, struct endpoint *out)
{
    uint8_t *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact + 1, bytes, len);
    enum parse parsed = socks4_parse((struct slice){exact + 1, len}, out);
    free(exact);
    return parsed;
}

static void request_gives(void **state)
{
    const struct row *row = *state;
    struct endpoint target = {0};
    assert_int_equal(parse(row->bytes, row->len, &target), row->want);
    if (row->want == PARSE_OK) {
        assert_string_equal(target.host, row->host);
        assert_int_equal(target.port, row->port);
    }
}

static void prefixes_want_more_and_changes_do_no_harm(void **state)
{
    static const char whole[] = "\4\1\1\273\0\0\0\1me\0app.test";
    uint8_t changed[sizeof(whole)];
    struct endpoint target;
    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++) { // its NUL is the last byte
        assert_int_equal(parse(whole, len, &target), PARSE_MORE);
    }
    assert_int_equal(parse(whole, sizeof(whole), &target), PARSE_OK);
    for (size_t at = 0; at < sizeof(whole); at++) {
        for (int value = 0; value < 256; value++) {
            memcpy(changed, whole, sizeof(whole));
            changed[at] = (uint8_t)value;
            if (parse(changed, sizeof(whole), &target) == PARSE_OK) {
                assert_true(target.port != 0 && target.host[0] != '\0');
            }
        }
    }
}

static void a_long_request_is_none(void **state)
{
    uint8_t bytes[SOCKS4_BYTES_MAX + 8] = {4, 1, 1, 0xbb, 127, 0, 0, 1};
    struct endpoint target;
    (void)state;
    memset(bytes + 8, 'u', sizeof(bytes) - 8);
    assert_int_equal(parse(bytes, SOCKS4_BYTES_MAX - 1, &target), PARSE_MORE);
    assert_int_equal(parse(bytes, SOCKS4_BYTES_MAX, &target), PARSE_BAD);
    bytes[SOCKS4_BYTES_MAX] = 0; // past the limit
    assert_int_equal(parse(bytes, sizeof(bytes), &target), PARSE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_want_more_and_changes_do_no_harm),
        cmocka_unit_test(a_long_request_is_none),
    };
    return RUN_ROWS(rows, request_gives) + cmocka_run_group_tests(tests, NULL, NULL);
}
