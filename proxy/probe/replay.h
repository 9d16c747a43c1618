// Proves a verdict about the client leg before any certificate: the recorded ClientHello is played,
// in memory, to a server engine whose shape has one thing changed. No network.
#pragma once

#include "context.h"
#include "mint.h"
#include "verdict.h"

struct replay_setup {
    const struct evidence *evidence;
    struct arena *arena;
    struct verdict *verdict;
    struct contexts *contexts; // of the client leg
    const struct library *library;
    struct mint *mint;
    struct leaf *leaf;               // the one that was shown; NULL: the context's own certificate
    const char *name;                // for leaves of the other kind
    const struct trust_store *trust; // of the client leg; NULL: clients are not asked
};

// replay adds rows and makes the verdict CONFIDENCE_PROVEN when the hello fails again, by the same
// alert, with the shape as it was, and gets a ServerHello with exactly the change that fits the
// cause. False, with
// nothing changed, for other verdicts.
bool replay(const struct replay_setup *setup);
