#include "mint.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "cert_tools.h"
#include "leaf_make.h"
#include "mint_cache.h"

#define RSA_BITS 2048

// A leaf goes out of use a day before its end, and at once when the clock was set back before it.
#define END_MARGIN_US DAY_US
// Leaves whose dates are a lab fault or the origin's are made anew this often.
#define ODD_FRESH_US HOUR_US

enum key_state {
    KEY_MAKING,
    KEY_READY,
    KEY_FAILED
};

struct mint {
    struct authority ca; // certificate and key are references of our own; no folder
    pthread_t key_maker;
    pthread_mutex_t lock; // over all below
    pthread_cond_t key_made;
    enum key_state key_states[LEAF_KEYS];
    struct leaf_key_pair pairs[LEAF_KEYS]; // immutable once ready
    struct mint_cache *cache;
};

bool leaf_fault_named(const char *text, enum leaf_fault *out_fault)
{
    static const char *const names[] = {
#define XX(name, text) [LEAF_FAULT_##name] = text,
        LEAF_FAULT_MAP(XX)
#undef XX
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(names[i], text) == 0) {
            *out_fault = (enum leaf_fault)i;
            return true;
        }
    }
    return false;
}

static struct leaf_key_pair pair_make(enum leaf_key which)
{
    struct leaf_key_pair pair = {NULL, NULL};
    pair.key = which == LEAF_RSA ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256");
    if (pair.key != NULL) {
        (void)X509_PUBKEY_set(&pair.encoded, pair.key); // leaves NULL when it can't
    }
    ERR_clear_error();
    return pair;
}

static void keys_make(struct mint *mint, enum leaf_key which)
{
    struct leaf_key_pair pair = pair_make(which);
    (void)pthread_mutex_lock(&mint->lock); // only fails on misuse
    mint->pairs[which] = pair;
    mint->key_states[which] = pair.encoded != NULL ? KEY_READY : KEY_FAILED;
    (void)pthread_cond_broadcast(&mint->key_made);
    (void)pthread_mutex_unlock(&mint->lock);
}

static void *key_maker_run(void *context)
{
    struct mint *mint = context;
    keys_make(mint, LEAF_ECDSA); // the quick one first
    keys_make(mint, LEAF_RSA);
    return NULL;
}

// key_maker_start leaves signals to the loops: the thread is born with all of them blocked.
static bool key_maker_start(struct mint *mint)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return false;
    }
    bool is_started = pthread_create(&mint->key_maker, NULL, key_maker_run, mint) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); // puts back what was there
    return is_started;
}

static void mint_destroy(struct mint *mint)
{
    mint_cache_free(mint->cache);
    for (size_t i = 0; i < LEAF_KEYS; i++) {
        EVP_PKEY_free(mint->pairs[i].key);
        X509_PUBKEY_free(mint->pairs[i].encoded);
    }
    authority_clear(&mint->ca);
    (void)pthread_cond_destroy(&mint->key_made);
    (void)pthread_mutex_destroy(&mint->lock);
    free(mint);
}

struct mint *mint_new(const struct authority *ca, size_t leaves_max, struct error *error)
{
    struct mint *mint = calloc(1, sizeof(*mint));
    if (mint == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for the mint"); // NULL says it
        return NULL;
    }
    (void)pthread_mutex_init(&mint->lock, NULL); // with no attributes glibc's can't fail
    (void)pthread_cond_init(&mint->key_made, NULL);
    if (X509_up_ref(ca->certificate) == 1) {
        mint->ca.certificate = ca->certificate;
    }
    if (EVP_PKEY_up_ref(ca->key) == 1) {
        mint->ca.key = ca->key;
    }
    // Reads the extensions now, in one thread; signing threads then only look.
    (void)X509_check_purpose(ca->certificate, -1, 0);
    mint->cache = mint_cache_new(leaves_max > 0 ? leaves_max : MINT_LEAVES_MAX);
    if (mint->ca.certificate == NULL || mint->ca.key == NULL || mint->cache == NULL ||
        !key_maker_start(mint)) {
        (void)error_set(error, ERROR_MEMORY, "cannot start the mint: out of memory or threads");
        mint_destroy(mint);
        return NULL;
    }
    return mint;
}

void mint_free(struct mint *mint)
{
    if (mint == NULL) {
        return;
    }
    (void)pthread_join(mint->key_maker, NULL); // started in mint_new, joined only here
    mint_destroy(mint);
}

// key_await gives the process's key of one type, and waits if it is still being made; NULL when
// it could not be made.
static const struct leaf_key_pair *key_await(struct mint *mint, enum leaf_key which)
{
    (void)pthread_mutex_lock(&mint->lock);
    while (mint->key_states[which] == KEY_MAKING) {
        (void)pthread_cond_wait(&mint->key_made, &mint->lock);
    }
    bool is_ready = mint->key_states[which] == KEY_READY;
    (void)pthread_mutex_unlock(&mint->lock);
    return is_ready ? &mint->pairs[which] : NULL;
}

static bool leaf_id_of(const struct leaf_spec *spec, struct leaf_id *out_id, struct error *error)
{
    struct {
        uint8_t origin[EVP_MAX_MD_SIZE];
        uint8_t key, fault, form, mirrors, has_origin;
        char name[512];
    } parts;
    memset(&parts, 0, sizeof(parts)); // the padding is hashed too
    size_t name_len = strlen(spec->name);
    if (name_len >= sizeof(parts.name)) {
        return leaf_name_refuse(spec->name, error);
    }
    memcpy(parts.name, spec->name, name_len);
    parts.key = (uint8_t)spec->key;
    parts.fault = (uint8_t)spec->fault;
    parts.form = (uint8_t)spec->form;
    parts.mirrors = spec->mirrors_faults;
    parts.has_origin = spec->origin != NULL;
    unsigned int len = 0;
    if (spec->origin != NULL && X509_digest(spec->origin, EVP_sha256(), parts.origin, &len) != 1) {
        return crypto_error_set(error, "cannot hash the origin's certificate");
    }
    return SHA256((const uint8_t *)&parts, sizeof(parts), out_id->digest) != NULL ||
           crypto_error_set(error, "cannot hash a leaf's name");
}

static void set_freshness(struct counted_leaf *leaf, const struct leaf_spec *spec, int64_t now_us)
{
    bool has_odd_dates = spec->mirrors_faults || spec->fault == LEAF_FAULT_EXPIRED ||
                         spec->fault == LEAF_FAULT_NOT_YET_VALID;
    int64_t end_us = cert_time_us(X509_get0_notAfter(leaf->leaf.certificate)) - END_MARGIN_US;
    leaf->fresh_from_us = now_us - DAY_US;
    // An authority that is about to end leaves nothing fresher to make.
    leaf->fresh_until_us = has_odd_dates || end_us <= now_us ? now_us + ODD_FRESH_US : end_us;
}

static struct counted_leaf *counted_leaf_make(struct mint *mint, const struct leaf_spec *spec,
                                              struct error *error)
{
    const struct leaf_key_pair *pair = key_await(mint, spec->key);
    if (pair == NULL) {
        (void)error_set(error, ERROR_CRYPTO, "cannot make the key of the leaves"); // NULL says it
        return NULL;
    }
    int64_t now_us = clock_wall_us();
    struct counted_leaf *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for a leaf");
        return NULL;
    }
    made->references = 1;
    made->leaf.certificate = leaf_make(&mint->ca, pair, spec, now_us, error);
    if (made->leaf.certificate == NULL) {
        free(made);
        return NULL;
    }
    (void)EVP_PKEY_up_ref(pair->key); // an atomic count: no way to fail
    made->leaf.key = pair->key;
    if (spec->fault != LEAF_FAULT_SELF_SIGNED) {
        (void)X509_up_ref(mint->ca.certificate);
        made->leaf.issuer = mint->ca.certificate;
    }
    set_freshness(made, spec, now_us);
    return made;
}

// cache_lookup gives a reference of the caller's own, NULL when there is no fresh leaf.
static struct counted_leaf *cache_lookup(struct mint *mint, const struct leaf_id *id)
{
    (void)pthread_mutex_lock(&mint->lock);
    struct counted_leaf *found = mint_cache_find(mint->cache, id, clock_wall_us());
    if (found != NULL) {
        found->references++;
    }
    (void)pthread_mutex_unlock(&mint->lock);
    return found;
}

// cache_add keeps `made`, or, when another thread was quicker, gives that one's leaf in its stead:
// a name has one certificate at a time.
static struct counted_leaf *cache_add(struct mint *mint, const struct leaf_id *id,
                                      struct counted_leaf *made)
{
    (void)pthread_mutex_lock(&mint->lock);
    struct counted_leaf *theirs = mint_cache_find(mint->cache, id, clock_wall_us());
    if (theirs != NULL) {
        theirs->references++;
    } else {
        (void)mint_cache_put(mint->cache, id, made); // without memory it is just not kept
    }
    (void)pthread_mutex_unlock(&mint->lock);
    if (theirs == NULL) {
        return made;
    }
    leaf_release(&made->leaf);
    return theirs;
}

struct leaf *mint_leaf(struct mint *mint, const struct leaf_spec *spec, struct error *error)
{
    struct leaf_id id;
    if (!leaf_id_of(spec, &id, error)) {
        return NULL;
    }
    struct counted_leaf *leaf = cache_lookup(mint, &id);
    if (leaf != NULL) {
        return &leaf->leaf;
    }
    leaf = counted_leaf_make(mint, spec, error);
    return leaf != NULL ? &cache_add(mint, &id, leaf)->leaf : NULL;
}

void leaf_release(struct leaf *leaf)
{
    if (leaf == NULL) {
        return;
    }
    struct counted_leaf *counted = (struct counted_leaf *)leaf;
    if (--counted->references > 0) {
        return;
    }
    X509_free(leaf->certificate);
    X509_free(leaf->issuer);
    EVP_PKEY_free(leaf->key);
    free(counted);
}
