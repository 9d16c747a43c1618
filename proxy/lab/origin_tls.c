#include "origin_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include "code_points.h"

// What suites with a finite-field key exchange there are for an RSA certificate (RFC 5288).
static const uint16_t dhe_suites[] = {0x009e, 0x009f, 0x0033, 0x0039};
#define GROUP_SECP384R1 24

static void want_rsa(struct origin *origin)
{
    for (size_t i = 0; i < origin->site_count; i++) {
        struct lab_recipe *recipe = &origin->sites[i].recipe;
        recipe->key = recipe->key == LAB_KEY_ECDSA ? LAB_KEY_RSA : recipe->key;
    }
}

static void want_tls12(struct origin *origin)
{
    if (origin->policy.version_max == 0 || origin->policy.version_max > VERSION_TLS12) {
        origin->policy.version_max = VERSION_TLS12;
    }
}

static void want_dhe(struct leg_policy *policy)
{
    for (size_t i = 0; i < COUNT_OF(dhe_suites); i++) {
        (void)number_list_add(&policy->suites, dhe_suites[i]); // far below its limit
    }
}

// fit_quirk gives the origin what its quirk can only be shown with, where nothing else was said.
static void fit_quirk(struct origin *origin)
{
    struct leg_policy *policy = &origin->policy;
    enum quirk_kind kind = origin->quirk.kind;
    bool is_by_hand = kind == QUIRK_SSLV3 || kind == QUIRK_LEGACY_RENEGOTIATION;
    if (kind == QUIRK_SMALL_DH || is_by_hand) {
        want_rsa(origin);
    }
    if (kind == QUIRK_SMALL_DH || kind == QUIRK_RENEGOTIATES || kind == QUIRK_WARNS_NAME) {
        want_tls12(origin);
    }
    if (kind == QUIRK_SMALL_DH && policy->suites.count == 0) {
        want_dhe(policy);
    }
    if (kind == QUIRK_RETRY && policy->groups.count == 0) {
        (void)number_list_add(&policy->groups, GROUP_SECP384R1); // most guess x25519 or P-256
    }
}

static void fill_defaults(struct leg_policy *policy)
{
    static const char names[] = "\x08http/1.1";
    if (policy->version_min == 0) {
        bool is_old = policy->version_max != 0 && policy->version_max < VERSION_TLS12;
        policy->version_min = is_old ? policy->version_max : VERSION_TLS12;
    }
    if (!policy->has_alpn) {
        memcpy(policy->alpn, names, sizeof(names) - 1);
        policy->alpn_len = sizeof(names) - 1;
    }
}

size_t origin_tls_site(const struct origin_tls *tls, struct slice sni)
{
    const struct origin *origin = &tls->origin;
    if (sni.len == 0) {
        return 0;
    }
    if (sni.data[sni.len - 1] == '.') {
        sni.len--;
    }
    for (size_t i = 0; i < origin->site_count; i++) {
        if (slice_equals_nocase(sni, slice_of_text(origin->sites[i].name))) {
            return i;
        }
    }
    return origin->site_count;
}

bool origin_tls_is_foreign(const struct origin_tls *tls, size_t node, struct slice ticket)
{
    struct slice name = slice_part(ticket, 0, TICKET_NAME_LEN);
    return name.len == TICKET_NAME_LEN &&
           memcmp(name.data, tls->ticket_keys[node], TICKET_NAME_LEN) != 0;
}

static const struct lab_chain *chain_of(const struct origin_tls *tls, SSL *ssl)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    size_t site = origin_tls_site(tls, slice_of_text(name));
    return &tls->chains[site < tls->origin.site_count ? site : 0];
}

static int on_certificate(SSL *ssl, void *user)
{
    struct origin_tls *tls = user;
    const struct lab_chain *chain = chain_of(tls, ssl);
    tls->current = ssl;
    if (SSL_use_certificate(ssl, chain->sent[0]) != 1 || SSL_use_PrivateKey(ssl, chain->key) != 1 ||
        SSL_clear_chain_certs(ssl) != 1) {
        return 0;
    }
    for (size_t i = 1; i < chain->sent_count; i++) {
        if (SSL_add1_chain_cert(ssl, chain->sent[i]) != 1) {
            return 0;
        }
    }
    return 1;
}

static int on_status(SSL *ssl, void *user)
{
    const struct lab_chain *chain = chain_of(user, ssl);
    uint8_t *copy = chain->staple != NULL ? OPENSSL_memdup(chain->staple, chain->staple_len) : NULL;
    if (copy == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)chain->staple_len); // takes `copy`
    return SSL_TLSEXT_ERR_OK;
}

// small_dh makes the group of 1024 bits that servers of old had (RFC 2409 section 6.2).
static EVP_PKEY *small_dh(void)
{
    EVP_PKEY *group = NULL;
    BIGNUM *prime = BN_get_rfc2409_prime_1024(NULL), *generator = BN_new();
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    if (prime != NULL && generator != NULL && build != NULL && context != NULL &&
        BN_set_word(generator, 2) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, prime) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, generator) == 1) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    if (params != NULL &&
        (EVP_PKEY_fromdata_init(context) != 1 ||
         EVP_PKEY_fromdata(context, &group, EVP_PKEY_KEY_PARAMETERS, params) != 1)) {
        group = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    BN_free(prime);
    BN_free(generator);
    return group;
}

static bool use_small_dh(SSL_CTX *ssl)
{
    EVP_PKEY *group = small_dh();
    (void)SSL_CTX_set_dh_auto(ssl, 0); // documented to succeed always
    if (group == NULL || SSL_CTX_set0_tmp_dh_pkey(ssl, group) != 1) {
        EVP_PKEY_free(group);
        return false;
    }
    return true;
}

// use_tickets lets the node make tickets with keys of its own.
static bool use_tickets(struct origin_tls *tls, size_t node, SSL_CTX *ssl)
{
    static const uint8_t name[] = "midspan lab";
    uint8_t *keys = tls->ticket_keys[node];
    size_t len = (size_t)SSL_CTX_get_tlsext_ticket_keys(ssl, NULL, 0);
    if (len > sizeof(tls->ticket_keys[node]) || RAND_bytes(keys, (int)len) != 1) {
        return false;
    }
    SSL_CTX_clear_options(ssl, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    return SSL_CTX_set_num_tickets(ssl, 1) == 1 &&
           SSL_CTX_set_session_id_context(ssl, name, sizeof(name) - 1) == 1 &&
           SSL_CTX_set_tlsext_ticket_keys(ssl, keys, (int)len) == 1;
}

static bool fit_context(struct origin_tls *tls, struct origins *origins, size_t node)
{
    SSL_CTX *ssl = tls->contexts[node].ssl;
    enum quirk_kind kind = tls->origin.quirk.kind;
    SSL_CTX_set_cert_cb(ssl, on_certificate, tls);
    (void)SSL_CTX_set_tlsext_status_cb(ssl, on_status); // both documented to succeed always
    (void)SSL_CTX_set_tlsext_status_arg(ssl, tls);
    if (tls->origin.policy.client_auth != CLIENT_AUTH_NONE &&
        SSL_CTX_add_client_CA(ssl, lab_ca_root(origins->ca)) != 1) {
        return false;
    }
    if (kind == QUIRK_RENEGOTIATES) {
        SSL_CTX_clear_options(ssl, SSL_OP_NO_RENEGOTIATION);
    }
    return (kind != QUIRK_SMALL_DH || use_small_dh(ssl)) &&
           ((kind != QUIRK_TICKETS_DIFFER && kind != QUIRK_TICKETS_FAIL) ||
            use_tickets(tls, node, ssl));
}

static bool make_contexts(struct origin_tls *tls, struct origins *origins, struct error *error)
{
    enum quirk_kind kind = tls->origin.quirk.kind;
    struct leg_shape shape;
    shape_client(&tls->origin.policy, &origins->library, NULL, &shape);
    tls->common = (struct context_common){.side = CLIENT, .policy = &tls->origin.policy};
    tls->node_count = kind == QUIRK_TICKETS_DIFFER || kind == QUIRK_TICKETS_FAIL ? 2 : 1;
    for (size_t i = 0; i < tls->node_count; i++) {
        tls->nodes[i] = contexts_new(&tls->common);
        if (tls->nodes[i] == NULL) {
            return error_set(error, ERROR_MEMORY, "out of memory for a lab origin");
        }
        if (!contexts_get(tls->nodes[i], &shape, &tls->contexts[i], error)) {
            return false;
        }
        if (!fit_context(tls, origins, i)) {
            ERR_clear_error();
            return error_set(error, ERROR_CRYPTO, "the TLS library refused a lab origin's setup");
        }
    }
    return true;
}

// publish puts bytes where `path` says; true when there are none.
static bool publish(struct origins *origins, const char *path, const char *type,
                    const uint8_t *bytes, size_t len, struct error *error)
{
    char url[ORIGINS_URL_MAX];
    return len == 0 || origins_publish(origins, path, type, (struct slice){bytes, len}, url, error);
}

static bool publish_issuer(struct origins *origins, const char *path, X509 *issuer,
                           struct error *error)
{
    uint8_t *der = NULL;
    int len = issuer != NULL ? i2d_X509(issuer, &der) : 0;
    bool is_published =
        publish(origins, path, "application/pkix-cert", der, len > 0 ? (size_t)len : 0, error);
    OPENSSL_free(der);
    return is_published;
}

// mint makes the chain of one site, and publishes what its leaf gives addresses of.
static bool mint(struct origin_tls *tls, struct origins *origins, size_t site, struct error *error)
{
    const struct origin_site *wanted = &tls->origin.sites[site];
    const struct lab_recipe *recipe = &wanted->recipe;
    struct lab_chain *chain = &tls->chains[site];
    char issuer[32], ocsp[32], list[32];
    char issuer_url[ORIGINS_URL_MAX], ocsp_url[ORIGINS_URL_MAX], list_url[ORIGINS_URL_MAX];
    unsigned long long number = origins->address_count++;
    bool is_issuer_served = recipe->aia == LAB_AIA_SERVED;
    bool is_ocsp_served = recipe->ocsp == LAB_SAID_GOOD || recipe->ocsp == LAB_SAID_REVOKED;
    bool is_list_served = recipe->crl == LAB_SAID_GOOD || recipe->crl == LAB_SAID_REVOKED;
    (void)snprintf(issuer, sizeof(issuer), "/issuer-%llu.cer", number); // fit
    (void)snprintf(ocsp, sizeof(ocsp), "/ocsp-%llu", number);
    (void)snprintf(list, sizeof(list), "/list-%llu.crl", number);
    if ((is_issuer_served && !origins_web_url(origins, issuer, issuer_url, error)) ||
        (is_ocsp_served && !origins_web_url(origins, ocsp, ocsp_url, error)) ||
        (is_list_served && !origins_web_url(origins, list, list_url, error))) {
        return false;
    }
    const struct lab_urls urls = {.issuer = is_issuer_served ? issuer_url : NULL,
                                  .ocsp = is_ocsp_served ? ocsp_url : NULL,
                                  .crl = is_list_served ? list_url : NULL};
    if (!lab_chain_make(origins->ca, recipe, wanted->name, &urls, chain, error)) {
        return false;
    }
    if (!origins_trust(origins, chain)) {
        return error_set(error, ERROR_MEMORY, "out of memory for the lab's certificates");
    }
    return (!is_issuer_served || publish_issuer(origins, issuer, chain->issuer, error)) &&
           publish(origins, ocsp, "application/ocsp-response", chain->ocsp, chain->ocsp_len,
                   error) &&
           publish(origins, list, "application/pkix-crl", chain->list, chain->list_len, error);
}

struct origin_tls *origin_tls_new(struct origins *origins, const struct origin *origin,
                                  struct error *error)
{
    struct origin_tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for a lab origin"); // NULL says it
        return NULL;
    }
    tls->origin = *origin;
    if (tls->origin.site_count == 0 &&
        origin_site_add(&tls->origin, "origin.midspan.test", error) == NULL) {
        origin_tls_free(tls);
        return NULL;
    }
    fit_quirk(&tls->origin);
    fill_defaults(&tls->origin.policy);
    bool is_made = make_contexts(tls, origins, error);
    for (size_t i = 0; is_made && i < tls->origin.site_count; i++) {
        is_made = mint(tls, origins, i, error);
    }
    if (!is_made) {
        origin_tls_free(tls);
        return NULL;
    }
    return tls;
}

void origin_tls_free(struct origin_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    for (size_t i = 0; i < ORIGIN_NODES; i++) {
        contexts_free(tls->nodes[i]);
    }
    for (size_t i = 0; i < ORIGIN_SITES_MAX; i++) {
        lab_chain_clear(&tls->chains[i]);
    }
    free(tls);
}
