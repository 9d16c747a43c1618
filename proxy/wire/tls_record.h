// TLS records (RFC 8446 section 5.1), and what the first bytes of a connection look like.
#pragma once

#include "buffer.h"

enum content_type {
    CONTENT_CHANGE_CIPHER_SPEC = 20,
    CONTENT_ALERT = 21,
    CONTENT_HANDSHAKE = 22,
    CONTENT_APPLICATION_DATA = 23,
    CONTENT_HEARTBEAT = 24
};

#define TLS_RECORD_HEADER_LEN 5
// 2^14 of content and the 2048 that TLS 1.2 allows a cipher to add (RFC 5246 section 6.2.3).
#define TLS_RECORD_BODY_MAX  ((size_t)16384 + 2048)
#define TLS_RECORD_PLAIN_MAX ((size_t)16384)

struct tls_record {
    uint8_t content_type;
    uint16_t version;
    struct slice body; // borrows from tls_record_parse's input
    size_t len;        // of the whole record, header included
};

// tls_record_parse decodes the first record of `in`. PARSE_BAD: not a TLS content type, not
// version 3.x, or a body longer than TLS_RECORD_BODY_MAX.
enum parse tls_record_parse(struct slice in, struct tls_record *out_record);

// tls_record_encode appends `body` as one record, or as several when it passes
// TLS_RECORD_PLAIN_MAX; false when the buffer is full.
bool tls_record_encode(struct buffer *out, uint8_t content_type, uint16_t version,
                       struct slice body);

const char *content_type_name(uint8_t content_type); // never NULL

// What a client (or server) began to say.
enum opening {
    OPENING_UNDECIDED, // too few bytes to tell
    OPENING_TLS,       // a TLS record
    OPENING_SSLV2,     // an SSLv2-format ClientHello (RFC 5246 appendix E.2)
    OPENING_OTHER      // anything else: HTTP, SSH, garbage
};

// opening_of decides from the first bytes; it never needs more than 5 of them.
enum opening opening_of(struct slice first_bytes);
