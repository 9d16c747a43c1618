// ClientHello: decode, and the walks over its lists.
#include "code_points.h"
#include "handshake.h"
#include "hello.h"

#define RANDOM_LEN     32
#define SESSION_ID_MAX 32
#define SSLV2_SPEC_LEN 3

bool extension_next(struct slice extensions, size_t *at, uint16_t *out_type, struct slice *out_body)
{
    struct cursor cursor = cursor_over(slice_part(extensions, *at, extensions.len));
    uint16_t type;
    if (!cursor_u16(&cursor, &type) || !cursor_vector16(&cursor, out_body)) {
        return false;
    }
    *out_type = type;
    *at += cursor.at;
    return true;
}

bool alpn_next(struct slice names, size_t *at, struct slice *out_name)
{
    struct cursor cursor = cursor_over(slice_part(names, *at, names.len));
    if (!cursor_vector8(&cursor, out_name)) {
        return false;
    }
    *at += cursor.at;
    return true;
}

bool key_share_next(struct slice shares, size_t *at, uint16_t *out_group, struct slice *out_key)
{
    return extension_next(shares, at, out_group, out_key); // both are u16, then a u16 vector
}

// Readers of extension bodies. Each body is one vector and nothing after it; a vector may be empty,
// which is against the RFCs but readable, and must not hide the rest of the hello.

static bool read_numbers16(struct slice body, struct slice *out_numbers)
{
    struct cursor cursor = cursor_over(body);
    return cursor_vector16(&cursor, out_numbers) && cursor.left.len == 0 &&
           out_numbers->len % 2 == 0;
}

static bool read_versions(struct slice body, struct slice *out_versions)
{
    struct cursor cursor = cursor_over(body);
    return cursor_vector8(&cursor, out_versions) && cursor.left.len == 0 &&
           out_versions->len % 2 == 0;
}

static bool read_point_formats(struct slice body, struct slice *out_formats)
{
    struct cursor cursor = cursor_over(body);
    return cursor_vector8(&cursor, out_formats) && cursor.left.len == 0;
}

static bool read_alpn(struct slice body, struct slice *out_names)
{
    struct cursor cursor = cursor_over(body);
    if (!cursor_vector16(&cursor, out_names) || cursor.left.len > 0) {
        return false;
    }
    size_t at = 0;
    struct slice name;
    while (alpn_next(*out_names, &at, &name)) {
    }
    return at == out_names->len;
}

static bool read_key_shares(struct slice body, struct slice *out_shares)
{
    struct cursor cursor = cursor_over(body);
    if (!cursor_vector16(&cursor, out_shares) || cursor.left.len > 0) {
        return false;
    }
    size_t at = 0;
    uint16_t group;
    struct slice key;
    while (key_share_next(*out_shares, &at, &group, &key)) {
    }
    return at == out_shares->len;
}

// RFC 6066 section 3. Names of other types are stepped over: only host_name was ever defined.
static bool read_sni(struct slice body, struct slice *out_name)
{
    struct cursor cursor = cursor_over(body);
    struct slice list;
    *out_name = SLICE_EMPTY;
    if (body.len == 0) {
        return true; // a server's answer, sent by a client: odd, but nothing in it is misread
    }
    if (!cursor_vector16(&cursor, &list) || cursor.left.len > 0) {
        return false;
    }
    bool is_found = false;
    struct cursor entries = cursor_over(list);
    while (entries.left.len > 0) {
        uint8_t type;
        struct slice name;
        if (!cursor_u8(&entries, &type) || !cursor_vector16(&entries, &name)) {
            return false;
        }
        if (type == 0 && !is_found) {
            *out_name = name;
            is_found = true;
        }
    }
    return true;
}

// Which extensions only leave a flag: their bodies are for others to read.
static bool *find_flag(struct client_hello *hello, uint16_t type)
{
    switch (type) {
    case EXTENSION_PRE_SHARED_KEY:
        return &hello->has_psk;
    case EXTENSION_EARLY_DATA:
        return &hello->has_early_data;
    case EXTENSION_SESSION_TICKET:
        return &hello->has_ticket;
    case EXTENSION_EXTENDED_MASTER_SECRET:
        return &hello->has_ems;
    case EXTENSION_RENEGOTIATION_INFO:
        return &hello->has_renegotiation_info;
    case EXTENSION_STATUS_REQUEST:
        return &hello->has_status_request;
    case EXTENSION_ENCRYPTED_CLIENT_HELLO:
        return &hello->has_ech;
    case EXTENSION_COMPRESS_CERTIFICATE:
        return &hello->has_compress_certificate;
    case EXTENSION_PADDING:
        return &hello->has_padding;
    default: // a number from outside, not an enum
        return NULL;
    }
}

static bool read_extension(struct client_hello *hello, uint16_t type, struct slice body)
{
    switch (type) {
    case EXTENSION_SERVER_NAME:
        hello->has_sni = true;
        return read_sni(body, &hello->sni);
    case EXTENSION_SUPPORTED_VERSIONS:
        hello->has_versions = true;
        return read_versions(body, &hello->versions);
    case EXTENSION_SUPPORTED_GROUPS:
        hello->has_groups = true;
        return read_numbers16(body, &hello->groups);
    case EXTENSION_EC_POINT_FORMATS:
        return read_point_formats(body, &hello->point_formats);
    case EXTENSION_SIGNATURE_ALGORITHMS:
        hello->has_schemes = true;
        return read_numbers16(body, &hello->schemes);
    case EXTENSION_SIGNATURE_ALGORITHMS_CERT:
        return read_numbers16(body, &hello->cert_schemes);
    case EXTENSION_ALPN:
        hello->has_alpn = true;
        return read_alpn(body, &hello->alpn);
    case EXTENSION_KEY_SHARE:
        hello->has_key_share = true;
        return read_key_shares(body, &hello->key_shares);
    default:
        break;
    }
    bool *flag = find_flag(hello, type);
    if (flag != NULL) {
        *flag = true;
    }
    return true;
}

// False with *at at the extension that can't be read. RFC 8446 section 4.2: "There MUST NOT be more
// than one extension of the same type". A hello that breaks it must still be readable, so the first
// one counts; above 63 there are flags only, which a second one does not change.
static bool read_extensions(struct client_hello *hello, size_t *at)
{
    uint64_t seen = 0;
    uint16_t type;
    struct slice body;
    *at = 0;
    size_t next = 0;
    while (extension_next(hello->extensions, &next, &type, &body)) {
        uint64_t bit = type < 64 ? UINT64_C(1) << type : 0;
        hello->has_grease = hello->has_grease || is_grease(type);
        if ((seen & bit) == 0 && !read_extension(hello, type, body)) {
            return false;
        }
        seen |= bit;
        *at = next;
    }
    return *at == hello->extensions.len;
}

static bool has_grease_number(struct slice numbers)
{
    for (size_t i = 0; i < numbers.len / 2; i++) {
        if (is_grease(slice_u16_at(numbers, i))) {
            return true;
        }
    }
    return false;
}

static enum parse bad_at(size_t at, size_t *out_at)
{
    *out_at = at;
    return PARSE_BAD;
}

static bool read_suites(struct cursor *cursor, size_t width, struct slice *out_suites)
{
    struct cursor ahead = *cursor;
    if (!cursor_vector16(&ahead, out_suites) || out_suites->len == 0 ||
        out_suites->len % width != 0) {
        return false;
    }
    *cursor = ahead;
    return true;
}

// Everything after the header; false with cursor->at at the first wrong byte of the body.
static bool read_body(struct cursor *cursor, struct client_hello *hello)
{
    if (!cursor_u16(cursor, &hello->legacy_version) ||
        !cursor_take(cursor, RANDOM_LEN, &hello->random)) {
        return false;
    }
    struct cursor before = *cursor;
    if (!cursor_vector8(cursor, &hello->session_id) || hello->session_id.len > SESSION_ID_MAX) {
        *cursor = before;
        return false;
    }
    if (!read_suites(cursor, 2, &hello->cipher_suites)) {
        return false;
    }
    before = *cursor;
    if (!cursor_vector8(cursor, &hello->compressions) || hello->compressions.len == 0) {
        *cursor = before;
        return false;
    }
    if (cursor->left.len == 0) {
        return true; // RFC 5246 section 7.4.1.2: a hello may end before the extensions
    }
    before = *cursor;
    hello->has_extensions = cursor_vector16(cursor, &hello->extensions);
    if (!hello->has_extensions || cursor->left.len > 0) {
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

enum parse client_hello_parse(struct slice message, struct client_hello *out_hello, size_t *out_at)
{
    if (message.len > 0 && message.data[0] != HANDSHAKE_CLIENT_HELLO) {
        return bad_at(0, out_at);
    }
    struct handshake handshake;
    enum parse parsed = handshake_parse(message, &handshake);
    if (parsed == PARSE_BAD) {
        return bad_at(1, out_at); // the length: past what any hello needs
    }
    if (parsed == PARSE_MORE) {
        return PARSE_MORE;
    }
    if (message.len > handshake.whole.len) {
        return bad_at(handshake.whole.len, out_at);
    }
    struct client_hello hello = {.whole = message};
    struct cursor cursor = cursor_over(handshake.body);
    if (!read_body(&cursor, &hello)) {
        return bad_at(HANDSHAKE_HEADER_LEN + cursor.at, out_at);
    }
    hello.has_grease = hello.has_grease || has_grease_number(hello.cipher_suites) ||
                       has_grease_number(hello.groups) || has_grease_number(hello.versions);
    *out_hello = hello;
    return PARSE_OK;
}

enum parse client_hello_parse_sslv2(struct slice message, struct client_hello *out_hello,
                                    size_t *out_at)
{
    struct client_hello hello = {.whole = message, .is_sslv2 = true};
    struct cursor cursor = cursor_over(message);
    uint8_t type;
    uint16_t suites_len, session_id_len, challenge_len;
    if (message.len > 0 && message.data[0] != HANDSHAKE_CLIENT_HELLO) {
        return bad_at(0, out_at);
    }
    if (!cursor_u8(&cursor, &type) || !cursor_u16(&cursor, &hello.legacy_version) ||
        !cursor_u16(&cursor, &suites_len) || !cursor_u16(&cursor, &session_id_len) ||
        !cursor_u16(&cursor, &challenge_len)) {
        return PARSE_MORE;
    }
    if (suites_len == 0 || suites_len % SSLV2_SPEC_LEN != 0) {
        return bad_at(3, out_at);
    }
    struct slice session_id;
    if (!cursor_take(&cursor, suites_len, &hello.cipher_suites) ||
        !cursor_take(&cursor, session_id_len, &session_id) ||
        !cursor_take(&cursor, challenge_len, &hello.random)) {
        return PARSE_MORE;
    }
    if (cursor.left.len > 0) {
        return bad_at(cursor.at, out_at);
    }
    *out_hello = hello;
    return PARSE_OK;
}

// RFC 8446 section 4.2.1: without supported_versions a server negotiates TLS 1.2 or below, "even
// if ClientHello.legacy_version is 0x0304 or later".
static uint16_t legacy_version_max(const struct client_hello *hello)
{
    return hello->legacy_version < VERSION_TLS12 ? hello->legacy_version : VERSION_TLS12;
}

bool client_hello_offers_version(const struct client_hello *hello, uint16_t version)
{
    if (hello->has_versions) {
        return slice_has_u16(hello->versions, version);
    }
    return version >= VERSION_SSL30 && version <= legacy_version_max(hello);
}

uint16_t client_hello_version_max(const struct client_hello *hello)
{
    if (!hello->has_versions) {
        return legacy_version_max(hello);
    }
    uint16_t highest = 0;
    for (size_t i = 0; i < hello->versions.len / 2; i++) {
        uint16_t version = slice_u16_at(hello->versions, i);
        // Drafts (0x7f…) and experiments are numbered higher than what they came before.
        if (version > highest && version <= VERSION_TLS13) {
            highest = version;
        }
    }
    return highest;
}
