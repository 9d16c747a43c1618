// States of a surveyor:
//
//   ASKING ── nothing left to ask, or a limit ──▶ ENDING ── all sockets closed ──▶ freed, done
//
//   state  | what holds
//   -------+----------------------------------------------------------------------
//   ASKING | up to SURVEY_DIALS_AT_ONCE_MAX slots are busy; each tick looks at their deadlines
//   ENDING | the timer is closing, no slot is busy
//
// A slot is ASKED until its answer is known, then LEAVING while its socket reads to its end.
#include "survey.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "context.h"
#include "hello_dial.h"
#include "library.h"
#include "survey_leg.h"
#include "survey_lists.h"
#include "survey_plan.h"

#define ROOM_BYTES   ((size_t)16 * 1024)
#define TICK_MS      20
#define LEAVE_MS_MAX 150 // what a server may take to answer our FIN

enum slot_state {
    SLOT_FREE,
    SLOT_ASKED,
    SLOT_LEAVING
};

struct surveyor;

struct slot {
    struct surveyor *surveyor;
    enum slot_state state;
    bool is_closed; // its socket is: nothing of it runs any more
    int64_t deadline_us;
    struct survey_ask ask;
    struct outcome outcome;
    struct hello_dial dial;
    struct survey_leg leg;
};

enum surveyor_state {
    SURVEYOR_ASKING,
    SURVEYOR_ENDING
};

struct surveyor {
    struct survey_setup setup;
    struct sockaddr_storage address;
    enum surveyor_state state;
    struct survey_plan plan;
    struct slot slots[SURVEY_DIALS_AT_ONCE_MAX];
    struct leg_policy policy;
    struct leg_shape shape;
    struct contexts *contexts;
    struct context context;
    int64_t begun_us;
    uv_timer_t timer;
    uint8_t room[ROOM_BYTES];
};

static void advance(struct surveyor *surveyor);

static void on_timer_closed(uv_handle_t *handle)
{
    struct surveyor *surveyor = handle->data;
    struct survey_setup setup = surveyor->setup;
    contexts_free(surveyor->contexts);
    free(surveyor);
    setup.done(setup.user);
}

// ---- slots

static void note_done(struct slot *slot)
{
    slot->state = SLOT_LEAVING;
    slot->deadline_us = clock_monotonic_us() + (int64_t)LEAVE_MS_MAX * 1000;
    survey_plan_answer(&slot->surveyor->plan, &slot->ask, &slot->outcome);
}

static void on_dial_done(void *user, struct hello_dial *dial)
{
    (void)dial;
    note_done(user);
}

static void on_leg_done(void *user, struct survey_leg *leg)
{
    (void)leg;
    note_done(user);
}

static void note_closed(struct slot *slot)
{
    slot->is_closed = true;
    advance(slot->surveyor);
}

static void on_dial_closed(void *user, struct hello_dial *dial)
{
    (void)dial;
    note_closed(user);
}

static void on_leg_closed(void *user, struct survey_leg *leg)
{
    (void)leg;
    note_closed(user);
}

static bool start_dial(struct slot *slot)
{
    struct surveyor *surveyor = slot->surveyor;
    struct buffer hello = {0};
    struct hello_dial_setup setup = {
        .loop = surveyor->setup.loop,
        .address = (const struct sockaddr *)&surveyor->address,
        .tunnel = surveyor->setup.tunnel,
        .room = {surveyor->room, sizeof(surveyor->room)},
        .out = &slot->outcome,
        .arena = surveyor->setup.arena,
        .done = on_dial_done,
        .closed = on_dial_closed,
        .user = slot,
    };
    bool ok = survey_hello_encode(&slot->ask, surveyor->setup.sni, &hello);
    setup.hello = buffer_slice(&hello);
    ok = ok && hello_dial_start(&slot->dial, &setup);
    buffer_clear(&hello);
    return ok;
}

static struct slice full_alpn(enum survey_full full)
{
    static const uint8_t names[] = "\x02h2\x08http/1.1";
    switch (full) {
    case SURVEY_H2:
        return (struct slice){names, 3};
    case SURVEY_HTTP1:
        return (struct slice){names + 3, 9};
    case SURVEY_NAMED:
    case SURVEY_NAMELESS:
    case SURVEY_OTHER_NAME:
    case SURVEY_FULLS:
        break;
    }
    return (struct slice){names, 12};
}

static const char *full_sni(const struct surveyor *surveyor, enum survey_full full)
{
    if (full == SURVEY_OTHER_NAME) {
        return SURVEY_UNKNOWN_NAME;
    }
    return full == SURVEY_NAMELESS ? NULL : surveyor->setup.sni;
}

static bool start_leg(struct slot *slot)
{
    struct surveyor *surveyor = slot->surveyor;
    enum survey_full full = slot->ask.full;
    struct leg_evidence *evidence = arena_alloc(surveyor->setup.arena, sizeof(*evidence));
    struct error error; // the row stays empty: it says "not checked"
    if (evidence == NULL) {
        return false;
    }
    evidence->sni_sent = full_sni(surveyor, full);
    struct survey_leg_setup setup = {
        .loop = surveyor->setup.loop,
        .address = (const struct sockaddr *)&surveyor->address,
        .tunnel = surveyor->setup.tunnel,
        .engine = {.side = SERVER,
                   .context = surveyor->context,
                   .alpn = full_alpn(full),
                   .sni = evidence->sni_sent,
                   .wants_staple = true,
                   .trust = surveyor->setup.trust,
                   .verify_name = surveyor->setup.verify_name,
                   .evidence = evidence,
                   .arena = surveyor->setup.arena},
        .room = {surveyor->room, sizeof(surveyor->room)},
        .done = on_leg_done,
        .closed = on_leg_closed,
        .user = slot,
    };
    if (!survey_leg_start(&slot->leg, &setup, &error)) {
        return false;
    }
    surveyor->setup.survey->full[full] = evidence;
    return true;
}

static void start(struct slot *slot)
{
    slot->is_closed = false;
    slot->state = SLOT_ASKED;
    slot->deadline_us = clock_monotonic_us() + (int64_t)SURVEY_DIAL_MS_MAX * 1000;
    slot->outcome = (struct outcome){0};
    slot->surveyor->setup.survey->dial_count++;
    if (slot->ask.topic == TOPIC_FULL ? start_leg(slot) : start_dial(slot)) {
        return;
    }
    // Nothing was dialled: an unreachable server, as far as the plan goes.
    slot->is_closed = true;
    slot->outcome.kind = OUTCOME_UNREACHABLE;
    note_done(slot);
}

static void stop(struct slot *slot)
{
    if (slot->ask.topic == TOPIC_FULL) {
        survey_leg_stop(&slot->leg);
    } else {
        hello_dial_stop(&slot->dial);
    }
}

static void leave(struct slot *slot)
{
    if (slot->ask.topic == TOPIC_FULL) {
        survey_leg_close(&slot->leg);
    } else {
        hello_dial_close(&slot->dial);
    }
}

// ---- the machine

static bool is_over(const struct surveyor *surveyor, int64_t now_us)
{
    return now_us - surveyor->begun_us >= (int64_t)SURVEY_MS_MAX * 1000 ||
           surveyor->setup.survey->dial_count >= SURVEY_DIALS_MAX;
}

// look ends what took too long and frees what has closed; false when the slot is free.
static bool look(struct slot *slot, int64_t now_us)
{
    int64_t last_us = slot->surveyor->begun_us + (int64_t)SURVEY_MS_MAX * 1000;
    if (slot->state == SLOT_ASKED && (now_us >= slot->deadline_us || now_us >= last_us)) {
        stop(slot);
    }
    if (slot->state == SLOT_LEAVING && now_us >= slot->deadline_us && !slot->is_closed) {
        leave(slot);
    }
    if (slot->state == SLOT_LEAVING && slot->is_closed) {
        slot->state = SLOT_FREE;
    }
    return slot->state != SLOT_FREE;
}

static void advance(struct surveyor *surveyor)
{
    int64_t now_us = clock_monotonic_us();
    bool is_busy = false;
    for (size_t i = 0; i < SURVEY_DIALS_AT_ONCE_MAX && surveyor->state == SURVEYOR_ASKING; i++) {
        struct slot *slot = &surveyor->slots[i];
        bool is_free = !look(slot, now_us);
        if (is_free && !is_over(surveyor, now_us) &&
            survey_plan_next(&surveyor->plan, &slot->ask)) {
            start(slot);
            is_free = false;
        }
        is_busy = is_busy || !is_free;
    }
    if (is_busy || surveyor->state == SURVEYOR_ENDING) {
        return;
    }
    surveyor->state = SURVEYOR_ENDING;
    survey_plan_cut(&surveyor->plan);
    surveyor->setup.survey->lasted_us = now_us - surveyor->begun_us;
    uv_close((uv_handle_t *)&surveyor->timer, on_timer_closed);
}

static void on_tick(uv_timer_t *timer)
{
    advance(timer->data);
}

bool survey_start(const struct survey_setup *setup, struct error *error)
{
    struct surveyor *surveyor = calloc(1, sizeof(*surveyor));
    if (surveyor == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory");
    }
    surveyor->setup = *setup;
    size_t len = setup->address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                       : sizeof(struct sockaddr_in);
    memcpy(&surveyor->address, setup->address, len);
    leg_policy_default(&surveyor->policy, SERVER);
    struct library library;
    library_ask(&library);
    survey_shape(&library, &surveyor->shape);
    struct context_common common = {.side = SERVER, .policy = &surveyor->policy};
    surveyor->contexts = contexts_new(&common);
    if (surveyor->contexts == NULL ||
        !contexts_get(surveyor->contexts, &surveyor->shape, &surveyor->context, error)) {
        contexts_free(surveyor->contexts);
        free(surveyor);
        return error_set(error, ERROR_CRYPTO, "the TLS library cannot be set up");
    }
    survey_plan_open(&surveyor->plan, setup->survey, setup->sni != NULL);
    for (size_t i = 0; i < SURVEY_DIALS_AT_ONCE_MAX; i++) {
        surveyor->slots[i].surveyor = surveyor;
    }
    surveyor->begun_us = clock_monotonic_us();
    surveyor->timer.data = surveyor;
    (void)uv_timer_init(setup->loop, &surveyor->timer);          // always 0
    (void)uv_timer_start(&surveyor->timer, on_tick, 0, TICK_MS); // fails on closing timers only
    return true;
}
