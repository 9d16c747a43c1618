// Text from outside made safe for a terminal, and small strict parsers of numbers.
#pragma once

#include "buffer.h"

// text_escape appends `bytes` with everything that is not printable ASCII written as \xNN and the
// backslash doubled: no peer can move the cursor, set a title or forge a line of output.
bool text_escape(struct buffer *out, struct slice bytes);

// text_hex appends lower-case hex digits.
bool text_hex(struct buffer *out, struct slice bytes);

// text_unhex reads hex digits (blanks between bytes allowed) and appends the bytes; false, with
// nothing appended, on anything else.
bool text_unhex(struct buffer *out, struct slice digits);

// text_uint reads a whole decimal number without sign; false if it is not one or passes `max`.
bool text_uint(struct slice digits, uint64_t max, uint64_t *out_value);

// text_duration_ms reads "500ms", "10s", "2m", "1h", "3d", or a bare number of seconds; false on
// anything else. A leading + or - is taken when `is_signed`.
bool text_duration_ms(const char *text, bool is_signed, int64_t *out_ms);

// text_lower writes ASCII lower case in place.
void text_lower(char *text);

// text_matches compares a host name with a pattern, both without case: "example.com", or
// "*.example.com" for every name below it (any depth), or "*".
bool text_matches(const char *host, const char *pattern);
