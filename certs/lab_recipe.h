// What a lab chain is to be: plain data that scenarios fill in, key by key, and the table of the
// recipes that have a name. The chains are made by lab_chain.h.
#pragma once

#include "base.h"
#include "cert_facts.h"

#define LAB_KEY_MAP(XX)    \
    XX(ECDSA, "ecdsa")     \
    XX(RSA, "rsa")         \
    XX(RSA1024, "rsa1024") \
    XX(P384, "p384")       \
    XX(ED25519, "ed25519")

// Who signs the leaf.
#define LAB_ISSUER_MAP(XX)           \
    XX(INTERMEDIATE, "intermediate") \
    XX(ROOT, "root")                 \
    XX(TWO, "two-intermediates")     \
    XX(SELF, "self")                 \
    XX(STRANGER, "stranger") /* a root of its own that nobody trusts; it is sent along */

// What the server sends.
#define LAB_SENT_MAP(XX)            \
    XX(WHOLE, "whole")              \
    XX(LEAF, "leaf")                \
    XX(MISORDERED, "misordered")    \
    XX(WRONG, "wrong-intermediate") \
    XX(WITH_ROOT, "with-root")

#define LAB_FAULT_MAP(XX)                                                                        \
    XX(NONE, "none")                                                                             \
    XX(WRONG_USAGE, "wrong-usage")           /* the leaf is for clients */                       \
    XX(INVALID_CA, "invalid-ca")             /* the intermediate is no CA */                     \
    XX(NAME_CONSTRAINTS, "name-constraints") /* the intermediate may not issue for this name */  \
    XX(SHA1, "sha1")                         /* the leaf is signed with SHA-1 */                 \
    XX(REPLACED, "replaced") /* trusted is the old end of the chain: its subject, another key */ \
    XX(CROSS_SIGNED, "cross-signed") /* the root is sent as signed by an older, expired one */

// Which certificates the bridge is given to trust.
#define LAB_TRUST_MAP(XX)                                               \
    XX(ROOT, "root") /* the chain's own root (its old end, REPLACED) */ \
    XX(NONE, "none")                                                    \
    XX(OLD, "old")   /* CROSS_SIGNED: only the expired one */           \
    XX(BOTH, "both") /* CROSS_SIGNED: both; REPLACED: both ends */

#define LAB_STAPLE_MAP(XX) \
    XX(NONE, "none")       \
    XX(GOOD, "good")       \
    XX(REVOKED, "revoked") \
    XX(EXPIRED, "expired")

// The address of the missing intermediate, in the leaf.
#define LAB_AIA_MAP(XX)                         \
    XX(NONE, "none")                            \
    XX(DEAD, "dead") /* nobody answers there */ \
    XX(SERVED, "served")

// The address of the responder, or of its issuer's revocation list, in the leaf, and what is said
// there.
#define LAB_SAID_MAP(XX)                        \
    XX(NONE, "none")                            \
    XX(DEAD, "dead") /* nobody answers there */ \
    XX(GOOD, "good")                            \
    XX(REVOKED, "revoked")

#define XX(name, text) LAB_KEY_##name,
enum lab_key {
    LAB_KEY_MAP(XX) LAB_KEYS
};
#undef XX
#define XX(name, text) LAB_ISSUER_##name,
enum lab_issuer {
    LAB_ISSUER_MAP(XX) LAB_ISSUERS
};
#undef XX
#define XX(name, text) LAB_SENT_##name,
enum lab_sent {
    LAB_SENT_MAP(XX) LAB_SENTS
};
#undef XX
#define XX(name, text) LAB_FAULT_##name,
enum lab_fault {
    LAB_FAULT_MAP(XX) LAB_FAULTS
};
#undef XX
#define XX(name, text) LAB_TRUST_##name,
enum lab_trust {
    LAB_TRUST_MAP(XX) LAB_TRUSTS
};
#undef XX
#define XX(name, text) LAB_STAPLE_##name,
enum lab_staple {
    LAB_STAPLE_MAP(XX) LAB_STAPLES
};
#undef XX
#define XX(name, text) LAB_SAID_##name,
enum lab_said {
    LAB_SAID_MAP(XX) LAB_SAIDS
};
#undef XX
#define XX(name, text) LAB_AIA_##name,
enum lab_aia {
    LAB_AIA_MAP(XX) LAB_AIAS
};
#undef XX

#define LAB_NAMES_MAX   512
#define LAB_SUBJECT_MAX 128
#define LAB_DAYS_MAX    20000

// Days from now, `from` below zero in the past. Both zero: what a healthy certificate has.
struct lab_days {
    int from, to;
};

// All-zero is a healthy chain for the host it is made for: leaf, intermediate and the lab's root.
struct lab_recipe {
    // Names of the leaf, joined by ',': host names, wildcards, IP literals. In them {host} is the
    // host that the chain is for, {parent} the same without its first label, {grandparent} without
    // its first two. Empty: {host}. "none": no subjectAltName at all.
    char names[LAB_NAMES_MAX];
    char common_name[LAB_SUBJECT_MAX]; // the same words; empty: the first name
    char issuer_name[LAB_SUBJECT_MAX]; // "O=…/CN=…" of who signs the leaf; empty: the lab's
    enum lab_key key;                  // of the leaf; those above have P-256
    enum lab_issuer issuer;
    enum lab_sent sent;
    enum lab_fault fault;
    enum lab_trust trust;
    enum lab_staple staple;
    enum lab_aia aia;
    enum lab_said ocsp, crl;
    struct lab_days leaf, intermediate, root;
    bool must_staple;
    bool revoked_by_crl; // a CRL that lists the leaf is made for the bridge
    bool for_client;     // a client certificate
    bool is_revoked;     // of a named recipe: it stays so, whoever no longer tells
};

// lab_recipe_set sets one key from its text: names, common-name, issuer-name, key, issuer, sent,
// fault, trust, staple, aia, ocsp, crl, days, intermediate-days, root-days ("-400..-30"),
// must-staple, revoked-by-crl, for-client ("yes", "no"). An unknown key or value is an ERROR_CONFIG
// that says what was expected. The key "recipe" starts from a named one.
bool lab_recipe_set(struct lab_recipe *recipe, const char *key, const char *value,
                    struct error *error);

// lab_recipe_has_key tells its keys from others.
bool lab_recipe_has_key(const char *key);

struct lab_recipe_row {
    const char *name;
    const char *what; // one line, English
    struct lab_recipe recipe;
    enum cert_fault expects; // what verification finds in it, its trust given
};

const struct lab_recipe_row *lab_recipe_at(size_t i);           // NULL past the end
const struct lab_recipe_row *lab_recipe_find(const char *name); // NULL when there is none
