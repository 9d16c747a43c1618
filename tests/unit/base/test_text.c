#include "text.h"

#include <string.h>

#include "rows.h"

static const struct escape_row {
    const char *name;
    struct slice bytes;
    const char *want_escaped, *want_hex;
} escape_rows[] = {
    {"nothing", {(const uint8_t *)"", 0}, "", ""},
    {"printable", {(const uint8_t *)"a b~", 4}, "a b~", "6120627e"},
    {"a backslash", {(const uint8_t *)"\\x41", 4}, "\\\\x41", "5c783431"},
    {"a NUL", {(const uint8_t *)"a\0b", 3}, "a\\x00b", "610062"},
    {"an escape sequence", {(const uint8_t *)"\x1b[2J", 4}, "\\x1b[2J", "1b5b324a"},
    {"a new line", {(const uint8_t *)"a\r\nb", 4}, "a\\x0d\\x0ab", "610d0a62"},
    {"DEL", {(const uint8_t *)"\x7f", 1}, "\\x7f", "7f"},
    {"UTF-8", {(const uint8_t *)"\xc3\xa4", 2}, "\\xc3\\xa4", "c3a4"},
    {"an eight-bit control", {(const uint8_t *)"\x9b", 1}, "\\x9b", "9b"},
};

static void bytes_are_made_printable(void **state)
{
    const struct escape_row *row = *state;
    struct buffer escaped = {0};
    struct buffer hex = {0};
    struct buffer back = {0};
    assert_true(text_escape(&escaped, row->bytes));
    assert_string_equal(buffer_text(&escaped), row->want_escaped);
    assert_true(text_hex(&hex, row->bytes));
    assert_string_equal(buffer_text(&hex), row->want_hex);
    assert_true(text_unhex(&back, buffer_slice(&hex)));
    assert_true(slice_equals(buffer_slice(&back), row->bytes));
    buffer_clear(&escaped);
    buffer_clear(&hex);
    buffer_clear(&back);
}

static void full_buffers_are_told(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 3);
    assert_false(text_escape(&buffer, slice_of_text("\n")));
    buffer_clear(&buffer);
    assert_false(text_hex(&buffer, slice_of_text("ab")));
    buffer_clear(&buffer);
    assert_false(text_unhex(&buffer, slice_of_text("00010203")));
    assert_int_equal(buffer.len, 0);
    buffer_clear(&buffer);
}

static const struct unhex_row {
    const char *name, *digits;
    bool want;
    const char *want_hex;
} unhex_rows[] = {
    {"both cases", "aAfF09", true, "aaff09"},
    {"blanks between bytes", " 01 02\n03 ", true, "010203"},
    {"a blank inside a byte", "0 1", false, ""},
    {"half a byte", "012", false, ""},
    {"no digit", "0g", false, ""},
    {"no first digit", "g0", false, ""},
    {"a prefix", "0x01", false, ""},
    {"nothing", "", true, ""},
};

static void text_unhex_gives(void **state)
{
    const struct unhex_row *row = *state;
    struct buffer bytes = {0};
    struct buffer hex = {0};
    assert_int_equal(text_unhex(&bytes, slice_of_text(row->digits)), row->want);
    assert_true(text_hex(&hex, buffer_slice(&bytes)));
    assert_string_equal(buffer_text(&hex), row->want_hex);
    buffer_clear(&bytes);
    buffer_clear(&hex);
}

static const struct uint_row {
    const char *name; // the digits
    uint64_t max;
    bool want;
    uint64_t want_value;
} uint_rows[] = {
    {"0", 0, true, 0},
    {"1", 0, false, 0},
    {"007", 9, true, 7},
    {"65535", 65535, true, 65535},
    {"65536", 65535, false, 0},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false, 0},
    {"99999999999999999999999", UINT64_MAX, false, 0},
    {"9", 5, false, 0},
    {"", 9, false, 0},
    {"+1", 9, false, 0},
    {"-1", 9, false, 0},
    {" 1", 9, false, 0},
    {"1 ", 9, false, 0},
    {"0x1", 9, false, 0},
};

static void text_uint_gives(void **state)
{
    const struct uint_row *row = *state;
    uint64_t value = 0;
    assert_int_equal(text_uint(slice_of_text(row->name), row->max, &value), row->want);
    assert_int_equal(value, row->want_value);
}

static const struct duration_row {
    const char *name; // the text
    bool is_signed, want;
    int64_t want_ms;
} duration_rows[] = {
    {"500ms", false, true, 500},     {"10s", false, true, 10000},
    {"10", false, true, 10000},      {"2m", false, true, 120000},
    {"1h", false, true, 3600000},    {"3d", false, true, 259200000},
    {"+3d", true, true, 259200000},  {"-3d", true, true, -259200000},
    {"+3d ", true, false, 0},        {"-3d", false, false, 0},
    {"+3d", false, false, 0},        {"1000000000d", false, true, INT64_C(86400000000000000)},
    {"1000000001", false, false, 0}, {"1.5s", false, false, 0},
    {"10S", false, false, 0},        {"s", false, false, 0},
    {"", false, false, 0},           {"+", true, false, 0},
    {"+-1", true, false, 0},         {"1w", false, false, 0},
};

static void text_duration_ms_gives(void **state)
{
    const struct duration_row *row = *state;
    int64_t ms = 0;
    assert_int_equal(text_duration_ms(row->name, row->is_signed, &ms), row->want);
    assert_int_equal(ms, row->want_ms);
}

static const struct match_row {
    const char *name, *host, *pattern;
    bool want;
} match_rows[] = {
    {"the same", "example.com", "example.com", true},
    {"another case", "Example.COM", "eXample.com", true},
    {"a name below", "www.example.com", "*.example.com", true},
    {"two names below", "a.b.Example.com", "*.example.COM", true},
    {"the name itself is not below", "example.com", "*.example.com", false},
    {"an empty label is not below", ".example.com", "*.example.com", false},
    {"a name that only ends alike", "badexample.com", "*.example.com", false},
    {"anything", "example.com", "*", true},
    {"a star elsewhere is a letter", "www.example.com", "www.*.com", false},
    {"another name", "example.org", "example.com", false},
    {"a name below without a star", "www.example.com", "example.com", false},
};

static void text_matches_gives(void **state)
{
    const struct match_row *row = *state;
    assert_int_equal(text_matches(row->host, row->pattern), row->want);
}

static void only_ascii_is_lowered(void **state)
{
    (void)state;
    char text[] = "AZaz[@\xc4";
    text_lower(text);
    assert_string_equal(text, "azaz[@\xc4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_buffers_are_told),
        cmocka_unit_test(only_ascii_is_lowered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) +
           RUN_ROWS(escape_rows, bytes_are_made_printable) +
           RUN_ROWS(unhex_rows, text_unhex_gives) + RUN_ROWS(uint_rows, text_uint_gives) +
           RUN_ROWS(duration_rows, text_duration_ms_gives) +
           RUN_ROWS(match_rows, text_matches_gives);
}
