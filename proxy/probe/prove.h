// Proves a verdict about the server leg by dialling the origin again with one thing changed at a
// time: by raw hellos or, where those do not reach, by whole handshakes. Bounded: PROBE_DIALS_MAX
// dials, PROBE_MS_MAX; never application data; only the address that answered. What an earlier
// proof was told within OUTCOMES_US_MAX is not asked again. One loop's thread.
#pragma once

#include <uv.h>

#include "evidence.h"
#include "verdict.h"

#define PROBE_MS_MAX 2000
// A round waits so long for its slowest dial; the rest of the time is the next one's.
#define PROBE_ROUND_MS_MAX 1000

struct contexts;
struct leg_shape;
struct mint;
struct outcomes;
struct prover;
struct trust_store;

struct prove_setup {
    uv_loop_t *loop;
    const struct evidence *evidence; // borrowed, like the next two, until `closed`
    struct arena *arena;
    struct verdict *verdict;        // rewritten before `done`
    const struct sockaddr *address; // where the server leg was dialled; NULL: nowhere. Copied
    // What the name stands for, all that was dialled, and the name; borrowed until `closed`.
    const struct sockaddr_storage *addresses;
    size_t address_count;
    const struct endpoint *hop;
    bool is_via; // an upstream proxy stands there: tunnels to evidence->target
    // For handshakes by the TLS library: of the server leg, as it was shaped.
    struct contexts *contexts;
    const struct leg_shape *shape;   // of a connection passed on: as its hello has it; borrowed
    const struct trust_store *trust; // borrowed
    struct mint *mint;               // makes a certificate to show instead of none
    // Gets what midspan was shown itself where a client refused the certificate of an origin that
    // it was passed on to, before `done`; text lives in the arena. NULL: it is not wanted.
    struct leg_evidence *checked;
    struct outcomes *outcomes;  // of earlier dials, and for this one's; NULL: none are kept
    void (*done)(void *user);   // the verdict is final; once, never from within prove_start
    void (*closed)(void *user); // all handles are closed and the prover is freed; once
    void *user;
};

// prove_start begins; NULL when a dial can't prove the verdict or nothing could be opened: no hook
// is called then.
struct prover *prove_start(const struct prove_setup *setup);

// prove_stop ends it now; the verdict gets what is known so far. `done` is not called any more,
// `closed` follows from the loop. Idempotent; NULL does nothing.
void prove_stop(struct prover *prover);
