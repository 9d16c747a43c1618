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
#include "peers.h"
#include "suite_fit.h"

#define PAIRS 12000
#define SEED  0x6d69647370616eu // "midspan"

static const uint16_t tls13_suites[] = {0x1301, 0x1302, 0x1303, 0x1304};
static const uint16_t suites[] = {
    0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a, 0xc023, 0xc0ac, // ECDHE-ECDSA
    0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014, 0xc027, 0xc02f, // ECDHE-RSA
    0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003b, 0x0002, // RSA
    0x009e, 0x0033, 0xccaa, 0x0067,                         // DHE-RSA
    0x00a6, 0x0034, 0xc018,                                 // anonymous
    0x00a8, 0xc035,                                         // pre-shared key
};
static const struct {
    uint16_t id;
    int nid;
    unsigned weight; // slow ones and rare ones come less often
} groups[] = {
    {0x001d, NID_X25519, 8},
    {0x0017, NID_X9_62_prime256v1, 8},
    {0x0018, NID_secp384r1, 4},
    {0x0019, NID_secp521r1, 3},
    {0x001e, NID_X448, 3},
    {0x0016, NID_secp256k1, 2},
    {0x001a, NID_brainpoolP256r1, 2},
    {0x0100, NID_ffdhe2048, 2},
    {0x0101, NID_ffdhe3072, 1},
};
static const struct {
    uint16_t id;
    int hash_nid, key_nid;
} schemes[] = {
    {0x0403, NID_sha256, EVP_PKEY_EC},      {0x0503, NID_sha384, EVP_PKEY_EC},
    {0x0603, NID_sha512, EVP_PKEY_EC},      {0x0203, NID_sha1, EVP_PKEY_EC},
    {0x0303, NID_sha224, EVP_PKEY_EC},      {0x0804, NID_sha256, EVP_PKEY_RSA_PSS},
    {0x0805, NID_sha384, EVP_PKEY_RSA_PSS}, {0x0806, NID_sha512, EVP_PKEY_RSA_PSS},
    {0x0401, NID_sha256, EVP_PKEY_RSA},     {0x0501, NID_sha384, EVP_PKEY_RSA},
    {0x0601, NID_sha512, EVP_PKEY_RSA},     {0x0201, NID_sha1, EVP_PKEY_RSA},
    {0x0301, NID_sha224, EVP_PKEY_RSA},     {0x0807, NID_undef, EVP_PKEY_ED25519},
    {0x0809, NID_sha256, EVP_PKEY_RSA_PSS}, {0x0402, NID_sha256, EVP_PKEY_DSA},
};
static const char *const alpn_names[] = {"h2", "http/1.1", "http/1.0", "acme-tls/1"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// xorshift64* (Vigna): the same pairs on every machine.
static uint64_t state_of_chance = SEED;

static unsigned chance(unsigned below)
{
    state_of_chance ^= state_of_chance >> 12;
    state_of_chance ^= state_of_chance << 25;
    state_of_chance ^= state_of_chance >> 27;
    return (unsigned)((state_of_chance * 0x2545f4914f6cdd1du) >> 33) % below;
}

static void add_once(struct number_list *list, uint16_t id)
{
    if (!number_list_has(list, id)) {
        assert_true(number_list_add(list, id));
    }
}

static void draw_suites(struct terms *terms)
{
    unsigned wanted = chance(12) == 0 ? 0 : 1 + chance(4);
    for (unsigned i = 0; i < wanted; i++) {
        add_once(&terms->tls13_suites, tls13_suites[chance(COUNT(tls13_suites))]);
    }
    wanted = chance(4) == 0 ? 1 + chance(2) : 4 + chance(20);
    for (unsigned i = 0; i < wanted; i++) {
        add_once(&terms->suites, suites[chance(COUNT(suites))]);
    }
}

static void draw_groups(struct terms *terms)
{
    unsigned total = 0;
    for (size_t i = 0; i < COUNT(groups); i++) {
        total += groups[i].weight;
    }
    unsigned wanted = chance(2) == 0 ? 0 : 1 + chance(4);
    for (unsigned i = 0; i < wanted; i++) {
        unsigned drawn = chance(total);
        size_t at = 0;
        while (drawn >= groups[at].weight) {
            drawn -= groups[at++].weight;
        }
        add_once(&terms->groups, groups[at].id);
    }
}

static void draw_schemes(struct terms *terms)
{
    unsigned wanted = chance(2) == 0 ? 0 : 1 + chance(8);
    for (unsigned i = 0; i < wanted; i++) {
        add_once(&terms->schemes, schemes[chance(COUNT(schemes))].id);
    }
}

static void draw_alpn(struct terms *terms)
{
    unsigned wanted = chance(2) == 0 ? 0 : 1 + chance(3);
    for (unsigned i = 0; i < wanted; i++) {
        const char *name = alpn_names[chance(COUNT(alpn_names))];
        size_t len = strlen(name);
        terms->alpn[terms->alpn_len] = (uint8_t)len;
        memcpy(terms->alpn + terms->alpn_len + 1, name, len);
        terms->alpn_len += 1 + len;
    }
}

static bool any_fits(const struct terms *terms, uint16_t version)
{
    const struct number_list *list =
        version >= VERSION_TLS13 ? &terms->tls13_suites : &terms->suites;
    for (size_t i = 0; i < list->count; i++) {
        if (suite_fits(list->items[i], version)) {
            return true;
        }
    }
    return false;
}

// A window whose highest version has a suite: OpenSSL starts with no other.
static void draw_versions(struct terms *terms)
{
    static const uint16_t highs[] = {VERSION_TLS13, VERSION_TLS13, VERSION_TLS13, VERSION_TLS13,
                                     VERSION_TLS12, VERSION_TLS12, VERSION_TLS12, VERSION_TLS12,
                                     VERSION_TLS11, VERSION_TLS10};
    terms->version_max = highs[chance(COUNT(highs))];
    while (terms->version_max > VERSION_TLS10 && !any_fits(terms, terms->version_max)) {
        terms->version_max--;
    }
    if (!any_fits(terms, terms->version_max)) {
        add_once(&terms->suites, 0x002f);
    }
    unsigned span = terms->version_max - VERSION_TLS10 + 1u;
    terms->version_min =
        chance(3) != 0 ? VERSION_TLS10 : (uint16_t)(terms->version_max - chance(span));
}

static void draw(struct terms *out)
{
    *out = (struct terms){0};
    draw_suites(out);
    draw_groups(out);
    draw_schemes(out);
    draw_alpn(out);
    draw_versions(out);
    out->keys = chance(3) == 0 ? KEY_RSA | KEY_ECDSA : 1 + chance(2);
    out->prefers_own_order = chance(3) == 0;
    out->needs_alpn_overlap = chance(2) == 0;
    out->sends_fallback = chance(60) == 0;
}

static struct server_terms terms_of(const struct terms *server)
{
    struct server_terms terms = {.keys = server->keys,
                                 .prefers_own_order = server->prefers_own_order,
                                 .needs_alpn_overlap = server->needs_alpn_overlap};
    terms.shape.version_min = server->version_min;
    terms.shape.version_max = server->version_max;
    terms.shape.suites = server->tls13_suites;
    for (size_t i = 0; i < server->suites.count; i++) {
        assert_true(number_list_add(&terms.shape.suites, server->suites.items[i]));
    }
    terms.shape.groups = server->groups;
    terms.shape.schemes = server->schemes;
    assert_true(server->alpn_len <= sizeof(terms.shape.alpn));
    memcpy(terms.shape.alpn, server->alpn, server->alpn_len);
    terms.shape.alpn_len = (uint8_t)server->alpn_len;
    return terms;
}

static void print_list(const char *name, const struct number_list *list,
                       const char *(*name_of)(uint16_t))
{
    print_message("  %s:", name);
    for (size_t i = 0; i < list->count; i++) {
        print_message(" %s", name_of(list->items[i]));
    }
    print_message("\n");
}

static void print_terms(const char *name, const struct terms *terms)
{
    print_message(" %s: %04x to %04x, keys %u, own order %d, ALPN %.*s needed %d, fallback %d\n",
                  name, terms->version_min, terms->version_max, terms->keys,
                  terms->prefers_own_order, (int)terms->alpn_len, (const char *)terms->alpn,
                  terms->needs_alpn_overlap, terms->sends_fallback);
    print_list("TLS 1.3 suites", &terms->tls13_suites, suite_name);
    print_list("suites", &terms->suites, suite_name);
    print_list("groups", &terms->groups, group_name);
    print_list("schemes", &terms->schemes, scheme_name);
}

// One pair, with the means to ask OpenSSL again with one thing changed.
struct pair {
    struct peers *peers;
    struct terms client, server;
    struct outcome outcome;
};

static int reason_with(const struct pair *pair, const struct terms *client,
                       const struct terms *server)
{
    static struct outcome outcome;
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
    for (size_t i = 0; i < COUNT(groups); i++) {
        if (groups[i].id == id) {
            return groups[i].nid;
        }
    }
    return NID_undef;
}

static void scheme_is(const struct prediction *prediction, const struct outcome *outcome)
{
    if (prediction->scheme == 0) {
        return; // nothing was signed, or below TLS 1.2: nothing was chosen
    }
    for (size_t i = 0; i < COUNT(schemes); i++) {
        if (schemes[i].id == prediction->scheme) {
            assert_int_equal(outcome->hash_nid, schemes[i].hash_nid);
            assert_int_equal(outcome->key_nid, schemes[i].key_nid);
            return;
        }
    }
    fail_msg("predicted a scheme nobody asked for: %04x", prediction->scheme);
}

static bool agree(const struct prediction *said, const struct pair *pair,
                  const struct client_hello *hello)
{
    const struct outcome *did = &pair->outcome;
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
