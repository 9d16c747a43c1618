// Builds and signs one leaf. The mint decides when; not for other folders.
#pragma once

#include "mint.h"

// leaf_make makes the leaf of `spec` as of `now_us`, with `key`, signed by `ca` (by its own key
// for LEAF_FAULT_SELF_SIGNED). NULL with `error` when the name is none or OpenSSL fails.
X509 *leaf_make(const struct authority *ca, EVP_PKEY *key, const struct leaf_spec *spec,
                int64_t now_us, struct error *error);
