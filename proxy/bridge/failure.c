#include "failure.h"

#include <errno.h>

#include "peek.h"

static bool was_told(const struct connection *c, const struct verdict *verdict)
{
    return c->verdict != NULL && c->verdict->cause == verdict->cause &&
           c->verdict->leg == verdict->leg;
}

static void keep_first(struct connection *c, const struct verdict *verdict)
{
    if (c->verdict != NULL) {
        return;
    }
    c->verdict = arena_alloc(&c->arena, sizeof(*c->verdict));
    if (c->verdict != NULL) {
        *c->verdict = *verdict;
    }
}

void failure_judge(struct connection *c)
{
    struct verdict found[VERDICTS_MAX];
    size_t count = verdict_find(&c->evidence, &c->arena, found, VERDICTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (was_told(c, &found[i])) {
            continue;
        }
        uint32_t repeats = history_repeats(c->worker->shared->history, &c->evidence, &found[i]);
        connection_emit(c, EVENT_VERDICT, &found[i], repeats);
        keep_first(c, &found[i]);
    }
}

// part_from_server ends the server leg: what we have said goes out, what it says is dropped. A
// close with bytes unread would be a reset, and might overtake our alert.
static void part_from_server(struct connection *c)
{
    if (!c->links[SERVER].is_open || c->dial.state != DIAL_DONE) {
        return;
    }
    if (c->engines[SERVER] != NULL) {
        engine_close_notify(c->engines[SERVER]);
        (void)connection_flush(c, SERVER); // it may be gone
    }
    connection_finish(c, SERVER);
    link_read(&c->links[SERVER], true);
}

static enum step linger(struct connection *c)
{
    connection_linger(c);
    return STEP_WAIT;
}

static enum step drop(struct connection *c)
{
    connection_close(c);
    return STEP_WAIT;
}

// status_of is the HTTP status that a gateway would use (RFC 9110 section 15.6).
static int status_of(const struct connection *c)
{
    const struct ending *ending = &c->evidence.legs[SERVER].handshake;
    bool is_late = ending->kind == ENDING_SILENCE ||
                   (ending->kind == ENDING_UNREACHABLE && ending->os_error == ETIMEDOUT);
    return is_late ? 504 : 502;
}

// tell_ingress answers the client's proxy protocol, which still waits.
static enum step tell_ingress(struct connection *c)
{
    struct buffer answer;
    buffer_init(&answer, 8192);
    const char *text = c->verdict != NULL ? c->verdict->summary : "the origin could not be reached";
    if (ingress_failure(c->ingress, status_of(c), text, &answer)) {
        (void)connection_send(c, CLIENT, buffer_slice(&answer)); // a client that is gone needs none
    }
    buffer_clear(&answer);
    return linger(c);
}

// alert_for is what the client hears of the server leg's failure: the origin's own alert, or the
// one that fits ours (RFC 8446 section 6.2).
static uint8_t alert_for(const struct ending *ending)
{
    switch (ending->kind) {
    case ENDING_ALERT_RECEIVED:
    case ENDING_REFUSED:
    case ENDING_ALERT_SENT:
        return ending->alert != 0 ? ending->alert : ALERT_HANDSHAKE_FAILURE;
    case ENDING_NONE:
    case ENDING_SECURED:
    case ENDING_RESET:
    case ENDING_CLOSED:
    case ENDING_SILENCE:
    case ENDING_NOT_TLS:
    case ENDING_UNREACHABLE:
    case ENDING_ABANDONED:
    case ENDING_DROPPED:
        break;
    }
    return ALERT_INTERNAL_ERROR;
}

static enum step tell_alert(struct connection *c)
{
    const uint8_t body[] = {ALERT_LEVEL_FATAL, alert_for(&c->evidence.legs[SERVER].handshake)};
    struct buffer *out = &c->worker->out[CLIENT];
    if (c->engines[CLIENT] != NULL) {
        return drop(c); // secured: a bare FIN, so that no answer looks whole
    }
    if (tls_record_encode(out, CONTENT_ALERT, VERSION_TLS12, (struct slice){body, sizeof(body)})) {
        leg_evidence_end(&c->evidence.legs[CLIENT], ENDING_ALERT_SENT, body[1], 0,
                         connection_now(c), "mirrored from the server leg");
        (void)connection_flush(c, CLIENT); // as above
    }
    return linger(c);
}

static enum step tell_client(struct connection *c)
{
    if (!c->is_answered && c->ingress != NULL) {
        return tell_ingress(c);
    }
    if (c->mode != MODE_BRIDGE || !c->has_hello) {
        return drop(c);
    }
    switch (connection_settings(c)->on_failure) {
    case ON_FAILURE_PAGE:
        if (c->engines[CLIENT] != NULL) {
            c->state = CONNECTION_ANSWERING;
            connection_patience(c, connection_settings(c)->handshake_timeout_ms);
            link_read(&c->links[CLIENT], true);
        } else {
            c->state = CONNECTION_CLIENT_HANDSHAKE;
        }
        return STEP_NEXT;
    case ON_FAILURE_ALERT:
        return tell_alert(c);
    case ON_FAILURE_RESET:
        break;
    }
    connection_reset(c);
    return STEP_WAIT;
}

static bool refused_ours(const struct connection *c)
{
    const struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    return leg_evidence_saw(leg, HANDSHAKE_CERTIFICATE, true) &&
           (leg->handshake.kind == ENDING_ALERT_RECEIVED || leg->handshake.kind == ENDING_RESET ||
            leg->handshake.kind == ENDING_CLOSED);
}

enum step failure_of_leg(struct connection *c, enum side side)
{
    struct leg_evidence *other = &c->evidence.legs[!side];
    if (!c->has_failed && other->is_started) {
        leg_evidence_end(other, ENDING_ABANDONED, 0, 0, connection_now(c), NULL);
    }
    bool is_second = c->has_failed;
    c->has_failed = true;
    c->failed = side;
    failure_judge(c);
    part_from_server(c);
    if (side == CLIENT) {
        if (refused_ours(c)) {
            history_refused(c->worker->shared->history, &c->evidence);
        }
        return c->has_ended[CLIENT] ? drop(c) : linger(c);
    }
    return is_second ? drop(c) : tell_client(c);
}

enum step failure_of_ingress(struct connection *c, const char *code, const char *text)
{
    c->has_failed = true;
    c->failed = CLIENT;
    c->evidence.ingress_fault = text;
    c->evidence.ingress_fault_code = code;
    connection_opened(c);
    failure_judge(c);
    return c->has_ended[CLIENT] ? drop(c) : linger(c);
}

// compose writes the response once the request is there.
static bool compose(struct connection *c, bool is_h2)
{
    if (c->has_failed) {
        return answer_page(&c->answer, status_of(c), c->verdict, &c->evidence, is_h2);
    }
    char address[ENDPOINT_TEXT_MAX];
    return answer_local(&c->answer, NULL, false, c->worker->shared->ca,
                        endpoint_text(&c->worker->shared->endpoints[0], address), is_h2);
}

enum step do_answering(struct connection *c)
{
    struct answer *answer = &c->answer;
    if (c->engines[CLIENT] == NULL) {
        (void)connection_send(c, CLIENT, buffer_slice(&answer->response)); // as above
        return linger(c);
    }
    if (answer->is_abandoned) {
        failure_judge(c); // it left without a request: maybe because of our certificate
        return linger(c);
    }
    bool is_h2 = slice_equals_text(engine_alpn(c->engines[CLIENT]), "h2");
    if (answer_wants_more(answer, is_h2)) {
        return STEP_WAIT;
    }
    if (compose(c, is_h2)) {
        struct slice response = buffer_slice(&answer->response);
        while (response.len > 0) {
            struct slice part = slice_part(response, 0, TLS_RECORD_PLAIN_MAX);
            (void)engine_write(c->engines[CLIENT], part); // as above
            response = slice_part(response, part.len, response.len);
        }
        engine_close_notify(c->engines[CLIENT]);
        (void)connection_flush(c, CLIENT); // as above
    }
    return linger(c);
}
