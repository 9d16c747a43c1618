// The bytes of a client that came to the wrong port, read as everything that midspan speaks.
#include "rows.h"

#include <string.h>

#include "../policy/hellos.h"
#include "reread.h"
#include "wire.h"

#define BYTES(text) text, sizeof(text) - 1
#define V2          "\r\n\r\n\0\r\nQUIT\n"

static const struct row {
    const char *name;
    enum reread_port port;
    const char *bytes; // NULL: a ClientHello
    size_t len;
    const char *cause;
    bool is_ours, is_proven;
    const char *says; // an outcome holds it
} rows[] = {
    {"TLS at the proxy's port", REREAD_PROXY, NULL, 0, "ingress.tls-to-proxy-port", true, true,
     "a whole ClientHello"},
    {"CONNECT at a TLS port", REREAD_TLS, BYTES("CONNECT app.test:443 HTTP/1.1\r\n\r\n"),
     "ingress.proxy-to-tls-port", true, true, "a whole request: CONNECT app.test:443"},
    {"half a CONNECT at a TLS port", REREAD_TLS, BYTES("CONNECT app.test:443 HTTP/1.1\r\n"),
     "ingress.proxy-to-tls-port", true, false, "not whole"},
    {"SOCKS4 at the proxy's port", REREAD_PROXY, BYTES("\4\1\1\273\177\0\0\1\0"),
     "ingress.malformed", true, true, "a whole SOCKS4 request for 127.0.0.1:443"},
    {"a PROXY header, version 1, that nobody expects", REREAD_PROXY,
     BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 4000 443\r\n"), "ingress.malformed", true, true,
     "a whole PROXY protocol header: from 192.0.2.1:4000"},
    {"a PROXY header, version 2, that nobody expects", REREAD_PROXY,
     BYTES(V2 "\x21\x11\0\x0c\300\0\2\1\300\0\2\2\x0f\xa0\1\273"), "ingress.malformed", true, true,
     "a whole PROXY protocol header: from 192.0.2.1:4000"},
    {"a PROXY header that is missing before TLS", REREAD_HEADER, NULL, 0, "ingress.malformed", true,
     true, "a whole ClientHello"},
    {"a PROXY header that is missing before CONNECT", REREAD_HEADER,
     BYTES("CONNECT app.test:443 HTTP/1.1\r\n\r\n"), "ingress.malformed", true, true,
     "a whole request: CONNECT app.test:443"},
    {"a PROXY header that is missing before SOCKS5", REREAD_HEADER, BYTES("\5\1\0"),
     "ingress.malformed", true, true, "a whole SOCKS5 greeting"},
    {"what is nothing to anyone", REREAD_PROXY, BYTES("\0\1\2\3\r\n\r\n"), "ingress.malformed",
     true, false, "the first byte is 0x00"},
    {"a request that is whole, and refused for where it goes", REREAD_PROXY,
     BYTES("CONNECT app.test:443 HTTP/1.1\r\n\r\n"), "ingress.malformed", true, false,
     "a whole request: CONNECT app.test:443"},
    {"control characters are not shown as they are", REREAD_PROXY,
     BYTES("CONNECT a\x1b[2J:443 HTTP/1.1\r\n\r\n"), "ingress.malformed", true, false, NULL},
    {"no bytes", REREAD_PROXY, "", 0, "ingress.malformed", false, false, NULL},
    {"a verdict about something else", REREAD_PROXY, BYTES("\4\1\1\273\177\0\0\1\0"),
     "transport.reset", false, false, NULL},
};

static void make_flight(struct buffer *out)
{
    static const struct hello_row hello = {.suites = {0xc02b}, .schemes = {0x0403}};
    struct made_hello made;
    hello_make(&hello, &made);
    assert_true(
        tls_record_encode(out, CONTENT_HANDSHAKE, VERSION_TLS10, buffer_slice(&made.message)));
    buffer_clear(&made.message);
}

static bool has_outcome(const struct verdict *verdict, const char *text)
{
    for (size_t i = 0; i < verdict->proof_count; i++) {
        if (strstr(verdict->proof[i].outcome, text) != NULL) {
            return true;
        }
    }
    return false;
}

static void the_bytes_are_read_again(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct buffer flight = {0};
    make_flight(&flight);
    struct verdict verdict = {.cause = cause_find(row->cause), .confidence = CONFIDENCE_DEDUCED};
    const struct reread_setup setup = {
        .arena = &arena,
        .verdict = &verdict,
        .port = row->port,
        .bytes = row->bytes != NULL ? (struct slice){(const uint8_t *)row->bytes, row->len}
                                    : buffer_slice(&flight),
    };
    bool is_ours = reread(&setup);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    bool is_raw = has_outcome(&verdict, "\x1b");
    bool is_said = row->says == NULL || has_outcome(&verdict, row->says);
    size_t count = verdict.proof_count;
    buffer_clear(&flight);
    arena_clear(&arena);
    assert_int_equal(is_ours, row->is_ours);
    assert_int_equal(is_proven, row->is_proven);
    assert_true(is_said);
    assert_false(is_raw);
    assert_int_equal(count, row->is_ours ? 4 : 0); // one a reader
}

int main(void)
{
    return RUN_ROWS(rows, the_bytes_are_read_again);
}
