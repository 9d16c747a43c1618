// Owned bytes with a named limit: bytes are appended at the end and consumed at the start.
#pragma once

#include "slice.h"

// All-zero but for `limit` is a valid empty buffer; a limit of 0 means BUFFER_LIMIT_DEFAULT.
struct buffer {
    uint8_t *data;
    size_t start; // consumed bytes at the front
    size_t len;   // bytes held after them
    size_t capacity;
    size_t limit; // the most bytes it will hold
};

#define BUFFER_LIMIT_DEFAULT ((size_t)1 << 30)

// buffer_init makes an empty buffer that will never hold more than `limit` bytes.
void buffer_init(struct buffer *buffer, size_t limit);

// buffer_clear frees the memory; the buffer is then empty and usable again, its limit kept.
void buffer_clear(struct buffer *buffer);

// buffer_append copies bytes to the end; false, with nothing changed, past the limit or when
// memory is out. buffer_append_text likewise for a C string, buffer_printf for formatted text.
bool buffer_append(struct buffer *buffer, struct slice bytes);
bool buffer_append_text(struct buffer *buffer, const char *text);
bool buffer_append_byte(struct buffer *buffer, uint8_t byte);
bool buffer_append_u16(struct buffer *buffer, uint16_t value); // big-endian
bool buffer_append_u24(struct buffer *buffer, uint32_t value); // big-endian
bool buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// buffer_reserve makes room for `len` more bytes and gives their place, NULL as append's false.
// buffer_commit then says how many of them were written.
uint8_t *buffer_reserve(struct buffer *buffer, size_t len);
void buffer_commit(struct buffer *buffer, size_t len);

// buffer_consume drops `len` bytes (at most what it holds) from the front.
void buffer_consume(struct buffer *buffer, size_t len);

// buffer_slice borrows what it holds, until the buffer next changes.
struct slice buffer_slice(const struct buffer *buffer);

// buffer_text gives the content as a C string (a NUL is kept after the end), NULL when memory is
// out; borrowed like buffer_slice.
const char *buffer_text(struct buffer *buffer);
