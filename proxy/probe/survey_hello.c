// The raw hellos of a survey.
#include <string.h>

#include <openssl/rand.h>

#include "hello.h"
#include "shares.h"
#include "survey_plan.h"
#include "wide.h"

#define RANDOM_LEN 32

static bool put_numbers(struct buffer *out, const struct number_list *list)
{
    bool ok = true;
    for (size_t i = 0; i < list->count && ok; i++) {
        ok = buffer_append_u16(out, list->items[i]);
    }
    return ok;
}

// Schemes for the certificates' own signatures are never what is asked about: all are taken.
static bool put_cert_schemes(struct buffer *out)
{
    struct number_list all;
    wide_list(LIST_SCHEMES, &all);
    return buffer_append_u16(out, EXTENSION_SIGNATURE_ALGORITHMS_CERT) &&
           buffer_append_u16(out, (uint16_t)(2 * all.count + 2)) &&
           buffer_append_u16(out, (uint16_t)(2 * all.count)) && put_numbers(out, &all);
}

// RFC 8446 section 4.2.8: an empty client_shares asks the server to name a group.
static bool put_empty_shares(struct buffer *out)
{
    return buffer_append_u16(out, EXTENSION_KEY_SHARE) && buffer_append_u16(out, 2) &&
           buffer_append_u16(out, 0);
}

static bool put_more(struct buffer *out, const struct survey_ask *ask)
{
    static const uint8_t uncompressed[] = {0x00, 0x0b, 0x00, 0x02, 0x01, 0x00};
    bool ok = true;
    if (ask->version < VERSION_TLS13) {
        ok = buffer_append(out, (struct slice){uncompressed, sizeof(uncompressed)});
    }
    if (ask->version >= VERSION_TLS12) {
        ok = ok && put_cert_schemes(out);
    }
    return ok && (!ask->wants_retry || put_empty_shares(out));
}

static bool put_shares(struct buffer *out, const struct survey_ask *ask)
{
    static const uint16_t usual[] = {0x001d, 0x0017};
    bool ok = true;
    for (size_t i = 0; i < COUNT_OF(usual) && ok && !ask->wants_retry; i++) {
        ok = !number_list_has(&ask->groups, usual[i]) || share_append(out, usual[i]);
    }
    return ok;
}

struct parts {
    struct buffer suites, groups, schemes, shares, more;
};

// SSL 3.0 has no extensions; its servers may refuse a hello that brings some.
static bool make_parts(struct parts *parts, const struct survey_ask *ask)
{
    if (!put_numbers(&parts->suites, &ask->suites)) {
        return false;
    }
    if (ask->version == VERSION_SSL30) {
        return buffer_append_u16(&parts->suites, SCSV_RENEGOTIATION);
    }
    return put_numbers(&parts->groups, &ask->groups) &&
           (ask->version < VERSION_TLS12 || put_numbers(&parts->schemes, &ask->schemes)) &&
           (ask->version < VERSION_TLS13 || put_shares(&parts->shares, ask)) &&
           put_more(&parts->more, ask);
}

bool survey_hello_encode(const struct survey_ask *ask, const char *sni, struct buffer *out)
{
    struct parts parts = {0};
    uint8_t random[2 * RANDOM_LEN], versions[2] = {0x03, 0x04};
    bool is_tls13 = ask->version == VERSION_TLS13, has_extensions = ask->version > VERSION_SSL30;
    bool ok = RAND_bytes(random, sizeof(random)) == 1 && make_parts(&parts, ask);
    struct hello_spec spec = {
        .legacy_version = is_tls13 ? VERSION_TLS12 : ask->version,
        .random = {random, RANDOM_LEN},
        .session_id = is_tls13 ? (struct slice){random + RANDOM_LEN, RANDOM_LEN} : SLICE_EMPTY,
        .cipher_suites = buffer_slice(&parts.suites),
        .versions = is_tls13 ? (struct slice){versions, sizeof(versions)} : SLICE_EMPTY,
        .groups = buffer_slice(&parts.groups),
        .schemes = buffer_slice(&parts.schemes),
        .sni = has_extensions ? slice_of_text(sni) : SLICE_EMPTY,
        .key_shares = buffer_slice(&parts.shares),
        .ems = has_extensions,
        .renegotiation_info = has_extensions && !is_tls13,
        .more = buffer_slice(&parts.more),
    };
    ok = ok && client_hello_encode(out, &spec);
    buffer_clear(&parts.suites);
    buffer_clear(&parts.groups);
    buffer_clear(&parts.schemes);
    buffer_clear(&parts.shares);
    buffer_clear(&parts.more);
    return ok;
}
