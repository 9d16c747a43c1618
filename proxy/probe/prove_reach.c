// Proves that an origin can't be reached: all names and addresses at once, bounded by one timer.
// A resolver at work can't be stopped: the prover lives until it has answered.
#include "prover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "reach.h"

struct reach_prover;

// One trial's handles. A handle or a request is counted in open_handles.
struct attempt {
    struct reach_prover *prover;
    struct reach_trial *trial;
    uv_getaddrinfo_t resolve;
    uv_tcp_t tcp;
    uv_connect_t connect;
    bool has_tcp, is_started;
};

struct reach_prover {
    struct prover base; // first: it is what others hold
    struct prove_setup setup;
    struct reach_plan plan;
    struct attempt attempts[REACH_TRIALS_MAX];
    size_t pending;
    int64_t begun_us;
    bool is_starting, is_over;
};

static void on_tcp_closed(uv_handle_t *handle)
{
    struct attempt *attempt = handle->data;
    prover_handle_closed(&attempt->prover->base);
}

static void close_all(struct reach_prover *prover)
{
    for (size_t i = 0; i < prover->plan.count; i++) {
        struct attempt *attempt = &prover->attempts[i];
        if (attempt->has_tcp && !uv_is_closing((uv_handle_t *)&attempt->tcp)) {
            uv_close((uv_handle_t *)&attempt->tcp, on_tcp_closed);
        }
    }
    prover_close_timer(&prover->base);
}

// finish tells what is known by now.
static void finish(struct reach_prover *prover)
{
    prover->is_over = true;
    reach_conclude(&prover->plan, prover->setup.verdict);
    close_all(prover);
}

static void end_of(struct attempt *attempt)
{
    struct reach_prover *prover = attempt->prover;
    struct reach_trial *trial = attempt->trial;
    trial->was_run = true;
    trial->ms = (double)(clock_monotonic_us() - prover->begun_us) / 1000.0;
    if (--prover->pending == 0 && !prover->is_starting) {
        finish(prover);
        prover->setup.done(prover->setup.user);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct reach_prover *prover = timer->data;
    for (size_t i = 0; i < prover->plan.count; i++) {
        struct reach_trial *trial = &prover->plan.trials[i];
        trial->is_late = !trial->was_run && prover->attempts[i].is_started;
        if (trial->is_late) {
            trial->was_run = true;
            trial->ms = (double)(clock_monotonic_us() - prover->begun_us) / 1000.0;
        }
    }
    finish(prover);
    prover->setup.done(prover->setup.user);
}

// ---- names

static bool has_address(const struct addrinfo *found)
{
    for (; found != NULL; found = found->ai_next) {
        if (found->ai_family == AF_INET || found->ai_family == AF_INET6) {
            return true;
        }
    }
    return false;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct attempt *attempt = request->data;
    struct reach_prover *prover = attempt->prover;
    bool passed = status == 0 && has_address(found);
    uv_freeaddrinfo(found);
    if (!prover->is_over) {
        attempt->trial->passed = passed;
        attempt->trial->detail = status != 0 ? uv_strerror(status) : "the name has no address";
        end_of(attempt);
    }
    prover_handle_closed(&prover->base); // the request was counted like a handle
}

static bool start_name(struct attempt *attempt)
{
    const struct prove_setup *setup = &attempt->prover->setup;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", setup->hop->port);
    hints.ai_family = attempt->trial->kind == REACH_NAME_IPV4   ? AF_INET
                      : attempt->trial->kind == REACH_NAME_IPV6 ? AF_INET6
                                                                : AF_UNSPEC;
    attempt->resolve.data = attempt;
    return uv_getaddrinfo(setup->loop, &attempt->resolve, on_resolved, attempt->trial->what, port,
                          &hints) == 0;
}

// ---- addresses

static void on_connected(uv_connect_t *request, int status)
{
    struct attempt *attempt = request->data;
    if (attempt->prover->is_over) {
        return; // its socket is closing
    }
    attempt->trial->passed = status == 0;
    attempt->trial->os_error = -status;
    end_of(attempt);
}

static bool start_address(struct attempt *attempt, size_t i)
{
    const struct prove_setup *setup = &attempt->prover->setup;
    const struct sockaddr *address = (const struct sockaddr *)&setup->addresses[i];
    if (uv_tcp_init(setup->loop, &attempt->tcp) != 0) {
        return false;
    }
    attempt->has_tcp = true;
    attempt->tcp.data = attempt;
    attempt->connect.data = attempt;
    attempt->prover->base.open_handles++;
    int status = uv_tcp_connect(&attempt->connect, &attempt->tcp, address, on_connected);
    if (status < 0) { // told at once: no callback follows
        attempt->trial->os_error = -status;
        attempt->trial->was_run = true;
    }
    return status == 0;
}

// ---- beginning

static void stop(struct prover *base)
{
    struct reach_prover *prover = (struct reach_prover *)base;
    if (prover->is_over) {
        return;
    }
    for (size_t i = 0; i < prover->plan.count; i++) {
        if (prover->plan.is_name && prover->attempts[i].is_started &&
            !prover->plan.trials[i].was_run) {
            (void)uv_cancel((uv_req_t *)&prover->attempts[i].resolve); // one at work goes on
        }
    }
    finish(prover);
}

static bool open_plan(struct reach_prover *prover, const struct prove_setup *setup)
{
    const char *texts[REACH_TRIALS_MAX];
    size_t count =
        setup->address_count < REACH_TRIALS_MAX ? setup->address_count : REACH_TRIALS_MAX;
    for (size_t i = 0; i < count; i++) {
        char text[ENDPOINT_TEXT_MAX] = "";
        const struct sockaddr *address = (const struct sockaddr *)&setup->addresses[i];
        (void)uv_ip_name(address, text, sizeof(text)); // it was dialled: it has one
        texts[i] = arena_text(setup->arena, slice_of_text(text));
        if (texts[i] == NULL) {
            return false;
        }
    }
    const char *name = setup->hop != NULL && !setup->hop->is_ip ? setup->hop->host : NULL;
    return reach_open(&prover->plan, setup->evidence, setup->verdict, name, texts, count,
                      setup->arena);
}

static void start_all(struct reach_prover *prover)
{
    prover->is_starting = true;
    for (size_t i = 0; i < prover->plan.count; i++) {
        struct attempt *attempt = &prover->attempts[i];
        attempt->prover = prover;
        attempt->trial = &prover->plan.trials[i];
        attempt->is_started =
            prover->plan.is_name ? start_name(attempt) : start_address(attempt, i);
        prover->pending += attempt->is_started ? 1 : 0;
        // A request to the resolver is counted like a handle.
        prover->base.open_handles += attempt->is_started && prover->plan.is_name ? 1 : 0;
    }
    prover->is_starting = false;
}

struct prover *reach_prover_start(const struct prove_setup *setup)
{
    struct reach_prover *prover = calloc(1, sizeof(*prover));
    if (prover == NULL || !open_plan(prover, setup)) {
        free(prover);
        return NULL;
    }
    prover->setup = *setup;
    prover->begun_us = clock_monotonic_us();
    prover_open(&prover->base, setup, stop);
    start_all(prover);
    uint64_t wait_ms = prover->pending > 0 ? PROBE_ROUND_MS_MAX : 0;
    (void)uv_timer_start(&prover->base.timer, on_timer, wait_ms,
                         0); // fails for closing handles only
    return &prover->base;
}
