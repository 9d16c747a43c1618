#include "draw.h"

#undef NDEBUG // what a test asserts holds in every build
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include "code_points.h"
#include "suite_fit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint16_t tls13_suites[] = {0x1301, 0x1302, 0x1303, 0x1304};
static const uint16_t suites[] = {
    0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a, 0xc023, 0xc0ac, // ECDHE-ECDSA
    0xc02f, 0xc030, 0xcca8, 0xc013, 0xc014, 0xc027, 0xc02f, // ECDHE-RSA
    0x009c, 0x009d, 0x002f, 0x0035, 0x003c, 0x003b, 0x0002, // RSA
    0x009e, 0x0033, 0xccaa, 0x0067,                         // DHE-RSA
    0x00a6, 0x0034, 0xc018,                                 // anonymous
    0x00a8, 0xc035,                                         // pre-shared key
};
const struct drawn_group drawn_groups[DRAWN_GROUPS] = {
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
const struct drawn_scheme drawn_schemes[DRAWN_SCHEMES] = {
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

// xorshift64* (Vigna): the same pairs on every machine.
static uint64_t state_of_chance = DRAW_SEED;

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
        bool is_added = number_list_add(list, id);
        assert(is_added);
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
    for (size_t i = 0; i < DRAWN_GROUPS; i++) {
        total += drawn_groups[i].weight;
    }
    unsigned wanted = chance(2) == 0 ? 0 : 1 + chance(4);
    for (unsigned i = 0; i < wanted; i++) {
        unsigned drawn = chance(total);
        size_t at = 0;
        while (drawn >= drawn_groups[at].weight) {
            drawn -= drawn_groups[at++].weight;
        }
        add_once(&terms->groups, drawn_groups[at].id);
    }
}

static void draw_schemes(struct terms *terms)
{
    unsigned wanted = chance(2) == 0 ? 0 : 1 + chance(8);
    for (unsigned i = 0; i < wanted; i++) {
        add_once(&terms->schemes, drawn_schemes[chance(DRAWN_SCHEMES)].id);
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

void draw(struct terms *out)
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

struct server_terms terms_of(const struct terms *server)
{
    struct server_terms terms = {.keys = server->keys,
                                 .prefers_own_order = server->prefers_own_order,
                                 .needs_alpn_overlap = server->needs_alpn_overlap};
    terms.shape.version_min = server->version_min;
    terms.shape.version_max = server->version_max;
    terms.shape.suites = server->tls13_suites;
    for (size_t i = 0; i < server->suites.count; i++) {
        bool is_added = number_list_add(&terms.shape.suites, server->suites.items[i]);
        assert(is_added);
    }
    terms.shape.groups = server->groups;
    terms.shape.schemes = server->schemes;
    assert(server->alpn_len <= sizeof(terms.shape.alpn));
    memcpy(terms.shape.alpn, server->alpn, server->alpn_len);
    terms.shape.alpn_len = (uint8_t)server->alpn_len;
    return terms;
}

static void print_list(const char *name, const struct number_list *list,
                       const char *(*name_of)(uint16_t))
{
    printf("  %s:", name);
    for (size_t i = 0; i < list->count; i++) {
        printf(" %s", name_of(list->items[i]));
    }
    printf("\n");
}

void print_terms(const char *name, const struct terms *terms)
{
    printf(" %s: %04x to %04x, keys %u, own order %d, ALPN %.*s needed %d, fallback %d\n", name,
           terms->version_min, terms->version_max, terms->keys, terms->prefers_own_order,
           (int)terms->alpn_len, (const char *)terms->alpn, terms->needs_alpn_overlap,
           terms->sends_fallback);
    print_list("TLS 1.3 suites", &terms->tls13_suites, suite_name);
    print_list("suites", &terms->suites, suite_name);
    print_list("groups", &terms->groups, group_name);
    print_list("schemes", &terms->schemes, scheme_name);
}
