// Proves by whole handshakes, all at once, each with an engine of the TLS library. No application
// data is sent. States: DIALLING until every trial has had its last word, then LEAVING, as in
// prove_hello.c.
#include "prover.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "full.h"
#include "survey_leg.h"

#define ROOM_BYTES ((size_t)16 * 1024)
// What an origin may take for its last word behind our Finished: as long again as the handshake
// took, twice, within these limits.
#define LATE_MS_MIN  150
#define LATE_MS_MAX  1000
#define TICK_MS      10
#define LEAVE_MS_MAX 250

struct full_prover {
    struct prover base; // first: it is what others hold
    struct prove_setup setup;
    struct sockaddr_storage address;
    char tunnel[ENDPOINT_TEXT_MAX];
    struct full_plan plan;
    struct survey_leg legs[FULL_TRIALS_MAX];
    struct leaf *leaf; // made for this
    int64_t begun_us[FULL_TRIALS_MAX];
    int64_t late_us[FULL_TRIALS_MAX]; // when the wait for a last word is over; 0: it is not on
    size_t pending;
    int64_t deadline_us;
    bool is_starting, is_leaving, was_stopped;
    uint8_t room[ROOM_BYTES];
};

static void close_all(struct full_prover *prover)
{
    for (size_t i = 0; i < prover->plan.count; i++) {
        survey_leg_close(&prover->legs[i]);
    }
    prover_close_timer(&prover->base);
}

// keep_checked gives what was shown to whoever asks further about it.
static void keep_checked(const struct full_prover *prover)
{
    const struct full_trial *trial = &prover->plan.trials[0];
    if (prover->setup.checked != NULL && trial->change == FULL_CHECKED) {
        *prover->setup.checked = *trial->evidence;
    }
}

static void leave(struct full_prover *prover)
{
    prover->is_leaving = true;
    keep_checked(prover);
    full_conclude(&prover->plan, prover->setup.trust, prover->setup.verdict);
    prover->deadline_us = clock_monotonic_us() + (int64_t)LEAVE_MS_MAX * 1000;
    if (prover->base.open_handles == 1) { // the timer alone
        prover_close_timer(&prover->base);
    }
    prover->setup.done(prover->setup.user);
}

static void on_tick(uv_timer_t *timer)
{
    struct full_prover *prover = timer->data;
    int64_t now_us = clock_monotonic_us();
    if (prover->is_leaving) {
        if (now_us >= prover->deadline_us) {
            close_all(prover);
        }
        return;
    }
    if (prover->pending == 0) {
        leave(prover);
        return;
    }
    bool is_over = now_us >= prover->deadline_us;
    for (size_t i = 0; i < prover->plan.count; i++) {
        if (is_over || (prover->late_us[i] != 0 && now_us >= prover->late_us[i])) {
            survey_leg_stop(&prover->legs[i]); // idempotent
        }
    }
}

// ---- what the legs tell

static size_t index_of(const struct full_prover *prover, const struct survey_leg *leg)
{
    return (size_t)(leg - prover->legs);
}

static void on_late(void *user, struct survey_leg *leg)
{
    struct full_prover *prover = user;
    size_t i = index_of(prover, leg);
    int64_t now_us = clock_monotonic_us();
    int64_t wait_us = 2 * (now_us - prover->begun_us[i]);
    wait_us = wait_us < LATE_MS_MIN * 1000 ? LATE_MS_MIN * 1000 : wait_us;
    wait_us = wait_us > LATE_MS_MAX * 1000 ? LATE_MS_MAX * 1000 : wait_us;
    prover->late_us[i] = now_us + wait_us;
}

static void on_done(void *user, struct survey_leg *leg)
{
    struct full_prover *prover = user;
    size_t i = index_of(prover, leg);
    struct full_trial *trial = &prover->plan.trials[i];
    trial->was_run = true;
    trial->ms = (double)(clock_monotonic_us() - prover->begun_us[i]) / 1000.0;
    trial->is_named = engine_is_issuer_named(leg->engine, &trial->named_count);
    if (--prover->pending == 0 && !prover->is_starting && !prover->was_stopped) {
        leave(prover);
    }
}

static void on_closed(void *user, struct survey_leg *leg)
{
    struct full_prover *prover = user;
    (void)leg;
    if (prover->is_leaving && prover->base.open_handles == 2) {
        prover_close_timer(&prover->base); // nothing is left to wait for
    }
    prover_handle_closed(&prover->base);
}

// ---- beginning

// Only the answer to a certificate comes behind the Finished.
static bool is_about_certificates(const struct full_plan *plan)
{
    enum full_change change = plan->trials[1].change;
    return change == FULL_NO_CERTIFICATE || change == FULL_MADE_CERTIFICATE;
}

static const struct leg_shape *shape_of(const struct prove_setup *setup)
{
    const struct leg_shape *own = setup->evidence->legs[SERVER].shape;
    return own != NULL ? own : setup->shape;
}

static bool start_leg(struct full_prover *prover, size_t i)
{
    const struct leg_evidence *broken = &prover->setup.evidence->legs[SERVER];
    const struct client_hello *hello = &prover->plan.judge.sent_hello;
    bool has_hello = prover->plan.judge.has_sent_hello;
    const struct full_trial *trial = &prover->plan.trials[i];
    bool is_checked = trial->change == FULL_CHECKED;
    const struct leg_shape *shape = shape_of(&prover->setup);
    struct survey_leg_setup setup = {
        .loop = prover->setup.loop,
        .address = (const struct sockaddr *)&prover->address,
        .tunnel = prover->setup.is_via ? prover->tunnel : NULL,
        .engine = {.side = SERVER,
                   .alpn = {shape->alpn, shape->alpn_len},
                   .sni = broken->sni_sent,
                   .wants_staple = has_hello && hello->has_status_request,
                   .offers_ticket = has_hello && hello->has_ticket,
                   .leaf = trial->change == FULL_MADE_CERTIFICATE ? prover->leaf : NULL,
                   .withholds_certificate =
                       trial->change == FULL_NO_CERTIFICATE || prover->setup.evidence->is_passed,
                   .refuses_small_primes = trial->change == FULL_STRICT_PRIME,
                   .trust = is_checked ? prover->setup.trust : NULL,
                   .refuses = is_checked,
                   .verify_name = wanted_name(&prover->plan.judge),
                   .takes_legacy_server = trial->change == FULL_LEGACY_SERVER,
                   .evidence = trial->evidence,
                   .arena = prover->setup.arena},
        .room = {prover->room, sizeof(prover->room)},
        .late = is_about_certificates(&prover->plan) ? on_late : NULL,
        .done = on_done,
        .closed = on_closed,
        .user = prover,
    };
    struct error error;
    trial->evidence->sni_sent = broken->sni_sent;
    prover->begun_us[i] = clock_monotonic_us();
    return contexts_get(prover->setup.contexts, shape, &setup.engine.context, &error) &&
           survey_leg_start(&prover->legs[i], &setup, &error);
}

// make_leaf makes the certificate that is shown instead of none; true when none is needed.
static bool make_leaf(struct full_prover *prover)
{
    const struct leaf_spec spec = {
        .name = "midspan-proof.invalid", .key = LEAF_ECDSA, .fault = LEAF_FAULT_SELF_SIGNED};
    struct error error;
    if (prover->plan.trials[1].change != FULL_MADE_CERTIFICATE) {
        return true;
    }
    prover->leaf = prover->setup.mint != NULL ? mint_leaf(prover->setup.mint, &spec, &error) : NULL;
    return prover->leaf != NULL;
}

static void clear(struct prover *base)
{
    struct full_prover *prover = (struct full_prover *)base;
    leaf_release(prover->leaf);
}

static void stop(struct prover *base)
{
    struct full_prover *prover = (struct full_prover *)base;
    if (prover->was_stopped) {
        return;
    }
    prover->was_stopped = true;
    if (!prover->is_leaving) {
        prover->is_leaving = true;
        full_conclude(&prover->plan, prover->setup.trust, prover->setup.verdict);
    }
    close_all(prover);
}

struct prover *full_prover_start(const struct prove_setup *setup)
{
    struct full_prover *prover = calloc(1, sizeof(*prover));
    if (prover == NULL || setup->contexts == NULL || shape_of(setup) == NULL ||
        setup->address == NULL ||
        !full_open(&prover->plan, setup->evidence, setup->verdict, setup->arena)) {
        free(prover);
        return NULL;
    }
    prover->setup = *setup;
    if (!make_leaf(prover)) {
        free(prover);
        return NULL;
    }
    prover_copy_address(setup, &prover->address);
    (void)endpoint_text(&setup->evidence->target, prover->tunnel); // gives its argument back
    prover->deadline_us = clock_monotonic_us() + (int64_t)PROBE_MS_MAX * 1000;
    prover_open(&prover->base, setup, stop);
    prover->base.clear = clear;
    prover->is_starting = true;
    for (size_t i = 0; i < prover->plan.count; i++) {
        if (start_leg(prover, i)) {
            prover->base.open_handles++;
            prover->pending++;
        }
    }
    prover->is_starting = false;
    (void)uv_timer_start(&prover->base.timer, on_tick, prover->pending > 0 ? TICK_MS : 0, TICK_MS);
    return &prover->base;
}
