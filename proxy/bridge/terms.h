// Terms: settings in force, with what is made from them once. Immutable, shared by all workers,
// counted: a reload makes new ones, and the old go with their last connection.
#pragma once

#include <stdatomic.h>

#include "library.h"
#include "mint.h"
#include "settings.h"
#include "trust.h"

struct terms {
    atomic_size_t references;
    struct settings settings;
    struct trust_store *trust[SIDES]; // CLIENT: NULL unless clients are asked for certificates
    struct library library;
    struct mint *stranger; // --experiment: leaves of an authority that nobody knows; else NULL
};

// terms_new copies `settings` and reads their files (blocks). One reference is the caller's. It
// also tries each leg's policy on the TLS library, so that what it can't do is said at the start.
struct terms *terms_new(const struct settings *settings, const struct library *library,
                        struct error *error);
struct terms *terms_keep(struct terms *terms);
void terms_release(struct terms *terms); // NULL does nothing
