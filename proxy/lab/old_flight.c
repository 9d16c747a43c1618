#include "old_flight.h"

#include "code_points.h"
#include "handshake.h"
#include "tls_record.h"

static bool is_fit(uint16_t id, uint16_t version, bool is_strict)
{
    const struct suite *suite = suite_find(id);
    if (suite == NULL || suite->auth != AUTH_RSA || suite->version_min > version ||
        suite->version_max < version) {
        return false;
    }
    return suite->kx == KX_RSA || (!is_strict && suite->kx == KX_ECDHE);
}

uint16_t old_flight_suite(const struct client_hello *hello, uint16_t version)
{
    size_t count = hello->cipher_suites.len / 2;
    // A client without RSA key exchange gets an ECDHE one: it does not come as far as the keys.
    for (int is_strict = 1; is_strict >= 0; is_strict--) {
        for (size_t i = 0; i < count; i++) {
            uint16_t id = slice_u16_at(hello->cipher_suites, i);
            if (is_fit(id, version, is_strict == 1)) {
                return id;
            }
        }
    }
    // SSL 3.0 has suites of its own; a client of today offers those of TLS 1.0 at best.
    return version < VERSION_TLS10 ? 0x002f : 0;
}

static bool hello_encode(const struct old_flight *flight, uint16_t suite, struct buffer *out)
{
    struct buffer body = {0};
    bool ok = buffer_append_u16(&body, flight->version) &&
              buffer_append(&body, (struct slice){flight->random, sizeof(flight->random)}) &&
              buffer_append_byte(&body, 0) && // no session
              buffer_append_u16(&body, suite) && buffer_append_byte(&body, 0);
    if (flight->has_renegotiation_info) {
        // RFC 5746 section 3.6: an empty renegotiated_connection.
        ok = ok && buffer_append_u16(&body, 5) &&
             buffer_append_u16(&body, EXTENSION_RENEGOTIATION_INFO) &&
             buffer_append_u16(&body, 1) && buffer_append_byte(&body, 0);
    }
    ok = ok && handshake_encode(out, HANDSHAKE_SERVER_HELLO, buffer_slice(&body));
    buffer_clear(&body);
    return ok;
}

static bool certificate_encode(const struct old_flight *flight, struct buffer *out)
{
    struct buffer body = {0};
    size_t total = 0;
    for (size_t i = 0; i < flight->certificate_count; i++) {
        total += 3 + flight->certificates[i].len;
    }
    bool ok = buffer_append_u24(&body, (uint32_t)total);
    for (size_t i = 0; ok && i < flight->certificate_count; i++) {
        ok = buffer_append_u24(&body, (uint32_t)flight->certificates[i].len) &&
             buffer_append(&body, flight->certificates[i]);
    }
    ok = ok && handshake_encode(out, HANDSHAKE_CERTIFICATE, buffer_slice(&body));
    buffer_clear(&body);
    return ok;
}

bool old_flight_encode(const struct old_flight *flight, const struct client_hello *hello,
                       struct buffer *out)
{
    struct buffer messages = {0};
    uint16_t suite = old_flight_suite(hello, flight->version);
    bool ok = suite != 0 && hello_encode(flight, suite, &messages) &&
              certificate_encode(flight, &messages) &&
              handshake_encode(&messages, HANDSHAKE_SERVER_HELLO_DONE, SLICE_EMPTY) &&
              tls_record_encode(out, CONTENT_HANDSHAKE, flight->version, buffer_slice(&messages));
    buffer_clear(&messages);
    return ok;
}
