// Borrowed bytes, and a cursor that reads them without ever passing their end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

// The outcome of reading bytes that came from outside.
enum parse {
    PARSE_OK,
    PARSE_MORE, // a valid beginning; more bytes are needed
    PARSE_BAD
};

// A slice borrows; whoever hands one out says until when it is valid.
struct slice {
    const uint8_t *data;
    size_t len;
};

#define SLICE_EMPTY ((struct slice){NULL, 0})

// slice_of_text borrows a C string, its terminating NUL left out. NULL gives the empty slice.
struct slice slice_of_text(const char *text);

// slice_equals compares content; slice_equals_text against a C string;
// slice_equals_nocase folds ASCII letters only.
bool slice_equals(struct slice a, struct slice b);
bool slice_equals_text(struct slice a, const char *text);
bool slice_equals_nocase(struct slice a, struct slice b);

// slice_starts_with is true if `s` begins with the bytes of `text`.
bool slice_starts_with(struct slice s, const char *text);

// slice_part gives bytes [at, at+len) clipped to what `s` has.
struct slice slice_part(struct slice s, size_t at, size_t len);

// A cursor reads big-endian numbers and length-prefixed vectors (RFC 8446 section 3). Every read
// is false, and moves nothing, when too few bytes are left. Vectors borrow from the cursor's bytes.
struct cursor {
    struct slice left;
    size_t at; // bytes already read
};

struct cursor cursor_over(struct slice bytes);
bool cursor_u8(struct cursor *cursor, uint8_t *out_value);
bool cursor_u16(struct cursor *cursor, uint16_t *out_value);
bool cursor_u24(struct cursor *cursor, uint32_t *out_value);
bool cursor_u32(struct cursor *cursor, uint32_t *out_value);
bool cursor_take(struct cursor *cursor, size_t len, struct slice *out_bytes);
bool cursor_vector8(struct cursor *cursor, struct slice *out_vector);
bool cursor_vector16(struct cursor *cursor, struct slice *out_vector);
bool cursor_vector24(struct cursor *cursor, struct slice *out_vector);

// u16_at reads the i-th two-byte number of a vector of them; the caller bounds i by len / 2.
uint16_t slice_u16_at(struct slice numbers, size_t i);
// slice_has_u16 looks for `value` in a vector of two-byte numbers.
bool slice_has_u16(struct slice numbers, uint16_t value);
