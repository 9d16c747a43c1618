// Builds and signs one leaf. The mint decides when; not for other folders.
#pragma once

#include "mint.h"

// A key of leaves, and its SubjectPublicKeyInfo: OpenSSL takes as long to encode one as for ten
// signatures, so it is done once.
struct leaf_key_pair {
    EVP_PKEY *key;
    X509_PUBKEY *encoded;
};

// leaf_make makes the leaf of `spec` as of `now_us`, with `pair`, signed by `ca` (by its own key
// for LEAF_FAULT_SELF_SIGNED). NULL with `error` when the name is none or OpenSSL fails.
X509 *leaf_make(const struct authority *ca, const struct leaf_key_pair *pair,
                const struct leaf_spec *spec, int64_t now_us, struct error *error);

// leaf_name_refuse fills `error` for a name that no certificate can carry; always false.
bool leaf_name_refuse(const char *name, struct error *error);
