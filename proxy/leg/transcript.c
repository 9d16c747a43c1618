#include "transcript.h"

#include <string.h>

#include "clock.h"

#define FIRST_BYTES_MAX 64
// A Certificate's staple, a hello: what one message may take of the connection's arena.
#define KEPT_BYTES_MAX ((size_t)64 * 1024)

int64_t transcript_now(const struct transcript *transcript)
{
    return clock_monotonic_us() - transcript->opened_us;
}

void transcript_init(struct transcript *transcript, enum side side, struct leg_evidence *evidence,
                     struct arena *arena, int64_t opened_us)
{
    memset(transcript, 0, sizeof(*transcript));
    transcript->side = side;
    transcript->evidence = evidence;
    transcript->arena = arena;
    transcript->opened_us = opened_us;
}

void transcript_clear(struct transcript *transcript)
{
    tls_stream_clear(&transcript->received);
}

void transcript_done(struct transcript *transcript)
{
    transcript->is_done = true;
    tls_stream_clear(&transcript->received);
}

static struct slice keep(struct transcript *transcript, struct slice message)
{
    return message.len <= KEPT_BYTES_MAX ? arena_copy(transcript->arena, message) : SLICE_EMPTY;
}

static void note_client_hello(struct transcript *transcript, struct slice message)
{
    struct leg_evidence *evidence = transcript->evidence;
    if (evidence->client_hello.len == 0) {
        evidence->client_hello = keep(transcript, message);
    } else if (evidence->retry_request.len > 0) {
        evidence->second_client_hello = keep(transcript, message);
    }
}

static void note_server_hello(struct transcript *transcript, struct slice message)
{
    struct leg_evidence *evidence = transcript->evidence;
    struct server_hello hello;
    size_t at;
    if (server_hello_parse(message, &hello, &at) != PARSE_OK) {
        evidence->server_hello = keep(transcript, message);
        return;
    }
    if (hello.is_retry) {
        evidence->retry_request = keep(transcript, message);
        return;
    }
    evidence->server_hello = keep(transcript, message);
    evidence->version = hello.version;
    evidence->suite = hello.cipher_suite;
    evidence->group = hello.group;
    evidence->is_resumed = hello.has_psk;
}

// RFC 8422 section 5.4: curve_type, named curve, point, then (TLS 1.2) the scheme.
static uint16_t key_exchange_scheme(struct slice message)
{
    struct cursor cursor = cursor_over(slice_part(message, HANDSHAKE_HEADER_LEN + 3, message.len));
    struct slice point;
    uint16_t scheme;
    if (!cursor_vector8(&cursor, &point) || !cursor_u16(&cursor, &scheme)) {
        return 0;
    }
    return scheme;
}

static void note_key_exchange(struct leg_evidence *evidence, struct slice message)
{
    const struct suite *suite = suite_find(evidence->suite);
    if (suite == NULL) {
        return;
    }
    if (suite->kx == KX_ECDHE) {
        evidence->group = key_exchange_group(message);
        if (evidence->version == VERSION_TLS12) {
            evidence->scheme = key_exchange_scheme(message);
        }
    } else if (suite->kx == KX_DHE) {
        evidence->dh_bits = key_exchange_dh_bits(message);
    }
}

static void note_certificate(struct transcript *transcript, bool from_client, struct slice message)
{
    struct leg_evidence *evidence = transcript->evidence;
    struct slice first, staple = SLICE_EMPTY;
    size_t count = 0;
    struct slice body = slice_part(message, HANDSHAKE_HEADER_LEN, message.len);
    enum parse parsed =
        certificate_parse(body, evidence->version >= VERSION_TLS13, &first, 1, &count, &staple);
    if (parsed != PARSE_OK) {
        return;
    }
    if (from_client) {
        evidence->has_client_certificate = count > 0;
    } else if (staple.len > 0) {
        evidence->staple = keep(transcript, staple);
    }
}

// read_message takes facts out of a message; the sender is the client when we are the server and
// received it, or when we are the client and sent it.
static void read_message(struct transcript *transcript, bool sent, struct slice message)
{
    struct leg_evidence *evidence = transcript->evidence;
    bool from_client = (transcript->side == SERVER) == sent;
    switch ((enum handshake_type)message.data[0]) {
    case HANDSHAKE_CLIENT_HELLO:
        note_client_hello(transcript, message);
        break;
    case HANDSHAKE_SERVER_HELLO:
        note_server_hello(transcript, message);
        break;
    case HANDSHAKE_SERVER_KEY_EXCHANGE:
        note_key_exchange(evidence, message);
        break;
    case HANDSHAKE_CERTIFICATE:
        note_certificate(transcript, from_client, message);
        break;
    case HANDSHAKE_CERTIFICATE_REQUEST:
        evidence->has_certificate_request = true;
        break;
    case HANDSHAKE_CERTIFICATE_VERIFY:
        if (!from_client && message.len >= HANDSHAKE_HEADER_LEN + 2) {
            evidence->scheme = (uint16_t)(message.data[4] << 8 | message.data[5]);
        }
        break;
    case HANDSHAKE_HELLO_REQUEST:
    case HANDSHAKE_NEW_SESSION_TICKET:
    case HANDSHAKE_END_OF_EARLY_DATA:
    case HANDSHAKE_ENCRYPTED_EXTENSIONS:
    case HANDSHAKE_SERVER_HELLO_DONE:
    case HANDSHAKE_CLIENT_KEY_EXCHANGE:
    case HANDSHAKE_FINISHED:
    case HANDSHAKE_CERTIFICATE_STATUS:
    case HANDSHAKE_KEY_UPDATE:
    case HANDSHAKE_COMPRESSED_CERTIFICATE:
    case HANDSHAKE_MESSAGE_HASH:
        break; // the moment says all there is
    }
}

// record_of is the number of the record that is being read or was just written.
static uint32_t record_of(const struct transcript *transcript, bool sent)
{
    bool is_raw = !transcript->is_done && !transcript->received.is_encrypted;
    return sent     ? transcript->records_sent
           : is_raw ? transcript->records_read
                    : transcript->records_taken;
}

static void note_message(struct transcript *transcript, bool sent, struct slice message)
{
    leg_evidence_moment(transcript->evidence, (struct moment){
                                                  .at_us = transcript_now(transcript),
                                                  .sent = sent,
                                                  .content_type = CONTENT_HANDSHAKE,
                                                  .type = message.data[0],
                                                  .len = (uint32_t)message.len,
                                                  .record = record_of(transcript, sent),
                                              });
    read_message(transcript, sent, message);
}

// TLS 1.3 has no levels: all but close_notify and user_canceled are fatal (RFC 8446 section 6).
static bool is_fatal_alert(uint16_t version, uint8_t level, uint8_t alert)
{
    if (alert == ALERT_CLOSE_NOTIFY) {
        return false; // 0 would read as "none"; it ends the leg all the same
    }
    return level == ALERT_LEVEL_FATAL || (version >= VERSION_TLS13 && alert != ALERT_USER_CANCELED);
}

static void note_alert(struct transcript *transcript, bool sent, uint8_t level, uint8_t alert)
{
    bool is_fatal = is_fatal_alert(transcript->evidence->version, level, alert);
    leg_evidence_moment(transcript->evidence, (struct moment){
                                                  .at_us = transcript_now(transcript),
                                                  .sent = sent,
                                                  .content_type = CONTENT_ALERT,
                                                  .type = alert,
                                                  .is_fatal = is_fatal,
                                                  .len = 2,
                                                  .record = record_of(transcript, sent),
                                              });
    if (is_fatal && sent) {
        transcript->alert_sent = alert;
    } else if (is_fatal) {
        transcript->alert_received = alert;
    }
    if (!sent && alert == ALERT_CLOSE_NOTIFY) {
        transcript->has_close_notify = true;
    }
}

static void on_item(void *user, const struct stream_item *item)
{
    struct transcript *transcript = user;
    switch (item->kind) {
    case STREAM_RECORD:
        transcript->records_read++;
        break;
    case STREAM_MESSAGE:
        note_message(transcript, false, item->bytes);
        break;
    case STREAM_ALERT:
        note_alert(transcript, false, item->alert_level, item->alert);
        break;
    case STREAM_SSLV2:
        transcript->evidence->is_sslv2_hello = true;
        transcript->evidence->client_hello = keep(transcript, item->bytes);
        break;
    }
}

void transcript_first_bytes(struct transcript *transcript, struct slice bytes)
{
    struct slice *first = &transcript->evidence->first_bytes;
    uint8_t joined[FIRST_BYTES_MAX];
    if (first->len >= FIRST_BYTES_MAX || bytes.len == 0) {
        return;
    }
    struct slice more = slice_part(bytes, 0, FIRST_BYTES_MAX - first->len);
    if (first->len > 0) {
        memcpy(joined, first->data, first->len);
    }
    memcpy(joined + first->len, more.data, more.len);
    *first = arena_copy(transcript->arena, (struct slice){joined, first->len + more.len});
}

void transcript_received(struct transcript *transcript, struct slice bytes)
{
    if (transcript->is_done) {
        return;
    }
    transcript_first_bytes(transcript, bytes);
    // What is no TLS is a fact for the engine's end (ENDING_NOT_TLS), read from first_bytes.
    (void)tls_stream_feed(&transcript->received, bytes, on_item, transcript);
}

void transcript_record(struct transcript *transcript, bool sent)
{
    uint32_t *count = sent ? &transcript->records_sent : &transcript->records_taken;
    ++*count;
}

void transcript_message(struct transcript *transcript, bool sent, uint8_t content_type,
                        struct slice bytes)
{
    bool is_plain = !transcript->is_done && !transcript->received.is_encrypted;
    if (!sent && is_plain) {
        return; // noted from the raw bytes already
    }
    if (content_type == CONTENT_HANDSHAKE && bytes.len >= HANDSHAKE_HEADER_LEN) {
        note_message(transcript, sent, bytes);
    } else if (content_type == CONTENT_ALERT && bytes.len == 2) {
        note_alert(transcript, sent, bytes.data[0], bytes.data[1]);
    }
}
