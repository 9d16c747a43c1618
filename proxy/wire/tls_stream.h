// One direction of a TLS connection, read from raw bytes in any segmentation: records, and, while
// they are not encrypted, the handshake messages and alerts inside, joined across records.
#pragma once

#include "handshake.h"
#include "tls_record.h"

enum stream_item_kind {
    STREAM_RECORD,  // each record, before what is inside it
    STREAM_MESSAGE, // a whole plaintext handshake message
    STREAM_ALERT,   // a plaintext alert
    STREAM_SSLV2    // an SSLv2-format ClientHello, its two-byte length left out
};

struct stream_item {
    enum stream_item_kind kind;
    uint8_t content_type; // of the record
    uint16_t version;     // of the record
    uint16_t record_len;  // of the record's body
    bool is_encrypted;    // STREAM_RECORD only: what is inside can't be read
    struct slice bytes;   // STREAM_MESSAGE: header and body. STREAM_SSLV2: the message
    uint8_t alert_level;  // STREAM_ALERT
    uint8_t alert;        // STREAM_ALERT
};

// Items borrow from the stream or the fed bytes: they are valid during the call only.
typedef void (*stream_found_fn)(void *user, const struct stream_item *item);

// All-zero is a valid stream at the start of a connection.
struct tls_stream {
    struct buffer record;  // a record that has not come whole
    struct buffer message; // a handshake message that has not come whole
    bool is_encrypted;     // from ChangeCipherSpec, a sealed record or tls_stream_encrypted on
    bool is_bad;           // stays so: nothing more is read
    bool has_begun;
    // The stream's own:
    bool has_message;     // a plaintext handshake message was read
    uint8_t retry_type;   // CLIENT_HELLO or SERVER_HELLO: what a HelloRetryRequest may still
                          // bring in plaintext after a ChangeCipherSpec; 0: nothing
    bool has_alert_level; // half an alert
    uint8_t alert_level;
    uint8_t empty_count; // empty records in a row
    bool is_skipping;    // inside an application_data record
    uint16_t skip_version, skip_len, skip_left;
};

// As many empty records in a row are taken; one more makes the stream bad (OpenSSL's limit).
#define STREAM_EMPTY_RECORDS_MAX 32

// tls_stream_feed reads `bytes` and calls `found` for each item. PARSE_OK: all read, at a record
// boundary. PARSE_MORE: all read, inside a record. PARSE_BAD: not TLS (any more); sticky.
// Memory held never passes one record and one message; application_data is never held.
// `found` may call tls_stream_encrypted on the same stream, but neither feed nor clear it.
enum parse tls_stream_feed(struct tls_stream *stream, struct slice bytes, stream_found_fn found,
                           void *user);

// tls_stream_encrypted says that from here on records can't be read: a TLS 1.3 peer's records
// after ServerHello. In TLS 1.3 a ChangeCipherSpec means nothing (RFC 8446 appendix D.4); records
// of type application_data are taken as encrypted without being told. What can only be plaintext is
// read even so: alerts too short to carry a MAC, and, after a ChangeCipherSpec, the second
// ClientHello or the ServerHello that follows a HelloRetryRequest.
void tls_stream_encrypted(struct tls_stream *stream);

void tls_stream_clear(struct tls_stream *stream);

// first_hello reads the client's first flight as peeked (all its bytes from the start): the whole
// ClientHello message, joined across records into `joined` when it came in several (else it
// borrows from `in`). SSLv2-format hellos give the message after the two-byte length, with
// *out_is_sslv2. PARSE_BAD when it is not a ClientHello or is longer than HANDSHAKE_MESSAGE_MAX.
enum parse first_hello(struct slice in, struct buffer *joined, struct slice *out_message,
                       bool *out_is_sslv2);
