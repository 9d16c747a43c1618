// ClientHello, ServerHello and HelloRetryRequest, decoded from raw handshake messages and encoded
// back. Pure: no OpenSSL, no clock. RFC 8446 sections 4.1 and 4.2, RFC 5246 section 7.4.1.
#pragma once

#include "buffer.h"

// Every slice borrows from the parser's input. A vector of numbers is kept as on the wire, two
// bytes each, in the order offered: read it with slice_u16_at. `has_` tells an extension that is
// present but empty from one that is absent.
struct client_hello {
    struct slice whole; // the message, header included (SSLv2: after the length)
    bool is_sslv2;      // RFC 5246 appendix E.2; only suites, version and random are set
    uint16_t legacy_version;
    struct slice random;
    struct slice session_id;
    struct slice cipher_suites; // two bytes each (SSLv2: three bytes each)
    struct slice compressions;
    bool has_extensions;
    struct slice extensions; // the list, its length left out; walk it with extension_next

    bool has_sni;
    struct slice sni;      // the first host_name, as sent
    struct slice versions; // supported_versions
    bool has_versions;
    struct slice groups; // supported_groups
    bool has_groups;
    struct slice point_formats; // one byte each
    struct slice schemes;       // signature_algorithms
    bool has_schemes;
    struct slice cert_schemes; // signature_algorithms_cert
    struct slice alpn;         // ProtocolNameList, its length left out: u8 length, name, …
    bool has_alpn;
    struct slice key_shares; // KeyShareEntry list, its length left out
    bool has_key_share;
    bool has_psk, has_early_data, has_ticket, has_ems, has_renegotiation_info, has_status_request;
    bool has_ech, has_compress_certificate, has_padding, has_grease;
};

struct server_hello {
    struct slice whole;
    uint16_t legacy_version;
    uint16_t version; // supported_versions when sent, else legacy_version: what was chosen
    struct slice random;
    struct slice session_id;
    uint16_t cipher_suite;
    uint8_t compression;
    struct slice extensions;
    bool is_retry;           // HelloRetryRequest: the fixed random of RFC 8446 section 4.1.3
    uint16_t group;          // key_share's (or HelloRetryRequest's) group, 0 when absent
    uint16_t downgrade_from; // 0x0304 or 0x0303 when random ends in a downgrade sentinel, else 0
    bool has_alpn;
    struct slice alpn; // TLS 1.2: the one chosen name
    bool has_ems, has_renegotiation_info, has_sni_ack, has_psk, has_ticket;
};

// client_hello_parse decodes one whole handshake message, header included. On PARSE_BAD *out_at
// is the offset of the first wrong byte (for a vector: of its length; for an extension: of its
// type). PARSE_MORE when `message` ends before its length says. Lengths must agree everywhere, but
// a vector may be empty where the RFC wants one element, and of an extension sent twice the first
// counts: a hello that breaks a rule must still be told what it offers.
enum parse client_hello_parse(struct slice message, struct client_hello *out_hello, size_t *out_at);
// client_hello_parse_sslv2 decodes an SSLv2-format hello, its two-byte length left out.
enum parse client_hello_parse_sslv2(struct slice message, struct client_hello *out_hello,
                                    size_t *out_at);
enum parse server_hello_parse(struct slice message, struct server_hello *out_hello, size_t *out_at);
// server_hello_is_retry is true for a HelloRetryRequest (header included), the rest of it unread.
bool server_hello_is_retry(struct slice message);

// key_exchange_group reads the named curve of a TLS 1.2 ECDHE ServerKeyExchange (header included,
// RFC 8422 section 5.4); 0 when it is not one. key_exchange_dh_bits reads the prime's size of a
// DHE one; 0 when it is not one. The caller knows from the suite which of the two it is.
uint16_t key_exchange_group(struct slice message);
size_t key_exchange_dh_bits(struct slice message);

// extension_next steps through an extension list: *at starts at 0. False at the end (or at bytes
// that are no extension).
bool extension_next(struct slice extensions, size_t *at, uint16_t *out_type,
                    struct slice *out_body);
// alpn_next steps through a ProtocolNameList likewise.
bool alpn_next(struct slice names, size_t *at, struct slice *out_name);
// key_share_next steps through a KeyShareEntry list.
bool key_share_next(struct slice shares, size_t *at, uint16_t *out_group, struct slice *out_key);

// client_hello_offers_version is true if the client would take `version` (0x0300…0x0304):
// supported_versions when sent, else everything from SSL 3.0 to legacy_version.
bool client_hello_offers_version(const struct client_hello *hello, uint16_t version);
// client_hello_version_max is the highest TLS version offered, GREASE left out.
uint16_t client_hello_version_max(const struct client_hello *hello);

// What client_hello_encode writes. Vectors are as on the wire, two bytes a number; an empty one
// leaves the extension out. Versions below TLS 1.3 only → no supported_versions, no key_share.
struct hello_spec {
    uint16_t legacy_version;
    struct slice random;     // 32 bytes
    struct slice session_id; // at most 32 bytes
    struct slice cipher_suites;
    struct slice versions;
    struct slice groups;
    struct slice schemes;
    struct slice alpn;       // ProtocolNameList without its length
    struct slice sni;        // host name; empty: no extension
    struct slice key_shares; // KeyShareEntry list without its length
    bool ems, renegotiation_info, status_request, session_ticket;
    size_t padding_len; // RFC 7685; 0: none
    struct slice more;  // whole extensions appended as they are
};

// client_hello_encode appends the handshake message; false when the buffer is full or a vector
// passes its limit.
bool client_hello_encode(struct buffer *out, const struct hello_spec *spec);
