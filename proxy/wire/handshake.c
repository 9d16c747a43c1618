#include "handshake.h"

#include "code_points.h"

#define LENGTH_MAX ((size_t)0xffffff)

enum parse handshake_parse(struct slice in, struct handshake *out_message)
{
    struct cursor cursor = cursor_over(in);
    uint8_t type;
    uint32_t len;
    struct slice body;
    if (!cursor_u8(&cursor, &type) || !cursor_u24(&cursor, &len)) {
        return PARSE_MORE;
    }
    if (len > HANDSHAKE_MESSAGE_MAX - HANDSHAKE_HEADER_LEN) {
        return PARSE_BAD;
    }
    if (!cursor_take(&cursor, len, &body)) {
        return PARSE_MORE;
    }
    *out_message = (struct handshake){
        .type = type,
        .body = body,
        .whole = slice_part(in, 0, HANDSHAKE_HEADER_LEN + len),
    };
    return PARSE_OK;
}

bool handshake_encode(struct buffer *out, uint8_t type, struct slice body)
{
    if (body.len > LENGTH_MAX || buffer_reserve(out, HANDSHAKE_HEADER_LEN + body.len) == NULL) {
        return false;
    }
    return buffer_append_byte(out, type) && buffer_append_u24(out, (uint32_t)body.len) &&
           buffer_append(out, body);
}

const char *handshake_name(uint8_t type)
{
    static const struct {
        uint8_t type;
        const char *name;
    } rows[] = {
        {HANDSHAKE_HELLO_REQUEST, "hello_request"},
        {HANDSHAKE_CLIENT_HELLO, "client_hello"},
        {HANDSHAKE_SERVER_HELLO, "server_hello"},
        {HANDSHAKE_NEW_SESSION_TICKET, "new_session_ticket"},
        {HANDSHAKE_END_OF_EARLY_DATA, "end_of_early_data"},
        {HANDSHAKE_ENCRYPTED_EXTENSIONS, "encrypted_extensions"},
        {HANDSHAKE_CERTIFICATE, "certificate"},
        {HANDSHAKE_SERVER_KEY_EXCHANGE, "server_key_exchange"},
        {HANDSHAKE_CERTIFICATE_REQUEST, "certificate_request"},
        {HANDSHAKE_SERVER_HELLO_DONE, "server_hello_done"},
        {HANDSHAKE_CERTIFICATE_VERIFY, "certificate_verify"},
        {HANDSHAKE_CLIENT_KEY_EXCHANGE, "client_key_exchange"},
        {HANDSHAKE_FINISHED, "finished"},
        {HANDSHAKE_CERTIFICATE_STATUS, "certificate_status"},
        {HANDSHAKE_KEY_UPDATE, "key_update"},
        {HANDSHAKE_COMPRESSED_CERTIFICATE, "compressed_certificate"},
        {HANDSHAKE_MESSAGE_HASH, "message_hash"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].type == type) {
            return rows[i].name;
        }
    }
    return "unknown";
}

// The OCSP response in a CertificateEntry's status_request extension (RFC 6066 section 8), or
// nothing: a staple that can't be read is as good as none.
static struct slice find_staple(struct slice extensions)
{
    struct cursor cursor = cursor_over(extensions);
    uint16_t type;
    struct slice body;
    while (cursor_u16(&cursor, &type) && cursor_vector16(&cursor, &body)) {
        if (type != EXTENSION_STATUS_REQUEST) {
            continue;
        }
        struct cursor status = cursor_over(body);
        uint8_t status_type;
        struct slice response;
        if (cursor_u8(&status, &status_type) && status_type == 1 &&
            cursor_vector24(&status, &response)) {
            return response;
        }
    }
    return SLICE_EMPTY;
}

enum parse certificate_parse(struct slice body, bool is_tls13, struct slice *out_certs,
                             size_t certs_max, size_t *out_count, struct slice *out_staple)
{
    struct cursor cursor = cursor_over(body);
    struct slice context, list;
    if ((is_tls13 && !cursor_vector8(&cursor, &context)) || !cursor_vector24(&cursor, &list) ||
        cursor.left.len > 0) {
        return PARSE_BAD;
    }
    size_t count = 0;
    struct slice staple = SLICE_EMPTY;
    struct cursor entries = cursor_over(list);
    while (entries.left.len > 0) {
        struct slice cert;
        struct slice extensions = SLICE_EMPTY;
        if (!cursor_vector24(&entries, &cert) || cert.len == 0 ||
            (is_tls13 && !cursor_vector16(&entries, &extensions))) {
            return PARSE_BAD;
        }
        if (count == 0) {
            staple = find_staple(extensions);
        }
        if (count < certs_max) {
            out_certs[count] = cert;
        }
        count++;
    }
    *out_count = count;
    *out_staple = staple;
    return PARSE_OK;
}
