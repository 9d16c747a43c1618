// Hellos of both sides from any bytes: what was read lies inside the input, and a ClientHello that
// could be read is the same after it was encoded and read again.
#include <stdlib.h>
#include <string.h>

#include "code_points.h"
#include "fingerprint.h"
#include "handshake.h"
#include "hello.h"
#include "tls_stream.h"

// Encoded flags have bodies that the original may have left out: a full list could overflow.
#define EXTENSIONS_ROUND_TRIP_MAX 65000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void must_be_inside(struct slice part, struct slice whole)
{
    must(part.len == 0 ||
         (part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

static void walk_client(const struct client_hello *hello)
{
    const struct slice parts[] = {
        hello->random,        hello->session_id, hello->cipher_suites, hello->compressions,
        hello->extensions,    hello->sni,        hello->versions,      hello->groups,
        hello->schemes,       hello->alpn,       hello->cert_schemes,  hello->key_shares,
        hello->point_formats,
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        must_be_inside(parts[i], hello->whole);
    }
    must(hello->versions.len % 2 == 0 && hello->groups.len % 2 == 0);
    must(hello->schemes.len % 2 == 0 && hello->cert_schemes.len % 2 == 0);
    char hash[JA3_HASH_MAX], text[JA4_MAX];
    must(strlen(ja3_hash(hello, hash)) == (hello->is_sslv2 ? 0 : JA3_HASH_MAX - 1));
    must(strlen(ja4(hello, text)) == (hello->is_sslv2 ? 0 : JA4_MAX - 4));
    uint16_t highest = client_hello_version_max(hello);
    must(highest <= VERSION_TLS13);
    must(highest < VERSION_SSL30 || client_hello_offers_version(hello, highest));
}

static void must_agree(const struct client_hello *a, const struct client_hello *b)
{
    must(a->legacy_version == b->legacy_version && slice_equals(a->random, b->random));
    must(slice_equals(a->session_id, b->session_id));
    must(slice_equals(a->cipher_suites, b->cipher_suites));
    must(slice_equals(a->sni, b->sni) && slice_equals(a->alpn, b->alpn));
    must(slice_equals(a->groups, b->groups) && slice_equals(a->schemes, b->schemes));
    must(a->has_ems == b->has_ems && a->has_ticket == b->has_ticket);
    must(a->has_renegotiation_info == b->has_renegotiation_info);
    must(a->has_status_request == b->has_status_request);
    if (client_hello_offers_version(a, VERSION_TLS13)) {
        must(slice_equals(a->versions, b->versions));
        must(slice_equals(a->key_shares, b->key_shares));
    }
}

static void encode_and_compare(const struct client_hello *hello, const struct hello_spec *spec)
{
    struct buffer out = {0};
    struct client_hello again;
    size_t at = 0;
    must(client_hello_encode(&out, spec));
    must(client_hello_parse(buffer_slice(&out), &again, &at) == PARSE_OK);
    must_agree(hello, &again);
    buffer_clear(&out);
}

static void round_trip(const struct client_hello *hello)
{
    struct hello_spec spec = {
        .legacy_version = hello->legacy_version,
        .random = hello->random,
        .session_id = hello->session_id,
        .cipher_suites = hello->cipher_suites,
        .more = hello->extensions,
    };
    encode_and_compare(hello, &spec);
    spec.more = SLICE_EMPTY;
    spec.versions = hello->versions;
    spec.groups = hello->groups;
    spec.schemes = hello->schemes;
    spec.alpn = hello->alpn;
    spec.sni = hello->sni;
    spec.key_shares = hello->key_shares;
    spec.ems = hello->has_ems;
    spec.renegotiation_info = hello->has_renegotiation_info;
    spec.status_request = hello->has_status_request;
    spec.session_ticket = hello->has_ticket;
    if (hello->extensions.len <= EXTENSIONS_ROUND_TRIP_MAX) {
        encode_and_compare(hello, &spec);
    }
}

static void read_client(struct slice in)
{
    struct client_hello hello;
    size_t at = 0;
    enum parse parsed = client_hello_parse(in, &hello, &at);
    must(parsed != PARSE_BAD || at <= in.len);
    if (parsed == PARSE_OK) {
        walk_client(&hello);
        round_trip(&hello);
    }
    parsed = client_hello_parse_sslv2(in, &hello, &at);
    must(parsed != PARSE_BAD || at <= in.len);
    if (parsed == PARSE_OK) {
        walk_client(&hello);
    }
}

static void read_server(struct slice in)
{
    struct server_hello hello;
    size_t at = 0;
    enum parse parsed = server_hello_parse(in, &hello, &at);
    must(parsed != PARSE_BAD || at <= in.len);
    if (parsed == PARSE_OK) {
        must_be_inside(hello.random, in);
        must_be_inside(hello.session_id, in);
        must_be_inside(hello.extensions, in);
        must_be_inside(hello.alpn, in);
        must(hello.is_retry == server_hello_is_retry(in));
    }
    must(key_exchange_dh_bits(in) <= 8 * (size_t)UINT16_MAX);
    (void)key_exchange_group(in); // any number may come out
}

static void read_first(struct slice in)
{
    struct buffer joined = {0};
    struct slice message;
    bool is_sslv2;
    if (first_hello(in, &joined, &message, &is_sslv2) == PARSE_OK) {
        read_client(message);
    }
    buffer_clear(&joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = {data, size};
    read_client(in);
    read_server(in);
    read_first(in);
    return 0;
}
