// The predictor says what OpenSSL does: random pairs of a client and a server, a fixed seed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/objects.h>
#include <openssl/sslerr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code_points.h"
#include "draw.h"
#include "suite_fit.h"

#define PAIRS 12000

// One pair, with the means to ask OpenSSL again with one thing changed.
struct pair {
    struct peers *peers;
    struct terms client, server;
    struct meeting outcome;
};

static int reason_with(const struct pair *pair, const struct terms *client,
                       const struct terms *server)
{
    static struct meeting outcome;
    peers_meet(pair->peers, client, server, &outcome);
    return outcome.server_reason;
}

// OpenSSL has one name, "no shared cipher", for four mismatches. They are told apart by OpenSSL's
// own tables and by asking it again.
static enum mismatch without_shared_cipher(const struct pair *pair,
                                           const struct client_hello *hello)
{
    bool is_shared = false, is_for_key = false;
    uint16_t version = pair->outcome.version;
    const struct number_list *own =
        version >= VERSION_TLS13 ? &pair->server.tls13_suites : &pair->server.suites;
    for (size_t i = 0; i < own->count; i++) {
        uint16_t id = own->items[i];
        if (!slice_has_u16(hello->cipher_suites, id) || !suite_fits(id, version)) {
            continue;
        }
        is_shared = true;
        const char *name = suite_find(id)->openssl;
        bool is_anonymous = strstr(name, "ADH") != NULL || strstr(name, "AECDH") != NULL;
        bool is_ecdsa = strstr(name, "ECDSA") != NULL;
        is_for_key = is_for_key || is_anonymous ||
                     (pair->server.keys & (is_ecdsa ? KEY_ECDSA : KEY_RSA)) != 0;
    }
    if (!is_shared) {
        return MISMATCH_SUITE;
    }
    if (!is_for_key) {
        return MISMATCH_CERTIFICATE_TYPE;
    }
    // With groups that meet, in the same version, a suite that only the groups kept away is found.
    struct terms client = pair->client, server = pair->server;
    server.version_max = version;
    server.groups = client.groups = (struct number_list){.count = 1, .items = {0x0017}};
    bool needs_group = reason_with(pair, &client, &server) != SSL_R_NO_SHARED_CIPHER;
    return needs_group ? MISMATCH_GROUP : MISMATCH_SCHEME;
}

static enum mismatch without_scheme(const struct pair *pair)
{
    struct terms server = pair->server;
    server.keys = KEY_RSA | KEY_ECDSA;
    bool is_tls13 = pair->outcome.version >= VERSION_TLS13;
    bool needs_other_key = is_tls13 && reason_with(pair, &pair->client, &server) !=
                                           SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM;
    return needs_other_key ? MISMATCH_CERTIFICATE_TYPE : MISMATCH_SCHEME;
}

static enum mismatch what_openssl_missed(const struct pair *pair, const struct client_hello *hello)
{
    if (pair->outcome.is_secured) {
        return MISMATCH_NONE;
    }
    if (pair->outcome.client_reason == SSL_R_UNSUPPORTED_PROTOCOL) {
        return MISMATCH_VERSION; // the client refused the ServerHello
    }
    switch (pair->outcome.server_reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_INAPPROPRIATE_FALLBACK:
        return MISMATCH_VERSION;
    case SSL_R_NO_SHARED_CIPHER:
        return without_shared_cipher(pair, hello);
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_WRONG_SIGNATURE_TYPE:
        return MISMATCH_SCHEME;
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        return without_scheme(pair);
    case SSL_R_NO_SUITABLE_KEY_SHARE:
        return MISMATCH_GROUP;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return MISMATCH_ALPN;
    default:
        print_terms("client", &pair->client);
        print_terms("server", &pair->server);
        fail_msg("an error of OpenSSL that the test does not know: server %d, client %d",
                 pair->outcome.server_reason, pair->outcome.client_reason);
        return MISMATCH_NONE;
    }
}

static int group_nid(uint16_t id)
{
    for (size_t i = 0; i < DRAWN_GROUPS; i++) {
        if (drawn_groups[i].id == id) {
            return drawn_groups[i].nid;
        }
    }
    return NID_undef;
}

static void scheme_is(const struct prediction *prediction, const struct meeting *outcome)
{
    if (prediction->scheme == 0) {
        return; // nothing was signed, or below TLS 1.2: nothing was chosen
    }
    for (size_t i = 0; i < DRAWN_SCHEMES; i++) {
        if (drawn_schemes[i].id == prediction->scheme) {
            assert_int_equal(outcome->hash_nid, drawn_schemes[i].hash_nid);
            assert_int_equal(outcome->key_nid, drawn_schemes[i].key_nid);
            return;
        }
    }
    fail_msg("predicted a scheme nobody asked for: %04x", prediction->scheme);
}

static bool agree(const struct prediction *said, const struct pair *pair,
                  const struct client_hello *hello)
{
    const struct meeting *did = &pair->outcome;
    enum mismatch missed = what_openssl_missed(pair, hello);
    bool is_same =
        said->mismatch == missed && (missed == MISMATCH_VERSION || said->version == did->version);
    if (is_same && missed == MISMATCH_NONE) {
        // OpenSSL's own default groups have more than the table above.
        bool is_group = group_nid(said->group) == did->group_nid;
        is_same = said->suite == did->suite && is_group && said->key == did->key &&
                  said->is_retry == (did->hellos == 2) && said->alpn.len == did->alpn_len &&
                  memcmp(said->alpn.data != NULL ? said->alpn.data : did->alpn, did->alpn,
                         did->alpn_len) == 0;
    }
    if (!is_same) {
        print_message("predicted %s: version %04x suite %s group %s retry %d key %u alpn %.*s\n",
                      mismatch_name(said->mismatch), said->version, suite_name(said->suite),
                      group_name(said->group), said->is_retry, said->key, (int)said->alpn.len,
                      (const char *)said->alpn.data);
        print_message("OpenSSL did %s: version %04x suite %s group %d hellos %zu key %u alpn %.*s "
                      "(reasons: server %d, client %d)\n",
                      mismatch_name(missed), did->version, suite_name(did->suite), did->group_nid,
                      did->hellos, did->key, (int)did->alpn_len, (const char *)did->alpn,
                      did->server_reason, did->client_reason);
        print_terms("client", &pair->client);
        print_terms("server", &pair->server);
    }
    return is_same;
}

static void the_predictor_says_what_openssl_does(void **state)
{
    struct pair *pair = *state;
    size_t seen[MISMATCH_ALPN + 1] = {0};
    size_t retries = 0, wrong = 0;
    for (size_t pairs = 0; pairs < PAIRS;) {
        draw(&pair->client);
        draw(&pair->server);
        peers_meet(pair->peers, &pair->client, &pair->server, &pair->outcome);
        if (!pair->outcome.has_hello) {
            continue; // a client that OpenSSL can't be: nothing to predict
        }
        pairs++;
        struct client_hello hello;
        size_t at;
        struct slice message = {pair->outcome.hello, pair->outcome.hello_len};
        assert_int_equal(client_hello_parse(message, &hello, &at), PARSE_OK);
        struct server_terms terms = terms_of(&pair->server);
        struct prediction prediction;
        predict_with_min(&hello, pair->client.version_min, &terms, &prediction);
        seen[prediction.mismatch]++;
        retries += prediction.is_retry;
        if (!agree(&prediction, pair, &hello)) {
            wrong++;
            assert_true(wrong < 10);
        } else if (prediction.mismatch == MISMATCH_NONE) {
            scheme_is(&prediction, &pair->outcome);
        }
    }
    print_message("%d pairs:", PAIRS);
    for (enum mismatch mismatch = MISMATCH_NONE; mismatch <= MISMATCH_ALPN; mismatch++) {
        print_message(" %s %zu", mismatch_name(mismatch), seen[mismatch]);
    }
    print_message(", HelloRetryRequest %zu\n", retries);
    assert_int_equal(wrong, 0);
    for (enum mismatch mismatch = MISMATCH_NONE; mismatch <= MISMATCH_ALPN; mismatch++) {
        assert_true(seen[mismatch] >= 50); // every outcome was really met
    }
    assert_true(retries >= 50);
}

static int make_pair(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL) {
        return -1;
    }
    pair->peers = peers_new();
    *state = pair;
    return 0;
}

static int free_pair(void **state)
{
    struct pair *pair = *state;
    peers_free(pair->peers);
    free(pair);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_predictor_says_what_openssl_does, make_pair, free_pair),
    };
    return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
