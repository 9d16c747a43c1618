#include "json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct json json_into(struct buffer *out)
{
    return (struct json){.out = out};
}

static void put(struct json *json, const char *text)
{
    if (!json->failed && !buffer_append_text(json->out, text)) {
        json->failed = true;
    }
}

static void put_bytes(struct json *json, struct slice bytes)
{
    if (!json->failed && !buffer_append(json->out, bytes)) {
        json->failed = true;
    }
}

static void before_value(struct json *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->has_value[json->depth]) {
        put(json, ",");
    }
    json->has_value[json->depth] = true;
}

static void open(struct json *json, const char *bracket)
{
    before_value(json);
    put(json, bracket);
    assert(json->depth + 1 < JSON_DEPTH_MAX);
    json->depth++;
    json->has_value[json->depth] = false;
}

static void close(struct json *json, const char *bracket)
{
    assert(json->depth > 0 && !json->after_key);
    json->depth--;
    put(json, bracket);
}

void json_open_object(struct json *json)
{
    open(json, "{");
}

void json_close_object(struct json *json)
{
    close(json, "}");
}

void json_open_array(struct json *json)
{
    open(json, "[");
}

void json_close_array(struct json *json)
{
    close(json, "]");
}

void json_key(struct json *json, const char *key)
{
    before_value(json);
    put(json, "\"");
    put(json, key);
    put(json, "\":");
    json->after_key = true;
}

// The length of the well-formed UTF-8 sequence at the start of `s`, 0 if there is none
// (RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF).
static size_t utf8_length(struct slice s)
{
    static const struct {
        uint8_t first_min, first_max, second_min, second_max;
        size_t len;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (s.data[0] < forms[i].first_min || s.data[0] > forms[i].first_max) {
            continue;
        }
        if (s.len < forms[i].len) {
            return 0;
        }
        if (forms[i].len > 1 &&
            (s.data[1] < forms[i].second_min || s.data[1] > forms[i].second_max)) {
            return 0;
        }
        for (size_t at = 2; at < forms[i].len; at++) {
            if ((s.data[at] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return forms[i].len;
    }
    return 0;
}

// Writes a character below U+0100 as an escape.
static void put_escaped(struct json *json, uint8_t byte)
{
    switch (byte) {
    case '"':
        put(json, "\\\"");
        return;
    case '\\':
        put(json, "\\\\");
        return;
    case '\n':
        put(json, "\\n");
        return;
    case '\r':
        put(json, "\\r");
        return;
    case '\t':
        put(json, "\\t");
        return;
    default:
        break;
    }
    char escape[8];
    (void)snprintf(escape, sizeof(escape), "\\u%04x", byte); // six characters
    put(json, escape);
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

void json_bytes(struct json *json, struct slice utf8)
{
    before_value(json);
    put(json, "\"");
    struct slice left = utf8;
    while (left.len > 0) {
        size_t plain = 0;
        while (plain < left.len && is_plain(left.data[plain])) {
            plain++;
        }
        put_bytes(json, slice_part(left, 0, plain));
        left = slice_part(left, plain, left.len);
        if (left.len == 0) {
            break;
        }
        size_t len = utf8_length(left);
        if (len == 0) {
            put(json, "\\ufffd");
            len = 1;
        } else if (len == 1) {
            put_escaped(json, left.data[0]);
        } else if (left.data[0] == 0xc2 && left.data[1] < 0xa0) {
            put_escaped(json, left.data[1]); // U+0080…U+009F: they steer a terminal too
        } else {
            put_bytes(json, slice_part(left, 0, len));
        }
        left = slice_part(left, len, left.len);
    }
    put(json, "\"");
}

void json_text(struct json *json, const char *text)
{
    if (text == NULL) {
        json_null(json);
        return;
    }
    json_bytes(json, slice_of_text(text));
}

void json_hex(struct json *json, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    before_value(json);
    put(json, "\"");
    uint8_t *place = json->failed ? NULL : buffer_reserve(json->out, 2 * bytes.len);
    if (place == NULL) {
        json->failed = true;
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        place[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
        place[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 15];
    }
    buffer_commit(json->out, 2 * bytes.len);
    put(json, "\"");
}

// By hand: evidence has hundreds of numbers, and printf costs more than all else in them.
static void put_number(struct json *json, bool is_negative, uint64_t magnitude)
{
    char text[24]; // 20 characters at most, and the NUL
    char *at = &text[sizeof(text) - 1];
    *at = '\0';
    do {
        *--at = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (is_negative) {
        *--at = '-';
    }
    before_value(json);
    put(json, at);
}

void json_int(struct json *json, int64_t value)
{
    bool is_negative = value < 0;
    put_number(json, is_negative, is_negative ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_fixed(struct json *json, double value, int decimals)
{
    char text[64];
    before_value(json);
    int len = snprintf(text, sizeof(text), "%.*f", decimals, value);
    if (!isfinite(value) || len < 0 || (size_t)len >= sizeof(text)) {
        put(json, "null"); // no time or count of ours is that large; JSON has no infinity or NaN
        return;
    }
    put(json, text);
}

void json_bool(struct json *json, bool value)
{
    before_value(json);
    put(json, value ? "true" : "false");
}

void json_null(struct json *json)
{
    before_value(json);
    put(json, "null");
}

void json_text_field(struct json *json, const char *key, const char *text)
{
    if (text == NULL) {
        return;
    }
    json_key(json, key);
    json_text(json, text);
}

void json_int_field(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_int(json, value);
}

void json_bool_field(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

void json_hex_field(struct json *json, const char *key, struct slice bytes)
{
    json_key(json, key);
    json_hex(json, bytes);
}
