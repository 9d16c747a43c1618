// What a prediction is about: an edge and an origin, from the names and texts that the user gave.
#pragma once

#include "bridge_predict.h"
#include "presets.h"

// All-zero is a valid empty case. Its address is in its terms: not to be copied.
struct bridge_case {
    struct preset_edge *edge; // NULL: midspan mirrors
    struct leg_policy mirror[SIDES];
    struct server_terms origin; // of what was said; of a host it is words->live
    struct bridge_terms terms;
};

// What the user said. `edge` is a preset, a file that ends in ".yaml", NULL or "none"; `server` is
// one of the first two, whose client leg says what it accepts, or "KEY=VALUE,…" that says it;
// or a host that is asked (live_server.h); `keys` is "rsa", "ecdsa", "both" or NULL, which is both.
struct bridge_words {
    const char *edge, *server, *keys;
    // What a host was seen to accept; NULL: it was not asked yet, and stands for any server.
    const struct server_terms *live;
};

// bridge_case_make reads it all; errors name what was wrong in which word. `library` is kept.
bool bridge_case_make(struct bridge_case *out, const struct bridge_words *words,
                      const struct library *library, struct error *error);
void bridge_case_clear(struct bridge_case *bridge);

// bridge_case_say tells how a leg key is set: "max=TLS1.3" for midspan's leg, then, where the edge
// has a dialect, its own words. In the arena.
const char *bridge_case_say(const struct bridge_case *bridge, enum side side, const char *key,
                            const char *value, struct arena *arena);
