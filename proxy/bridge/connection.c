#include "connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "clock.h"
#include "failure.h"
#include "legs.h"
#include "peek.h"
#include "relay.h"

#define LINGER_MS 2000

int64_t connection_now(const struct connection *c)
{
    return clock_monotonic_us() - c->opened_us;
}

const char *connection_text(struct connection *c, const char *text)
{
    const char *copy = arena_text(&c->arena, slice_of_text(text));
    return copy != NULL ? copy : "";
}

void connection_emit(struct connection *c, enum event_kind kind, const struct verdict *verdict,
                     uint32_t repeats)
{
    struct recorder *recorder = c->worker->shared->recorder;
    if (!recorder_wants(recorder, kind)) {
        return;
    }
    struct event event = {
        .kind = kind,
        .connection = c->evidence.connection,
        .wall_us = clock_wall_us(),
        .lasted_us = connection_now(c),
        .evidence = &c->evidence,
        .verdict = verdict,
        .repeats = repeats,
    };
    recorder_emit(recorder, &event);
}

// ---- time

static void on_timer(uv_timer_t *timer);

void connection_rearm(struct connection *c)
{
    int64_t at_us = c->deadline_us;
    if (c->dial.deadline_us != 0 && (at_us == 0 || c->dial.deadline_us < at_us)) {
        at_us = c->dial.deadline_us;
    }
    if (c->state == CONNECTION_CLOSING || at_us == 0) {
        (void)uv_timer_stop(&c->timer); // always 0
        return;
    }
    int64_t left_us = at_us - clock_monotonic_us();
    uint64_t left_ms = left_us > 0 ? (uint64_t)(left_us + 999) / 1000 : 0;
    (void)uv_timer_start(&c->timer, on_timer, left_ms, 0); // fails for closing handles only
}

void connection_patience(struct connection *c, int64_t timeout_ms)
{
    c->deadline_us = timeout_ms > 0 ? clock_monotonic_us() + timeout_ms * 1000 : 0;
    connection_rearm(c);
}

// idle_for_long is false, and the deadline moved, when bytes came since it was set.
static bool idle_for_long(struct connection *c)
{
    int64_t idle_us = connection_settings(c)->idle_timeout_ms * 1000;
    int64_t now_us = clock_monotonic_us();
    if (now_us - c->active_us >= idle_us) {
        return true;
    }
    c->deadline_us = c->active_us + idle_us;
    connection_rearm(c);
    return false;
}

static enum step state_timed_out(struct connection *c)
{
    switch (c->state) {
    case CONNECTION_INGRESS:
        if (c->outer != NULL && c->outer_evidence->handshake.kind == ENDING_NONE) {
            engine_peer_ended(c->outer, ENDING_SILENCE, 0);
        }
        return failure_of_ingress(c, "transport.timeout",
                                  "the client sent no complete proxy request in time");
    case CONNECTION_PEEKING:
        return peek_timed_out(c);
    case CONNECTION_SERVER_HANDSHAKE:
        engine_peer_ended(c->engines[SERVER], ENDING_SILENCE, 0);
        return failure_of_leg(c, SERVER);
    case CONNECTION_CLIENT_HANDSHAKE:
        engine_peer_ended(c->engines[CLIENT], ENDING_SILENCE, 0);
        return failure_of_leg(c, CLIENT);
    case CONNECTION_RELAYING:
        if (!idle_for_long(c)) {
            return STEP_WAIT;
        }
        leg_evidence_close(&c->evidence.legs[CLIENT], ENDING_SILENCE, 0, 0, connection_now(c),
                           "idle");
        connection_reset(c); // a clean end would make a cut answer look whole
        return STEP_WAIT;
    case CONNECTION_DIALLING: // the dial has its own deadline
    case CONNECTION_PROVING:  // as has the prover
        return STEP_WAIT;
    case CONNECTION_ANSWERING:
    case CONNECTION_LINGERING:
    case CONNECTION_CLOSING:
        connection_close(c);
        return STEP_WAIT;
    }
    return STEP_WAIT;
}

static void on_timer(uv_timer_t *timer)
{
    struct connection *c = timer->data;
    int64_t now_us = clock_monotonic_us();
    if (c->dial.deadline_us != 0 && c->dial.deadline_us <= now_us) {
        c->dial.deadline_us = 0;
        dial_timed_out(c);
    }
    enum step step = STEP_WAIT;
    if (c->deadline_us != 0 && c->deadline_us <= now_us) {
        c->deadline_us = 0;
        step = state_timed_out(c);
    }
    connection_rearm(c);
    if (step == STEP_NEXT) {
        connection_advance(c);
    }
}

// ---- sending

bool connection_flush_outer(struct connection *c)
{
    struct buffer *out = &c->worker->outer_out;
    bool ok = out->len == 0 || link_send(&c->links[CLIENT], buffer_slice(out));
    buffer_consume(out, out->len);
    return ok;
}

bool connection_send(struct connection *c, enum side side, struct slice bytes)
{
    if (side == SERVER || c->outer == NULL) {
        return link_send(&c->links[side], bytes);
    }
    bool ok = true;
    while (bytes.len > 0 && ok) {
        struct slice part = slice_part(bytes, 0, TLS_RECORD_PLAIN_MAX);
        ok = engine_write(c->outer, part) && connection_flush_outer(c);
        bytes = slice_part(bytes, part.len, bytes.len);
    }
    return ok;
}

bool connection_flush(struct connection *c, enum side side)
{
    struct buffer *out = &c->worker->out[side];
    bool ok = out->len == 0 || connection_send(c, side, buffer_slice(out));
    buffer_consume(out, out->len);
    return ok;
}

void connection_finish(struct connection *c, enum side side)
{
    if (side == CLIENT && c->outer != NULL) {
        engine_close_notify(c->outer);
        (void)connection_flush_outer(c); // a client that is gone tells so to the reader
    }
    link_finish(&c->links[side]);
}

// ---- the machine

void connection_advance(struct connection *c)
{
    if (c->is_advancing) {
        return;
    }
    c->is_advancing = true;
    enum step step = STEP_NEXT;
    while (step == STEP_NEXT) {
        switch (c->state) {
        case CONNECTION_INGRESS:
            step = do_ingress(c);
            break;
        case CONNECTION_PEEKING:
            step = do_peeking(c);
            break;
        case CONNECTION_DIALLING:
            step = do_dialling(c);
            break;
        case CONNECTION_SERVER_HANDSHAKE:
            step = do_server_handshake(c);
            break;
        case CONNECTION_CLIENT_HANDSHAKE:
            step = do_client_handshake(c);
            break;
        case CONNECTION_PROVING:
            step = do_proving(c);
            break;
        case CONNECTION_ANSWERING:
            step = do_answering(c);
            break;
        case CONNECTION_RELAYING:
        case CONNECTION_LINGERING:
        case CONNECTION_CLOSING:
            step = STEP_WAIT;
            break;
        }
    }
    c->is_advancing = false;
}

// ---- birth and death

static void release(struct connection *c)
{
    struct worker *worker = c->worker;
    engine_free(c->engines[CLIENT]);
    engine_free(c->engines[SERVER]);
    engine_free(c->outer);
    leaf_release(c->leaf);
    leaf_release(c->outer_leaf);
    ingress_free(c->ingress);
    tls_stream_clear(&c->passing[CLIENT]);
    tls_stream_clear(&c->passing[SERVER]);
    observer_free(c->observer);
    buffer_clear(&c->peeked);
    answer_clear(&c->answer);
    dial_clear(c);
    arena_clear(&c->arena);
    kit_release(c->kit);
    worker_gone(worker, c);
    free(c);
}

void connection_handle_closed(struct connection *c)
{
    if (--c->open_handles == 0 && c->state == CONNECTION_CLOSING) {
        release(c);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    connection_handle_closed(handle->data);
}

void connection_opened(struct connection *c)
{
    if (!c->was_opened) {
        c->was_opened = true;
        connection_emit(c, EVENT_OPENED, NULL, 0);
    }
}

// note_history keeps what became of a secured connection. One that was served otherwise than usual
// (--experiment) tells nothing about the usual.
static void note_history(struct connection *c)
{
    struct history *history = c->worker->shared->history;
    if (c->evidence.experiment != NULL) {
        return;
    }
    if (c->evidence.legs[CLIENT].app_bytes_received > 0) {
        history_secured(history, &c->evidence);
    } else if (c->verdict != NULL && c->verdict->leg == CLIENT) {
        // It refused our certificate after its Finished, with an alert or without a word.
        history_refused(history, &c->evidence);
    }
}

void connection_told(struct connection *c)
{
    if (c->did_secure && !c->has_failed) {
        note_history(c);
    }
    ask_ended(c);
    connection_emit(c, EVENT_CLOSED, NULL, 0);
}

// tell_end judges what happened after the handshakes and tells the last event.
static void tell_end(struct connection *c)
{
    connection_opened(c); // it may have left before its PROXY protocol header was whole
    relay_observed(c);
    // A passed handshake that broke is none of ours, but its hellos and alerts were read; so was
    // the answer to a request without TLS.
    bool is_relayed = c->mode == MODE_PASS || c->mode == MODE_PLAIN;
    bool is_unjudged = !c->has_failed && (is_relayed || c->did_secure);
    if (is_unjudged && failure_judge_end(c)) {
        return; // the proof tells it
    }
    connection_told(c);
}

static void start_closing(struct connection *c)
{
    bool is_first = c->state != CONNECTION_CLOSING;
    if (!is_first) {
        return;
    }
    failure_leave(c);
    c->state = CONNECTION_CLOSING;
    tell_end(c);
    (void)uv_timer_stop(&c->timer); // always 0
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
    dial_cancel(c);
}

void connection_close(struct connection *c)
{
    start_closing(c);
    link_close(&c->links[CLIENT]);
    link_close(&c->links[SERVER]);
}

void connection_reset(struct connection *c)
{
    start_closing(c);
    link_reset(&c->links[CLIENT]);
    link_reset(&c->links[SERVER]);
}

void connection_linger(struct connection *c)
{
    if (c->state == CONNECTION_CLOSING) {
        return;
    }
    c->state = CONNECTION_LINGERING;
    dial_cancel(c);
    link_close(&c->links[SERVER]);
    connection_finish(c, CLIENT);
    if (c->has_ended[CLIENT]) {
        // It will say no more; what is queued goes out before the close.
        if (!link_is_full(&c->links[CLIENT])) {
            connection_close(c);
            return;
        }
    }
    link_read(&c->links[CLIENT], true);
    connection_patience(c, LINGER_MS);
}

void connection_drain(struct connection *c)
{
    bool is_unused =
        c->state == CONNECTION_INGRESS || (c->state == CONNECTION_PEEKING && c->peeked.len == 0);
    if (is_unused) {
        connection_close(c);
    }
}

void connection_drop(struct connection *c)
{
    c->was_dropped = true;
    if (c->state == CONNECTION_CLOSING) {
        failure_leave(c); // of a proof that would still run
        return;
    }
    if (c->state == CONNECTION_RELAYING) {
        leg_evidence_close(&c->evidence.legs[CLIENT], ENDING_DROPPED, 0, 0, connection_now(c),
                           NULL);
        leg_evidence_close(&c->evidence.legs[SERVER], ENDING_DROPPED, 0, 0, connection_now(c),
                           NULL);
    }
    connection_reset(c); // a clean end would make a cut answer look whole
}

static const char *peer_text(struct connection *c, const uv_tcp_t *tcp)
{
    struct sockaddr_storage address = {0};
    int len = sizeof(address);
    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &len) != 0) {
        return NULL;
    }
    return address_text(c, &address);
}

struct connection *connection_new(struct worker *worker, uv_tcp_t *listener)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    c->worker = worker;
    c->kit = kit_keep(worker->kit);
    c->opened_us = clock_monotonic_us();
    c->active_us = c->opened_us;
    c->timer.data = c;
    buffer_init(&c->peeked, PEEKED_BYTES_MAX);
    if (!link_init(&c->links[CLIENT], &worker->loop, connection_hooks(CLIENT), c)) {
        kit_release(c->kit);
        free(c);
        return NULL;
    }
    (void)uv_timer_init(&worker->loop, &c->timer); // always 0
    c->open_handles = 2;
    struct evidence *evidence = &c->evidence;
    evidence->connection = atomic_fetch_add(&worker->shared->connection_last, 1) + 1;
    evidence->opened_us = clock_wall_us();
    evidence->order = connection_settings(c)->order;
    evidence->edge = connection_settings(c)->edge[0] != '\0' ? connection_settings(c)->edge : NULL;
    if (uv_accept((uv_stream_t *)listener, (uv_stream_t *)&c->links[CLIENT].tcp) == 0) {
        link_connected(&c->links[CLIENT]);
        evidence->client_address = peer_text(c, &c->links[CLIENT].tcp);
        evidence->legs[CLIENT].peer_address = evidence->client_address;
    }
    return c;
}

void connection_start(struct connection *c)
{
    if (!connection_settings(c)->takes_proxy_protocol) {
        connection_opened(c);
    }
    if (!c->links[CLIENT].is_connected) {
        connection_close(c); // it was gone before it was accepted
        return;
    }
    connection_patience(c, connection_settings(c)->handshake_timeout_ms);
    link_read(&c->links[CLIENT], true);
    connection_advance(c); // a fixed target is known already
}
