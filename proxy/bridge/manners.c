#include "manners.h"

#include <errno.h>

#include "failure.h"
#include "legs.h"
#include "local.h"

enum step manners_linger(struct connection *c)
{
    connection_linger(c);
    return STEP_WAIT;
}

enum step manners_drop(struct connection *c)
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

// page_status_of is the status that the imitated device has for a server leg that its peer broke;
// unreachable and silent origins are told apart by every device in its own way.
static int page_status_of(const struct connection *c)
{
    const struct settings *settings = connection_settings(c);
    enum ending_kind kind = c->evidence.legs[SERVER].handshake.kind;
    bool is_answered = kind != ENDING_UNREACHABLE && kind != ENDING_SILENCE;
    bool is_refused = kind == ENDING_REFUSED && settings->certificate_status != 0;
    unsigned status = is_refused ? settings->certificate_status : settings->status;
    return is_answered && status != 0 ? (int)status : status_of(c);
}

enum step manners_tell_ingress(struct connection *c)
{
    struct buffer answer;
    buffer_init(&answer, 8192);
    const char *text = c->verdict != NULL ? c->verdict->summary : "the origin could not be reached";
    if (ingress_failure(c->ingress, status_of(c), text, &answer)) {
        (void)connection_send(c, CLIENT, buffer_slice(&answer)); // a client that is gone needs none
    }
    buffer_clear(&answer);
    return manners_linger(c);
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
    case ENDING_ALERT_SEALED:
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
        return manners_drop(c); // secured: a bare FIN, so that no answer looks whole
    }
    if (tls_record_encode(out, CONTENT_ALERT, VERSION_TLS12, (struct slice){body, sizeof(body)})) {
        leg_evidence_end(&c->evidence.legs[CLIENT], ENDING_ALERT_SENT, body[1], 0,
                         connection_now(c), "mirrored from the server leg");
        (void)connection_flush(c, CLIENT); // as above
    }
    return manners_linger(c);
}

enum step manners_tell(struct connection *c)
{
    if (!c->is_answered && c->ingress != NULL) {
        return manners_tell_ingress(c);
    }
    if (c->mode != MODE_BRIDGE || !c->has_hello) {
        return manners_drop(c);
    }
    switch (connection_settings(c)->on_failure) {
    case ON_FAILURE_PAGE:
        if (c->engines[CLIENT] != NULL) {
            c->state = CONNECTION_ANSWERING;
            connection_patience(c, connection_settings(c)->handshake_timeout_ms);
            link_read(&c->links[CLIENT], true);
            legs_read_request(c, buffer_slice(&c->peeked)); // and what came behind the Finished
            buffer_clear(&c->peeked);
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

// ---- an answer over TLS

// compose writes the response once the request is there.
static bool compose(struct connection *c, bool is_h2)
{
    if (c->has_failed) {
        return answer_page(&c->answer, page_status_of(c), c->verdict, &c->evidence, is_h2);
    }
    return local_compose(c, NULL, false, is_h2);
}

enum step do_answering(struct connection *c)
{
    struct answer *answer = &c->answer;
    if (c->engines[CLIENT] == NULL) {
        (void)connection_send(c, CLIENT, buffer_slice(&answer->response)); // as above
        return manners_linger(c);
    }
    if (answer->is_abandoned) {
        failure_judge(c); // it left without a request: maybe because of our certificate
        return manners_linger(c);
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
    return manners_linger(c);
}
