// Both legs of a bridge predicted: what a client and an origin would agree on through a pair of
// policies, and which lists would not meet. Pure: no network; certificates are not judged.
#pragma once

#include "origin_terms.h"
#include "verdict.h"

struct bridge_terms {
    const struct leg_policy *legs; // of both SIDES
    enum order order;
    const struct library *library;
    const struct server_terms *origin;
};

// Text and names live in the arena, in the hello or are static.
struct leg_prediction {
    bool is_reached;                // false: the other leg breaks before
    struct prediction agreed;       // what it comes to; MISMATCH_NONE: secured
    const struct cause *cause;      // NULL: none
    enum party party;               // who must act
    const char *offered, *accepted; // the two lists that do not meet
    const char *summary;            // one sentence
    const char *fix;                // the catalogue's
    // When the bridge must act: the leg key that mends it, going forward only; NULL: none does.
    const char *key, *value;
};

struct bridge_prediction {
    struct leg_prediction legs[SIDES];
    bool is_secured;
    enum side broken;   // when it is not
    enum direct direct; // the client and the origin without a bridge, certificates left out
    struct losses lost; // offered by the client, not passed on
};

// bridge_predict predicts one connection; false when memory is out.
bool bridge_predict(const struct client_hello *hello, const struct bridge_terms *terms,
                    struct arena *arena, struct bridge_prediction *out_prediction);
