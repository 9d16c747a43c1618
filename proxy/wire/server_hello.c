// ServerHello, HelloRetryRequest, and the other plaintext answers of a server.
#include <string.h>

#include "code_points.h"
#include "handshake.h"
#include "hello.h"

#define RANDOM_LEN     32
#define SENTINEL_LEN   8
#define SESSION_ID_MAX 32
#define NAMED_CURVE    3 // RFC 8422 section 5.4

// RFC 8446 section 4.1.3: the SHA-256 of "HelloRetryRequest".
static const uint8_t retry_random[RANDOM_LEN] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static bool is_retry_random(struct slice random)
{
    return slice_equals(random, (struct slice){retry_random, sizeof(retry_random)});
}

// RFC 8446 section 4.1.3: "DOWNGRD" and 01 from a server that knows TLS 1.3, 00 from one of 1.2
// that negotiated TLS 1.1 or below.
static uint16_t read_sentinel(struct slice random)
{
    struct slice tail = slice_part(random, RANDOM_LEN - SENTINEL_LEN, SENTINEL_LEN);
    if (!slice_starts_with(tail, "DOWNGRD") || tail.data[SENTINEL_LEN - 1] > 1) {
        return 0;
    }
    return tail.data[SENTINEL_LEN - 1] == 1 ? VERSION_TLS13 : VERSION_TLS12;
}

static bool read_number(struct slice body, uint16_t *out_number)
{
    struct cursor cursor = cursor_over(body);
    return cursor_u16(&cursor, out_number) && cursor.left.len == 0;
}

// A HelloRetryRequest names the group alone, a ServerHello sends its key with it.
static bool read_key_share(struct slice body, bool is_retry, uint16_t *out_group)
{
    if (is_retry) {
        return read_number(body, out_group);
    }
    struct cursor cursor = cursor_over(body);
    struct slice key;
    return cursor_u16(&cursor, out_group) && cursor_vector16(&cursor, &key) && cursor.left.len == 0;
}

// RFC 7301 section 3.1: the list "MUST contain exactly one"; the first is read.
static bool read_chosen_alpn(struct slice body, struct slice *out_name)
{
    struct cursor cursor = cursor_over(body);
    struct slice names;
    size_t at = 0;
    *out_name = SLICE_EMPTY;
    if (!cursor_vector16(&cursor, &names) || cursor.left.len > 0) {
        return false;
    }
    return names.len == 0 || alpn_next(names, &at, out_name);
}

static bool read_extension(struct server_hello *hello, uint16_t type, struct slice body)
{
    switch (type) {
    case EXTENSION_SUPPORTED_VERSIONS:
        return read_number(body, &hello->version);
    case EXTENSION_KEY_SHARE:
        return read_key_share(body, hello->is_retry, &hello->group);
    case EXTENSION_ALPN:
        hello->has_alpn = true;
        return read_chosen_alpn(body, &hello->alpn);
    case EXTENSION_EXTENDED_MASTER_SECRET:
        hello->has_ems = true;
        return true;
    case EXTENSION_RENEGOTIATION_INFO:
        hello->has_renegotiation_info = true;
        return true;
    case EXTENSION_SERVER_NAME:
        hello->has_sni_ack = true;
        return true;
    case EXTENSION_PRE_SHARED_KEY:
        hello->has_psk = true;
        return true;
    case EXTENSION_SESSION_TICKET:
        hello->has_ticket = true;
        return true;
    default: // a number from outside, not an enum
        return true;
    }
}

// False with *at at the extension that can't be read. Of one sent twice the first counts, as in a
// ClientHello.
static bool read_extensions(struct server_hello *hello, size_t *at)
{
    uint64_t seen = 0;
    uint16_t type;
    struct slice body;
    *at = 0;
    size_t next = 0;
    while (extension_next(hello->extensions, &next, &type, &body)) {
        uint64_t bit = type < 64 ? UINT64_C(1) << type : 0;
        if ((seen & bit) == 0 && !read_extension(hello, type, body)) {
            return false;
        }
        seen |= bit;
        *at = next;
    }
    return *at == hello->extensions.len;
}

// Everything after the header; false with cursor->at at the first wrong byte of the body.
static bool read_body(struct cursor *cursor, struct server_hello *hello)
{
    if (!cursor_u16(cursor, &hello->legacy_version) ||
        !cursor_take(cursor, RANDOM_LEN, &hello->random)) {
        return false;
    }
    hello->version = hello->legacy_version;
    hello->is_retry = is_retry_random(hello->random);
    hello->downgrade_from = read_sentinel(hello->random);
    struct cursor before = *cursor;
    if (!cursor_vector8(cursor, &hello->session_id) || hello->session_id.len > SESSION_ID_MAX) {
        *cursor = before;
        return false;
    }
    if (!cursor_u16(cursor, &hello->cipher_suite) || !cursor_u8(cursor, &hello->compression)) {
        return false;
    }
    if (cursor->left.len == 0) {
        return true;
    }
    before = *cursor;
    if (!cursor_vector16(cursor, &hello->extensions) || cursor->left.len > 0) {
        *cursor = before;
        return false;
    }
    size_t at;
    if (!read_extensions(hello, &at)) {
        cursor->at = before.at + 2 + at;
        return false;
    }
    return true;
}

static enum parse bad_at(size_t at, size_t *out_at)
{
    *out_at = at;
    return PARSE_BAD;
}

enum parse server_hello_parse(struct slice message, struct server_hello *out_hello, size_t *out_at)
{
    if (message.len > 0 && message.data[0] != HANDSHAKE_SERVER_HELLO) {
        return bad_at(0, out_at);
    }
    struct handshake handshake;
    enum parse parsed = handshake_parse(message, &handshake);
    if (parsed == PARSE_BAD) {
        return bad_at(1, out_at);
    }
    if (parsed == PARSE_MORE) {
        return PARSE_MORE;
    }
    if (message.len > handshake.whole.len) {
        return bad_at(handshake.whole.len, out_at);
    }
    struct server_hello hello = {.whole = message};
    struct cursor cursor = cursor_over(handshake.body);
    if (!read_body(&cursor, &hello)) {
        return bad_at(HANDSHAKE_HEADER_LEN + cursor.at, out_at);
    }
    *out_hello = hello;
    return PARSE_OK;
}

bool server_hello_is_retry(struct slice message)
{
    struct handshake handshake;
    return handshake_parse(message, &handshake) == PARSE_OK &&
           handshake.type == HANDSHAKE_SERVER_HELLO &&
           is_retry_random(slice_part(handshake.body, 2, RANDOM_LEN));
}

// The body of a ServerKeyExchange, or false.
static bool read_key_exchange(struct slice message, struct cursor *out_body)
{
    struct handshake handshake;
    if (handshake_parse(message, &handshake) != PARSE_OK ||
        handshake.type != HANDSHAKE_SERVER_KEY_EXCHANGE) {
        return false;
    }
    *out_body = cursor_over(handshake.body);
    return true;
}

uint16_t key_exchange_group(struct slice message)
{
    struct cursor cursor;
    uint8_t curve_type;
    uint16_t group;
    struct slice point;
    if (!read_key_exchange(message, &cursor) || !cursor_u8(&cursor, &curve_type) ||
        curve_type != NAMED_CURVE || !cursor_u16(&cursor, &group) ||
        !cursor_vector8(&cursor, &point)) {
        return 0;
    }
    return group;
}

size_t key_exchange_dh_bits(struct slice message)
{
    struct cursor cursor;
    struct slice prime, generator, public_key;
    if (!read_key_exchange(message, &cursor) || !cursor_vector16(&cursor, &prime) ||
        !cursor_vector16(&cursor, &generator) || !cursor_vector16(&cursor, &public_key)) {
        return 0;
    }
    while (prime.len > 0 && prime.data[0] == 0) {
        prime = slice_part(prime, 1, prime.len);
    }
    size_t bits = prime.len * 8;
    for (uint8_t top = prime.len > 0 ? prime.data[0] : 0x80; (top & 0x80) == 0; top <<= 1) {
        bits--;
    }
    return bits;
}
