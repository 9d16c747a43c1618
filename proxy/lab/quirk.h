// Quirks: how lab servers and boxes misbehave on purpose. A table of names, and pure functions that
// decide on what a client sent. Each quirk is a documented habit of something in the field.
#pragma once

#include "error.h"
#include "hello.h"

// name, word, default manner, what it does (as docs/scenarios.md has it). A limit (quirk.limit) is
// in brackets.
// clang-format off
#define QUIRK_MAP(XX)                                                                                          \
    XX(NONE, "none", NONE, "behaves")                                                                          \
    XX(REFUSED, "refused", NONE, "nothing listens on the port")                                                \
    XX(CLOSES, "closes", CLOSE, "ends every connection once a hello has come")                                 \
    XX(SILENT, "silent", SILENCE, "takes every connection and never answers")                                  \
    XX(PLAIN_HTTP, "plain-http", NONE, "speaks HTTP where TLS is expected")                                    \
    XX(ALERT, "alert", ALERT, "refuses every hello with one alert")                                            \
    XX(HELLO_256_511, "hello-256-511", SILENCE, "hangs on a hello of 256 to 511 bytes")                        \
    XX(HELLO_OVER, "hello-over", CLOSE, "cuts hellos over a size [bytes, 1400]")                               \
    XX(FIRST_SEGMENT, "first-segment", RESET, "reads the hello from the first segment [bytes, 1400] only")     \
    XX(VERSION, "version-intolerant", ALERT, "fails when a version above its own is offered [0x0303]")         \
    XX(RECORD_VERSION, "record-version-intolerant", ALERT, "wants another record version [0x0301] in front")   \
    XX(GREASE, "grease-intolerant", ALERT, "fails on values that nobody registered")                           \
    XX(EXTENSION, "extension-intolerant", ALERT, "fails on one extension [its number, 51]")                    \
    XX(SESSION_ID, "session-id-intolerant", ALERT, "fails on TLS 1.3 with a session id (compatibility mode)")   \
    XX(CHANGE_CIPHER_SPEC, "change-cipher-spec-intolerant", RESET, "fails on TLS 1.3's dummy ChangeCipherSpec") \
    XX(NEEDS_SESSION_ID, "needs-session-id", RESET, "fails on TLS 1.3 without a session id")                   \
    XX(RETRY, "retry-intolerant", RESET, "dies at the second hello after a HelloRetryRequest")                 \
    XX(SSLV3, "sslv3-only", NONE, "answers in SSL 3.0 whatever is offered")                                    \
    XX(LEGACY_RENEGOTIATION, "legacy-renegotiation", NONE, "does not know renegotiation_info (RFC 5746)")      \
    XX(EMS, "ems-required", ALERT, "wants extended_master_secret below TLS 1.3 (RFC 7627)")                    \
    XX(SMALL_DH, "small-dh", NONE, "agrees keys in a Diffie-Hellman group of 1024 bits")                       \
    XX(RENEGOTIATES, "renegotiates", NONE, "asks for a second handshake after the request")                    \
    XX(WARNS_NAME, "warns-unrecognized-name", NONE, "sends a warning unrecognized_name and goes on")           \
    XX(TICKETS_DIFFER, "ticket-keys-differ", NONE, "two nodes behind one port, each with its own ticket keys") \
    XX(TICKETS_FAIL, "ticket-keys-fail", ALERT, "… where a foreign ticket ends the handshake")                 \
    XX(STRICT_NAME, "strict-name", ALERT, "takes no name with '_', a port, a final dot, or an address")        \
    XX(NAME_CASE, "name-case", ALERT, "knows names in lower case only")                                        \
    XX(NEEDS_NAME, "needs-name", ALERT, "refuses a hello without a name")                                      \
    XX(FALLBACK, "fallback-intolerant", ALERT, "fails on TLS_FALLBACK_SCSV")                                   \
    XX(SLOW, "slow", NONE, "answers in pieces of a few bytes, a pause [ms, 20] between them")
// clang-format on

// How it fails. NONE: as the quirk does by itself.
#define MANNER_MAP(XX) \
    XX(NONE, "none")   \
    XX(ALERT, "alert") \
    XX(CLOSE, "close") \
    XX(RESET, "reset") \
    XX(SILENCE, "silence")

#define XX(name, word, manner, what) QUIRK_##name,
enum quirk_kind {
    QUIRK_MAP(XX) QUIRKS
};
#undef XX
#define XX(name, word) MANNER_##name,
enum manner {
    MANNER_MAP(XX) MANNERS
};
#undef XX

struct quirk {
    enum quirk_kind kind;
    enum manner manner; // NONE: the kind's own
    uint8_t alert;      // 0: the one that such servers send
    uint32_t limit;     // 0: the kind's own
};

// What was seen of a client when it is to be decided. `hello` is NULL when it could not be read.
struct quirk_view {
    const struct client_hello *hello;
    size_t hello_len;        // of the handshake message, header included
    uint16_t record_version; // of the first record
    bool came_in_one;        // the whole hello was in the first segment
    bool is_second;          // the hello that follows a HelloRetryRequest
    bool has_foreign_ticket; // it brings a ticket that another node made
    bool is_below_tls13;     // whatever is offered, TLS 1.3 will not be agreed
};

struct quirk_step {
    enum manner manner; // NONE: go on
    uint8_t alert;
};

// quirk_on_hello decides on a ClientHello; quirk_on_change_cipher_spec on the dummy record of TLS
// 1.3's compatibility mode that a client sends. Pure.
struct quirk_step quirk_on_hello(const struct quirk *quirk, const struct quirk_view *view);
struct quirk_step quirk_on_change_cipher_spec(const struct quirk *quirk, bool is_tls13);

// quirk_ticket gives the ticket that a hello brings (session_ticket, or the first identity of
// pre_shared_key); empty when it brings none.
struct slice quirk_ticket(const struct client_hello *hello);

const char *quirk_word(enum quirk_kind kind);

// quirk_set sets one key: quirk, manner, alert (a name or number), limit. Others, and bad values,
// are an ERROR_CONFIG that says what was expected. quirk_has_key tells its keys from others.
bool quirk_set(struct quirk *quirk, const char *key, const char *value, struct error *error);
bool quirk_has_key(const char *key);
