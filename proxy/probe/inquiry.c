// States of an inquiry:
//
//   ASKING ── the fetch has ended ──▶ ASKING (the next) or LEAVING ──▶ freed
//
//   state   | what holds
//   --------+------------------------------------------------------
//   ASKING  | the last of `fetches` runs
//   LEAVING | the verdict is told; the fetches are being closed
#include "inquiry.h"

#include <stdlib.h>

#include "clock.h"
#include "fetch.h"
#include "missing.h"
#include "other_clock.h"
#include "revoked.h"

#define ROOM_BYTES ((size_t)16 * 1024)

enum topic {
    TOPIC_NONE,
    TOPIC_ISSUER,
    TOPIC_RESPONDER,
    TOPIC_CLOCK
};

enum inquiry_state {
    INQUIRY_ASKING,
    INQUIRY_LEAVING
};

struct inquiry {
    struct inquiry_setup setup;
    struct endpoint via;
    enum inquiry_state state;
    enum topic topic;
    struct missing missing;   // TOPIC_ISSUER
    struct revoked revoked;   // TOPIC_RESPONDER
    struct other_clock clock; // TOPIC_CLOCK
    struct fetch fetches[INQUIRY_FETCHES_MAX];
    size_t started;
    int open_fetches;
    int64_t begun_us;
    bool was_stopped;
    uint8_t room[ROOM_BYTES];
};

static void on_fetched(void *user);

static void clear(struct inquiry *inquiry)
{
    missing_clear(&inquiry->missing);
    revoked_clear(&inquiry->revoked);
    other_clock_clear(&inquiry->clock);
    free(inquiry);
}

static void on_fetch_closed(void *user)
{
    struct inquiry *inquiry = user;
    if (--inquiry->open_fetches > 0) {
        return;
    }
    struct inquiry_setup setup = inquiry->setup;
    clear(inquiry);
    setup.closed(setup.user);
}

// start_fetch asks the address; false when it is none that can be asked.
static bool start_fetch(struct inquiry *inquiry, const char *address, struct slice question)
{
    struct fetch_setup setup = {
        .loop = inquiry->setup.loop,
        .via = inquiry->setup.via != NULL ? &inquiry->via : NULL,
        .question = question,
        .question_type = REVOKED_QUESTION_TYPE,
        .room = {inquiry->room, sizeof(inquiry->room)},
        .done = on_fetched,
        .closed = on_fetch_closed,
        .user = inquiry,
    };
    if (!web_address_read(slice_of_text(address), &setup.address) ||
        !fetch_start(&inquiry->fetches[inquiry->started], &setup)) {
        return false;
    }
    inquiry->started++;
    inquiry->open_fetches++;
    return true;
}

static bool ask_responder(struct inquiry *inquiry)
{
    struct buffer question = {.limit = FETCH_QUESTION_MAX};
    bool ok = revoked_question(&inquiry->revoked, &question) &&
              start_fetch(inquiry, inquiry->revoked.place, buffer_slice(&question));
    buffer_clear(&question);
    return ok;
}

// ask_next starts the next question; false when there is none, or no time.
static bool ask_next(struct inquiry *inquiry)
{
    int64_t spent_us = clock_monotonic_us() - inquiry->begun_us;
    bool is_first = inquiry->started == 0;
    if (inquiry->started == INQUIRY_FETCHES_MAX ||
        spent_us > (int64_t)(INQUIRY_MS_MAX - FETCH_MS_MAX) * 1000) {
        return false;
    }
    const char *address = NULL;
    switch (inquiry->topic) {
    case TOPIC_ISSUER:
        address = missing_address(&inquiry->missing);
        break;
    case TOPIC_RESPONDER:
        return is_first && ask_responder(inquiry);
    case TOPIC_CLOCK:
        address = is_first ? inquiry->clock.place : NULL;
        break;
    case TOPIC_NONE:
        break;
    }
    return address != NULL && start_fetch(inquiry, address, SLICE_EMPTY);
}

static void conclude(struct inquiry *inquiry)
{
    inquiry->state = INQUIRY_LEAVING;
    if (inquiry->topic == TOPIC_ISSUER) {
        missing_conclude(&inquiry->missing);
    }
}

static void close_all(struct inquiry *inquiry)
{
    for (size_t i = 0; i < inquiry->started; i++) {
        fetch_close(&inquiry->fetches[i]);
    }
}

static const char *failure_of(struct inquiry *inquiry, const struct fetch *fetch)
{
    if (fetch->result != FETCH_ANSWER) {
        return fetch_result_words(fetch->result);
    }
    const char *text = arena_printf(inquiry->setup.arena, "HTTP status %d", fetch->answer.status);
    return text != NULL ? text : "no";
}

static void take_issuer(struct inquiry *inquiry, const struct fetch *fetch, bool is_there)
{
    if (is_there) {
        missing_take(&inquiry->missing, http_answer_body(&fetch->answer), fetch->ms);
    } else {
        missing_none(&inquiry->missing, failure_of(inquiry, fetch), fetch->ms);
    }
}

static void take_revocation(struct inquiry *inquiry, const struct fetch *fetch, bool is_there)
{
    if (is_there) {
        revoked_take(&inquiry->revoked, http_answer_body(&fetch->answer), fetch->ms);
    } else {
        revoked_none(&inquiry->revoked, failure_of(inquiry, fetch), fetch->ms);
    }
}

// take_time takes the date of any answer: also one that says "not found" knows the time.
static void take_time(struct inquiry *inquiry, const struct fetch *fetch)
{
    if (fetch->result == FETCH_ANSWER) {
        other_clock_take(&inquiry->clock, fetch->answer.date, fetch->ms);
    } else {
        other_clock_none(&inquiry->clock, failure_of(inquiry, fetch), fetch->ms);
    }
}

static void take(struct inquiry *inquiry, const struct fetch *fetch)
{
    bool is_there = fetch->result == FETCH_ANSWER && fetch->answer.status == 200;
    switch (inquiry->topic) {
    case TOPIC_ISSUER:
        take_issuer(inquiry, fetch, is_there);
        break;
    case TOPIC_RESPONDER:
        take_revocation(inquiry, fetch, is_there);
        break;
    case TOPIC_CLOCK:
        take_time(inquiry, fetch);
        break;
    case TOPIC_NONE:
        break;
    }
}

static void on_fetched(void *user)
{
    struct inquiry *inquiry = user;
    if (inquiry->state != INQUIRY_ASKING) {
        return;
    }
    take(inquiry, &inquiry->fetches[inquiry->started - 1]);
    if (ask_next(inquiry)) {
        return;
    }
    conclude(inquiry);
    close_all(inquiry);
    inquiry->setup.done(inquiry->setup.user);
}

static enum topic find_topic(struct inquiry *inquiry)
{
    const struct inquiry_setup *setup = &inquiry->setup;
    if (missing_open(&inquiry->missing, setup->evidence, setup->trust, setup->arena,
                     setup->verdict)) {
        return TOPIC_ISSUER;
    }
    if (revoked_open(&inquiry->revoked, setup->evidence, setup->trust, setup->arena,
                     setup->verdict)) {
        return TOPIC_RESPONDER;
    }
    return other_clock_open(&inquiry->clock, setup->evidence, setup->trust, setup->arena,
                            setup->verdict)
               ? TOPIC_CLOCK
               : TOPIC_NONE;
}

struct inquiry *inquiry_start(const struct inquiry_setup *setup)
{
    struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
    if (inquiry == NULL) {
        return NULL;
    }
    inquiry->setup = *setup;
    inquiry->begun_us = clock_monotonic_us();
    if (setup->via != NULL) {
        inquiry->via = *setup->via;
    }
    inquiry->topic = find_topic(inquiry);
    if (inquiry->topic == TOPIC_NONE || !ask_next(inquiry)) {
        clear(inquiry);
        return NULL;
    }
    return inquiry;
}

void inquiry_stop(struct inquiry *inquiry)
{
    if (inquiry == NULL || inquiry->was_stopped) {
        return;
    }
    inquiry->was_stopped = true;
    if (inquiry->state == INQUIRY_ASKING) {
        conclude(inquiry);
    }
    close_all(inquiry);
}
