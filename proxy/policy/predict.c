#include "predict.h"

#include <string.h>

#include "offer.h"
#include "openssl_habits.h"
#include "suite_fit.h"

#define GROUP_P256        0x0017
#define SCHEME_ECDSA_P256 0x0403
#define SCHEME_RSA_SHA1   0x0201
#define SCHEME_ECDSA_SHA1 0x0203
#define SCHEME_ED25519    0x0807
#define SCHEME_ED448      0x0808

// One negotiation: what both sides brought, and how far it came.
struct talk {
    const struct client_hello *hello;
    const struct server_terms *terms;
    struct offer offer;
    const struct version_terms *seen;                    // of the version agreed; NULL: none
    const struct number_list *suites, *groups, *schemes; // the server's
    struct number_list shared_schemes;                   // in order of preference
    struct prediction *out;
};

typedef enum mismatch (*step_fn)(struct talk *talk);

const struct version_terms *server_terms_seen(const struct server_terms *terms, uint16_t version)
{
    size_t i = (size_t)(VERSION_TLS13 - version);
    bool is_among = terms->seen != NULL && version <= VERSION_TLS13 && i < VERSIONS_SEEN;
    return is_among ? &terms->seen[i] : NULL;
}

static bool prefers_own_order(const struct talk *talk)
{
    return talk->seen != NULL ? talk->seen->prefers_own_order : talk->terms->prefers_own_order;
}

static const struct number_list *preferred(const struct talk *talk,
                                           const struct number_list *client,
                                           const struct number_list *server)
{
    return prefers_own_order(talk) ? server : client;
}

static const struct number_list *allowed(const struct talk *talk, const struct number_list *client,
                                         const struct number_list *server)
{
    return prefers_own_order(talk) ? client : server;
}

// OpenSSL leaves TLS 1.3 out when its only certificate is one that none of its own schemes can sign
// with there. Our ECDSA keys are all on P-256.
static bool has_tls13_key(const struct talk *talk)
{
    return (talk->terms->keys & KEY_RSA) != 0 ||
           ((talk->terms->keys & KEY_ECDSA) != 0 &&
            number_list_has(talk->schemes, SCHEME_ECDSA_P256));
}

static bool takes_version(const struct talk *talk, uint16_t version)
{
    if (talk->terms->seen != NULL) {
        const struct version_terms *seen = server_terms_seen(talk->terms, version);
        return seen != NULL && seen->is_taken;
    }
    return version < VERSION_TLS13 || has_tls13_key(talk);
}

// use_lists settles the server's lists once the version is known.
static void use_lists(struct talk *talk)
{
    const struct leg_shape *shape = &talk->terms->shape;
    const struct version_terms *seen = server_terms_seen(talk->terms, talk->out->version);
    talk->seen = seen;
    talk->suites = seen != NULL ? &seen->suites : &shape->suites;
    if (seen != NULL && seen->groups.count > 0) {
        talk->groups = &seen->groups;
    }
    if (seen != NULL && seen->schemes.count > 0) {
        talk->schemes = &seen->schemes;
    }
}

static enum mismatch choose_version(struct talk *talk)
{
    const struct leg_shape *shape = &talk->terms->shape;
    uint16_t max = shape->version_max < VERSION_TLS13 ? shape->version_max : VERSION_TLS13;
    for (uint16_t version = max; version >= shape->version_min; version--) {
        if (takes_version(talk, version) && client_hello_offers_version(talk->hello, version)) {
            talk->out->version = version;
            // RFC 7507 section 3: a fallback that was not needed is refused.
            return talk->offer.is_fallback && version < max ? MISMATCH_VERSION : MISMATCH_NONE;
        }
    }
    return MISMATCH_VERSION;
}

// RFC 8446 section 4.2.7 lists the groups of TLS 1.3; RFC 7919's are for finite fields, which
// OpenSSL takes in TLS 1.3 only.
static bool group_fits(uint16_t id, uint16_t version)
{
    const struct group *group = group_find(id);
    if (group == NULL) {
        return false;
    }
    return version >= VERSION_TLS13 ? group->in_tls13 : !group->is_ffdhe && !group->is_post_quantum;
}

// RFC 8422 section 4: the curve of an ECDHE suite; 0 when none is common. OpenSSL chooses no ECDHE
// suite for a client that names no group.
static uint16_t shared_curve(const struct talk *talk)
{
    bool is_own = talk->seen != NULL ? talk->seen->prefers_own_groups : prefers_own_order(talk);
    const struct number_list *first = is_own ? talk->groups : &talk->offer.groups;
    const struct number_list *second = is_own ? &talk->offer.groups : talk->groups;
    for (size_t i = 0; i < first->count; i++) {
        if (number_list_has(second, first->items[i]) &&
            group_fits(first->items[i], talk->out->version)) {
            return first->items[i];
        }
    }
    return 0;
}

// scheme_key is the key that signs with a scheme; 0 for a key that no server of ours has: Ed25519
// (a server that was seen may), DSA, and RSA keys that are for PSS only.
static uint32_t scheme_key(const struct talk *talk, uint16_t id)
{
    const struct scheme *scheme = scheme_find(id);
    if (scheme == NULL) {
        return 0;
    }
    if (talk->seen != NULL && (id == SCHEME_ED25519 || id == SCHEME_ED448)) {
        return KEY_ECDSA; // RFC 8422 section 5.1.3: their suites are those of ECDSA
    }
    return scheme->key == AUTH_RSA ? KEY_RSA : scheme->key == AUTH_ECDSA ? KEY_ECDSA : 0;
}

// RFC 8446 section 4.2.3: no PKCS #1, no SHA-1 or SHA-224, and the curve goes with the hash.
static bool signs_in_tls13(const struct talk *talk, uint16_t id)
{
    const struct scheme *scheme = scheme_find(id);
    if (talk->seen != NULL) {
        return true; // it was seen to
    }
    bool is_other_curve = scheme_key(talk, id) == KEY_ECDSA && id != SCHEME_ECDSA_P256;
    return scheme != NULL && scheme->in_tls13 && !scheme->is_weak && !is_other_curve;
}

static bool is_dsa(const struct scheme *scheme)
{
    return scheme->key == AUTH_DSS;
}

// The schemes both sides know. It is fatal when a client that names its own shares none, even where
// the suite needs no signature. Below TLS 1.2 there is no choice (RFC 5246 section 7.4.1.4.1).
static enum mismatch share_schemes(struct talk *talk)
{
    if (talk->out->version < VERSION_TLS12) {
        return MISMATCH_NONE;
    }
    if (!talk->hello->has_schemes) {
        return talk->out->version >= VERSION_TLS13 ? MISMATCH_SCHEME : MISMATCH_NONE;
    }
    const struct number_list *first = preferred(talk, &talk->offer.schemes, talk->schemes);
    const struct number_list *second = allowed(talk, &talk->offer.schemes, talk->schemes);
    for (size_t i = 0; i < first->count; i++) {
        const struct scheme *scheme = scheme_find(first->items[i]);
        bool is_known = scheme != NULL && scheme->openssl != NULL &&
                        !(is_dsa(scheme) && talk->out->version >= VERSION_TLS13);
        if (is_known && number_list_has(second, first->items[i])) {
            (void)number_list_add(&talk->shared_schemes, first->items[i]); // no longer than `first`
        }
    }
    return talk->shared_schemes.count > 0 ? MISMATCH_NONE : MISMATCH_SCHEME;
}

// The scheme for a key in TLS 1.2; 0 when there is none. A client that names no schemes takes SHA-1
// (RFC 5246 section 7.4.1.4.1), if the server's own list has it.
static uint16_t scheme_for(const struct talk *talk, uint32_t key)
{
    if (!talk->hello->has_schemes) {
        uint16_t sha1 = key == KEY_RSA ? SCHEME_RSA_SHA1 : SCHEME_ECDSA_SHA1;
        return number_list_has(talk->schemes, sha1) ? sha1 : 0;
    }
    for (size_t i = 0; i < talk->shared_schemes.count; i++) {
        if (scheme_key(talk, talk->shared_schemes.items[i]) == key) {
            return talk->shared_schemes.items[i];
        }
    }
    return 0;
}

// What keeps a suite of TLS 1.2 and below, offered by both sides, from being chosen.
static enum mismatch find_blocker(const struct talk *talk, const struct suite *suite)
{
    bool is_known_kx = suite->kx == KX_RSA || suite->kx == KX_DHE || suite->kx == KX_ECDHE;
    uint32_t keys = talk->terms->keys;
    if (!is_known_kx || suite->auth == AUTH_PSK) {
        return MISMATCH_SUITE;
    }
    bool has_key = suite->auth == AUTH_NONE || (suite->auth == AUTH_RSA && (keys & KEY_RSA) != 0) ||
                   (suite->auth == AUTH_ECDSA && (keys & KEY_ECDSA) != 0);
    if (!has_key) {
        return MISMATCH_CERTIFICATE_TYPE;
    }
    // RSA without a scheme is seen after the choice, as OpenSSL does.
    bool is_ecdsa = suite->auth == AUTH_ECDSA;
    if (is_ecdsa && talk->out->version >= VERSION_TLS12 && scheme_for(talk, KEY_ECDSA) == 0) {
        return MISMATCH_SCHEME;
    }
    // RFC 8422 section 5.1: the client's groups are also the curves that a certificate may have.
    uint16_t curve = talk->terms->curve != 0 ? talk->terms->curve : GROUP_P256;
    bool is_other_curve = is_ecdsa && curve != CURVE_NONE && talk->hello->has_groups &&
                          !number_list_has(&talk->offer.groups, curve);
    bool has_curve = suite->kx != KX_ECDHE || shared_curve(talk) != 0;
    return is_other_curve || !has_curve ? MISMATCH_GROUP : MISMATCH_NONE;
}

// How near a suite came to being chosen: the mismatch named is that of the nearest.
static int nearness(enum mismatch mismatch)
{
    switch (mismatch) {
    case MISMATCH_NONE:
    case MISMATCH_VERSION:
    case MISMATCH_ALPN:
        return 4;
    case MISMATCH_GROUP:
        return 3;
    case MISMATCH_SCHEME:
        return 2;
    case MISMATCH_CERTIFICATE_TYPE:
        return 1;
    case MISMATCH_SUITE:
        return 0;
    }
    return 0;
}

static enum mismatch choose_suite(struct talk *talk)
{
    const struct number_list *own = talk->suites;
    const struct number_list *first = preferred(talk, &talk->offer.suites, own);
    const struct number_list *second = allowed(talk, &talk->offer.suites, own);
    enum mismatch nearest = MISMATCH_SUITE;
    for (size_t i = 0; i < first->count; i++) {
        uint16_t id = first->items[i];
        const struct suite *suite = suite_find(id);
        if (suite == NULL || !number_list_has(second, id) || !suite_fits(id, talk->out->version)) {
            continue;
        }
        enum mismatch blocker = suite->kx == KX_ANY ? MISMATCH_NONE : find_blocker(talk, suite);
        if (blocker == MISMATCH_NONE) {
            talk->out->suite = id;
            return MISMATCH_NONE;
        }
        nearest = nearness(blocker) > nearness(nearest) ? blocker : nearest;
    }
    return nearest;
}

// Key, scheme and curve of a suite of TLS 1.2 and below.
static enum mismatch settle_suite(struct talk *talk)
{
    const struct suite *suite = suite_find(talk->out->suite);
    if (suite->kx == KX_ECDHE) {
        talk->out->group = shared_curve(talk);
    }
    if (suite->auth == AUTH_NONE) {
        return MISMATCH_NONE;
    }
    talk->out->key = suite->auth == AUTH_ECDSA ? KEY_ECDSA : KEY_RSA;
    if (talk->out->version < VERSION_TLS12) {
        return MISMATCH_NONE;
    }
    uint16_t scheme = scheme_for(talk, talk->out->key);
    if (scheme == 0) {
        return MISMATCH_SCHEME; // also for plain RSA key exchange: OpenSSL looks for one there too
    }
    talk->out->scheme = suite->kx == KX_RSA ? 0 : scheme;
    return MISMATCH_NONE;
}

// RFC 8446 section 4.1.4: the first key share that will do, or else a HelloRetryRequest for the
// server's own first group that the client has.
static enum mismatch choose_group(struct talk *talk)
{
    struct slice key;
    uint16_t group;
    for (size_t at = 0; key_share_next(talk->hello->key_shares, &at, &group, &key);) {
        if (number_list_has(talk->groups, group) && group_fits(group, VERSION_TLS13)) {
            talk->out->group = group;
            return MISMATCH_NONE;
        }
    }
    for (size_t i = 0; talk->hello->has_key_share && i < talk->groups->count; i++) {
        group = talk->groups->items[i];
        if (number_list_has(&talk->offer.groups, group) && group_fits(group, VERSION_TLS13)) {
            talk->out->group = group;
            talk->out->is_retry = true;
            return MISMATCH_NONE;
        }
    }
    return MISMATCH_GROUP;
}

static enum mismatch choose_scheme(struct talk *talk)
{
    bool suits_other_key = false;
    for (size_t i = 0; i < talk->shared_schemes.count; i++) {
        uint16_t id = talk->shared_schemes.items[i];
        const struct scheme *scheme = scheme_find(id);
        uint32_t key = signs_in_tls13(talk, id) && scheme != NULL ? scheme_key(talk, id) : 0;
        if ((key & talk->terms->keys) != 0) {
            talk->out->scheme = id;
            talk->out->key = key;
            return MISMATCH_NONE;
        }
        suits_other_key = suits_other_key || key != 0;
    }
    return suits_other_key ? MISMATCH_CERTIFICATE_TYPE : MISMATCH_SCHEME;
}

// RFC 7301 section 3.2: the server's first name that the client offers.
static enum mismatch choose_alpn(struct talk *talk)
{
    struct slice own = {talk->terms->shape.alpn, talk->terms->shape.alpn_len};
    struct slice wanted, offered;
    if (own.len == 0 || !talk->hello->has_alpn) {
        return MISMATCH_NONE;
    }
    for (size_t at = 0; alpn_next(own, &at, &wanted);) {
        for (size_t offered_at = 0; alpn_next(talk->hello->alpn, &offered_at, &offered);) {
            if (slice_equals(wanted, offered)) {
                talk->out->alpn = offered;
                return MISMATCH_NONE;
            }
        }
    }
    return talk->terms->needs_alpn_overlap ? MISMATCH_ALPN : MISMATCH_NONE;
}

// In the order in which OpenSSL 3.0 comes to them, so that the first mismatch is the one it names.
static const step_fn tls12_steps[] = {share_schemes, choose_suite, settle_suite, choose_alpn, NULL};
static const step_fn tls13_steps[] = {choose_suite,  choose_alpn,   choose_group,
                                      share_schemes, choose_scheme, NULL};

void predict_with_min(const struct client_hello *hello, uint16_t client_version_min,
                      const struct server_terms *terms, struct prediction *out_prediction)
{
    *out_prediction = (struct prediction){0};
    struct talk talk = {.hello = hello, .terms = terms, .out = out_prediction};
    talk.groups = terms->shape.groups.count > 0 ? &terms->shape.groups : &openssl_groups;
    talk.schemes = terms->shape.schemes.count > 0 ? &terms->shape.schemes : &openssl_schemes;
    offer_read(hello, &talk.offer);
    enum mismatch mismatch = choose_version(&talk);
    use_lists(&talk);
    const step_fn *step = out_prediction->version >= VERSION_TLS13 ? tls13_steps : tls12_steps;
    for (; mismatch == MISMATCH_NONE && *step != NULL; step++) {
        mismatch = (*step)(&talk);
    }
    bool is_refused = mismatch == MISMATCH_NONE && out_prediction->version < client_version_min;
    out_prediction->mismatch = is_refused ? MISMATCH_VERSION : mismatch;
}

void predict(const struct client_hello *hello, const struct server_terms *terms,
             struct prediction *out_prediction)
{
    predict_with_min(hello, 0, terms, out_prediction);
}

const char *mismatch_name(enum mismatch mismatch)
{
    switch (mismatch) {
#define XX(name, text)    \
    case MISMATCH_##name: \
        return text;
        MISMATCH_MAP(XX)
#undef XX
    }
    return "unknown";
}
