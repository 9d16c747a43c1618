// One connection of a lab origin.
//
//   PEEKING ──quirk──▶ DOOMED ◀──failure── HANDSHAKE
//      │                 ▲                    ▲ │
//      ├──plain──────────┤ answered           │ ▼
//      └─────────────────┼────────────────────┘ REQUEST ──▶ ENDING
//
// PEEKING holds what came until the hello is whole. DOOMED has said what it had to say: bytes are
// read and dropped until the client is gone. ENDING likewise, after an answer.
#include "origin_visit.h"

#include <string.h>

#include <openssl/rand.h>

#include "old_flight.h"
#include "origin_talk.h"

#define FIRST_BYTES_HELD_MAX ((size_t)160 * 1024)
#define PIECE_BYTES          64
#define PIECE_MS             20

static void on_pace(uv_timer_t *timer);

static bool is_slow(const struct origin_visit *o)
{
    return origin_visit_origin(o)->quirk.kind == QUIRK_SLOW;
}

void origin_visit_say(struct origin_visit *o, struct slice bytes)
{
    if (!is_slow(o)) {
        (void)link_send(&o->visit.link, bytes); // a client that is gone tells so to the reader
        return;
    }
    uint32_t limit = origin_visit_origin(o)->quirk.limit;
    uint64_t ms = limit != 0 ? limit : PIECE_MS;
    (void)buffer_append(&o->waiting, bytes);        // past its limit the rest is not said
    (void)uv_timer_start(&o->pace, on_pace, 0, ms); // fails when closing only
}

void origin_visit_flush(struct origin_visit *o)
{
    if (o->out.len > 0) {
        origin_visit_say(o, buffer_slice(&o->out));
        buffer_consume(&o->out, o->out.len);
    }
}

void origin_visit_finish(struct origin_visit *o)
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
    origin_visit_say(o, (struct slice){record, sizeof(record)});
}

// strike does what a quirk decided.
static void strike(struct origin_visit *o, struct quirk_step step)
{
    o->state = ORIGIN_DOOMED;
    switch (step.manner) {
    case MANNER_ALERT:
        say_alert(o, ALERT_LEVEL_FATAL, step.alert);
        origin_visit_finish(o);
        break;
    case MANNER_RESET:
        visit_reset(&o->visit);
        break;
    case MANNER_SILENCE:
        break; // the visit's timer ends it
    case MANNER_NONE:
    case MANNER_CLOSE:
    case MANNERS:
        origin_visit_finish(o);
        break;
    }
}

void origin_visit_fail(struct origin_visit *o)
{
    o->state = ORIGIN_DOOMED;
    origin_visit_flush(o);
    origin_visit_finish(o);
}

static void advance(struct origin_visit *o, struct slice bytes)
{
    struct origin_tls *tls = o->visit.server->tls;
    tls->current = NULL;
    enum engine_step step = engine_handshake(o->engine, bytes);
    o->ssl = tls->current != NULL ? tls->current : o->ssl;
    origin_visit_flush(o);
    switch (step) {
    case ENGINE_WAITS:
        break;
    case ENGINE_SECURED:
        origin_talk_begin(o);
        break;
    case ENGINE_FAILED:
        origin_visit_fail(o);
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
    const struct quirk *quirk = &origin_visit_origin(o)->quirk;
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
    bool is_ssl = origin_visit_origin(o)->quirk.kind == QUIRK_SSLV3;
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
    o->state = ORIGIN_DOOMED;
    if (ok && old_flight_encode(&flight, hello, &o->out)) {
        origin_visit_flush(o);
        return;
    }
    say_alert(o, ALERT_LEVEL_FATAL, ALERT_HANDSHAKE_FAILURE);
    origin_visit_finish(o);
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

// take_hello goes on once the first hello is there; NULL when it can't be read: the library says
// what it thinks of it.
static void take_hello(struct origin_visit *o, const struct client_hello *hello,
                       const struct quirk_view *view)
{
    const struct quirk *quirk = &origin_visit_origin(o)->quirk;
    o->sni = hello != NULL ? arena_copy(&o->arena, hello->sni) : SLICE_EMPTY;
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
        origin_visit_fail(o);
        return;
    }
    o->state = ORIGIN_HANDSHAKE;
    advance(o, buffer_slice(&o->first));
}

static bool takes_plain(const struct origin *origin)
{
    return origin->quirk.kind == QUIRK_PLAIN_HTTP || origin->page.len > 0;
}

// speak_plain answers in HTTP: to a hello, where TLS was expected, or to a request that came to a
// TLS port.
static void speak_plain(struct origin_visit *o)
{
    struct slice bytes = buffer_slice(&o->first);
    struct quirk_step step =
        quirk_on_hello(&origin_visit_origin(o)->quirk, &(struct quirk_view){0});
    if (step.manner != MANNER_NONE) {
        strike(o, step);
        return;
    }
    if (opening_of(bytes) != OPENING_OTHER || !takes_plain(origin_visit_origin(o))) {
        origin_talk_answer(o, 400); // a TLS port does so as well, in nginx and Apache
        return;
    }
    o->head = o->head != NULL ? o->head : http_head_new();
    if (o->head == NULL) {
        origin_visit_fail(o);
        return;
    }
    origin_talk_head(o, bytes);
    buffer_consume(&o->first, bytes.len);
}

static void peek(struct origin_visit *o, struct slice bytes)
{
    struct buffer joined = {0};
    struct slice message = SLICE_EMPTY;
    struct client_hello hello;
    struct tls_record record;
    uint16_t version_max = origin_visit_origin(o)->policy.version_max;
    bool is_sslv2 = false, is_first = !o->had_bytes;
    size_t at;
    o->had_bytes = true;
    if (!buffer_append(&o->first, bytes)) {
        origin_visit_fail(o);
        return;
    }
    enum opening opening = opening_of(buffer_slice(&o->first));
    if (opening == OPENING_UNDECIDED && o->head == NULL) {
        return;
    }
    if (opening == OPENING_OTHER || o->head != NULL ||
        origin_visit_origin(o)->quirk.kind == QUIRK_PLAIN_HTTP) {
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
    buffer_init(&o->out, ORIGIN_OUT_BYTES_MAX);
    buffer_init(&o->waiting, ORIGIN_OUT_BYTES_MAX);
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
    case ORIGIN_PEEKING:
        peek(o, bytes);
        break;
    case ORIGIN_HANDSHAKE:
        (void)tls_stream_feed(&o->watch, bytes, on_watched, o); // only to watch
        if (!is_struck_later(o)) {
            advance(o, bytes);
        }
        break;
    case ORIGIN_REQUEST:
        engine_feed(o->engine, bytes);
        origin_talk_read(o);
        if (o->state == ORIGIN_REQUEST && !engine_hold(o->engine)) {
            origin_visit_fail(o);
        }
        break;
    case ORIGIN_DOOMED:
    case ORIGIN_ENDING:
        break; // read, and dropped
    }
}

static void ended(struct visit *visit, int os_error)
{
    struct origin_visit *o = (struct origin_visit *)visit;
    if (o->engine != NULL && (o->state == ORIGIN_HANDSHAKE || o->state == ORIGIN_REQUEST)) {
        engine_peer_ended(o->engine, os_error != 0 ? ENDING_RESET : ENDING_CLOSED, os_error);
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
