#include "json_read.h"

#include <stdio.h>
#include <string.h>

bool reader_fail(struct reader *reader, const char *key, const char *what)
{
    if (!reader->failed) {
        reader->failed = true;
        (void)error_set(reader->error, ERROR_FILE, "bad evidence: '%s%s' %s", reader->path, key,
                        what);
    }
    return false;
}

static const json_t *member(struct reader *reader, const json_t *object, const char *key)
{
    const json_t *value = reader->failed ? NULL : json_object_get(object, key);
    return value == NULL || json_is_null(value) ? NULL : value;
}

const json_t *read_object(struct reader *reader, const json_t *object, const char *key,
                          size_t *out_mark)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return NULL;
    }
    if (!json_is_object(value)) {
        (void)reader_fail(reader, key, "is not an object");
        return NULL;
    }
    size_t len = strlen(reader->path);
    *out_mark = len;
    (void)snprintf(reader->path + len, sizeof(reader->path) - len, "%s.", key); // cut: shown only
    return value;
}

void reader_leave(struct reader *reader, size_t mark)
{
    reader->path[mark] = '\0';
}

const json_t *read_array(struct reader *reader, const json_t *object, const char *key, size_t max)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return NULL;
    }
    if (!json_is_array(value)) {
        (void)reader_fail(reader, key, "is not an array");
        return NULL;
    }
    if (json_array_size(value) > max) {
        (void)reader_fail(reader, key, "has too many elements");
        return NULL;
    }
    return value;
}

void read_bool(struct reader *reader, const json_t *object, const char *key, bool *out_value)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return;
    }
    if (!json_is_boolean(value)) {
        (void)reader_fail(reader, key, "is neither true nor false");
        return;
    }
    *out_value = json_is_true(value);
}

void read_int(struct reader *reader, const json_t *object, const char *key, int64_t min,
              int64_t max, int64_t *out_value)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return;
    }
    if (!json_is_integer(value)) {
        (void)reader_fail(reader, key, "is not a whole number");
        return;
    }
    int64_t number = json_integer_value(value);
    if (number < min || number > max) {
        (void)reader_fail(reader, key, "is out of its range");
        return;
    }
    *out_value = number;
}

void read_u8(struct reader *reader, const json_t *object, const char *key, uint8_t *out_value)
{
    int64_t number = *out_value;
    read_int(reader, object, key, 0, UINT8_MAX, &number);
    *out_value = (uint8_t)number;
}

void read_u16(struct reader *reader, const json_t *object, const char *key, uint16_t *out_value)
{
    int64_t number = *out_value;
    read_int(reader, object, key, 0, UINT16_MAX, &number);
    *out_value = (uint16_t)number;
}

void read_u32(struct reader *reader, const json_t *object, const char *key, uint32_t *out_value)
{
    int64_t number = *out_value;
    read_int(reader, object, key, 0, UINT32_MAX, &number);
    *out_value = (uint32_t)number;
}

void read_u64(struct reader *reader, const json_t *object, const char *key, uint64_t *out_value)
{
    int64_t number = 0;
    read_int(reader, object, key, 0, READ_NUMBER_MAX, &number);
    *out_value = (uint64_t)number;
}

void read_size(struct reader *reader, const json_t *object, const char *key, size_t *out_value)
{
    int64_t number = 0;
    read_int(reader, object, key, 0, INT32_MAX, &number);
    *out_value = (size_t)number;
}

void read_i64(struct reader *reader, const json_t *object, const char *key, int64_t *out_value)
{
    // Dates beyond the year 9999 are no dates; sums of two of them still fit.
    read_int(reader, object, key, -READ_NUMBER_MAX * 64, READ_NUMBER_MAX * 64, out_value);
}

void read_text(struct reader *reader, const json_t *object, const char *key, const char **out_text)
{
    const json_t *value = member(reader, object, key);
    if (value == NULL) {
        return;
    }
    if (!json_is_string(value)) {
        (void)reader_fail(reader, key, "is not text");
        return;
    }
    struct slice text = {(const uint8_t *)json_string_value(value), json_string_length(value)};
    if (text.len > READ_TEXT_MAX) {
        (void)reader_fail(reader, key, "is too long");
        return;
    }
    const char *copy = arena_text(reader->arena, text);
    if (copy == NULL) {
        (void)reader_fail(reader, key, "does not fit into memory");
        return;
    }
    *out_text = copy;
}

static bool unhex(struct reader *reader, const json_t *value, const char *key, size_t max,
                  struct buffer *out_bytes)
{
    if (!json_is_string(value) || json_string_length(value) > 2 * max) {
        return reader_fail(reader, key, "is not hex digits, or too many of them");
    }
    struct slice digits = {(const uint8_t *)json_string_value(value), json_string_length(value)};
    if (!text_unhex(out_bytes, digits)) {
        return reader_fail(reader, key, "is not hex digits");
    }
    return true;
}

void read_hex(struct reader *reader, const json_t *object, const char *key, size_t max,
              struct slice *out_bytes)
{
    const json_t *value = member(reader, object, key);
    struct buffer bytes = {.limit = max};
    if (value == NULL || !unhex(reader, value, key, max, &bytes)) {
        buffer_clear(&bytes);
        return;
    }
    struct slice copy = arena_copy(reader->arena, buffer_slice(&bytes));
    if (copy.len != buffer_slice(&bytes).len) {
        (void)reader_fail(reader, key, "does not fit into memory");
    }
    buffer_clear(&bytes);
    *out_bytes = copy;
}

void read_digest(struct reader *reader, const json_t *object, const char *key, uint8_t out[32])
{
    const json_t *value = member(reader, object, key);
    struct buffer bytes = {.limit = 32};
    if (value != NULL && unhex(reader, value, key, 32, &bytes)) {
        if (buffer_slice(&bytes).len == 32) {
            memcpy(out, buffer_slice(&bytes).data, 32);
        } else {
            (void)reader_fail(reader, key, "is not 32 bytes");
        }
    }
    buffer_clear(&bytes);
}

void read_numbers(struct reader *reader, const json_t *object, const char *key,
                  struct number_list *out_list)
{
    const json_t *array = read_array(reader, object, key, NUMBER_LIST_MAX);
    for (size_t i = 0; array != NULL && i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            json_integer_value(value) > UINT16_MAX) {
            (void)reader_fail(reader, key, "has an element that is no number below 65536");
            return;
        }
        (void)number_list_add(out_list, (uint16_t)json_integer_value(value)); // bounded above
    }
}

void read_choice(struct reader *reader, const json_t *object, const char *key,
                 const char *(*name)(size_t i), size_t count, size_t *out_index)
{
    const char *text = NULL;
    read_text(reader, object, key, &text);
    for (size_t i = 0; text != NULL && i < count; i++) {
        if (strcmp(name(i), text) == 0) {
            *out_index = i;
            return;
        }
    }
    if (text != NULL) {
        (void)reader_fail(reader, key, "has a value that is not known");
    }
}
