// What an origin accepts, from a policy that says it: for predictions.
#pragma once

#include "predict.h"

// origin_terms_make reads the policy as that of a TLS server which is not ours: what is said is
// taken even where our TLS library lacks it, the rest is what `library` can. Versions not said are
// TLS 1.2 and 1.3, or down to TLS 1.0 when `max` is below. A server that names ALPN refuses a
// client with none of those (RFC 7301 section 3.2). `keys`: KEY_… of its certificates.
void origin_terms_make(const struct leg_policy *policy, uint32_t keys,
                       const struct library *library, struct server_terms *out_terms);
