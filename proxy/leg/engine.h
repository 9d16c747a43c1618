// The engine of one leg: OpenSSL over buffers. Raw records go in and out, plaintext goes in and
// out; there is no socket. What happens is noted as evidence; the engine decides only whether the
// peer's certificate is taken, as its policy says. One thread.
#pragma once

#include "context.h"
#include "mint.h"
#include "transcript.h"
#include "trust.h"

struct engine;

struct engine_setup {
    enum side side;
    struct context context;
    struct slice
        alpn; // SERVER: ProtocolNameList to offer. CLIENT: names to choose from, in our order
    bool needs_alpn;    // CLIENT: a client that offers names and none of ours is refused (RFC 7301
                        // section 3.2)
    const char *sni;    // SERVER: NULL or empty: none is sent
    bool wants_staple;  // SERVER: status_request
    bool offers_ticket; // SERVER: session_ticket
    SSL_SESSION *session;       // SERVER: to be resumed; borrowed; NULL: a full handshake
    const struct leaf *leaf;    // what we present: a reference is taken by OpenSSL; NULL: the
                                // context's own certificate
    bool withholds_certificate; // SERVER: none is presented
    bool refuses_small_primes;  // SERVER: Diffie-Hellman under 2048 bits; for proofs
    bool takes_legacy_server;   // SERVER: one without renegotiation_info (RFC 5746); for proofs
    // The peer's certificate is always verified when `trust` is there; `refuses` tells whether a
    // fault ends the handshake.
    const struct trust_store *trust; // borrowed
    bool refuses;
    const char *verify_name; // borrowed until the handshake ends
    int64_t clock_offset_us;
    enum client_auth client_auth;  // CLIENT
    struct leg_evidence *evidence; // borrowed, as the arena
    struct arena *arena;
    int64_t opened_us;  // monotonic
    struct buffer *out; // borrowed: records to send are appended here
};

// engine_new makes an engine that has said nothing yet. NULL with `error` when OpenSSL fails.
struct engine *engine_new(const struct engine_setup *setup, struct error *error);
void engine_free(struct engine *engine); // NULL does nothing

// engine_hooks sets what all contexts need for engines to work on them; contexts.c calls it.
void engine_hooks(SSL_CTX *ssl, const struct context_common *common);

enum engine_step {
    ENGINE_WAITS,   // it needs more bytes of the peer
    ENGINE_SECURED, // the handshake is complete
    ENGINE_FAILED   // it is over; the ending is in the evidence, a last alert may be in `out`
};

// engine_handshake takes raw bytes (maybe none) and goes as far as it can. All of `in` is taken:
// what belongs to later is held. After ENGINE_SECURED and ENGINE_FAILED it must not be called
// again.
enum engine_step engine_handshake(struct engine *engine, struct slice in);

// engine_feed takes raw bytes after the handshake; borrowed until engine_read says WAITS or
// engine_hold is called.
void engine_feed(struct engine *engine, struct slice in);

enum engine_read {
    ENGINE_READ_DATA,
    ENGINE_READ_WAITS,        // all that was fed is read
    ENGINE_READ_CLOSE_NOTIFY, // the peer ended its direction
    ENGINE_READ_FAILED        // an alert or a broken record; the close is in the evidence
};

// engine_read decrypts one record (or a part of it, when `size` is less) into `data`.
enum engine_read engine_read(struct engine *engine, uint8_t *data, size_t size, size_t *out_len);
// engine_hold keeps what was fed and not read.
bool engine_hold(struct engine *engine);
// engine_has_unread is true if engine_read may give data without another feed.
bool engine_has_unread(const struct engine *engine);

// engine_write encrypts into `out`, one record for each call up to 16 KiB; false when `out` is full
// or the engine has failed.
bool engine_write(struct engine *engine, struct slice data);

// engine_close_notify ends our direction with an alert in `out`; once, later calls do nothing.
void engine_close_notify(struct engine *engine);

// The peer's TCP ended or broke, or our patience did, in the middle of a handshake: notes the
// ending.
void engine_peer_ended(struct engine *engine, enum ending_kind kind, int os_error);

// engine_alpn gives the agreed name, borrowed from the engine; empty: none.
struct slice engine_alpn(const struct engine *engine);

// engine_is_issuer_named tells whether a server that asked for a certificate named the issuer of
// the one that we sent, or of its chain. False with *out_count 0 when it named none at all.
bool engine_is_issuer_named(const struct engine *engine, size_t *out_count);

// engine_session gives what a later handshake can resume, tickets received by now included; the
// caller frees it (SSL_SESSION_free). NULL when there is nothing.
SSL_SESSION *engine_session(const struct engine *engine);

// engine_peer_certificate borrows the peer's leaf; NULL when it sent none.
const X509 *engine_peer_certificate(const struct engine *engine);
