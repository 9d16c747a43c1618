// Inside of probe: what the provers that dial have in common. Each kind is a struct that begins
// with this one, and looks first whether the verdict is one of its own.
#pragma once

#include "prove.h"

struct prover {
    void (*stop)(struct prover *prover);
};

// Each begins, or gives NULL when the verdict is not one that it can prove or nothing could be
// opened: no hook is called then. As prove_start else.
struct prover *hello_prover_start(const struct prove_setup *setup); // raw hellos, by plan.h
struct prover *full_prover_start(const struct prove_setup *setup);  // whole handshakes, by full.h
struct prover *reach_prover_start(const struct prove_setup *setup); // names and TCP, by reach.h
