#include "origin_talk.h"

#include <openssl/err.h>

#include "origin_answer.h"

static struct origin_request request_of(const struct origin_visit *o)
{
    return (struct origin_request){
        .sni = o->sni,
        .host = o->host,
        .target = o->target,
        .has_certificate = o->evidence.has_client_certificate,
        .is_certificate_bad =
            o->evidence.verification.done && o->evidence.verification.fault != CERT_FAULT_NONE,
    };
}

// end is how a visit ends after its answer.
static void end(struct origin_visit *o)
{
    o->state = ORIGIN_ENDING;
    switch (origin_visit_origin(o)->end) {
    case ORIGIN_END_CLOSE_NOTIFY:
        if (o->engine != NULL) {
            engine_close_notify(o->engine);
        }
        origin_visit_flush(o);
        origin_visit_finish(o);
        break;
    case ORIGIN_END_FIN:
    case ORIGIN_ENDS:
        origin_visit_flush(o);
        origin_visit_finish(o);
        break;
    case ORIGIN_END_RESET:
        origin_visit_flush(o);
        visit_reset(&o->visit);
        break;
    }
}

void origin_talk_answer(struct origin_visit *o, uint16_t status)
{
    struct buffer text = {0};
    bool ok = origin_answer(origin_visit_origin(o), status, &text);
    if (ok && o->engine != NULL) {
        ok = engine_write(o->engine, buffer_slice(&text));
    } else if (ok) {
        origin_visit_say(o, buffer_slice(&text));
    }
    buffer_clear(&text);
    if (ok) {
        end(o);
    } else {
        origin_visit_fail(o);
    }
}

static void answer_request(struct origin_visit *o)
{
    struct origin_request request = request_of(o);
    origin_talk_answer(o, origin_status(origin_visit_origin(o), &request));
}

// renegotiate asks for a second handshake before the answer; false when it can't be asked for.
static bool renegotiate(struct origin_visit *o)
{
    SSL *ssl = o->ssl;
    if (origin_visit_origin(o)->quirk.kind != QUIRK_RENEGOTIATES || ssl == NULL) {
        return false;
    }
    o->is_renegotiating = true;
    ERR_clear_error();
    bool is_asked = SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1;
    ERR_clear_error();
    origin_visit_flush(o);
    return is_asked;
}

void origin_talk_head(struct origin_visit *o, struct slice bytes)
{
    struct fault fault;
    size_t consumed;
    if (o->did_read_head) {
        return; // what follows is a body
    }
    enum parse parsed = http_head_feed(o->head, bytes, &consumed, &fault);
    if (parsed == PARSE_MORE) {
        return;
    }
    o->did_read_head = true;
    if (parsed == PARSE_BAD) {
        origin_talk_answer(o, 400);
        return;
    }
    const struct slice *host = http_field_find(http_head_request(o->head), "Host", NULL);
    o->host = host != NULL ? arena_copy(&o->arena, *host) : SLICE_EMPTY;
    o->target = arena_copy(&o->arena, http_head_request(o->head)->target);
    if (!renegotiate(o)) {
        answer_request(o);
    }
}

static uint16_t on_h2_request(void *user, struct slice authority, struct buffer *out_body)
{
    struct origin_visit *o = user;
    o->host = arena_copy(&o->arena, authority);
    struct origin_request request = request_of(o);
    uint16_t status = origin_status(origin_visit_origin(o), &request);
    (void)origin_body(origin_visit_origin(o), status, out_body); // out of memory, it is empty
    return status;
}

static void take_h2(struct origin_visit *o, struct slice bytes)
{
    struct buffer frames;
    bool is_over = false;
    buffer_init(&frames, ORIGIN_OUT_BYTES_MAX);
    bool ok = origin_h2_feed(o->h2, bytes, &frames, &is_over);
    struct slice left = buffer_slice(&frames);
    while (ok && left.len > 0) { // one record a write
        struct slice part = slice_part(left, 0, TLS_RECORD_PLAIN_MAX);
        ok = engine_write(o->engine, part);
        left = slice_part(left, part.len, left.len);
    }
    buffer_clear(&frames);
    origin_visit_flush(o);
    if (!ok || is_over) {
        end(o);
    }
}

static void take_plaintext(struct origin_visit *o, struct slice bytes)
{
    if (o->h2 != NULL) {
        take_h2(o, bytes);
    } else {
        origin_talk_head(o, bytes);
    }
}

void origin_talk_read(struct origin_visit *o)
{
    uint8_t data[TLS_RECORD_PLAIN_MAX];
    while (o->state == ORIGIN_REQUEST) {
        size_t len = 0;
        switch (engine_read(o->engine, data, sizeof(data), &len)) {
        case ENGINE_READ_DATA:
            take_plaintext(o, (struct slice){data, len});
            break;
        case ENGINE_READ_WAITS:
            origin_visit_flush(o);
            if (o->is_renegotiating && SSL_renegotiate_pending(o->ssl) == 0) {
                answer_request(o);
            }
            return;
        case ENGINE_READ_CLOSE_NOTIFY:
            end(o);
            return;
        case ENGINE_READ_FAILED:
            origin_visit_fail(o);
            return;
        }
    }
}

void origin_talk_begin(struct origin_visit *o)
{
    o->state = ORIGIN_REQUEST;
    if (slice_equals_text(engine_alpn(o->engine), "h2")) {
        const struct origin_h2_hooks hooks = {on_h2_request, o};
        o->h2 = origin_h2_new(&hooks);
        if (o->h2 != NULL) {
            take_h2(o, SLICE_EMPTY); // SETTINGS first
        }
    } else {
        o->head = http_head_new();
    }
    if (o->h2 == NULL && o->head == NULL) {
        origin_visit_fail(o);
    } else if (o->state == ORIGIN_REQUEST) {
        origin_talk_read(o);
    }
}
