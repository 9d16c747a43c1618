#include "survey_leg.h"

#include "clock.h"
#include "tunnel.h"

static void flush(struct survey_leg *leg)
{
    (void)link_send(&leg->link, buffer_slice(&leg->out)); // a peer that is gone tells the reader
    buffer_consume(&leg->out, leg->out.len);
}

static void finish(struct survey_leg *leg)
{
    if (leg->state >= SURVEY_LEG_DONE) {
        return;
    }
    leg->state = SURVEY_LEG_DONE;
    link_watch_end(&leg->link, false);
    link_finish(&leg->link);
    link_read(&leg->link, true);
    leg->setup.done(leg->setup.user, leg);
}

static void fail(struct survey_leg *leg, enum ending_kind kind, int os_error)
{
    if (leg->state >= SURVEY_LEG_DONE) {
        return;
    }
    if (leg->state == SURVEY_LEG_HANDSHAKE || leg->state == SURVEY_LEG_LATE) {
        engine_peer_ended(leg->engine, kind, os_error);
    } else {
        leg_evidence_end(leg->setup.engine.evidence, ENDING_UNREACHABLE, 0, os_error, 0, NULL);
    }
    finish(leg);
}

// leave ends a secured leg from our side.
static void leave(struct survey_leg *leg)
{
    engine_close_notify(leg->engine);
    flush(leg);
    finish(leg);
}

// hear reads on after the handshake. Data of the server's means that it is content.
static void hear(struct survey_leg *leg, struct slice bytes)
{
    uint8_t data[1024];
    size_t len = 0;
    engine_feed(leg->engine, bytes);
    switch (engine_read(leg->engine, data, sizeof(data), &len)) {
    case ENGINE_READ_WAITS:
        if (!engine_hold(leg->engine)) {
            leave(leg);
        }
        return;
    case ENGINE_READ_CLOSE_NOTIFY:
        engine_peer_ended(leg->engine, ENDING_CLOSED, 0);
        leave(leg);
        return;
    case ENGINE_READ_DATA:
    case ENGINE_READ_FAILED: // the alert is in the evidence
        leave(leg);
        return;
    }
}

static void drive(struct survey_leg *leg, struct slice bytes)
{
    enum engine_step step = engine_handshake(leg->engine, bytes);
    if (step == ENGINE_SECURED && leg->setup.late != NULL) {
        flush(leg);
        leg->state = SURVEY_LEG_LATE;
        leg->setup.late(leg->setup.user, leg);
        hear(leg, SLICE_EMPTY); // what came behind the Finished
        return;
    }
    if (step == ENGINE_SECURED) {
        engine_close_notify(leg->engine);
    }
    flush(leg);
    if (step != ENGINE_WAITS) {
        finish(leg);
    }
}

static void say_hello(struct survey_leg *leg)
{
    leg->state = SURVEY_LEG_HANDSHAKE;
    drive(leg, SLICE_EMPTY);
}

// ---- the upstream proxy

static void ask_tunnel(struct survey_leg *leg)
{
    char room[TUNNEL_ASK_BYTES_MAX];
    leg->state = SURVEY_LEG_TUNNEL;
    (void)link_send(&leg->link, tunnel_ask(leg->setup.tunnel, room)); // as above
}

static void on_head(struct survey_leg *leg, struct slice bytes)
{
    switch (tunnel_feed(&leg->head, bytes)) {
    case TUNNEL_WAITS:
        break;
    case TUNNEL_OPEN:
        say_hello(leg);
        break;
    case TUNNEL_REFUSED:
        fail(leg, ENDING_UNREACHABLE, 0);
        break;
    }
}

// ---- the socket

static struct slice on_room(void *user)
{
    struct survey_leg *leg = user;
    return leg->setup.room;
}

static void on_received(void *user, struct slice bytes)
{
    struct survey_leg *leg = user;
    if (leg->state == SURVEY_LEG_TUNNEL) {
        on_head(leg, bytes);
    } else if (leg->state == SURVEY_LEG_HANDSHAKE) {
        drive(leg, bytes);
    } else if (leg->state == SURVEY_LEG_LATE) {
        hear(leg, bytes);
    }
}

static void on_ended(void *user)
{
    fail(user, ENDING_CLOSED, 0);
    survey_leg_close(user);
}

static void on_broke(void *user, int os_error)
{
    fail(user, ENDING_RESET, os_error);
    survey_leg_close(user);
}

static void on_drained(void *user)
{
    (void)user; // nothing waits for it
}

static void on_closed(void *user)
{
    struct survey_leg *leg = user;
    engine_free(leg->engine);
    leg->engine = NULL;
    buffer_clear(&leg->out);
    buffer_clear(&leg->head);
    leg->setup.closed(leg->setup.user, leg);
}

static const struct link_hooks hooks = {on_received, on_ended,  on_broke,
                                        on_drained,  on_closed, on_room};

static void on_connected(uv_connect_t *request, int status)
{
    struct survey_leg *leg = request->data;
    if (leg->state != SURVEY_LEG_CONNECTING) {
        return; // stopped or closing
    }
    if (status < 0) {
        fail(leg, ENDING_UNREACHABLE, -status);
        survey_leg_close(leg);
        return;
    }
    link_connected(&leg->link);
    link_read(&leg->link, true);
    if (leg->setup.tunnel != NULL) {
        ask_tunnel(leg);
    } else {
        say_hello(leg);
    }
}

bool survey_leg_start(struct survey_leg *leg, const struct survey_leg_setup *setup,
                      struct error *error)
{
    *leg = (struct survey_leg){.setup = *setup};
    buffer_init(&leg->head, TUNNEL_HEAD_BYTES_MAX);
    leg->setup.engine.out = &leg->out;
    leg->setup.engine.opened_us = clock_monotonic_us();
    leg->engine = engine_new(&leg->setup.engine, error);
    if (leg->engine == NULL) {
        return false;
    }
    if (!link_init(&leg->link, setup->loop, &hooks, leg)) {
        engine_free(leg->engine);
        leg->engine = NULL;
        return error_set(error, ERROR_NETWORK, "cannot make a socket");
    }
    link_watch_end(&leg->link, true);
    leg->state = SURVEY_LEG_CONNECTING;
    leg->connect.data = leg;
    // A refusal at once is told by survey_leg_stop: no hook is called from within start.
    (void)uv_tcp_connect(&leg->connect, &leg->link.tcp, setup->address, on_connected);
    return true;
}

void survey_leg_stop(struct survey_leg *leg)
{
    if (leg->state == SURVEY_LEG_LATE) {
        leave(leg);
    } else if (leg->state != SURVEY_LEG_IDLE) {
        fail(leg, ENDING_SILENCE, 0);
    }
}

void survey_leg_close(struct survey_leg *leg)
{
    if (leg->state == SURVEY_LEG_IDLE || leg->state == SURVEY_LEG_CLOSING) {
        return;
    }
    leg->state = SURVEY_LEG_CLOSING;
    link_close(&leg->link);
}
