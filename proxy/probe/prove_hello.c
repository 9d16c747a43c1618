// States of a prover:
//
//   ROUND ── all dials of the round have ended ──▶ ROUND (the next) or LEAVING ──▶ freed
//
//   state   | what holds
//   --------+----------------------------------------------------------------------
//   ROUND   | `pending` dials run; the timer bounds the round
//   LEAVING | the verdict is told; sockets read to their end until the timer closes them
#include "prover.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conclude.h"
#include "hello_dial.h"
#include "outcomes.h"

#define ROOM_BYTES ((size_t)16 * 1024)
// What a server may take to answer our FIN with its own before the socket is simply closed.
#define LEAVE_MS_MAX 250
// Small servers have a short queue for connections, and one that is full costs a second: so many
// dials begin at once, the next one each time that one has its outcome, or after this pause.
#define AT_ONCE_MAX 5
#define PAUSE_MS    20

enum prover_state {
    PROVER_ROUND,
    PROVER_LEAVING
};

struct hello_prover {
    struct prover base; // first: it is what others hold
    struct prove_setup setup;
    struct sockaddr_storage address;
    char tunnel[ENDPOINT_TEXT_MAX];
    enum prover_state state;
    struct plan plan;
    struct hello_dial dials[PROBE_DIALS_MAX];
    struct outcome_key keys[PROBE_DIALS_MAX];
    bool has_key[PROBE_DIALS_MAX];
    size_t started, pending;
    int64_t deadline_us, round_us; // when the time of all, and of this round, is over
    bool is_starting, was_stopped;
    uint8_t room[ROOM_BYTES];
};

static void begin_round(struct hello_prover *prover);
static void start_some(struct hello_prover *prover, size_t pending_max);
static void end_round(struct hello_prover *prover);

static void close_all(struct hello_prover *prover)
{
    for (size_t i = 0; i < prover->started; i++) {
        hello_dial_close(&prover->dials[i]);
    }
    prover_close_timer(&prover->base);
}

static void on_timer(uv_timer_t *timer);

static void arm(struct hello_prover *prover, int64_t ms)
{
    (void)uv_timer_start(&prover->base.timer, on_timer, (uint64_t)(ms > 0 ? ms : 0), 0);
}

// arm_round waits for the next dial's turn, or for the end of the round.
static void arm_round(struct hello_prover *prover)
{
    int64_t left_ms = (prover->round_us - clock_monotonic_us() + 999) / 1000;
    bool has_more = prover->started < prover->plan.count;
    arm(prover, has_more && left_ms > PAUSE_MS ? PAUSE_MS : left_ms);
}

static void on_timer(uv_timer_t *timer)
{
    struct hello_prover *prover = timer->data;
    if (prover->state == PROVER_LEAVING) {
        close_all(prover);
        return;
    }
    if (prover->pending == 0) {
        end_round(prover);
        return;
    }
    if (clock_monotonic_us() < prover->round_us) { // a pause is over
        start_some(prover, prover->pending + 1);
        arm_round(prover);
        return;
    }
    size_t started = prover->started;     // the last stop may begin the next round
    prover->started = prover->plan.count; // the time is over for those that wait
    for (size_t i = 0; i < started; i++) {
        hello_dial_stop(&prover->dials[i]);
    }
}

static void leave(struct hello_prover *prover)
{
    prover->state = PROVER_LEAVING;
    conclude(&prover->plan, prover->setup.verdict);
    if (prover->base.open_handles == 1) { // the timer alone: all sockets are closed
        prover_close_timer(&prover->base);
    } else {
        arm(prover, LEAVE_MS_MAX);
    }
    prover->setup.done(prover->setup.user);
}

static void end_round(struct hello_prover *prover)
{
    bool has_time = clock_monotonic_us() < prover->deadline_us;
    if (has_time && plan_next(&prover->plan) > 0) {
        begin_round(prover);
        return;
    }
    leave(prover);
}

static void on_done(void *user, struct hello_dial *dial)
{
    struct hello_prover *prover = user;
    size_t i = (size_t)(dial - prover->dials);
    struct trial *trial = &prover->plan.trials[i];
    if (prover->has_key[i]) {
        outcomes_put(prover->setup.outcomes, &prover->keys[i], clock_monotonic_us(),
                     &trial->outcome);
    }
    trial_judge(trial, prover->plan.wanted, prover->setup.arena);
    prover->pending--;
    start_some(prover, AT_ONCE_MAX);
    if (prover->pending == 0 && !prover->is_starting && !prover->was_stopped) {
        end_round(prover);
    }
}

static void on_closed(void *user, struct hello_dial *dial)
{
    struct hello_prover *prover = user;
    (void)dial;
    if (prover->state == PROVER_LEAVING && prover->base.open_handles == 2) {
        prover_close_timer(&prover->base); // nothing is left to wait for
    }
    prover_handle_closed(&prover->base);
}

// hello_of makes the hello of a trial; false when it can't be made: it is then left out.
static bool hello_of(struct hello_prover *prover, struct trial *trial, struct buffer *out)
{
    const struct judge *judge = &prover->plan.judge;
    if (trial->change.kind == CHANGE_BLAME) {
        trial->offered = judge->client;
        return buffer_append(out, judge->client_hello.whole);
    }
    return variant_encode(&prover->plan.base, &trial->change, out, &trial->offered);
}

static uint16_t record_version(const struct trial *trial)
{
    return trial->change.kind == CHANGE_RECORD ? VERSION_TLS12 : 0;
}

// recall takes what an earlier proof was told of the same hello. Two trials of this one may agree
// in all but the order of extensions: they are dialled both.
static bool recall(struct hello_prover *prover, size_t i, struct slice hello)
{
    struct trial *trial = &prover->plan.trials[i];
    const struct outcome_place place = {
        .address = (const struct sockaddr *)&prover->address,
        .tunnel = prover->setup.is_via ? prover->tunnel : NULL,
        .ending = &prover->setup.evidence->legs[SERVER].handshake,
        .record_version = record_version(trial),
    };
    int64_t age_us, now_us = clock_monotonic_us();
    int64_t begun_us = prover->deadline_us - (int64_t)PROBE_MS_MAX * 1000;
    struct outcome outcome;
    prover->has_key[i] =
        prover->setup.outcomes != NULL && outcome_key_of(&place, hello, &prover->keys[i]);
    if (!prover->has_key[i] ||
        !outcomes_find(prover->setup.outcomes, &prover->keys[i], now_us, prover->setup.arena,
                       &outcome, &age_us) ||
        age_us <= now_us - begun_us) {
        return false;
    }
    trial->outcome = outcome;
    trial->age_us = age_us;
    trial_judge(trial, prover->plan.wanted, prover->setup.arena);
    return true;
}

// start_dial is true when a dial runs; false when none is needed or can be made.
static bool start_dial(struct hello_prover *prover, size_t i)
{
    struct buffer hello = {0};
    struct trial *trial = &prover->plan.trials[i];
    struct hello_dial_setup setup = {
        .loop = prover->setup.loop,
        .address = (const struct sockaddr *)&prover->address,
        .tunnel = prover->setup.is_via ? prover->tunnel : NULL,
        .record_version = record_version(trial),
        .room = {prover->room, sizeof(prover->room)},
        .out = &trial->outcome,
        .arena = prover->setup.arena,
        .done = on_done,
        .closed = on_closed,
        .user = prover,
    };
    bool ok = hello_of(prover, trial, &hello);
    setup.hello = buffer_slice(&hello);
    ok = ok && !recall(prover, i, setup.hello) && hello_dial_start(&prover->dials[i], &setup);
    buffer_clear(&hello);
    return ok;
}

static void start_some(struct hello_prover *prover, size_t pending_max)
{
    if (prover->is_starting || prover->was_stopped) {
        return;
    }
    prover->is_starting = true;
    while (prover->started < prover->plan.count && prover->pending < pending_max) {
        size_t i = prover->started++;
        if (start_dial(prover, i)) {
            prover->base.open_handles++;
            prover->pending++;
        }
    }
    prover->is_starting = false;
}

static void begin_round(struct hello_prover *prover)
{
    int64_t round_us = clock_monotonic_us() + (int64_t)PROBE_ROUND_MS_MAX * 1000;
    prover->round_us = round_us < prover->deadline_us ? round_us : prover->deadline_us;
    start_some(prover, AT_ONCE_MAX);
    arm_round(prover);
    if (prover->pending == 0) {
        arm(prover, 0); // nothing to wait for: the timer ends the round
    }
}

static void stop(struct prover *base)
{
    struct hello_prover *prover = (struct hello_prover *)base;
    if (prover->was_stopped) {
        return;
    }
    prover->was_stopped = true;
    if (prover->state == PROVER_ROUND) {
        prover->state = PROVER_LEAVING;
        conclude(&prover->plan, prover->setup.verdict);
    }
    close_all(prover);
}

struct prover *hello_prover_start(const struct prove_setup *setup)
{
    struct hello_prover *prover = calloc(1, sizeof(*prover));
    if (prover == NULL || setup->address == NULL ||
        !plan_open(&prover->plan, setup->evidence, setup->verdict, setup->arena)) {
        free(prover);
        return NULL;
    }
    prover->setup = *setup;
    prover_copy_address(setup, &prover->address);
    (void)endpoint_text(&setup->evidence->target, prover->tunnel); // gives its argument back
    prover->deadline_us = clock_monotonic_us() + (int64_t)PROBE_MS_MAX * 1000;
    prover_open(&prover->base, setup, stop);
    begin_round(prover);
    return &prover->base;
}
