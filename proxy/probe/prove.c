#include "prover.h"

#include <stdlib.h>
#include <string.h>

#include "base.h"

void prover_handle_closed(struct prover *prover)
{
    if (--prover->open_handles > 0) {
        return;
    }
    if (prover->clear != NULL) {
        prover->clear(prover);
    }
    void (*closed)(void *user) = prover->closed;
    void *user = prover->user;
    free(prover);
    closed(user);
}

static void on_timer_closed(uv_handle_t *handle)
{
    prover_handle_closed(handle->data);
}

void prover_open(struct prover *prover, const struct prove_setup *setup,
                 void (*stop)(struct prover *prover))
{
    prover->stop = stop;
    prover->closed = setup->closed;
    prover->user = setup->user;
    prover->timer.data = prover;
    (void)uv_timer_init(setup->loop, &prover->timer); // always 0
    prover->open_handles = 1;
}

void prover_close_timer(struct prover *prover)
{
    if (!uv_is_closing((uv_handle_t *)&prover->timer)) {
        uv_close((uv_handle_t *)&prover->timer, on_timer_closed);
    }
}

void prover_copy_address(const struct prove_setup *setup, struct sockaddr_storage *out_address)
{
    size_t len = setup->address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                       : sizeof(struct sockaddr_in);
    memcpy(out_address, setup->address, len);
}

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
