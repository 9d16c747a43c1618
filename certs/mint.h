// Makes the leaves that midspan presents on the client leg, and keeps them. Thread-safe: the one
// thing besides the event queue that workers share.
#pragma once

#include "authority.h"

enum leaf_key {
    LEAF_ECDSA,
    LEAF_RSA,
    LEAF_KEYS
};

// A lab fault to put into a leaf (leg key leaf=replace:FAULT).
#define LEAF_FAULT_MAP(XX)             \
    XX(NONE, "none")                   \
    XX(EXPIRED, "expired")             \
    XX(NOT_YET_VALID, "not-yet-valid") \
    XX(WRONG_NAME, "wrong-name")       \
    XX(SELF_SIGNED, "self-signed")     \
    XX(NO_SAN, "no-san")               \
    XX(WEAK_SIGNATURE, "sha1")         \
    XX(WRONG_USAGE, "wrong-usage")

enum leaf_fault {
#define XX(name, text) LEAF_FAULT_##name,
    LEAF_FAULT_MAP(XX)
#undef XX
    LEAF_FAULTS
};

// What an experiment changes about a leaf, all else as usual.
enum leaf_form {
    LEAF_FORM_USUAL,
    LEAF_FORM_ANEW,       // another serial number
    LEAF_FORM_EARLIER,    // valid from ten years ago
    LEAF_FORM_LATER,      // valid to the end of the authority
    LEAF_FORM_SHORT,      // valid for LEAF_SHORT_DAYS in all
    LEAF_FORM_ANY_PURPOSE // no extended key usage
};

// The longest that public certificates may last from March 2029 (CA/Browser Forum ballot SC-081).
#define LEAF_SHORT_DAYS 47

// leaf_fault_named finds a fault by its text; false when there is none.
bool leaf_fault_named(const char *text, enum leaf_fault *out_fault);

struct leaf_spec {
    const char *name; // lower-case host name or IP literal; goes into the SAN
    enum leaf_key key;
    enum leaf_fault fault;
    enum leaf_form form;
    // The origin's certificate: its other names and common name are taken over (bounded). NULL:
    // `name` alone.
    const X509 *origin;
    bool mirrors_faults; // leaf=mirror: dates and names of `origin` kept as they are
};

// One leaf with its chain and key; counted references, immutable.
struct leaf {
    X509 *certificate; // borrowed from the leaf, as the next two
    X509 *issuer;      // NULL when self-signed: then nothing is sent after it
    EVP_PKEY *key;
};

struct mint;

#define MINT_LEAVES_MAX 4096

// mint_new keeps (a reference to) the authority's certificate and key. `leaves_max` bounds the
// cache (least recently used goes first); 0 means MINT_LEAVES_MAX. It starts making the key of each
// leaf_key on a thread of its own, so that no loop waits for RSA.
struct mint *mint_new(const struct authority *ca, size_t leaves_max, struct error *error);
void mint_free(struct mint *mint); // waits for the key maker; NULL does nothing

// mint_leaf gives the leaf of `spec` from the cache or makes it: unique random serial, from two
// days ago, under 200 days, never past the authority's own end, SKI and AKI as strict verifiers
// want, SAN from spec->name (iPAddress for literals). Costs one P-256 signature when new. The
// result is the caller's until leaf_release. NULL with `error` when OpenSSL fails.
struct leaf *mint_leaf(struct mint *mint, const struct leaf_spec *spec, struct error *error);
void leaf_release(struct leaf *leaf); // NULL does nothing
