#include "h2_answer.h"

#include <stdio.h>
#include <string.h>

#define FRAME_HEADER_LEN 9
#define FRAME_BODY_MAX   ((size_t)16384)

enum frame_type {
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
    FRAME_SETTINGS = 4,
    FRAME_GOAWAY = 7
};

#define FLAG_END_STREAM  0x1
#define FLAG_END_HEADERS 0x4
#define FLAG_ACK         0x1

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

uint32_t h2_request_stream(struct slice received)
{
    struct cursor cursor = cursor_over(received);
    struct slice skipped;
    uint32_t len, stream;
    uint8_t type, flags;
    if (!slice_starts_with(received, preface) ||
        !cursor_take(&cursor, sizeof(preface) - 1, &skipped)) {
        return 0;
    }
    while (cursor_u24(&cursor, &len) && cursor_u8(&cursor, &type) && cursor_u8(&cursor, &flags) &&
           cursor_u32(&cursor, &stream) && cursor_take(&cursor, len, &skipped)) {
        if (type == FRAME_HEADERS) {
            return stream & 0x7fffffff;
        }
    }
    return 0;
}

static bool frame(struct buffer *out, enum frame_type type, uint8_t flags, uint32_t stream,
                  struct slice body)
{
    return buffer_append_u24(out, (uint32_t)body.len) && buffer_append_byte(out, (uint8_t)type) &&
           buffer_append_byte(out, flags) && buffer_append_u16(out, (uint16_t)(stream >> 16)) &&
           buffer_append_u16(out, (uint16_t)stream) && buffer_append(out, body);
}

// field appends a literal field without indexing, its name from HPACK's static table (RFC 7541
// section 6.2.2); names past 14 take a second byte.
static bool field(struct buffer *out, uint8_t name, const char *value)
{
    size_t len = strlen(value); // ours: below 127
    bool ok = name < 15
                  ? buffer_append_byte(out, name)
                  : buffer_append_byte(out, 15) && buffer_append_byte(out, (uint8_t)(name - 15));
    return ok && buffer_append_byte(out, (uint8_t)len) && buffer_append_text(out, value);
}

#define NAME_STATUS         8
#define NAME_CONTENT_LENGTH 28
#define NAME_CONTENT_TYPE   31

bool h2_answer(struct buffer *out, uint32_t stream, int status, const char *type, struct slice body)
{
    char number[16];
    struct buffer fields;
    buffer_init(&fields, 512);
    (void)snprintf(number, sizeof(number), "%d", status);
    bool ok = field(&fields, NAME_STATUS, number) && field(&fields, NAME_CONTENT_TYPE, type);
    (void)snprintf(number, sizeof(number), "%zu", body.len);
    ok = ok && field(&fields, NAME_CONTENT_LENGTH, number);
    ok = ok && frame(out, FRAME_SETTINGS, 0, 0, SLICE_EMPTY) &&
         frame(out, FRAME_SETTINGS, FLAG_ACK, 0, SLICE_EMPTY) &&
         frame(out, FRAME_HEADERS, FLAG_END_HEADERS, stream, buffer_slice(&fields));
    while (ok && body.len > FRAME_BODY_MAX) {
        ok = frame(out, FRAME_DATA, 0, stream, slice_part(body, 0, FRAME_BODY_MAX));
        body = slice_part(body, FRAME_BODY_MAX, body.len);
    }
    ok = ok && frame(out, FRAME_DATA, FLAG_END_STREAM, stream, body);
    // GOAWAY: the last stream, NO_ERROR.
    const uint8_t goaway[8] = {(uint8_t)(stream >> 24), (uint8_t)(stream >> 16),
                               (uint8_t)(stream >> 8), (uint8_t)stream};
    ok = ok && frame(out, FRAME_GOAWAY, 0, 0, (struct slice){goaway, sizeof(goaway)});
    buffer_clear(&fields);
    return ok;
}
