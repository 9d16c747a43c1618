// What dials brought lately: a client that tries a broken origin again must not have it dialled
// twelve times again. Thread-safe, bounded in rows and time; shared by all workers.
#pragma once

#include <uv.h>

#include "change.h"
#include "evidence.h"

#define OUTCOMES_ROWS_MAX 256
#define OUTCOMES_US_MAX   ((int64_t)60 * 1000000)
// A leaf of more is not kept, and its outcome neither.
#define OUTCOMES_LEAF_BYTES_MAX ((size_t)16 * 1024)

// What makes two dials the same one: SHA-256, so that no peer can choose two that collide.
struct outcome_key {
    uint8_t digest[32];
};

struct outcome_place {
    const struct sockaddr *address; // dialled
    const char *tunnel;             // behind an upstream proxy: "host:port"; NULL: none
    // How the origin answered the handshake that is to be explained: one that answers otherwise
    // by now is asked again.
    const struct ending *ending;
    uint16_t record_version; // in which the hello is dialled; 0: as usual
};

struct outcomes;

struct outcomes *outcomes_new(void);           // NULL when memory is out
void outcomes_free(struct outcomes *outcomes); // NULL does nothing

// outcome_key_of identifies a dial: the place and the ClientHello, its random, session, key shares,
// tickets, padding, GREASE and the order of its extensions left out (a browser that tries again has
// others). False when the hello can't be read: then it has no key.
bool outcome_key_of(const struct outcome_place *place, struct slice hello,
                    struct outcome_key *out_key);

// outcomes_find gives the outcome of that dial if it is known at `now_us` (of the monotonic clock),
// and its age; out->leaf is copied into `arena`.
bool outcomes_find(struct outcomes *outcomes, const struct outcome_key *key, int64_t now_us,
                   struct arena *arena, struct outcome *out, int64_t *out_age_us);

// outcomes_put keeps what the origin answered, in place of the oldest when full. What says nothing
// about the hello (no connection, not run) is not kept.
void outcomes_put(struct outcomes *outcomes, const struct outcome_key *key, int64_t now_us,
                  const struct outcome *outcome);
