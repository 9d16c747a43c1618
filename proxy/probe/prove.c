#include "prover.h"

#include <stddef.h>

#include "base.h"

struct prover *prove_start(const struct prove_setup *setup)
{
    static struct prover *(*const kinds[])(const struct prove_setup *setup) = {
        reach_prover_start,
        full_prover_start,
        hello_prover_start,
    };
    struct prover *prover = NULL;
    for (size_t i = 0; i < COUNT_OF(kinds) && prover == NULL; i++) {
        prover = kinds[i](setup);
    }
    return prover;
}

void prove_stop(struct prover *prover)
{
    if (prover != NULL) {
        prover->stop(prover);
    }
}
