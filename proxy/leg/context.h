// An SSL_CTX for each shape, made once and kept: building one costs more than a handshake.
#pragma once

#include <openssl/ssl.h>

#include "error.h"
#include "shape.h"

struct context {
    SSL_CTX *ssl; // borrowed: an engine takes its own reference (SSL_new does)
};

// A worker keeps at most this many contexts a leg; the least recently used goes first.
#define CONTEXTS_MAX 64

// What all contexts of one leg share.
struct context_common {
    enum side side;
    const struct leg_policy *policy; // borrowed; own certificate, client authentication
    // Called with each line of key material; NULL: none is kept.
    void (*keylog)(void *user, const char *line);
    void *keylog_user;
};

struct contexts;

// contexts_new makes the empty cache of one leg on one thread. `common` is copied.
struct contexts *contexts_new(const struct context_common *common);
void contexts_free(struct contexts *contexts); // NULL does nothing

// contexts_get gives the context of `shape` (its ALPN aside, which an engine sets for itself).
// False when the library can't be configured so: a suite, group or scheme it lacks altogether, a
// certificate file it can't read. Making a new one may read the policy's certificate from disk.
bool contexts_get(struct contexts *contexts, const struct leg_shape *shape,
                  struct context *out_context, struct error *error);
