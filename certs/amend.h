// Papers of the authority for verifying again: made in memory, never written and never shown to
// anyone.
#pragma once

#include "authority.h"
#include "trust.h"

// trust_store_revoking trusts the authority, and has a revocation list of it that names `leaf`.
// NULL when OpenSSL fails.
struct trust_store *trust_store_revoking(const struct authority *ca, X509 *leaf, int64_t now_us);
