#include "buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){.limit = limit};
}

void buffer_clear(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){.limit = buffer->limit};
}

static size_t limit_of(const struct buffer *buffer)
{
    return buffer->limit > 0 ? buffer->limit : BUFFER_LIMIT_DEFAULT;
}

static bool grow(struct buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : CAPACITY_MIN;
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

// Room for `len` bytes after the content, the limit not looked at.
static bool make_room(struct buffer *buffer, size_t len)
{
    if (buffer->capacity - buffer->start - buffer->len >= len && buffer->data != NULL) {
        return true;
    }
    if (buffer->start > 0) {
        memmove(buffer->data, buffer->data + buffer->start, buffer->len);
        buffer->start = 0;
    }
    if (buffer->data != NULL && buffer->capacity - buffer->len >= len) {
        return true;
    }
    return grow(buffer, buffer->len + len);
}

uint8_t *buffer_reserve(struct buffer *buffer, size_t len)
{
    if (len > limit_of(buffer) - buffer->len || !make_room(buffer, len)) {
        return NULL;
    }
    return buffer->data + buffer->start + buffer->len;
}

void buffer_commit(struct buffer *buffer, size_t len)
{
    assert(buffer->start + buffer->len + len <= buffer->capacity);
    buffer->len += len;
}

bool buffer_append(struct buffer *buffer, struct slice bytes)
{
    if (bytes.len == 0) {
        return true;
    }
    uint8_t *place = buffer_reserve(buffer, bytes.len);
    if (place == NULL) {
        return false;
    }
    memcpy(place, bytes.data, bytes.len);
    buffer_commit(buffer, bytes.len);
    return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, slice_of_text(text));
}

bool buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    return buffer_append(buffer, (struct slice){&byte, 1});
}

bool buffer_append_u16(struct buffer *buffer, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    return buffer_append(buffer, (struct slice){bytes, sizeof(bytes)});
}

bool buffer_append_u24(struct buffer *buffer, uint32_t value)
{
    uint8_t bytes[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    return buffer_append(buffer, (struct slice){bytes, sizeof(bytes)});
}

bool buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0) {
        return false;
    }
    // Room for the NUL that vsnprintf writes; it is no content, so the limit does not count it.
    if ((size_t)len > limit_of(buffer) - buffer->len || !make_room(buffer, (size_t)len + 1)) {
        return false;
    }
    char *place = (char *)buffer->data + buffer->start + buffer->len;
    va_start(arguments, format);
    (void)vsnprintf(place, (size_t)len + 1, format, arguments); // same length as measured above
    va_end(arguments);
    buffer_commit(buffer, (size_t)len);
    return true;
}

void buffer_consume(struct buffer *buffer, size_t len)
{
    if (len >= buffer->len) {
        buffer->start = 0;
        buffer->len = 0;
        return;
    }
    buffer->start += len;
    buffer->len -= len;
}

struct slice buffer_slice(const struct buffer *buffer)
{
    if (buffer->len == 0) {
        return SLICE_EMPTY;
    }
    return (struct slice){buffer->data + buffer->start, buffer->len};
}

const char *buffer_text(struct buffer *buffer)
{
    if (!make_room(buffer, 1)) {
        return NULL;
    }
    buffer->data[buffer->start + buffer->len] = '\0';
    return (const char *)buffer->data + buffer->start;
}
