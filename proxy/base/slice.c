#include "slice.h"

#include <assert.h>
#include <string.h>

struct slice slice_of_text(const char *text)
{
    if (text == NULL) {
        return SLICE_EMPTY;
    }
    return (struct slice){(const uint8_t *)text, strlen(text)};
}

bool slice_equals(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool slice_equals_text(struct slice a, const char *text)
{
    return slice_equals(a, slice_of_text(text));
}

static uint8_t fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

bool slice_equals_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (fold(a.data[i]) != fold(b.data[i])) {
            return false;
        }
    }
    return true;
}

bool slice_starts_with(struct slice s, const char *text)
{
    struct slice start = slice_of_text(text);
    return s.len >= start.len && slice_equals(slice_part(s, 0, start.len), start);
}

struct slice slice_part(struct slice s, size_t at, size_t len)
{
    if (at >= s.len) {
        return SLICE_EMPTY;
    }
    size_t left = s.len - at;
    return (struct slice){s.data + at, len < left ? len : left};
}

struct cursor cursor_over(struct slice bytes)
{
    return (struct cursor){.left = bytes, .at = 0};
}

static bool read_number(struct cursor *cursor, size_t width, uint32_t *out_value)
{
    struct slice bytes;
    if (!cursor_take(cursor, width, &bytes)) {
        return false;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < width; i++) {
        value = value << 8 | bytes.data[i];
    }
    *out_value = value;
    return true;
}

bool cursor_u8(struct cursor *cursor, uint8_t *out_value)
{
    uint32_t value;
    if (!read_number(cursor, 1, &value)) {
        return false;
    }
    *out_value = (uint8_t)value;
    return true;
}

bool cursor_u16(struct cursor *cursor, uint16_t *out_value)
{
    uint32_t value;
    if (!read_number(cursor, 2, &value)) {
        return false;
    }
    *out_value = (uint16_t)value;
    return true;
}

bool cursor_u24(struct cursor *cursor, uint32_t *out_value)
{
    return read_number(cursor, 3, out_value);
}

bool cursor_u32(struct cursor *cursor, uint32_t *out_value)
{
    return read_number(cursor, 4, out_value);
}

bool cursor_take(struct cursor *cursor, size_t len, struct slice *out_bytes)
{
    if (len > cursor->left.len) {
        return false;
    }
    *out_bytes = (struct slice){cursor->left.data, len};
    if (len > 0) {
        cursor->left.data += len;
    }
    cursor->left.len -= len;
    cursor->at += len;
    return true;
}

static bool read_vector(struct cursor *cursor, size_t width, struct slice *out_vector)
{
    struct cursor ahead = *cursor;
    uint32_t len;
    if (!read_number(&ahead, width, &len) || !cursor_take(&ahead, len, out_vector)) {
        return false;
    }
    *cursor = ahead;
    return true;
}

bool cursor_vector8(struct cursor *cursor, struct slice *out_vector)
{
    return read_vector(cursor, 1, out_vector);
}

bool cursor_vector16(struct cursor *cursor, struct slice *out_vector)
{
    return read_vector(cursor, 2, out_vector);
}

bool cursor_vector24(struct cursor *cursor, struct slice *out_vector)
{
    return read_vector(cursor, 3, out_vector);
}

uint16_t slice_u16_at(struct slice numbers, size_t i)
{
    assert(i < numbers.len / 2);
    return (uint16_t)(numbers.data[2 * i] << 8 | numbers.data[2 * i + 1]);
}

bool slice_has_u16(struct slice numbers, uint16_t value)
{
    for (size_t i = 0; i < numbers.len / 2; i++) {
        if (slice_u16_at(numbers, i) == value) {
            return true;
        }
    }
    return false;
}
