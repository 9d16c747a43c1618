// One connection of a lab origin.
//
//   PEEKING ──quirk──▶ DOOMED ◀──failure── HANDSHAKE
//      │                 ▲                    ▲ │
//      ├──plain──────────┤ answered           │ ▼
//      └─────────────────┼────────────────────┘ REQUEST ──▶ ENDING
//
// PEEKING holds what came until the hello is whole. DOOMED has said what it had to say: bytes are
// read and dropped until the client is gone. ENDING likewise, after an answer.
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "http_head.h"
#include "old_flight.h"
#include "origin_answer.h"
#include "origin_h2.h"
#include "origin_tls.h"

#define FIRST_BYTES_HELD_MAX ((size_t)160 * 1024)
#define OUT_BYTES_MAX        ((size_t)512 * 1024)
#define PIECE_BYTES          64
#define PIECE_MS             20

enum origin_state {
    PEEKING,
    DOOMED,
    HANDSHAKE,
    REQUEST,
    ENDING
};

struct origin_visit {
    struct visit visit; // first
    enum origin_state state;
    size_t node;
    struct buffer first; // PEEKING: what came
    bool had_bytes;
    struct tls_stream watch; // of the client's plaintext, while in HANDSHAKE
    bool saw_second_hello, saw_change_cipher_spec;
    struct arena arena;
    struct leg_evidence evidence;
    struct engine *engine;
    SSL *ssl; // the engine's, borrowed: for what the engine has no word for
    struct buffer out;
    struct slice sni; // in the arena
    struct http_head *head;
    struct origin_h2 *h2;
    bool did_read_head, is_renegotiating;
    struct slice host; // of the request, in the arena
    uv_timer_t pace;   // QUIRK_SLOW
    struct buffer waiting;
    bool wants_finish;
};

static const struct origin *origin_of(const struct origin_visit *o)
{
    return &o->visit.server->tls->origin;
}

static void on_pace(uv_timer_t *timer);

static bool is_slow(const struct origin_visit *o)
{
    return origin_of(o)->quirk.kind == QUIRK_SLOW;
}

// say sends bytes, at once or piece by piece.
static void say(struct origin_visit *o, struct slice bytes)
{
    if (!is_slow(o)) {
        (void)link_send(&o->visit.link, bytes); // a client that is gone tells so to the reader
        return;
    }
    uint64_t ms = origin_of(o)->quirk.limit != 0 ? origin_of(o)->quirk.limit : PIECE_MS;
    (void)buffer_append(&o->waiting, bytes);        // past its limit the rest is not said
    (void)uv_timer_start(&o->pace, on_pace, 0, ms); // fails when closing only
}

static void flush(struct origin_visit *o)
{
    if (o->out.len > 0) {
        say(o, buffer_slice(&o->out));
        buffer_consume(&o->out, o->out.len);
    }
}

static void finish(struct origin_visit *o)
{
    if (o->waiting.len > 0) {
        o->wants_finish = true;
        return;
    }
    visit_finish(&o->visit);
}

static void on_pace(uv_timer_t *timer)
{
    struct origin_visit *o = timer->data;
    struct slice piece = slice_part(buffer_slice(&o->waiting), 0, PIECE_BYTES);
    (void)link_send(&o->visit.link, piece); // as in say
    buffer_consume(&o->waiting, piece.len);
    if (o->waiting.len > 0) {
        return;
    }
    (void)uv_timer_stop(timer); // always 0
    if (o->wants_finish) {
        visit_finish(&o->visit);
    }
}

static void say_alert(struct origin_visit *o, uint8_t level, uint8_t alert)
{
    const uint8_t record[] = {CONTENT_ALERT, 3, 3, 0, 2, level, alert};
    say(o, (struct slice){record, sizeof(record)});
}

// strike does what a quirk decided.
static void strike(struct origin_visit *o, struct quirk_step step)
{
    o->state = DOOMED;
    switch (step.manner) {
    case MANNER_ALERT:
        say_alert(o, ALERT_LEVEL_FATAL, step.alert);
        finish(o);
        break;
    case MANNER_RESET:
        visit_reset(&o->visit);
        break;
    case MANNER_SILENCE:
        break; // the visit's timer ends it
    case MANNER_NONE:
    case MANNER_CLOSE:
    case MANNERS:
        finish(o);
        break;
    }
}

static void note_failed(struct origin_heard *heard, void *user)
{
    struct origin_visit *o = user;
    heard->failed++;
    if (o->evidence.handshake.kind == ENDING_ALERT_RECEIVED) {
        heard->alert = o->evidence.handshake.alert;
    } else if (o->evidence.close.kind == ENDING_ALERT_RECEIVED) {
        heard->alert = o->evidence.close.alert;
    }
}

static void fail(struct origin_visit *o)
{
    server_note(o->visit.server, note_failed, o);
    o->state = DOOMED;
    flush(o);
    finish(o);
}

static void put_text(char *to, size_t size, struct slice text)
{
    struct slice fit = slice_part(text, 0, size - 1);
    if (fit.len > 0) {
        memcpy(to, fit.data, fit.len);
    }
    to[fit.len] = '\0';
}

static void note_secured(struct origin_heard *heard, void *user)
{
    struct origin_visit *o = user;
    heard->secured++;
    heard->resumed += o->evidence.is_resumed;
    heard->version = o->evidence.version;
    heard->suite = o->evidence.suite;
    heard->had_certificate = o->evidence.has_client_certificate;
}

static void note_request(struct origin_heard *heard, void *user)
{
    struct origin_visit *o = user;
    heard->requests++;
    put_text(heard->host, sizeof(heard->host), o->host);
}

static struct origin_request request_of(const struct origin_visit *o)
{
    return (struct origin_request){
        .sni = o->sni,
        .host = o->host,
        .has_certificate = o->evidence.has_client_certificate,
        .is_certificate_bad =
            o->evidence.verification.done && o->evidence.verification.fault != CERT_FAULT_NONE,
    };
}

// end is how a visit ends after its answer.
static void end(struct origin_visit *o)
{
    o->state = ENDING;
    switch (origin_of(o)->end) {
    case ORIGIN_END_CLOSE_NOTIFY:
        if (o->engine != NULL) {
            engine_close_notify(o->engine);
        }
        flush(o);
        finish(o);
        break;
    case ORIGIN_END_FIN:
    case ORIGIN_ENDS:
        flush(o);
        finish(o);
        break;
    case ORIGIN_END_RESET:
        flush(o);
        visit_reset(&o->visit);
        break;
    }
}

static void answer(struct origin_visit *o, uint16_t status)
{
    struct buffer text = {0};
    server_note(o->visit.server, note_request, o);
    bool ok = origin_answer(origin_of(o), status, &text);
    if (ok && o->engine != NULL) {
        ok = engine_write(o->engine, buffer_slice(&text));
    } else if (ok) {
        say(o, buffer_slice(&text));
    }
    buffer_clear(&text);
    if (ok) {
        end(o);
    } else {
        fail(o);
    }
}

static void answer_request(struct origin_visit *o)
{
    struct origin_request request = request_of(o);
    answer(o, origin_status(origin_of(o), &request));
}

// renegotiate asks for a second handshake before the answer; false when it can't be asked for.
static bool renegotiate(struct origin_visit *o)
{
    SSL *ssl = o->ssl;
    if (origin_of(o)->quirk.kind != QUIRK_RENEGOTIATES || ssl == NULL) {
        return false;
    }
    o->is_renegotiating = true;
    ERR_clear_error();
    bool is_asked = SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1;
    ERR_clear_error();
    flush(o);
    return is_asked;
}

static void take_request(struct origin_visit *o, struct slice bytes)
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
        answer(o, 400);
        return;
    }
    const struct slice *host = http_field_find(http_head_request(o->head), "Host", NULL);
    o->host = host != NULL ? arena_copy(&o->arena, *host) : SLICE_EMPTY;
    if (!renegotiate(o)) {
        answer_request(o);
    }
}

static uint16_t on_h2_request(void *user, struct slice authority, struct buffer *out_body)
{
    struct origin_visit *o = user;
    o->host = arena_copy(&o->arena, authority);
    struct origin_request request = request_of(o);
    uint16_t status = origin_status(origin_of(o), &request);
    server_note(o->visit.server, note_request, o);
    (void)origin_body(origin_of(o), status, out_body); // out of memory, it is empty
    return status;
}

static void take_h2(struct origin_visit *o, struct slice bytes)
{
    struct buffer frames;
    bool is_over = false;
    buffer_init(&frames, OUT_BYTES_MAX);
    bool ok = origin_h2_feed(o->h2, bytes, &frames, &is_over);
    struct slice left = buffer_slice(&frames);
    while (ok && left.len > 0) { // one record a write
        struct slice part = slice_part(left, 0, TLS_RECORD_PLAIN_MAX);
        ok = engine_write(o->engine, part);
        left = slice_part(left, part.len, left.len);
    }
    buffer_clear(&frames);
    flush(o);
    if (!ok || is_over) {
        end(o);
    }
}

static void take_plaintext(struct origin_visit *o, struct slice bytes)
{
    if (o->h2 != NULL) {
        take_h2(o, bytes);
    } else {
        take_request(o, bytes);
    }
}

// read_data reads what the engine holds, until it waits or the visit is past its request.
static void read_data(struct origin_visit *o)
{
    uint8_t data[TLS_RECORD_PLAIN_MAX];
    while (o->state == REQUEST) {
        size_t len = 0;
        switch (engine_read(o->engine, data, sizeof(data), &len)) {
        case ENGINE_READ_DATA:
            take_plaintext(o, (struct slice){data, len});
            break;
        case ENGINE_READ_WAITS:
            flush(o);
            if (o->is_renegotiating && SSL_renegotiate_pending(o->ssl) == 0) {
                answer_request(o);
            }
            return;
        case ENGINE_READ_CLOSE_NOTIFY:
            end(o);
            return;
        case ENGINE_READ_FAILED:
            fail(o);
            return;
        }
    }
}

static void secured(struct origin_visit *o)
{
    server_note(o->visit.server, note_secured, o);
    o->state = REQUEST;
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
        fail(o);
    } else if (o->state == REQUEST) {
        read_data(o);
    }
}

static void advance(struct origin_visit *o, struct slice bytes)
{
    struct origin_tls *tls = o->visit.server->tls;
    tls->current = NULL;
    enum engine_step step = engine_handshake(o->engine, bytes);
    o->ssl = tls->current != NULL ? tls->current : o->ssl;
    flush(o);
    switch (step) {
    case ENGINE_WAITS:
        break;
    case ENGINE_SECURED:
        secured(o);
        break;
    case ENGINE_FAILED:
        fail(o);
        break;
    }
}

static void on_watched(void *user, const struct stream_item *item)
{
    struct origin_visit *o = user;
    bool is_hello = item->kind == STREAM_MESSAGE && item->bytes.data[0] == HANDSHAKE_CLIENT_HELLO;
    o->saw_second_hello = o->saw_second_hello || (is_hello && o->engine != NULL);
    o->saw_change_cipher_spec =
        o->saw_change_cipher_spec ||
        (item->kind == STREAM_RECORD && item->content_type == CONTENT_CHANGE_CIPHER_SPEC);
}

// is_struck_later lets the quirk decide on what follows the first hello.
static bool is_struck_later(struct origin_visit *o)
{
    const struct quirk *quirk = &origin_of(o)->quirk;
    struct quirk_step step = {.manner = MANNER_NONE};
    struct client_hello hello;
    size_t at;
    if (o->saw_second_hello && quirk->kind == QUIRK_RETRY &&
        client_hello_parse(o->evidence.client_hello, &hello, &at) == PARSE_OK) {
        step = quirk_on_hello(quirk, &(struct quirk_view){.hello = &hello, .is_second = true});
    } else if (o->saw_change_cipher_spec) {
        step = quirk_on_change_cipher_spec(quirk, o->evidence.version >= VERSION_TLS13);
    }
    if (step.manner == MANNER_NONE) {
        return false;
    }
    strike(o, step);
    return true;
}

static bool open_engine(struct origin_visit *o)
{
    const struct origin_tls *tls = o->visit.server->tls;
    const struct leg_policy *policy = &tls->origin.policy;
    bool asks = policy->client_auth != CLIENT_AUTH_NONE;
    struct engine_setup setup = {
        .side = CLIENT,
        .context = tls->contexts[o->node],
        .alpn = {policy->alpn, policy->alpn_len},
        .needs_alpn = policy->has_alpn && policy->alpn_len > 0,
        .trust = asks ? o->visit.server->origins->clients : NULL,
        .refuses = tls->origin.bad_certificate_status == 0,
        .client_auth = policy->client_auth,
        .evidence = &o->evidence,
        .arena = &o->arena,
        .opened_us = clock_monotonic_us(),
        .out = &o->out,
    };
    o->engine = engine_new(&setup, NULL);
    return o->engine != NULL;
}

// speak_old answers by hand, and waits for what the client makes of it.
static void speak_old(struct origin_visit *o, const struct client_hello *hello)
{
    const struct lab_chain *chain = &o->visit.server->tls->chains[0];
    struct slice certificates[LAB_CHAIN_SENT_MAX];
    bool is_ssl = origin_of(o)->quirk.kind == QUIRK_SSLV3;
    struct old_flight flight = {.version = is_ssl ? VERSION_SSL30 : VERSION_TLS12,
                                .certificates = certificates};
    bool ok = RAND_bytes(flight.random, sizeof(flight.random)) == 1;
    for (size_t i = 0; ok && i < chain->sent_count; i++) {
        uint8_t *der = NULL;
        int len = i2d_X509(chain->sent[i], &der);
        certificates[i] = arena_copy(&o->arena, (struct slice){der, len > 0 ? (size_t)len : 0});
        OPENSSL_free(der);
        flight.certificate_count++;
    }
    o->state = DOOMED;
    if (ok && old_flight_encode(&flight, hello, &o->out)) {
        flush(o);
        return;
    }
    say_alert(o, ALERT_LEVEL_FATAL, ALERT_HANDSHAKE_FAILURE);
    finish(o);
}

// is_unknown_name does what the origin does with a name that it has no site for.
static bool is_unknown_name(struct origin_visit *o)
{
    const struct origin_tls *tls = o->visit.server->tls;
    if (origin_tls_site(tls, o->sni) < tls->origin.site_count) {
        return false;
    }
    switch (tls->origin.unknown) {
    case UNKNOWN_NAME_DEFAULT:
    case UNKNOWN_NAMES:
        return false;
    case UNKNOWN_NAME_ALERT:
        strike(o, (struct quirk_step){MANNER_ALERT, ALERT_UNRECOGNIZED_NAME});
        break;
    case UNKNOWN_NAME_RESET:
        strike(o, (struct quirk_step){.manner = MANNER_RESET});
        break;
    }
    return true;
}

static void note_hello(struct origin_heard *heard, void *user)
{
    struct origin_visit *o = user;
    heard->hellos++;
    put_text(heard->sni, sizeof(heard->sni), o->sni);
}

// take_hello goes on once the first hello is there; NULL when it can't be read: the library says
// what it thinks of it.
static void take_hello(struct origin_visit *o, const struct client_hello *hello,
                       const struct quirk_view *view)
{
    const struct quirk *quirk = &origin_of(o)->quirk;
    o->sni = hello != NULL ? arena_copy(&o->arena, hello->sni) : SLICE_EMPTY;
    server_note(o->visit.server, note_hello, o);
    struct quirk_step step = quirk_on_hello(quirk, view);
    if (step.manner != MANNER_NONE) {
        strike(o, step);
        return;
    }
    if (hello != NULL && is_unknown_name(o)) {
        return;
    }
    bool is_old = quirk->kind == QUIRK_SSLV3 || quirk->kind == QUIRK_LEGACY_RENEGOTIATION;
    if (hello != NULL && is_old) {
        speak_old(o, hello);
        return;
    }
    if (quirk->kind == QUIRK_WARNS_NAME) {
        say_alert(o, ALERT_LEVEL_WARNING, ALERT_UNRECOGNIZED_NAME);
    }
    (void)tls_stream_feed(&o->watch, buffer_slice(&o->first), on_watched, o); // only to watch
    if (!open_engine(o)) {
        fail(o);
        return;
    }
    o->state = HANDSHAKE;
    advance(o, buffer_slice(&o->first));
}

// speak_plain answers in HTTP: to a hello, where TLS was expected, or to a request that came to a
// TLS port.
static void speak_plain(struct origin_visit *o)
{
    struct slice bytes = buffer_slice(&o->first);
    struct quirk_step step = quirk_on_hello(&origin_of(o)->quirk, &(struct quirk_view){0});
    if (step.manner != MANNER_NONE) {
        strike(o, step);
        return;
    }
    if (opening_of(bytes) != OPENING_OTHER || origin_of(o)->quirk.kind != QUIRK_PLAIN_HTTP) {
        answer(o, 400); // a TLS port does so as well, in nginx and Apache
        return;
    }
    o->head = o->head != NULL ? o->head : http_head_new();
    if (o->head == NULL) {
        fail(o);
        return;
    }
    take_request(o, bytes);
    buffer_consume(&o->first, bytes.len);
}

static void peek(struct origin_visit *o, struct slice bytes)
{
    struct buffer joined = {0};
    struct slice message = SLICE_EMPTY;
    struct client_hello hello;
    struct tls_record record;
    uint16_t version_max = origin_of(o)->policy.version_max;
    bool is_sslv2 = false, is_first = !o->had_bytes;
    size_t at;
    o->had_bytes = true;
    if (!buffer_append(&o->first, bytes)) {
        fail(o);
        return;
    }
    enum opening opening = opening_of(buffer_slice(&o->first));
    if (opening == OPENING_UNDECIDED && o->head == NULL) {
        return;
    }
    if (opening == OPENING_OTHER || o->head != NULL ||
        origin_of(o)->quirk.kind == QUIRK_PLAIN_HTTP) {
        speak_plain(o);
        return;
    }
    enum parse parsed = first_hello(buffer_slice(&o->first), &joined, &message, &is_sslv2);
    if (parsed != PARSE_MORE) {
        bool is_read =
            parsed == PARSE_OK && !is_sslv2 && client_hello_parse(message, &hello, &at) == PARSE_OK;
        bool has_record = tls_record_parse(buffer_slice(&o->first), &record) == PARSE_OK;
        struct quirk_view view = {
            .hello = is_read ? &hello : NULL,
            .hello_len = message.len,
            .record_version = has_record ? record.version : 0,
            .is_below_tls13 = version_max != 0 && version_max < VERSION_TLS13,
            .came_in_one = is_first && visit_segments(&o->visit) <= 1,
            .has_foreign_ticket = is_read && origin_tls_is_foreign(o->visit.server->tls, o->node,
                                                                   quirk_ticket(&hello)),
        };
        take_hello(o, view.hello, &view);
    }
    buffer_clear(&joined);
}

static bool begun(struct visit *visit)
{
    struct origin_visit *o = (struct origin_visit *)visit;
    const struct origin_tls *tls = visit->server->tls;
    buffer_init(&o->first, FIRST_BYTES_HELD_MAX);
    buffer_init(&o->out, OUT_BYTES_MAX);
    buffer_init(&o->waiting, OUT_BYTES_MAX);
    if (uv_timer_init(&visit->server->origins->loop, &o->pace) != 0) {
        return false; // it never fails
    }
    o->pace.data = o;
    visit->open_handles++;
    o->node = (size_t)((visit->server->connections - 1) % tls->node_count);
    return true;
}

static void received(struct visit *visit, struct slice bytes)
{
    struct origin_visit *o = (struct origin_visit *)visit;
    switch (o->state) {
    case PEEKING:
        peek(o, bytes);
        break;
    case HANDSHAKE:
        (void)tls_stream_feed(&o->watch, bytes, on_watched, o); // only to watch
        if (!is_struck_later(o)) {
            advance(o, bytes);
        }
        break;
    case REQUEST:
        engine_feed(o->engine, bytes);
        read_data(o);
        if (o->state == REQUEST && !engine_hold(o->engine)) {
            fail(o);
        }
        break;
    case DOOMED:
    case ENDING:
        break; // read, and dropped
    }
}

static void ended(struct visit *visit, int os_error)
{
    struct origin_visit *o = (struct origin_visit *)visit;
    if (o->engine != NULL && (o->state == HANDSHAKE || o->state == REQUEST)) {
        engine_peer_ended(o->engine, os_error != 0 ? ENDING_RESET : ENDING_CLOSED, os_error);
        server_note(visit->server, note_failed, o);
    }
    visit_close(visit);
}

static void on_pace_closed(uv_handle_t *handle)
{
    struct origin_visit *o = handle->data;
    visit_handle_closed(&o->visit);
}

static void closing(struct visit *visit)
{
    struct origin_visit *o = (struct origin_visit *)visit;
    if (o->pace.data != NULL) {
        uv_close((uv_handle_t *)&o->pace, on_pace_closed);
    }
}

static void freed(struct visit *visit)
{
    struct origin_visit *o = (struct origin_visit *)visit;
    engine_free(o->engine);
    origin_h2_free(o->h2);
    http_head_free(o->head);
    tls_stream_clear(&o->watch);
    buffer_clear(&o->first);
    buffer_clear(&o->out);
    buffer_clear(&o->waiting);
    arena_clear(&o->arena);
}

const struct visit_kind origin_visit_kind = {
    .size = sizeof(struct origin_visit),
    .begun = begun,
    .received = received,
    .ended = ended,
    .closing = closing,
    .freed = freed,
};
