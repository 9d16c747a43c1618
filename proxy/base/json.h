// Writes one JSON value into a buffer. Commas and quotes are its business; what peers said is
// escaped, and bytes that are not UTF-8 become U+FFFD (RFC 8259 section 8.1).
#pragma once

#include "buffer.h"

#define JSON_DEPTH_MAX 32

// All-zero but for `out` is a valid writer. When memory or the buffer's limit is out, `failed` is
// set, later calls do nothing, and the content must not be used.
struct json {
    struct buffer *out;
    int depth;
    bool has_value[JSON_DEPTH_MAX]; // a comma is due at this depth
    bool after_key;
    bool failed;
};

struct json json_into(struct buffer *out);

void json_open_object(struct json *json);
void json_close_object(struct json *json);
void json_open_array(struct json *json);
void json_close_array(struct json *json);
void json_key(struct json *json, const char *key); // `key` is ours: plain ASCII

void json_text(struct json *json, const char *text); // NULL writes null
void json_bytes(struct json *json, struct slice utf8);
void json_hex(struct json *json, struct slice bytes);
void json_int(struct json *json, int64_t value);
void json_fixed(struct json *json, double value, int decimals);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

// json_text_field and its kin write key and value. json_text_field leaves the field out when
// `text` is NULL.
void json_text_field(struct json *json, const char *key, const char *text);
void json_int_field(struct json *json, const char *key, int64_t value);
void json_bool_field(struct json *json, const char *key, bool value);
void json_hex_field(struct json *json, const char *key, struct slice bytes);
