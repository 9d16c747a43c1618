#include "tls_stream.h"

#include "hello.h"

// The shortest that an encrypted record of TLS 1.2 and below can be: an alert and a MAC truncated
// to ten bytes (RFC 6066 section 7). Encrypted records of TLS 1.3 are all application_data.
#define SEALED_LEN_MIN 12

#define SSLV2_HEADER_LEN 2
#define HELLO_LEN_MIN    38 // version, random, and the shortest of what follows

// One call of tls_stream_feed.
struct feeding {
    struct tls_stream *stream;
    struct slice left; // of the fed bytes
    stream_found_fn found;
    void *user;
};

static struct stream_item item_of(enum stream_item_kind kind, const struct tls_record *record)
{
    return (struct stream_item){
        .kind = kind,
        .content_type = record->content_type,
        .version = record->version,
        .record_len = (uint16_t)record->body.len,
    };
}

static struct slice skip_bytes(struct slice bytes, size_t len)
{
    return slice_part(bytes, len, bytes.len);
}

// Moves up to `len` of the bytes left to the end of `buffer`; false when memory is out.
static bool move_into(struct feeding *feeding, struct buffer *buffer, size_t len)
{
    struct slice part = slice_part(feeding->left, 0, len);
    if (!buffer_append(buffer, part)) {
        return false;
    }
    feeding->left = skip_bytes(feeding->left, part.len);
    return true;
}

// A HelloRetryRequest lets a side speak plaintext again after its ChangeCipherSpec (RFC 8446
// appendix D.4): the client its second ClientHello, the server its ServerHello.
static uint8_t find_retry_type(const struct tls_stream *stream, const struct handshake *message)
{
    if (message->type == HANDSHAKE_CLIENT_HELLO && !stream->has_message) {
        return HANDSHAKE_CLIENT_HELLO;
    }
    return server_hello_is_retry(message->whole) ? HANDSHAKE_SERVER_HELLO : 0;
}

static void on_message(struct feeding *feeding, const struct tls_record *record,
                       const struct handshake *message)
{
    struct tls_stream *stream = feeding->stream;
    stream->retry_type = find_retry_type(stream, message);
    stream->has_message = true;
    struct stream_item item = item_of(STREAM_MESSAGE, record);
    item.bytes = message->whole;
    feeding->found(feeding->user, &item);
}

// How many bytes a message needs beyond the `have` that came: the rest of its header, or of it.
static size_t missing_of_message(struct slice have)
{
    if (have.len < HANDSHAKE_HEADER_LEN) {
        return HANDSHAKE_HEADER_LEN - have.len;
    }
    size_t len = (size_t)have.data[1] << 16 | (size_t)have.data[2] << 8 | have.data[3];
    return HANDSHAKE_HEADER_LEN + len - have.len;
}

// Reads on in a message that earlier records began; takes what it needs from *body.
static enum parse join_message(struct feeding *feeding, const struct tls_record *record,
                               struct slice *body)
{
    struct buffer *joined = &feeding->stream->message;
    struct handshake message;
    enum parse parsed = PARSE_MORE;
    while (parsed == PARSE_MORE && body->len > 0) {
        size_t missing = missing_of_message(buffer_slice(joined));
        struct slice part = slice_part(*body, 0, missing);
        if (!buffer_append(joined, part)) {
            return PARSE_BAD;
        }
        *body = skip_bytes(*body, part.len);
        parsed = handshake_parse(buffer_slice(joined), &message);
    }
    if (parsed == PARSE_OK) {
        on_message(feeding, record, &message);
        buffer_clear(joined);
    }
    return parsed;
}

static enum parse read_messages(struct feeding *feeding, const struct tls_record *record)
{
    struct tls_stream *stream = feeding->stream;
    struct slice body = record->body;
    // The callback may end the plaintext; a record does not span that (RFC 8446 section 5.1).
    while (body.len > 0 && !stream->is_encrypted) {
        struct handshake message;
        enum parse parsed = PARSE_MORE;
        if (stream->message.len == 0) {
            parsed = handshake_parse(body, &message);
        }
        if (parsed == PARSE_OK) {
            on_message(feeding, record, &message);
            body = skip_bytes(body, message.whole.len);
        } else if (parsed == PARSE_MORE) {
            parsed = join_message(feeding, record, &body);
        }
        if (parsed == PARSE_BAD) {
            return PARSE_BAD;
        }
    }
    return PARSE_OK;
}

// TLS 1.2 lets the two bytes of an alert come in two records, and two alerts in one.
static void read_alerts(struct feeding *feeding, const struct tls_record *record)
{
    struct tls_stream *stream = feeding->stream;
    for (size_t i = 0; i < record->body.len; i++) {
        uint8_t byte = record->body.data[i];
        stream->has_alert_level = !stream->has_alert_level;
        if (stream->has_alert_level) {
            stream->alert_level = byte;
            continue;
        }
        struct stream_item item = item_of(STREAM_ALERT, record);
        item.alert_level = stream->alert_level;
        item.alert = byte;
        feeding->found(feeding->user, &item);
    }
}

// Whether a handshake record after ChangeCipherSpec is the plaintext hello that a HelloRetryRequest
// asks for. What TLS 1.2 encrypts is never shorter than SEALED_LEN_MIN, and begins with a nonce, an
// IV or a keystream: type, length and version are all right by accident once in 2^28.
static bool begins_hello(struct slice body, uint8_t type)
{
    if (body.len == 0 || body.data[0] != type) {
        return false;
    }
    if (body.len < SEALED_LEN_MIN) {
        return true;
    }
    struct cursor cursor = cursor_over(skip_bytes(body, 1));
    uint32_t len = 0;
    uint8_t major = 0;
    (void)cursor_u24(&cursor, &len);  // SEALED_LEN_MIN bytes are there
    (void)cursor_u8(&cursor, &major); // likewise
    return major == 3 && len >= HELLO_LEN_MIN && HANDSHAKE_HEADER_LEN + len >= body.len &&
           HANDSHAKE_HEADER_LEN + len <= HANDSHAKE_MESSAGE_MAX;
}

static bool is_change_cipher_spec(struct slice body)
{
    return body.len == 1 && body.data[0] == 1;
}

// Whether what is inside the record can't be read.
static bool is_sealed(const struct tls_stream *stream, const struct tls_record *record)
{
    if (record->content_type == CONTENT_APPLICATION_DATA) {
        return true;
    }
    if (!stream->is_encrypted) {
        return false;
    }
    switch (record->content_type) {
    case CONTENT_CHANGE_CIPHER_SPEC:
        return !is_change_cipher_spec(record->body);
    case CONTENT_ALERT:
        return record->body.len >= SEALED_LEN_MIN;
    case CONTENT_HANDSHAKE:
        return stream->retry_type == 0 || !begins_hello(record->body, stream->retry_type);
    default: // heartbeats
        return true;
    }
}

static enum parse read_plain_record(struct feeding *feeding, const struct tls_record *record)
{
    struct tls_stream *stream = feeding->stream;
    switch (record->content_type) {
    case CONTENT_CHANGE_CIPHER_SPEC:
        if (!is_change_cipher_spec(record->body) || stream->message.len > 0) {
            return PARSE_BAD;
        }
        stream->is_encrypted = true;
        return PARSE_OK;
    case CONTENT_ALERT:
        read_alerts(feeding, record);
        return PARSE_OK;
    case CONTENT_HANDSHAKE:
        stream->is_encrypted = false; // no change, but for the hello after a HelloRetryRequest
        return read_messages(feeding, record);
    default: // heartbeats: nothing inside that anyone asks for
        return PARSE_OK;
    }
}

static enum parse on_record(struct feeding *feeding, const struct tls_record *record)
{
    struct tls_stream *stream = feeding->stream;
    stream->empty_count = record->body.len > 0 ? 0 : stream->empty_count + 1;
    if (stream->empty_count > STREAM_EMPTY_RECORDS_MAX) {
        return PARSE_BAD;
    }
    if (stream->is_encrypted) {
        buffer_clear(&stream->message); // its rest can't come any more
    }
    struct stream_item item = item_of(STREAM_RECORD, record);
    item.is_encrypted = is_sealed(stream, record);
    feeding->found(feeding->user, &item);
    if (!item.is_encrypted) {
        return read_plain_record(feeding, record);
    }
    if (record->content_type == CONTENT_APPLICATION_DATA) {
        stream->is_encrypted = true; // TLS 1.3 without ChangeCipherSpec: how Firefox sends an alert
    }
    if (record->content_type == CONTENT_HANDSHAKE && record->body.len > 0) {
        stream->retry_type = 0; // an encrypted Finished: this is TLS 1.2
    }
    // RFC 8446 section 5.1: "Handshake messages MUST NOT be interleaved with other record types."
    return stream->message.len == 0 ? PARSE_OK : PARSE_BAD;
}

// How many bytes are needed beyond the `have` of a record: the rest of its header, or of it.
static size_t missing_of_record(const struct tls_stream *stream, struct slice have)
{
    if (have.len < TLS_RECORD_HEADER_LEN) {
        return TLS_RECORD_HEADER_LEN - have.len;
    }
    if (!stream->has_begun && opening_of(have) == OPENING_SSLV2) {
        size_t len = (size_t)(have.data[0] & 0x7f) << 8 | have.data[1];
        return SSLV2_HEADER_LEN + len - have.len;
    }
    size_t len = (size_t)have.data[3] << 8 | have.data[4];
    return TLS_RECORD_HEADER_LEN + len - have.len;
}

static enum parse read_sslv2(struct feeding *feeding, struct slice have, size_t *out_used)
{
    size_t len = (size_t)(have.data[0] & 0x7f) << 8 | have.data[1];
    struct slice message = slice_part(have, SSLV2_HEADER_LEN, len);
    if (message.len < len) {
        return PARSE_MORE;
    }
    feeding->stream->has_begun = true;
    feeding->stream->has_message = true;
    struct stream_item item = {
        .kind = STREAM_SSLV2,
        .version = 0x0002,
        .record_len = (uint16_t)len,
        .bytes = message,
    };
    *out_used = SSLV2_HEADER_LEN + len;
    feeding->found(feeding->user, &item);
    return PARSE_OK;
}

// Application data is stepped over as it comes, so that bulk transfer is never copied here.
static void start_skipping(struct tls_stream *stream, struct slice have)
{
    stream->is_skipping = true;
    stream->skip_version = (uint16_t)(have.data[1] << 8 | have.data[2]);
    stream->skip_len = (uint16_t)(have.data[3] << 8 | have.data[4]);
    stream->skip_left = (uint16_t)(TLS_RECORD_HEADER_LEN + stream->skip_len - have.len);
}

// Reads one record from `have`; *out_used is how much of it was taken, also when the record is
// one to skip the rest of. PARSE_MORE: nothing was taken.
static enum parse read_record(struct feeding *feeding, struct slice have, size_t *out_used)
{
    struct tls_stream *stream = feeding->stream;
    if (!stream->has_begun) {
        switch (opening_of(have)) {
        case OPENING_UNDECIDED:
            return PARSE_MORE;
        case OPENING_OTHER:
            return PARSE_BAD;
        case OPENING_SSLV2:
            return read_sslv2(feeding, have, out_used);
        case OPENING_TLS:
            break;
        }
    }
    struct tls_record record;
    enum parse parsed = tls_record_parse(have, &record);
    if (parsed == PARSE_OK) {
        stream->has_begun = true;
        *out_used = record.len;
        return on_record(feeding, &record);
    }
    if (parsed == PARSE_MORE && have.len >= TLS_RECORD_HEADER_LEN &&
        have.data[0] == CONTENT_APPLICATION_DATA) {
        stream->has_begun = true;
        start_skipping(stream, have);
        *out_used = have.len;
        return PARSE_OK;
    }
    return parsed;
}

static enum parse skip_record(struct feeding *feeding)
{
    struct tls_stream *stream = feeding->stream;
    struct slice part = slice_part(feeding->left, 0, stream->skip_left);
    feeding->left = skip_bytes(feeding->left, part.len);
    stream->skip_left = (uint16_t)(stream->skip_left - part.len);
    if (stream->skip_left > 0) {
        return PARSE_MORE;
    }
    stream->is_skipping = false;
    struct tls_record record = {
        .content_type = CONTENT_APPLICATION_DATA,
        .version = stream->skip_version,
        .body = {NULL, stream->skip_len}, // on_record reads the length only: it is encrypted
    };
    return on_record(feeding, &record);
}

// Takes at least one byte from what is left.
static enum parse advance(struct feeding *feeding)
{
    struct tls_stream *stream = feeding->stream;
    size_t used = 0;
    if (stream->is_skipping) {
        return skip_record(feeding);
    }
    if (stream->record.len == 0) {
        enum parse parsed = read_record(feeding, feeding->left, &used);
        if (parsed == PARSE_MORE && !move_into(feeding, &stream->record, feeding->left.len)) {
            return PARSE_BAD;
        }
        feeding->left = skip_bytes(feeding->left, used);
        return parsed;
    }
    size_t missing = missing_of_record(stream, buffer_slice(&stream->record));
    if (!move_into(feeding, &stream->record, missing)) {
        return PARSE_BAD;
    }
    enum parse parsed = read_record(feeding, buffer_slice(&stream->record), &used);
    if (parsed == PARSE_OK) {
        buffer_clear(&stream->record);
    }
    return parsed;
}

enum parse tls_stream_feed(struct tls_stream *stream, struct slice bytes, stream_found_fn found,
                           void *user)
{
    struct feeding feeding = {.stream = stream, .left = bytes, .found = found, .user = user};
    while (feeding.left.len > 0 && !stream->is_bad) {
        stream->is_bad = advance(&feeding) == PARSE_BAD;
    }
    if (stream->is_bad) {
        buffer_clear(&stream->record);
        buffer_clear(&stream->message);
        return PARSE_BAD;
    }
    return stream->record.len > 0 || stream->is_skipping ? PARSE_MORE : PARSE_OK;
}

void tls_stream_encrypted(struct tls_stream *stream)
{
    // The buffers stay: `found` may call this while it reads from them.
    stream->is_encrypted = true;
    stream->retry_type = 0;
}

void tls_stream_clear(struct tls_stream *stream)
{
    buffer_clear(&stream->record);
    buffer_clear(&stream->message);
    *stream = (struct tls_stream){0};
}
