// ClientHello: encode. What it writes, client_hello_parse reads back field for field.
#include "code_points.h"
#include "handshake.h"
#include "hello.h"

#define RANDOM_LEN     32
#define SESSION_ID_MAX 32
#define VERSIONS_MAX   254
#define VECTOR16_MAX   ((size_t)65535)

static bool put_vector8(struct buffer *out, struct slice bytes)
{
    return bytes.len <= UINT8_MAX && buffer_append_byte(out, (uint8_t)bytes.len) &&
           buffer_append(out, bytes);
}

static bool put_vector16(struct buffer *out, struct slice bytes)
{
    return bytes.len <= VECTOR16_MAX && buffer_append_u16(out, (uint16_t)bytes.len) &&
           buffer_append(out, bytes);
}

static bool put_extension(struct buffer *out, uint16_t type, struct slice body)
{
    return buffer_append_u16(out, type) && put_vector16(out, body);
}

// An extension whose body is one two-byte vector; nothing when the vector is empty.
static bool put_list(struct buffer *out, uint16_t type, struct slice list)
{
    if (list.len == 0) {
        return true;
    }
    return list.len <= VECTOR16_MAX - 2 && buffer_append_u16(out, type) &&
           buffer_append_u16(out, (uint16_t)(list.len + 2)) && put_vector16(out, list);
}

static bool put_sni(struct buffer *out, struct slice name)
{
    if (name.len == 0) {
        return true;
    }
    return name.len <= VECTOR16_MAX - 5 && buffer_append_u16(out, EXTENSION_SERVER_NAME) &&
           buffer_append_u16(out, (uint16_t)(name.len + 5)) &&
           buffer_append_u16(out, (uint16_t)(name.len + 3)) && buffer_append_byte(out, 0) &&
           put_vector16(out, name);
}

static bool put_versions(struct buffer *out, struct slice versions)
{
    return versions.len <= VERSIONS_MAX && buffer_append_u16(out, EXTENSION_SUPPORTED_VERSIONS) &&
           buffer_append_u16(out, (uint16_t)(versions.len + 1)) && put_vector8(out, versions);
}

static bool put_padding(struct buffer *out, size_t len)
{
    if (len == 0) {
        return true;
    }
    bool fits = len <= VECTOR16_MAX && buffer_append_u16(out, EXTENSION_PADDING) &&
                buffer_append_u16(out, (uint16_t)len);
    for (size_t i = 0; i < len && fits; i++) {
        fits = buffer_append_byte(out, 0);
    }
    return fits;
}

static bool put_flags(struct buffer *out, const struct hello_spec *spec)
{
    static const uint8_t no_renegotiation[] = {0};         // RFC 5746 section 3.4
    static const uint8_t ocsp_request[] = {1, 0, 0, 0, 0}; // RFC 6066 section 8
    const struct {
        bool is_wanted;
        uint16_t type;
        struct slice body;
    } rows[] = {
        {spec->ems, EXTENSION_EXTENDED_MASTER_SECRET, SLICE_EMPTY},
        {spec->renegotiation_info,
         EXTENSION_RENEGOTIATION_INFO,
         {no_renegotiation, sizeof(no_renegotiation)}},
        {spec->session_ticket, EXTENSION_SESSION_TICKET, SLICE_EMPTY},
        {spec->status_request, EXTENSION_STATUS_REQUEST, {ocsp_request, sizeof(ocsp_request)}},
    };
    bool fits = true;
    for (size_t i = 0; i < COUNT_OF(rows) && fits; i++) {
        fits = !rows[i].is_wanted || put_extension(out, rows[i].type, rows[i].body);
    }
    return fits;
}

static bool are_whole_extensions(struct slice extensions)
{
    size_t at = 0;
    uint16_t type;
    struct slice body;
    while (extension_next(extensions, &at, &type, &body)) {
    }
    return at == extensions.len;
}

// `more` comes last: pre_shared_key "MUST be the last extension" (RFC 8446 section 4.2.11).
static bool put_extensions(struct buffer *out, const struct hello_spec *spec)
{
    bool is_tls13 = slice_has_u16(spec->versions, VERSION_TLS13);
    return put_sni(out, spec->sni) && put_flags(out, spec) &&
           put_list(out, EXTENSION_SUPPORTED_GROUPS, spec->groups) &&
           put_list(out, EXTENSION_ALPN, spec->alpn) &&
           put_list(out, EXTENSION_SIGNATURE_ALGORITHMS, spec->schemes) &&
           (!is_tls13 || (put_versions(out, spec->versions) &&
                          put_list(out, EXTENSION_KEY_SHARE, spec->key_shares))) &&
           put_padding(out, spec->padding_len) && are_whole_extensions(spec->more) &&
           buffer_append(out, spec->more);
}

static bool put_body(struct buffer *out, const struct hello_spec *spec, struct slice extensions)
{
    return buffer_append_u16(out, spec->legacy_version) && buffer_append(out, spec->random) &&
           put_vector8(out, spec->session_id) && put_vector16(out, spec->cipher_suites) &&
           buffer_append_byte(out, 1) && buffer_append_byte(out, 0) && // no compression
           (extensions.len == 0 || put_vector16(out, extensions));
}

static bool is_encodable(const struct hello_spec *spec)
{
    return spec->random.len == RANDOM_LEN && spec->session_id.len <= SESSION_ID_MAX &&
           spec->cipher_suites.len > 0 && spec->cipher_suites.len % 2 == 0 &&
           spec->versions.len % 2 == 0 && spec->groups.len % 2 == 0 && spec->schemes.len % 2 == 0;
}

bool client_hello_encode(struct buffer *out, const struct hello_spec *spec)
{
    struct buffer extensions = {0};
    struct buffer body = {0};
    bool is_encoded = is_encodable(spec) && put_extensions(&extensions, spec) &&
                      put_body(&body, spec, buffer_slice(&extensions)) &&
                      body.len <= HANDSHAKE_MESSAGE_MAX - HANDSHAKE_HEADER_LEN &&
                      handshake_encode(out, HANDSHAKE_CLIENT_HELLO, buffer_slice(&body));
    buffer_clear(&extensions);
    buffer_clear(&body);
    return is_encoded;
}
