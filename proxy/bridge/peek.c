#include "peek.h"

#include "ask.h"
#include "failure.h"
#include "relay.h"

static void note_sni(struct connection *c)
{
    struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    if (c->hello.has_sni) {
        leg->sni_sent = arena_text(&c->arena, c->hello.sni);
    }
}

static bool is_passed(const struct connection *c)
{
    const struct settings *settings = connection_settings(c);
    const char *sni = c->evidence.legs[CLIENT].sni_sent;
    for (size_t i = 0; i < settings->pass_count; i++) {
        if (text_matches(c->evidence.target.host, settings->pass[i]) ||
            (sni != NULL && text_matches(sni, settings->pass[i]))) {
            return true;
        }
    }
    return false;
}

// take_hello keeps the message and reads what it can of it. One that can't be read goes on to the
// engine all the same: it knows the alert to send.
static void take_hello(struct connection *c, struct slice message, bool is_sslv2)
{
    struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    c->hello_bytes = arena_copy(&c->arena, message);
    size_t at;
    enum parse parsed = is_sslv2 ? client_hello_parse_sslv2(c->hello_bytes, &c->hello, &at)
                                 : client_hello_parse(c->hello_bytes, &c->hello, &at);
    c->has_hello = parsed == PARSE_OK;
    leg->is_started = true;
    leg->is_sslv2_hello = is_sslv2;
    leg->client_hello = c->hello_bytes;
    if (c->has_hello) {
        note_sni(c);
    }
    history_read(c->worker->shared->history, &c->evidence);
}

// read_hello takes the hello once it has come whole.
static enum parse read_hello(struct connection *c)
{
    struct buffer joined = {0};
    struct slice message = SLICE_EMPTY;
    bool is_sslv2 = false;
    buffer_init(&joined, HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN);
    enum parse parsed = first_hello(buffer_slice(&c->peeked), &joined, &message, &is_sslv2);
    if (parsed == PARSE_OK) {
        take_hello(c, message, is_sslv2);
    }
    buffer_clear(&joined);
    return parsed;
}

static enum step after_hello(struct connection *c)
{
    bool is_passing = !c->is_local && is_passed(c);
    if (!is_passing) {
        ask_begin(c);
        is_passing = ask_is(c, EXPERIMENT_UNTOUCHED);
    }
    if (is_passing) {
        c->mode = MODE_PASS;
        c->evidence.is_passed = true;
        c->state = CONNECTION_DIALLING;
    } else if (c->is_local || connection_settings(c)->order == ORDER_CLIENT_FIRST) {
        c->state = CONNECTION_CLIENT_HANDSHAKE;
    } else {
        c->state = CONNECTION_DIALLING;
    }
    connection_patience(c, 0);
    return STEP_NEXT;
}

// not_tls: with a fixed target, a proxy request means that the client took us for a proxy.
static enum step not_tls(struct connection *c)
{
    struct slice bytes = buffer_slice(&c->peeked);
    bool is_fixed =
        c->evidence.ingress == INGRESS_FIXED || c->evidence.ingress == INGRESS_TRANSPARENT;
    if (is_fixed && slice_starts_with(bytes, "CONNECT ")) {
        return failure_of_ingress(
            c, "ingress.proxy-to-tls-port",
            "the client sent CONNECT, a proxy request, to a port that bridges "
            "TLS to a fixed target");
    }
    if (c->is_local) {
        connection_close(c);
        return STEP_WAIT;
    }
    c->mode = MODE_PLAIN;
    c->evidence.is_plain = true;
    c->state = CONNECTION_DIALLING;
    return STEP_NEXT;
}

// dial_failed: a target that is midspan itself is the client's mistake, all else the server leg's.
static enum step dial_failed(struct connection *c)
{
    if (c->dial.is_loop && c->evidence.via == NULL) {
        return failure_of_ingress(c, "ingress.malformed", c->dial.detail);
    }
    return failure_of_leg(c, SERVER);
}

// answer_or_fail tells the client's proxy protocol what became of the dial, when it waits for that.
static enum step answer_or_fail(struct connection *c)
{
    if (c->is_answered || (c->dial.state != DIAL_DONE && c->dial.state != DIAL_FAILED)) {
        return STEP_WAIT;
    }
    if (c->dial.state == DIAL_FAILED) {
        return dial_failed(c);
    }
    if (!peek_answer(c)) {
        connection_close(c);
    }
    return STEP_WAIT;
}

bool peek_answer(struct connection *c)
{
    if (c->is_answered) {
        return true;
    }
    c->is_answered = true;
    if (c->ingress == NULL) {
        return true;
    }
    struct buffer answer;
    buffer_init(&answer, 4096);
    bool ok =
        ingress_success(c->ingress, &answer) && connection_send(c, CLIENT, buffer_slice(&answer));
    buffer_clear(&answer);
    return ok;
}

enum step do_peeking(struct connection *c)
{
    if (answer_or_fail(c) == STEP_NEXT || c->state != CONNECTION_PEEKING) {
        return STEP_NEXT;
    }
    struct slice bytes = buffer_slice(&c->peeked);
    if (bytes.len == 0) {
        // The origin may be the one that speaks first: then it is not TLS.
        if (c->dial.state == DIAL_DONE) {
            link_read(&c->links[SERVER], true);
        }
        return STEP_WAIT;
    }
    switch (opening_of(bytes)) {
    case OPENING_UNDECIDED:
        return STEP_WAIT;
    case OPENING_OTHER:
        return not_tls(c);
    case OPENING_TLS:
    case OPENING_SSLV2:
        break;
    }
    switch (read_hello(c)) {
    case PARSE_OK:
        return after_hello(c);
    case PARSE_MORE:
        return STEP_WAIT;
    case PARSE_BAD:
        break;
    }
    // The engine answers it as TLS wants it answered; no origin is needed for that.
    c->state = CONNECTION_CLIENT_HANDSHAKE;
    connection_patience(c, connection_settings(c)->handshake_timeout_ms);
    return STEP_NEXT;
}

enum step do_dialling(struct connection *c)
{
    switch (c->dial.state) {
    case DIAL_IDLE:
        dial_start(c);
        return c->dial.state == DIAL_FAILED ? STEP_NEXT : STEP_WAIT;
    case DIAL_RESOLVING:
    case DIAL_CONNECTING:
    case DIAL_RETRYING:
    case DIAL_VIA:
        return STEP_WAIT;
    case DIAL_FAILED:
        return dial_failed(c);
    case DIAL_DONE:
        break;
    }
    if (!peek_answer(c)) {
        connection_close(c);
        return STEP_WAIT;
    }
    if (c->mode != MODE_BRIDGE) {
        return relay_start(c);
    }
    if (c->has_ended[SERVER]) {
        enum ending_kind kind = c->broken[SERVER] != 0 ? ENDING_RESET : ENDING_CLOSED;
        leg_evidence_end(&c->evidence.legs[SERVER], kind, 0, c->broken[SERVER], connection_now(c),
                         NULL);
        return failure_of_leg(c, SERVER);
    }
    c->state = CONNECTION_SERVER_HANDSHAKE;
    return STEP_NEXT;
}

enum step peek_timed_out(struct connection *c)
{
    if (c->peeked.len == 0) {
        c->evidence.was_dropped_unused = true;
        connection_close(c);
        return STEP_WAIT;
    }
    leg_evidence_end(&c->evidence.legs[CLIENT], ENDING_SILENCE, 0, 0, connection_now(c), NULL);
    return failure_of_leg(c, CLIENT);
}

void peek_server_spoke(struct connection *c, struct slice bytes)
{
    c->mode = MODE_PLAIN;
    c->evidence.is_plain = true;
    peek_note_no_tls(c, bytes);
    if (relay_start(c) == STEP_WAIT && c->state == CONNECTION_RELAYING) {
        relay_received(c, SERVER, bytes);
    }
}

void peek_note_no_tls(struct connection *c, struct slice bytes)
{
    struct slice first = slice_part(bytes, 0, FIRST_BYTES_MAX);
    c->evidence.legs[SERVER].first_bytes = arena_copy(&c->arena, first);
}

void peek_client_answered(struct connection *c, struct slice bytes)
{
    struct leg_evidence *leg = &c->evidence.legs[SERVER];
    if (leg->first_bytes.len == 0) {
        return; // the origin did not speak first, or the client has understood it
    }
    bool is_kept = buffer_append(&c->peeked, bytes);
    enum opening opening = opening_of(buffer_slice(&c->peeked));
    enum parse parsed = !is_kept || opening == OPENING_OTHER ? PARSE_BAD
                        : opening == OPENING_UNDECIDED       ? PARSE_MORE
                                                             : read_hello(c);
    if (parsed == PARSE_MORE) {
        return;
    }
    if (parsed == PARSE_OK) { // it goes through as it is, and is no plain connection any more
        c->mode = MODE_PASS;
        c->evidence.is_plain = false;
        c->evidence.is_passed = true;
        leg->client_hello = c->hello_bytes;
        leg->sni_sent = c->evidence.legs[CLIENT].sni_sent;
        leg_evidence_end(leg, ENDING_NOT_TLS, 0, 0, connection_now(c), NULL);
    } else {
        leg->first_bytes = SLICE_EMPTY;
    }
    buffer_clear(&c->peeked);
}

static enum step client_ended(struct connection *c, enum ending_kind kind, int os_error)
{
    bool spoke = c->peeked.len > 0 || c->ingress != NULL;
    if (c->state == CONNECTION_INGRESS && c->outer != NULL) {
        engine_peer_ended(c->outer, kind, os_error);
        return failure_of_ingress(c, "ingress.tls-to-proxy-port",
                                  "the client spoke TLS to the proxy port and left without a proxy "
                                  "request: it did not take the proxy's own certificate, or took "
                                  "the proxy for a server");
    }
    if (c->state == CONNECTION_INGRESS && spoke) {
        return failure_of_ingress(c, "ingress.malformed",
                                  "the client left in the middle of its proxy request");
    }
    if (c->state == CONNECTION_DIALLING && c->mode != MODE_BRIDGE && kind == ENDING_CLOSED) {
        return STEP_WAIT; // it has said all it wants to: the FIN is passed on after its bytes
    }
    if (c->peeked.len == 0) {
        c->evidence.was_dropped_unused = true;
        connection_close(c);
        return STEP_WAIT;
    }
    leg_evidence_end(&c->evidence.legs[CLIENT], kind, 0, os_error, connection_now(c), NULL);
    return failure_of_leg(c, CLIENT);
}

enum step peek_ended(struct connection *c, enum side side, enum ending_kind kind, int os_error)
{
    if (side == CLIENT) {
        return client_ended(c, kind, os_error);
    }
    dial_ended(c, os_error);
    return STEP_NEXT;
}
