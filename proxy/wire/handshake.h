// Handshake messages (RFC 8446 section 4): type, length, body.
#pragma once

#include "buffer.h"

enum handshake_type {
    HANDSHAKE_HELLO_REQUEST = 0,
    HANDSHAKE_CLIENT_HELLO = 1,
    HANDSHAKE_SERVER_HELLO = 2,
    HANDSHAKE_NEW_SESSION_TICKET = 4,
    HANDSHAKE_END_OF_EARLY_DATA = 5,
    HANDSHAKE_ENCRYPTED_EXTENSIONS = 8,
    HANDSHAKE_CERTIFICATE = 11,
    HANDSHAKE_SERVER_KEY_EXCHANGE = 12,
    HANDSHAKE_CERTIFICATE_REQUEST = 13,
    HANDSHAKE_SERVER_HELLO_DONE = 14,
    HANDSHAKE_CERTIFICATE_VERIFY = 15,
    HANDSHAKE_CLIENT_KEY_EXCHANGE = 16,
    HANDSHAKE_FINISHED = 20,
    HANDSHAKE_CERTIFICATE_STATUS = 22,
    HANDSHAKE_KEY_UPDATE = 24,
    HANDSHAKE_COMPRESSED_CERTIFICATE = 25,
    HANDSHAKE_MESSAGE_HASH = 254
};

#define HANDSHAKE_HEADER_LEN 4
// No handshake message that we keep is longer (OpenSSL's own limit for a Certificate is 100 KiB);
// a longer one makes the stream bad, so hostile lengths cost no memory.
#define HANDSHAKE_MESSAGE_MAX ((size_t)128 * 1024)

struct handshake {
    uint8_t type;
    struct slice body;  // after the four-byte header
    struct slice whole; // header and body
};

// handshake_parse decodes the first message of `in`. PARSE_BAD past HANDSHAKE_MESSAGE_MAX.
// The slices borrow from `in`.
enum parse handshake_parse(struct slice in, struct handshake *out_message);

// handshake_encode appends header and body; false when the buffer is full.
bool handshake_encode(struct buffer *out, uint8_t type, struct slice body);

const char *handshake_name(uint8_t type); // "client_hello"; never NULL

// certificate_parse walks a Certificate message's body and gives the DER of each certificate in
// the order sent. TLS 1.3 has a request context and extensions per entry (RFC 8446 section 4.4.2);
// `out_staple` gets the first entry's OCSP response (status_request), or stays empty.
// Certificates past `certs_max` are counted in *out_count but not stored. On PARSE_BAD what
// `out_certs` points to may have been written.
enum parse certificate_parse(struct slice body, bool is_tls13, struct slice *out_certs,
                             size_t certs_max, size_t *out_count, struct slice *out_staple);
