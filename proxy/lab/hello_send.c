#include "hello_send.h"

#include <stdio.h>
#include <stdlib.h>

#include "hello_dial.h"
#include "variant.h"

struct sending {
    uv_loop_t loop;
    uv_timer_t timer;
    struct hello_dial dial;
    struct trial trial;
    struct arena arena;
    struct buffer hello;
    uint8_t room[16 * 1024];
};

static void on_done(void *user, struct hello_dial *dial)
{
    struct sending *sending = user;
    (void)uv_timer_stop(&sending->timer); // stopping one that is stopped does nothing
    hello_dial_close(dial);
}

static void on_closed(void *user, struct hello_dial *dial)
{
    struct sending *sending = user;
    (void)dial;
    uv_close((uv_handle_t *)&sending->timer, NULL);
}

static void on_timeout(uv_timer_t *timer)
{
    struct sending *sending = timer->data;
    hello_dial_stop(&sending->dial);
}

static bool make_hello(struct sending *sending, const struct client_hello *hello, const char *name,
                       struct error *error)
{
    struct variant_base base = {.hello = *hello};
    sets_of_hello(hello, &base.offered);
    sending->trial.change = (struct change){.kind = CHANGE_SNI, .name = name};
    return variant_encode(&base, &sending->trial.change, &sending->hello,
                          &sending->trial.offered) ||
           error_set(error, ERROR_USAGE, "this hello cannot be sent (is it one of SSL 2.0?)");
}

static bool dial(struct sending *sending, const struct sockaddr *address, struct error *error)
{
    struct hello_dial_setup setup = {
        .loop = &sending->loop,
        .address = address,
        .hello = buffer_slice(&sending->hello),
        .room = {sending->room, sizeof(sending->room)},
        .out = &sending->trial.outcome,
        .arena = &sending->arena,
        .done = on_done,
        .closed = on_closed,
        .user = sending,
    };
    if (uv_loop_init(&sending->loop) != 0) {
        return error_set(error, ERROR_MEMORY, "out of memory for a loop");
    }
    (void)uv_timer_init(&sending->loop, &sending->timer); // always 0
    sending->timer.data = sending;
    bool is_begun = hello_dial_start(&sending->dial, &setup);
    if (is_begun) {
        (void)uv_timer_start(&sending->timer, on_timeout, HELLO_SEND_MS_MAX, 0); // it is set up
    } else {
        uv_close((uv_handle_t *)&sending->timer, NULL);
    }
    (void)uv_run(&sending->loop, UV_RUN_DEFAULT); // until all handles are closed
    (void)uv_loop_close(&sending->loop);          // nothing is open in it
    return is_begun || error_set(error, ERROR_NETWORK, "no socket could be made");
}

bool hello_send(const struct client_hello *hello, const char *name, const struct sockaddr *address,
                struct hello_sent *out_sent, struct error *error)
{
    struct sending *sending = calloc(1, sizeof(*sending));
    if (sending == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory");
    }
    bool is_ok = make_hello(sending, hello, name, error) && dial(sending, address, error);
    if (is_ok) {
        struct trial *trial = &sending->trial;
        trial_judge(trial, NULL, &sending->arena);
        *out_sent = (struct hello_sent){
            .hello_len = sending->hello.len, .is_answered = trial->passed, .ms = trial->outcome.ms};
        (void)snprintf(out_sent->outcome, sizeof(out_sent->outcome), "%s",
                       outcome_text(&sending->arena, trial)); // cut when it is long
    }
    buffer_clear(&sending->hello);
    arena_clear(&sending->arena);
    free(sending);
    return is_ok;
}
