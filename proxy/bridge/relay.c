#include "relay.h"

#include "ask.h"
#include "failure.h"
#include "passing.h"
#include "peek.h"

static void finish_if_both(struct connection *c)
{
    if (c->has_ended[CLIENT] && c->has_ended[SERVER] && c->state == CONNECTION_RELAYING) {
        // What is queued for a peer that has only half closed must still reach it.
        if (!link_is_full(&c->links[CLIENT]) && !link_is_full(&c->links[SERVER])) {
            connection_close(c);
        }
    }
}

static void pause_if_full(struct connection *c, enum side from)
{
    if (link_is_full(&c->links[!from])) {
        link_read(&c->links[from], false);
    }
}

// lost is a side that takes no more bytes. Its socket is read to its end, which tells why; one
// that has ended already tells nothing more. Without an error of the socket our own queue could not
// take them: a connection with bytes missing must not go on.
static void lost(struct connection *c, enum side side)
{
    if (c->has_ended[side] || c->links[side].write_error == 0) {
        relay_broke(c, side, c->links[side].write_error);
    }
}

// pass_notify passes a close_notify on, and nothing else: the FIN comes when it comes.
static void pass_notify(struct connection *c, enum side from)
{
    c->has_notify[from] = true;
    leg_evidence_close(&c->evidence.legs[from], ENDING_CLOSED, 0, 0, connection_now(c),
                       "close_notify");
    engine_close_notify(c->engines[!from]);
    if (!connection_flush(c, !from)) {
        lost(c, !from);
    }
}

void relay_observed(struct connection *c)
{
    if (c->observer == NULL) {
        return;
    }
    const struct observed *seen = observer_seen(c->observer);
    c->evidence.legs[SERVER].http_status = seen->status;
    c->evidence.legs[SERVER].http_words = seen->words;
    c->evidence.origin_date_us = seen->date_us;
    if (seen->host[0] != '\0') {
        c->evidence.host_header = connection_text(c, seen->host);
    }
    observer_free(c->observer);
    c->observer = NULL;
}

// observe shows a side's bytes to the observer. Without one, for want of memory, a fault told in
// HTTP is not seen: nothing else depends on it.
static void observe(struct connection *c, enum side from, struct slice bytes)
{
    if (c->observer == NULL) {
        return;
    }
    bool is_more = from == CLIENT ? observer_requests(c->observer, bytes)
                                  : observer_responses(c->observer, bytes);
    if (!is_more) {
        relay_observed(c);
    }
}

// What a proxy request named was the way here: of what comes now it is only told what is read.
static void start_observing(struct connection *c)
{
    enum observe_protocol protocol;
    c->evidence.host_header = NULL;
    if (observe_protocol_of(c->evidence.legs[CLIENT].alpn, c->evidence.legs[SERVER].alpn,
                            &protocol)) {
        c->observer = observer_new(protocol);
    }
}

// pump_bridge moves all that can be read of one leg into the other.
static void pump_bridge(struct connection *c, enum side from)
{
    struct worker *worker = c->worker;
    size_t len = 0;
    enum engine_read got = ENGINE_READ_DATA;
    bool ok = true;
    while (got == ENGINE_READ_DATA && ok) {
        got = engine_read(c->engines[from], worker->plain, sizeof(worker->plain), &len);
        if (got == ENGINE_READ_DATA && from == CLIENT) {
            ask_used(c);
        }
        if (got == ENGINE_READ_DATA) {
            observe(c, from, (struct slice){worker->plain, len});
            ok = engine_write(c->engines[!from], (struct slice){worker->plain, len});
        }
    }
    ok = connection_flush(c, !from) && ok;
    (void)connection_flush(c, from); // key updates and alerts; its end tells when they can't go
    if (!ok) {
        lost(c, !from);
        return;
    }
    switch (got) {
    case ENGINE_READ_DATA:
    case ENGINE_READ_WAITS:
        break;
    case ENGINE_READ_CLOSE_NOTIFY:
        pass_notify(c, from);
        break;
    case ENGINE_READ_FAILED:
        relay_broke(c, from, 0);
        return;
    }
    pause_if_full(c, from);
}

// note_passing_moment notes on both legs what flew by: received on one, sent on the other.
static void note_passing_moment(struct connection *c, enum side from,
                                const struct stream_item *item)
{
    bool is_message = item->kind == STREAM_MESSAGE;
    if (!is_message && item->kind != STREAM_ALERT) {
        return;
    }
    struct moment moment = {
        .at_us = connection_now(c),
        .content_type = is_message ? CONTENT_HANDSHAKE : CONTENT_ALERT,
        .type = is_message ? item->bytes.data[0] : item->alert,
        .is_fatal = !is_message && item->alert_level == ALERT_LEVEL_FATAL,
        .len = is_message ? (uint32_t)item->bytes.len : 2,
    };
    leg_evidence_moment(&c->evidence.legs[from], moment);
    moment.sent = true;
    leg_evidence_moment(&c->evidence.legs[!from], moment);
}

// A hello that flies by belongs to the leg it would have ended on.
static void on_passing_client(void *user, const struct stream_item *item)
{
    struct connection *c = user;
    struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    note_passing_moment(c, CLIENT, item);
    if (item->kind == STREAM_ALERT && item->alert_level == ALERT_LEVEL_FATAL) {
        leg_evidence_end(leg, ENDING_ALERT_RECEIVED, item->alert, 0, connection_now(c), NULL);
    }
    if (item->kind == STREAM_RECORD) {
        passing_record(&c->evidence, item, connection_now(c));
    }
    if (c->evidence.passed_used) {
        ask_used(c);
    }
}

static void on_passing_server(void *user, const struct stream_item *item)
{
    struct connection *c = user;
    struct leg_evidence *leg = &c->evidence.legs[SERVER];
    note_passing_moment(c, SERVER, item);
    if (item->kind == STREAM_ALERT && item->alert_level == ALERT_LEVEL_FATAL) {
        leg_evidence_end(leg, ENDING_ALERT_RECEIVED, item->alert, 0, connection_now(c), NULL);
    }
    struct server_hello hello;
    size_t at;
    if (leg->server_hello.len > 0 || item->kind != STREAM_MESSAGE ||
        item->bytes.data[0] != HANDSHAKE_SERVER_HELLO ||
        server_hello_parse(item->bytes, &hello, &at) != PARSE_OK || hello.is_retry) {
        return;
    }
    struct slice kept = arena_copy(&c->arena, item->bytes);
    for (enum side side = CLIENT; side < SIDES; side++) { // it is the answer on both
        leg = &c->evidence.legs[side];
        leg->server_hello = kept;
        leg->version = hello.version;
        leg->suite = hello.cipher_suite;
        leg->group = hello.group;
    }
    connection_emit(c, EVENT_PASSED, NULL, 0);
}

// note_passing_end notes how a passed handshake ended. Bytes of the client that are not TLS any
// more tell nothing about it.
static void note_passing_end(struct connection *c, enum side side, enum ending_kind kind,
                             int os_error)
{
    if (c->mode == MODE_PASS && !c->passing[CLIENT].is_bad) {
        passing_end(&c->evidence, side, kind, os_error, connection_now(c));
    }
}

// note_no_tls: of a connection that is passed on, an origin may answer the hello in another
// protocol.
static void note_no_tls(struct connection *c, struct slice bytes)
{
    struct leg_evidence *leg = &c->evidence.legs[SERVER];
    enum opening opening = opening_of(bytes);
    bool is_first = leg->bytes_received == bytes.len && leg->handshake.kind == ENDING_NONE;
    if (is_first && (opening == OPENING_OTHER || opening == OPENING_SSLV2)) {
        peek_note_no_tls(c, bytes);
        leg_evidence_end(leg, ENDING_NOT_TLS, 0, 0, connection_now(c), NULL);
    }
}

static void relay_raw(struct connection *c, enum side from, struct slice bytes)
{
    struct leg_evidence *leg = &c->evidence.legs[from];
    leg->bytes_received += bytes.len;
    c->evidence.legs[!from].bytes_sent += bytes.len;
    if (c->mode == MODE_PLAIN) {
        observe(c, from, bytes);
    }
    if (c->mode == MODE_PLAIN && from == CLIENT) {
        peek_client_answered(c, bytes);
    }
    if (c->mode == MODE_PASS) {
        if (from == SERVER) {
            note_no_tls(c, bytes);
        }
        // Bytes that are not TLS any more are relayed as well: it is not ours to judge them.
        (void)tls_stream_feed(&c->passing[from], bytes,
                              from == CLIENT ? on_passing_client : on_passing_server, c);
    }
    if (!connection_send(c, !from, bytes)) {
        lost(c, !from);
        return;
    }
    pause_if_full(c, from);
}

void relay_received(struct connection *c, enum side from, struct slice bytes)
{
    if (c->mode != MODE_BRIDGE) {
        relay_raw(c, from, bytes);
        return;
    }
    if (c->has_notify[from]) {
        return; // RFC 8446 section 6.1: data after a closure alert "MUST be ignored"
    }
    engine_feed(c->engines[from], bytes);
    pump_bridge(c, from);
    if (c->state == CONNECTION_RELAYING && !engine_hold(c->engines[from])) {
        connection_reset(c); // held bytes past their limit: back-pressure has failed
    }
}

void relay_ended(struct connection *c, enum side from)
{
    note_passing_end(c, from, ENDING_CLOSED, 0);
    leg_evidence_close(&c->evidence.legs[from], ENDING_CLOSED, 0, 0, connection_now(c), "FIN");
    connection_finish(c, !from);
    finish_if_both(c);
}

void relay_broke(struct connection *c, enum side from, int os_error)
{
    if (os_error != 0) {
        note_passing_end(c, from, ENDING_RESET, os_error);
        leg_evidence_close(&c->evidence.legs[from], ENDING_RESET, 0, os_error, connection_now(c),
                           NULL);
    }
    connection_reset(c);
}

void relay_drained(struct connection *c, enum side side)
{
    if (!c->has_ended[!side]) {
        link_read(&c->links[!side], true);
    }
    finish_if_both(c);
}

// catch_up gives a side's bytes and end, which came before there was a relay, to the other side.
static void catch_up(struct connection *c, enum side from)
{
    if (c->mode == MODE_BRIDGE && engine_has_unread(c->engines[from])) {
        pump_bridge(c, from);
    }
    if (c->state != CONNECTION_RELAYING) {
        return;
    }
    if (c->broken[from] != 0) {
        relay_broke(c, from, c->broken[from]);
    } else if (c->has_ended[from]) {
        relay_ended(c, from);
    }
}

enum step relay_start(struct connection *c)
{
    struct buffer said = c->peeked;
    buffer_init(&c->peeked, said.limit); // the relay may collect a hello in it
    c->state = CONNECTION_RELAYING;
    c->active_us = clock_monotonic_us();
    connection_patience(c, connection_settings(c)->idle_timeout_ms);
    if (c->mode == MODE_PLAIN) {
        connection_emit(c, EVENT_PLAIN, NULL, 0);
        c->observer = observer_new(OBSERVE_HTTP1); // NULL: as in observe
    }
    if (c->mode == MODE_PASS) {
        c->evidence.legs[SERVER].client_hello = c->hello_bytes;
        c->evidence.legs[SERVER].sni_sent = c->evidence.legs[CLIENT].sni_sent;
    }
    if (c->mode == MODE_BRIDGE) {
        start_observing(c);
        // Client-first: outer records that came behind the client's Finished.
        engine_feed(c->engines[CLIENT], buffer_slice(&said));
    } else if (said.len > 0) {
        relay_raw(c, CLIENT, buffer_slice(&said));
    }
    for (int side = 0; side < SIDES && c->state == CONNECTION_RELAYING; side++) {
        link_read(&c->links[side], !link_is_full(&c->links[!side]));
        catch_up(c, (enum side)side);
    }
    if (c->mode == MODE_BRIDGE && !engine_hold(c->engines[CLIENT])) {
        connection_reset(c); // as in relay_received
    }
    buffer_clear(&said);
    return STEP_WAIT;
}
