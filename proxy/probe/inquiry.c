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

#include "answers.h"
#include "clock.h"
#include "fetch.h"
#include "missing.h"
#include "other_clock.h"
#include "revoked.h"

#define ROOM_BYTES ((size_t)16 * 1024)

enum topic {
    TOPIC_NONE,
    TOPIC_ISSUER,
    TOPIC_REVOCATION,
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
    struct revoked revoked;   // TOPIC_REVOCATION
    struct other_clock clock; // TOPIC_CLOCK
    struct fetch fetches[INQUIRY_FETCHES_MAX];
    const char *addresses[INQUIRY_FETCHES_MAX]; // of the fetches
    struct buffer question;                     // to a responder; empty: GET
    size_t started;
    size_t asked; // fetched or known already
    int open_fetches;
    bool keeps_far; // the origin is not in midspan's own network: nothing there is asked for it
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
    buffer_clear(&inquiry->question);
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

// asks_list is true if the next answer is a list, which may be long: it gets all the time that is
// left.
static bool asks_list(const struct inquiry *inquiry)
{
    return inquiry->topic == TOPIC_REVOCATION && !revoked_asks_responder(&inquiry->revoked);
}

// start_fetch asks the address; false when it is none that can be asked.
static bool start_fetch(struct inquiry *inquiry, const char *address)
{
    int64_t left_ms = INQUIRY_MS_MAX - (clock_monotonic_us() - inquiry->begun_us) / 1000;
    struct fetch_setup setup = {
        .loop = inquiry->setup.loop,
        .keeps_far = inquiry->keeps_far,
        .via = inquiry->setup.via != NULL ? &inquiry->via : NULL,
        .routes = inquiry->setup.routes,
        .route_count = inquiry->setup.route_count,
        .question = buffer_slice(&inquiry->question),
        .question_type = REVOKED_QUESTION_TYPE,
        .body_max = asks_list(inquiry) ? CRL_BYTES_MAX : 0,
        .wait_ms = asks_list(inquiry) ? left_ms : FETCH_MS_MAX,
        .room = {inquiry->room, sizeof(inquiry->room)},
        .done = on_fetched,
        .closed = on_fetch_closed,
        .user = inquiry,
    };
    if (inquiry->started == INQUIRY_FETCHES_MAX || left_ms < INQUIRY_MS_MAX - FETCH_MS_MAX ||
        !web_address_read(slice_of_text(address), &setup.address) ||
        !fetch_start(&inquiry->fetches[inquiry->started], &setup)) {
        return false;
    }
    inquiry->addresses[inquiry->started++] = address;
    inquiry->open_fetches++;
    return true;
}

// ---- what came

static const char *failure_of(struct inquiry *inquiry, const struct answer_kept *answer)
{
    if (answer->result != FETCH_ANSWER) {
        return fetch_result_words(answer->result);
    }
    const char *text = arena_printf(inquiry->setup.arena, "HTTP status %d", answer->status);
    return text != NULL ? text : "no";
}

static void take_issuer(struct inquiry *inquiry, const struct answer_kept *answer, bool is_there)
{
    inquiry->missing.age_us = answer->age_us;
    if (is_there) {
        missing_take(&inquiry->missing, answer->body, answer->ms);
    } else {
        missing_none(&inquiry->missing, failure_of(inquiry, answer), answer->ms);
    }
}

static void take_revocation(struct inquiry *inquiry, const struct answer_kept *answer,
                            bool is_there)
{
    inquiry->revoked.age_us = answer->age_us;
    if (is_there) {
        revoked_take(&inquiry->revoked, answer->body, answer->ms);
    } else {
        revoked_none(&inquiry->revoked, failure_of(inquiry, answer), answer->ms);
    }
}

// take_time takes the date of any answer: also one that says "not found" knows the time.
static void take_time(struct inquiry *inquiry, const struct answer_kept *answer)
{
    inquiry->clock.age_us = answer->age_us;
    if (answer->result == FETCH_ANSWER) {
        other_clock_take(&inquiry->clock, answer->date, answer->held_us, answer->ms);
    } else {
        other_clock_none(&inquiry->clock, failure_of(inquiry, answer), answer->ms);
    }
}

static void take(struct inquiry *inquiry, const struct answer_kept *answer)
{
    bool is_there = answer->result == FETCH_ANSWER && answer->status == 200;
    switch (inquiry->topic) {
    case TOPIC_ISSUER:
        take_issuer(inquiry, answer, is_there);
        break;
    case TOPIC_REVOCATION:
        take_revocation(inquiry, answer, is_there);
        break;
    case TOPIC_CLOCK:
        take_time(inquiry, answer);
        break;
    case TOPIC_NONE:
        break;
    }
}

// ---- the questions

// next_address gives whom to ask next, NULL for nobody, and makes the question.
static const char *next_address(struct inquiry *inquiry)
{
    bool is_first = inquiry->asked == 0;
    switch (inquiry->topic) {
    case TOPIC_ISSUER:
        return missing_address(&inquiry->missing);
    case TOPIC_REVOCATION:
        buffer_clear(&inquiry->question);
        return revoked_question(&inquiry->revoked, &inquiry->question)
                   ? revoked_place(&inquiry->revoked)
                   : NULL;
    case TOPIC_CLOCK:
        return is_first ? inquiry->clock.place : NULL;
    case TOPIC_NONE:
        break;
    }
    return NULL;
}

// ask_next starts the next question whose answer is not known yet; false when there is none.
static bool ask_next(struct inquiry *inquiry)
{
    struct answer_kept known;
    struct answers *answers = inquiry->setup.answers;
    const char *address = next_address(inquiry);
    while (address != NULL && inquiry->asked < INQUIRY_FETCHES_MAX) {
        inquiry->asked++;
        if (answers == NULL || !answers_find(answers, address, buffer_slice(&inquiry->question),
                                             clock_monotonic_us(), inquiry->setup.arena, &known)) {
            return start_fetch(inquiry, address);
        }
        take(inquiry, &known); // an issuer moves on by it, or is given up
        address = next_address(inquiry);
    }
    return false;
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

static void on_fetched(void *user)
{
    struct inquiry *inquiry = user;
    if (inquiry->state != INQUIRY_ASKING) {
        return;
    }
    const struct fetch *fetch = &inquiry->fetches[inquiry->started - 1];
    struct answer_kept answer = {
        .result = fetch->result,
        .status = fetch->answer.status,
        .date = fetch->answer.date,
        .held_us = fetch->answer.held_us,
        .body = http_answer_body(&fetch->answer),
        .ms = fetch->ms,
    };
    take(inquiry, &answer);
    answer.keep_us = inquiry->revoked.keep_us; // 0 of other topics
    // What is near is so to this origin alone.
    if (inquiry->setup.answers != NULL && answer.result != FETCH_NEAR) {
        answers_put(inquiry->setup.answers, inquiry->addresses[inquiry->started - 1],
                    buffer_slice(&inquiry->question), clock_monotonic_us(), &answer);
    }
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
        return TOPIC_REVOCATION;
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
    inquiry->begun_us = setup->begun_us != 0 ? setup->begun_us : clock_monotonic_us();
    inquiry->keeps_far = setup->origin == NULL || !web_address_is_near(setup->origin);
    if (setup->via != NULL) {
        inquiry->via = *setup->via;
    }
    buffer_init(&inquiry->question, FETCH_QUESTION_MAX);
    inquiry->topic = find_topic(inquiry);
    if (inquiry->topic == TOPIC_NONE || !ask_next(inquiry)) {
        conclude(inquiry);
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
