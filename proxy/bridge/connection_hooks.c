// What the sockets of a connection say, noted as facts and handed to the state that waits for it.
#include "connection.h"

#include "clock.h"
#include "failure.h"
#include "legs.h"
#include "peek.h"
#include "relay.h"

// client_plain takes the client's bytes, the outer TLS taken off.
static void client_plain(struct connection *c, struct slice bytes)
{
    switch (c->state) {
    case CONNECTION_INGRESS:
    case CONNECTION_PEEKING:
    case CONNECTION_DIALLING:
    case CONNECTION_SERVER_HANDSHAKE:
    case CONNECTION_PROVING:
        if (!buffer_append(&c->peeked, bytes)) {
            connection_reset(c); // it sends on and on without waiting for an answer
            return;
        }
        if (c->state == CONNECTION_PEEKING && c->dial.state == DIAL_DONE) {
            link_read(&c->links[SERVER], false); // the client speaks first: the origin must wait
        }
        if (c->state > CONNECTION_PEEKING && c->peeked.len > PEEKED_BYTES_MAX / 2) {
            link_read(&c->links[CLIENT], false);
        }
        break;
    case CONNECTION_CLIENT_HANDSHAKE:
        if (!buffer_append(&c->peeked, bytes)) {
            connection_reset(c);
            return;
        }
        break;
    case CONNECTION_ANSWERING:
        if (c->engines[CLIENT] == NULL) {
            (void)buffer_append(&c->peeked, bytes); // past the limit: no need to know the rest
        } else {
            legs_read_request(c, bytes);
        }
        break;
    case CONNECTION_RELAYING:
        relay_received(c, CLIENT, bytes);
        return;
    case CONNECTION_LINGERING:
    case CONNECTION_CLOSING:
        return;
    }
    connection_advance(c);
}

// note_end notes that a side's TCP is over, and goes on from there.
static void note_end(struct connection *c, enum side side, enum ending_kind kind, int os_error)
{
    enum step step = STEP_WAIT;
    switch (c->state) {
    case CONNECTION_INGRESS:
    case CONNECTION_PEEKING:
    case CONNECTION_DIALLING:
        step = peek_ended(c, side, kind, os_error);
        break;
    case CONNECTION_SERVER_HANDSHAKE:
    case CONNECTION_CLIENT_HANDSHAKE:
        step = legs_ended(c, side, kind, os_error);
        break;
    case CONNECTION_RELAYING:
        if (kind == ENDING_CLOSED) {
            relay_ended(c, side);
        } else {
            relay_broke(c, side, os_error);
        }
        break;
    case CONNECTION_ANSWERING:
    case CONNECTION_LINGERING:
        if (side == CLIENT) {
            connection_close(c);
        }
        break;
    case CONNECTION_PROVING: // whoever leaves, the verdict is told first
    case CONNECTION_CLOSING:
        break;
    }
    if (step == STEP_NEXT) {
        connection_advance(c);
    }
}

void connection_outer_received(struct connection *c, struct slice bytes)
{
    if (c->outer_evidence->handshake.kind == ENDING_NONE) {
        enum engine_step step = engine_handshake(c->outer, bytes);
        (void)connection_flush_outer(c); // as in connection_finish
        if (step == ENGINE_FAILED) {
            if (failure_of_ingress(c, "ingress.tls-to-proxy-port",
                                   "the client spoke TLS to the proxy port and the handshake "
                                   "with the proxy itself failed") == STEP_NEXT) {
                connection_advance(c);
            }
            return;
        }
        bytes = SLICE_EMPTY;
        if (step == ENGINE_WAITS) {
            return;
        }
    }
    if (c->outer_evidence->handshake.kind != ENDING_SECURED) {
        return; // it failed: what still comes is of no use
    }
    engine_feed(c->outer, bytes);
    uint8_t plain[TLS_RECORD_PLAIN_MAX];
    size_t len = 0;
    enum engine_read got = ENGINE_READ_DATA;
    while (got == ENGINE_READ_DATA && c->state != CONNECTION_CLOSING) {
        got = engine_read(c->outer, plain, sizeof(plain), &len);
        if (got == ENGINE_READ_DATA) {
            client_plain(c, (struct slice){plain, len});
        }
    }
    if (c->state != CONNECTION_CLOSING && got == ENGINE_READ_FAILED) {
        connection_reset(c);
    } else if (got == ENGINE_READ_CLOSE_NOTIFY && !c->has_ended[CLIENT]) {
        c->has_ended[CLIENT] = true; // what is inside has ended, though TCP has not
        note_end(c, CLIENT, ENDING_CLOSED, 0);
    }
}

// ---- what the sockets say

static struct slice on_room(void *user)
{
    struct connection *c = user;
    return (struct slice){c->worker->read_room, sizeof(c->worker->read_room)};
}

static void on_client_received(void *user, struct slice bytes)
{
    struct connection *c = user;
    c->active_us = clock_monotonic_us();
    if (c->outer != NULL) {
        connection_outer_received(c, bytes);
    } else {
        client_plain(c, bytes);
    }
}

static void on_server_received(void *user, struct slice bytes)
{
    struct connection *c = user;
    c->active_us = clock_monotonic_us();
    if (c->dial.state == DIAL_VIA) {
        dial_received(c, bytes, &bytes);
    }
    if (bytes.len == 0) {
        return;
    }
    switch (c->state) {
    case CONNECTION_PEEKING:
        peek_server_spoke(c, bytes);
        return;
    case CONNECTION_SERVER_HANDSHAKE:
        legs_server_received(c, bytes);
        return;
    case CONNECTION_RELAYING:
        relay_received(c, SERVER, bytes);
        return;
    case CONNECTION_CLIENT_HANDSHAKE: // server-first: held until the client leg is there
        if (c->has_failed || c->engines[SERVER] == NULL) {
            return; // this leg has failed, and the client is to get a page
        }
        engine_feed(c->engines[SERVER], bytes);
        if (!engine_hold(c->engines[SERVER])) {
            connection_reset(c);
            return;
        }
        link_read(&c->links[SERVER], false);
        return;
    case CONNECTION_DIALLING:
    case CONNECTION_INGRESS:
    case CONNECTION_PROVING:
    case CONNECTION_ANSWERING:
    case CONNECTION_LINGERING:
    case CONNECTION_CLOSING:
        return; // the origin's last words, of no use any more
    }
}

static void on_client_ended(void *user)
{
    struct connection *c = user;
    c->has_ended[CLIENT] = true;
    note_end(c, CLIENT, ENDING_CLOSED, 0);
}

static void on_server_ended(void *user)
{
    struct connection *c = user;
    c->has_ended[SERVER] = true;
    note_end(c, SERVER, ENDING_CLOSED, 0);
}

static void on_client_broke(void *user, int os_error)
{
    struct connection *c = user;
    c->has_ended[CLIENT] = true;
    c->broken[CLIENT] = os_error;
    note_end(c, CLIENT, ENDING_RESET, os_error);
}

static void on_server_broke(void *user, int os_error)
{
    struct connection *c = user;
    c->has_ended[SERVER] = true;
    c->broken[SERVER] = os_error;
    note_end(c, SERVER, ENDING_RESET, os_error);
}

static void on_client_drained(void *user)
{
    struct connection *c = user;
    if (c->state == CONNECTION_RELAYING) {
        relay_drained(c, CLIENT);
    } else if (c->state == CONNECTION_LINGERING && c->has_ended[CLIENT]) {
        connection_close(c); // it has got all, and will say no more
    }
}

static void on_server_drained(void *user)
{
    struct connection *c = user;
    if (c->state == CONNECTION_RELAYING) {
        relay_drained(c, SERVER);
    }
}

static void on_client_closed(void *user)
{
    connection_handle_closed(user);
}

static void on_server_closed(void *user)
{
    struct connection *c = user;
    if (dial_link_closed(c)) {
        return; // the next address has its turn
    }
    connection_handle_closed(c);
}

static const struct link_hooks hooks[SIDES] = {
    [CLIENT] = {on_client_received, on_client_ended, on_client_broke, on_client_drained,
                on_client_closed, on_room},
    [SERVER] = {on_server_received, on_server_ended, on_server_broke, on_server_drained,
                on_server_closed, on_room},
};

const struct link_hooks *connection_hooks(enum side side)
{
    return &hooks[side];
}
