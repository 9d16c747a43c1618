#include "hello_dial.h"

#include "clock.h"
#include "hello.h"
#include "tunnel.h"
#include "variant.h"

static void finish(struct hello_dial *dial, enum outcome_kind kind)
{
    if (dial->state >= HELLO_DIAL_DONE) {
        return;
    }
    dial->setup.out->kind = kind;
    dial->setup.out->ms = (double)(clock_monotonic_us() - dial->begun_us) / 1000.0;
    dial->state = HELLO_DIAL_DONE;
    link_watch_end(&dial->link, false);
    link_finish(&dial->link);
    link_read(&dial->link, true);
    dial->setup.done(dial->setup.user, dial);
}

static bool has_hello(const struct hello_dial *dial)
{
    return dial->setup.out->version != 0;
}

// ---- what the server says

static void send_hello(struct hello_dial *dial, struct slice message)
{
    struct buffer record = {0};
    uint16_t first = dial->setup.record_version != 0 ? dial->setup.record_version : VERSION_TLS10;
    uint16_t version = dial->did_retry ? VERSION_TLS12 : first; // RFC 8446 section 5.1
    if (tls_record_encode(&record, CONTENT_HANDSHAKE, version, message)) {
        (void)link_send(&dial->link, buffer_slice(&record)); // a peer that is gone tells the reader
    }
    buffer_clear(&record);
}

static void on_retry(struct hello_dial *dial, const struct server_hello *retry)
{
    struct buffer second = {0};
    struct outcome *out = dial->setup.out;
    bool is_first = !dial->did_retry;
    dial->did_retry = true;
    if (is_first && variant_retry(buffer_slice(&dial->hello), retry, &second)) {
        send_hello(dial, buffer_slice(&second));
    } else {
        // A second one is against RFC 8446 section 4.1.4: nothing has been chosen then.
        out->version = is_first ? retry->version : 0;
        out->suite = is_first ? retry->cipher_suite : 0;
        out->group = retry->group;
        finish(dial, OUTCOME_RETRY);
    }
    buffer_clear(&second);
}

static void on_server_hello(struct hello_dial *dial, struct slice message)
{
    struct server_hello hello;
    size_t at;
    struct outcome *out = dial->setup.out;
    if (server_hello_parse(message, &hello, &at) != PARSE_OK) {
        finish(dial, OUTCOME_NOT_TLS);
        return;
    }
    if (hello.is_retry) {
        on_retry(dial, &hello);
        return;
    }
    out->version = hello.version;
    out->suite = hello.cipher_suite;
    out->group = hello.group;
    bool is_tls13 = hello.version >= VERSION_TLS13;
    if (is_tls13) {
        tls_stream_encrypted(&dial->stream);
    }
    // A session taken up again shows no certificate.
    if (hello.has_psk) {
        finish(dial, OUTCOME_SERVER_HELLO);
    }
}

static void on_certificate(struct hello_dial *dial, struct slice body)
{
    struct slice leaf, staple;
    size_t count = 0;
    if (certificate_parse(body, false, &leaf, 1, &count, &staple) == PARSE_OK && count > 0) {
        dial->setup.out->leaf = arena_copy(dial->setup.arena, leaf);
    }
}

// RFC 8422 section 5.4: curve type, curve, point; then (TLS 1.2) the scheme of the signature.
static uint16_t scheme_of(const struct handshake *message)
{
    struct cursor cursor = cursor_over(message->body);
    uint8_t curve_type;
    uint16_t group, scheme;
    struct slice point;
    bool ok = cursor_u8(&cursor, &curve_type) && cursor_u16(&cursor, &group) &&
              cursor_vector8(&cursor, &point) && cursor_u16(&cursor, &scheme);
    return ok && curve_type == 3 ? scheme : 0;
}

static void on_key_exchange(struct hello_dial *dial, const struct handshake *message)
{
    struct outcome *out = dial->setup.out;
    const struct suite *suite = suite_find(out->suite);
    if (suite != NULL && suite->kx == KX_DHE) {
        out->dh_bits = key_exchange_dh_bits(message->whole);
        return;
    }
    out->group = key_exchange_group(message->whole);
    out->scheme = out->version == VERSION_TLS12 ? scheme_of(message) : 0;
}

static void on_message(struct hello_dial *dial, struct slice whole)
{
    struct handshake message;
    if (handshake_parse(whole, &message) != PARSE_OK) {
        return;
    }
    switch (message.type) {
    case HANDSHAKE_SERVER_HELLO:
        on_server_hello(dial, whole);
        break;
    case HANDSHAKE_CERTIFICATE:
        on_certificate(dial, message.body);
        break;
    case HANDSHAKE_SERVER_KEY_EXCHANGE:
        on_key_exchange(dial, &message);
        break;
    case HANDSHAKE_SERVER_HELLO_DONE:
        finish(dial, OUTCOME_SERVER_HELLO);
        break;
    default: // the rest of the flight says nothing that is asked here
        break;
    }
}

static void on_record(struct hello_dial *dial, const struct stream_item *item)
{
    struct outcome *out = dial->setup.out;
    // TLS 1.2: a session that is taken up again goes straight to ChangeCipherSpec.
    if (has_hello(dial) && out->version < VERSION_TLS13 &&
        item->content_type == CONTENT_CHANGE_CIPHER_SPEC) {
        finish(dial, OUTCOME_SERVER_HELLO);
    }
    if (has_hello(dial) && item->content_type == CONTENT_APPLICATION_DATA) {
        dial->flight_bytes += item->record_len;
        if (dial->flight_bytes >= DIAL_FLIGHT_BYTES_MIN) {
            finish(dial, OUTCOME_SERVER_HELLO);
        }
    }
}

static void on_item(void *user, const struct stream_item *item)
{
    struct hello_dial *dial = user;
    if (dial->state != HELLO_DIAL_HELLO) {
        return;
    }
    switch (item->kind) {
    case STREAM_RECORD:
        on_record(dial, item);
        break;
    case STREAM_MESSAGE:
        on_message(dial, item->bytes);
        break;
    case STREAM_ALERT:
        // Warnings (unrecognized_name, by old servers) leave the handshake going on.
        if (item->alert_level == ALERT_LEVEL_FATAL || item->alert == ALERT_CLOSE_NOTIFY) {
            dial->setup.out->alert = item->alert;
            finish(dial, item->alert == ALERT_CLOSE_NOTIFY ? OUTCOME_CLOSED : OUTCOME_ALERT);
        }
        break;
    case STREAM_SSLV2:
        finish(dial, OUTCOME_NOT_TLS);
        break;
    }
}

// ---- the upstream proxy

static void ask_tunnel(struct hello_dial *dial)
{
    char room[TUNNEL_ASK_BYTES_MAX];
    dial->state = HELLO_DIAL_TUNNEL;
    (void)link_send(&dial->link, tunnel_ask(dial->setup.tunnel, room)); // as above
}

static void say_hello(struct hello_dial *dial)
{
    dial->state = HELLO_DIAL_HELLO;
    send_hello(dial, buffer_slice(&dial->hello));
}

// on_head takes the proxy's answer; an origin behind it that spoke first would not be TLS.
static void on_head(struct hello_dial *dial, struct slice bytes)
{
    switch (tunnel_feed(&dial->head, bytes)) {
    case TUNNEL_WAITS:
        break;
    case TUNNEL_OPEN:
        say_hello(dial);
        break;
    case TUNNEL_REFUSED:
        finish(dial, OUTCOME_UNREACHABLE);
        break;
    }
}

// ---- the socket

static struct slice on_room(void *user)
{
    struct hello_dial *dial = user;
    return dial->setup.room;
}

static void on_received(void *user, struct slice bytes)
{
    struct hello_dial *dial = user;
    if (dial->state == HELLO_DIAL_TUNNEL) {
        on_head(dial, bytes);
    } else if (dial->state == HELLO_DIAL_HELLO &&
               tls_stream_feed(&dial->stream, bytes, on_item, dial) == PARSE_BAD) {
        finish(dial, OUTCOME_NOT_TLS);
    }
}

static void end(struct hello_dial *dial, enum outcome_kind kind)
{
    finish(dial, dial->state == HELLO_DIAL_HELLO ? kind : OUTCOME_UNREACHABLE);
    hello_dial_close(dial);
}

static void on_ended(void *user)
{
    end(user, OUTCOME_CLOSED);
}

static void on_broke(void *user, int os_error)
{
    (void)os_error; // a reset, whatever the system calls it
    end(user, OUTCOME_RESET);
}

static void on_drained(void *user)
{
    (void)user; // there is one thing to send, and it is sent
}

static void on_closed(void *user)
{
    struct hello_dial *dial = user;
    buffer_clear(&dial->hello);
    buffer_clear(&dial->head);
    tls_stream_clear(&dial->stream);
    dial->setup.closed(dial->setup.user, dial);
}

static const struct link_hooks hooks = {on_received, on_ended,  on_broke,
                                        on_drained,  on_closed, on_room};

static void on_connected(uv_connect_t *request, int status)
{
    struct hello_dial *dial = request->data;
    if (dial->state != HELLO_DIAL_CONNECTING) {
        return; // stopped or closing
    }
    if (status < 0) {
        // A reset that is heard of before the connection is; a port that is closed gives a refusal.
        bool was_reset = status == UV_ECONNRESET && dial->setup.tunnel == NULL;
        finish(dial, was_reset ? OUTCOME_RESET : OUTCOME_UNREACHABLE);
        hello_dial_close(dial);
        return;
    }
    link_connected(&dial->link);
    link_read(&dial->link, true);
    if (dial->setup.tunnel != NULL) {
        ask_tunnel(dial);
    } else {
        say_hello(dial);
    }
}

bool hello_dial_start(struct hello_dial *dial, const struct hello_dial_setup *setup)
{
    *dial = (struct hello_dial){.setup = *setup, .begun_us = clock_monotonic_us()};
    *setup->out = (struct outcome){0};
    buffer_init(&dial->hello, HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN);
    buffer_init(&dial->head, TUNNEL_HEAD_BYTES_MAX);
    if (!buffer_append(&dial->hello, setup->hello) ||
        !link_init(&dial->link, setup->loop, &hooks, dial)) {
        buffer_clear(&dial->hello);
        return false;
    }
    link_watch_end(&dial->link, true);
    dial->state = HELLO_DIAL_CONNECTING;
    dial->connect.data = dial;
    // A refusal at once is told by hello_dial_stop: no hook is called from within start.
    (void)uv_tcp_connect(&dial->connect, &dial->link.tcp, setup->address, on_connected);
    return true;
}

void hello_dial_stop(struct hello_dial *dial)
{
    switch (dial->state) {
    case HELLO_DIAL_CONNECTING:
    case HELLO_DIAL_TUNNEL:
        finish(dial, OUTCOME_UNREACHABLE);
        break;
    case HELLO_DIAL_HELLO:
        finish(dial, OUTCOME_SILENCE); // behind a ServerHello as well: it did not go on
        break;
    case HELLO_DIAL_IDLE:
    case HELLO_DIAL_DONE:
    case HELLO_DIAL_CLOSING:
        break;
    }
}

void hello_dial_close(struct hello_dial *dial)
{
    if (dial->state == HELLO_DIAL_IDLE || dial->state == HELLO_DIAL_CLOSING) {
        return;
    }
    dial->state = HELLO_DIAL_CLOSING;
    link_close(&dial->link);
}
