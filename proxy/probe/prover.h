// Inside of probe: what the provers that dial have in common. Each kind is a struct that begins
// with this one, and looks first whether the verdict is one of its own. It lives on the heap until
// its handles are closed.
#pragma once

#include "prove.h"

struct prover {
    void (*stop)(struct prover *prover);
    void (*clear)(struct prover *prover); // what the kind owns, just before it is freed; NULL: none
    uv_timer_t timer;
    int open_handles;           // the timer, and what the kind counts
    void (*closed)(void *user); // of the setup
    void *user;
};

// prover_open makes the timer of an all-zero prover: its first open handle.
void prover_open(struct prover *prover, const struct prove_setup *setup,
                 void (*stop)(struct prover *prover));

// prover_close_timer closes the timer. Idempotent; the rest comes from the loop.
void prover_close_timer(struct prover *prover);

// prover_handle_closed counts a handle down; with the last one it frees the prover and says
// `closed`.
void prover_handle_closed(struct prover *prover);

// prover_copy_address keeps where the server leg was dialled.
void prover_copy_address(const struct prove_setup *setup, struct sockaddr_storage *out_address);

// Each begins, or gives NULL when the verdict is not one that it can prove or nothing could be
// opened: no hook is called then. As prove_start else.
struct prover *hello_prover_start(const struct prove_setup *setup); // raw hellos, by plan.h
struct prover *full_prover_start(const struct prove_setup *setup);  // whole handshakes, by full.h
struct prover *reach_prover_start(const struct prove_setup *setup); // names and TCP, by reach.h
