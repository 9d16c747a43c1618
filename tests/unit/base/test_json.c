#include "json.h"

#include <math.h>
#include <string.h>

#include "rows.h"

static const struct text_row {
    const char *name;
    struct slice bytes;
    const char *want;
} text_rows[] = {
    {"nothing", {(const uint8_t *)"", 0}, "\"\""},
    {"plain", {(const uint8_t *)"a b/c", 5}, "\"a b/c\""},
    {"quotes and backslash", {(const uint8_t *)"\"\\", 2}, "\"\\\"\\\\\""},
    {"short escapes", {(const uint8_t *)"\n\r\t", 3}, "\"\\n\\r\\t\""},
    {"controls", {(const uint8_t *)"\0\x1b\x7f", 3}, "\"\\u0000\\u001b\\u007f\""},
    {"controls of eight bits", {(const uint8_t *)"\xc2\x9b\xc2\x80", 4}, "\"\\u009b\\u0080\""},
    {"two bytes", {(const uint8_t *)"\xc2\xa0\xc3\xa4", 4}, "\"\xc2\xa0\xc3\xa4\""},
    {"three bytes", {(const uint8_t *)"\xe2\x82\xac", 3}, "\"\xe2\x82\xac\""},
    {"four bytes", {(const uint8_t *)"\xf0\x9f\x94\x92", 4}, "\"\xf0\x9f\x94\x92\""},
    {"the last code point", {(const uint8_t *)"\xf4\x8f\xbf\xbf", 4}, "\"\xf4\x8f\xbf\xbf\""},
    {"past the last code point",
     {(const uint8_t *)"\xf4\x90\x80\x80", 4},
     "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    {"a surrogate", {(const uint8_t *)"\xed\xa0\x80", 3}, "\"\\ufffd\\ufffd\\ufffd\""},
    {"an overlong slash", {(const uint8_t *)"\xc0\xaf", 2}, "\"\\ufffd\\ufffd\""},
    {"an overlong three", {(const uint8_t *)"\xe0\x80\xaf", 3}, "\"\\ufffd\\ufffd\\ufffd\""},
    {"a sequence that ends early", {(const uint8_t *)"a\xe2\x82", 3}, "\"a\\ufffd\\ufffd\""},
    {"a sequence cut by a letter", {(const uint8_t *)"\xe2\x82z", 3}, "\"\\ufffd\\ufffdz\""},
    {"a continuation alone", {(const uint8_t *)"\x80z", 2}, "\"\\ufffdz\""},
    {"Latin-1", {(const uint8_t *)"\xe4z", 2}, "\"\\ufffdz\""},
};

static void json_bytes_gives(void **state)
{
    const struct text_row *row = *state;
    struct buffer out = {0};
    struct json json = json_into(&out);
    json_bytes(&json, row->bytes);
    assert_false(json.failed);
    assert_string_equal(buffer_text(&out), row->want);
    buffer_clear(&out);
}

static void values_stand_where_they_belong(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct json json = json_into(&out);
    json_open_object(&json);
    json_text_field(&json, "text", "a\"b");
    json_text_field(&json, "left out", NULL);
    json_int_field(&json, "int", INT64_MIN);
    json_bool_field(&json, "bool", true);
    json_hex_field(&json, "hex", slice_of_text("\x01\xff"));
    json_hex_field(&json, "no hex", SLICE_EMPTY);
    json_key(&json, "array");
    json_open_array(&json);
    json_int(&json, INT64_MAX);
    json_open_array(&json);
    json_close_array(&json);
    json_open_object(&json);
    json_close_object(&json);
    json_null(&json);
    json_text(&json, NULL);
    json_bool(&json, false);
    json_fixed(&json, 3.14159, 2);
    json_fixed(&json, -0.5, 0);
    json_close_array(&json);
    json_key(&json, "last");
    json_int(&json, 0);
    json_close_object(&json);
    assert_false(json.failed);
    assert_int_equal(json.depth, 0);
    assert_string_equal(buffer_text(&out),
                        "{\"text\":\"a\\\"b\",\"int\":-9223372036854775808,\"bool\":true,"
                        "\"hex\":\"01ff\",\"no hex\":\"\",\"array\":[9223372036854775807,[],{},"
                        "null,null,false,3.14,-0],\"last\":0}");
    buffer_clear(&out);
}

static const struct number_row {
    const char *name;
    double value;
    const char *want;
} number_rows[] = {
    {"a duration", 12.3456, "12.346"},         {"zero", 0, "0.000"},
    {"infinity is no JSON", INFINITY, "null"}, {"minus infinity is no JSON", -INFINITY, "null"},
    {"not a number is no JSON", NAN, "null"},  {"a number too long to write", 1e300, "null"},
};

static void json_fixed_gives(void **state)
{
    const struct number_row *row = *state;
    struct buffer out = {0};
    struct json json = json_into(&out);
    json_fixed(&json, row->value, 3);
    assert_string_equal(buffer_text(&out), row->want);
    buffer_clear(&out);
}

// Written into every size of buffer: either all of it is there, or it says that it failed.
static void a_full_buffer_is_told(void **state)
{
    (void)state;
    static const char want[] = "{\"key\":[\"value\",\"00ff\",1]}";
    for (size_t limit = 1; limit <= sizeof(want); limit++) {
        struct buffer out;
        buffer_init(&out, limit);
        struct json json = json_into(&out);
        json_open_object(&json);
        json_key(&json, "key");
        json_open_array(&json);
        json_text(&json, "value");
        json_hex(&json, (struct slice){(const uint8_t *)"\0\xff", 2});
        json_int(&json, 1);
        json_close_array(&json);
        json_close_object(&json);
        assert_int_equal(json.failed, limit < sizeof(want) - 1);
        if (!json.failed) {
            assert_string_equal(buffer_text(&out), want);
        }
        buffer_clear(&out);
    }
}

static void values_nest_as_deep_as_the_limit(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct json json = json_into(&out);
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++) {
        json_open_array(&json);
    }
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++) {
        json_close_array(&json);
    }
    assert_false(json.failed);
    assert_int_equal(out.len, 2 * (JSON_DEPTH_MAX - 1));
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_stand_where_they_belong),
        cmocka_unit_test(a_full_buffer_is_told),
        cmocka_unit_test(values_nest_as_deep_as_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(text_rows, json_bytes_gives) +
           RUN_ROWS(number_rows, json_fixed_gives);
}
