#include "tls_record.h"

// Type, version and three lengths (RFC 5246 appendix E.2).
#define SSLV2_LEN_MIN ((size_t)9)

static bool is_content_type(uint8_t byte)
{
    return byte >= CONTENT_CHANGE_CIPHER_SPEC && byte <= CONTENT_HEARTBEAT;
}

enum parse tls_record_parse(struct slice in, struct tls_record *out_record)
{
    struct cursor cursor = cursor_over(in);
    uint8_t content_type, major, minor;
    uint16_t len;
    struct slice body;
    if (!cursor_u8(&cursor, &content_type)) {
        return PARSE_MORE;
    }
    if (!is_content_type(content_type)) {
        return PARSE_BAD;
    }
    if (!cursor_u8(&cursor, &major)) {
        return PARSE_MORE;
    }
    if (major != 3) {
        return PARSE_BAD;
    }
    if (!cursor_u8(&cursor, &minor) || !cursor_u16(&cursor, &len)) {
        return PARSE_MORE;
    }
    if (len > TLS_RECORD_BODY_MAX) {
        return PARSE_BAD;
    }
    if (!cursor_take(&cursor, len, &body)) {
        return PARSE_MORE;
    }
    *out_record = (struct tls_record){
        .content_type = content_type,
        .version = (uint16_t)(major << 8 | minor),
        .body = body,
        .len = cursor.at,
    };
    return PARSE_OK;
}

bool tls_record_encode(struct buffer *out, uint8_t content_type, uint16_t version,
                       struct slice body)
{
    size_t records = body.len > 0 ? (body.len - 1) / TLS_RECORD_PLAIN_MAX + 1 : 1;
    if (buffer_reserve(out, body.len + records * TLS_RECORD_HEADER_LEN) == NULL) {
        return false;
    }
    bool is_written = true; // the reservation holds, so each append below succeeds
    for (size_t i = 0; i < records; i++) {
        struct slice part = slice_part(body, i * TLS_RECORD_PLAIN_MAX, TLS_RECORD_PLAIN_MAX);
        is_written = is_written && buffer_append_byte(out, content_type) &&
                     buffer_append_u16(out, version) &&
                     buffer_append_u16(out, (uint16_t)part.len) && buffer_append(out, part);
    }
    return is_written;
}

const char *content_type_name(uint8_t content_type)
{
    switch (content_type) {
    case CONTENT_CHANGE_CIPHER_SPEC:
        return "change_cipher_spec";
    case CONTENT_ALERT:
        return "alert";
    case CONTENT_HANDSHAKE:
        return "handshake";
    case CONTENT_APPLICATION_DATA:
        return "application_data";
    case CONTENT_HEARTBEAT:
        return "heartbeat";
    default: // a byte from outside, not an enum
        return "unknown";
    }
}

// An SSLv2-format ClientHello: length with the top bit set, type 1, version 3.x or 0.2.
static enum opening opening_of_sslv2(struct slice first_bytes)
{
    const uint8_t *bytes = first_bytes.data;
    size_t len = first_bytes.len >= 2 ? (size_t)(bytes[0] & 0x7f) << 8 | bytes[1] : SSLV2_LEN_MIN;
    if (len < SSLV2_LEN_MIN || len > TLS_RECORD_BODY_MAX) {
        return OPENING_OTHER;
    }
    if (first_bytes.len >= 3 && bytes[2] != 1) {
        return OPENING_OTHER;
    }
    if (first_bytes.len >= 4 && bytes[3] != 3 && bytes[3] != 0) {
        return OPENING_OTHER;
    }
    if (first_bytes.len < 5) {
        return OPENING_UNDECIDED;
    }
    return bytes[3] == 3 || bytes[4] == 2 ? OPENING_SSLV2 : OPENING_OTHER;
}

enum opening opening_of(struct slice first_bytes)
{
    if (first_bytes.len > 0 && (first_bytes.data[0] & 0x80) != 0) {
        return opening_of_sslv2(first_bytes);
    }
    struct tls_record record;
    enum parse parsed = tls_record_parse(first_bytes, &record);
    if (parsed == PARSE_BAD) {
        return OPENING_OTHER;
    }
    return first_bytes.len >= TLS_RECORD_HEADER_LEN ? OPENING_TLS : OPENING_UNDECIDED;
}
