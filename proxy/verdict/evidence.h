// Evidence: every fact recorded about one connection's handshakes. Serialisable (evidence_json.h);
// nothing else feeds a verdict. Written by `bridge` and `leg` on the connection's worker; its text
// and slices live in the connection's arena.
#pragma once

#include "base.h"
#include "cert_facts.h"
#include "policy.h"
#include "wire.h"

// How the client named its target.
#define INGRESS_MAP(XX)            \
    XX(UNKNOWN, "unknown")         \
    XX(CONNECT, "connect")         \
    XX(ABSOLUTE, "absolute-form")  \
    XX(SOCKS5, "socks5")           \
    XX(FIXED, "fixed")             \
    XX(TRANSPARENT, "transparent") \
    XX(LOCAL, "local") /* http://midspan.test/ and plain requests to the proxy itself */

enum ingress_kind {
#define XX(name, text) INGRESS_##name,
    INGRESS_MAP(XX)
#undef XX
};

// How a handshake, or later a leg, ended. The first ending wins: leg_evidence_end keeps it.
#define ENDING_MAP(XX)                                           \
    XX(NONE, "not ended")                                        \
    XX(SECURED, "secured")                                       \
    XX(ALERT_SENT, "we sent a fatal alert")                      \
    XX(ALERT_RECEIVED, "the peer sent a fatal alert")            \
    XX(ALERT_SEALED, "the peer sent an alert that is encrypted") \
    XX(RESET, "the peer reset the connection")                   \
    XX(CLOSED, "the peer closed the connection")                 \
    XX(SILENCE, "the peer said nothing until the timeout")       \
    XX(REFUSED, "we refused the peer's certificate")             \
    XX(NOT_TLS, "the peer does not speak TLS")                   \
    XX(UNREACHABLE, "no connection could be made")               \
    XX(ABANDONED, "we gave it up because the other leg failed")  \
    XX(DROPPED, "midspan stopped")

enum ending_kind {
#define XX(name, text) ENDING_##name,
    ENDING_MAP(XX)
#undef XX
};

// The message at which a handshake broke.
#define PHASE_MAP(XX)                            \
    XX(NONE, "none")                             \
    XX(INGRESS, "ingress")                       \
    XX(DNS, "dns")                               \
    XX(CONNECT, "connect")                       \
    XX(CLIENT_HELLO, "client-hello")             \
    XX(SERVER_HELLO, "server-hello")             \
    XX(KEY_EXCHANGE, "key-exchange")             \
    XX(CERTIFICATE, "certificate")               \
    XX(CLIENT_CERTIFICATE, "client-certificate") \
    XX(FINISHED, "finished")                     \
    XX(AFTER, "after")

enum phase {
#define XX(name, text) PHASE_##name,
    PHASE_MAP(XX)
#undef XX
};

struct ending {
    enum ending_kind kind;
    uint8_t alert;      // ALERT_SENT and ALERT_RECEIVED
    int os_error;       // errno of RESET and UNREACHABLE; 0 when none
    int64_t at_us;      // since the connection was opened
    const char *detail; // what the library or system said; to show, nothing decides on it
};

// One handshake message, alert or ChangeCipherSpec, in order.
struct moment {
    int64_t at_us;        // since the connection was opened
    bool sent;            // by us
    uint8_t content_type; // CONTENT_HANDSHAKE, CONTENT_ALERT, CONTENT_CHANGE_CIPHER_SPEC
    uint8_t type;         // handshake type, or the alert
    bool is_fatal;        // alerts
    uint32_t len;         // of the message
    uint32_t record;      // in which it ended: its number in this direction, from 1; 0: not known
};

#define MOMENTS_MAX 48

struct leg_evidence {
    bool is_started; // a first byte was sent or received, or a dial begun
    // The hellos in full: whole handshake messages as on the wire, empty when never seen. The
    // second ClientHello and the HelloRetryRequest are there when there was a retry.
    struct slice client_hello, server_hello, retry_request, second_client_hello;
    bool is_sslv2_hello;
    struct moment moments[MOMENTS_MAX];
    size_t moment_count;                    // stored
    size_t moment_total;                    // seen
    uint16_t version, suite, group, scheme; // what was agreed, 0 when not (yet) known
    size_t dh_bits;
    struct slice alpn; // agreed name, empty: none
    bool is_resumed;
    struct ending handshake;  // how the handshake ended
    struct ending close;      // how the secured leg ended, later
    struct cert_facts *chain; // sent on this leg (by the origin, or the leaf that we minted)
    size_t chain_count;
    struct cert_facts *client_chain; // client leg: what the client sent of its own
    size_t client_chain_count;
    bool has_certificate_request; // the server asked for a client certificate
    bool has_client_certificate;  // the client sent one (not empty)
    struct slice staple;          // stapled OCSP response
    struct verification verification;
    bool did_verify;      // the policy asked for it
    const char *sni_sent; // server leg: what we sent, NULL none. Client leg: what the client sent
    // TCP
    const char *peer_address;                  // "192.0.2.1:443", NULL when never connected
    int64_t dial_us, connected_us, secured_us; // since the connection was opened; 0: not reached
    size_t addresses_tried;
    uint64_t bytes_received, bytes_sent; // raw
    uint64_t app_bytes_received, app_bytes_sent;
    // NOT_TLS, or the client leg of an ingress fault: the beginning of what came, at most 64 bytes
    struct slice first_bytes;
    int http_status; // server leg: status of the first response, when somebody reads it; else 0
    const char *http_words; // what its body says of TLS, in the server's words; NULL: nothing known
    uint32_t keys; // client leg: KEY_… of the certificates we could present; 0: both kinds
    // What we are configured to offer or accept on this leg (not owned by the arena; outlives it)
    const struct leg_shape *shape;
};

struct evidence {
    uint64_t connection;
    int64_t opened_us; // wall clock
    enum ingress_kind ingress;
    bool is_tls_to_proxy; // the ingress itself came inside TLS (an HTTPS proxy)
    const char *client_address;
    const char *proxy_protocol_source; // PROXY protocol: the address it names, NULL when none
    struct endpoint target;
    bool has_target;
    const char *host_header; // absolute-form or first request's Host, when seen
    enum order order;
    const char *edge; // preset in force, NULL none
    bool is_passed;   // relayed untouched (--pass); hellos read in flight
    // --experiment: the connection was served otherwise than usual, to prove the finding of an
    // earlier one. What its client then did is that finding's proof, and no finding of its own.
    const char *experiment;    // what was changed; NULL: nothing
    uint64_t experiment_of;    // the number of the earlier connection; 0: none is being proven
    bool passed_finished;      // with is_passed: the client sent its Finished (passing.h)
    bool passed_used;          // … and application data after it
    int64_t passed_alert_us;   // … when an alert, by its length, was the last it said; 0: none
    bool is_captured;          // with is_passed: from a capture, nobody was in the middle
    bool is_plain;             // not TLS inside: relayed as it is
    const char *ingress_fault; // what was wrong with the ingress, NULL nothing
    const char *ingress_fault_code; // its cause code (ingress.malformed …), NULL when no fault
    const char *via;                // upstream proxy, NULL none
    int via_status;                 // its HTTP status when it refused, 0 otherwise
    struct losses lost;
    struct fixed fixed; // of the server leg
    struct leg_evidence legs[SIDES];
    // The client left before its ClientHello was whole (a browser's spare). A connection that was
    // secured and then left without a byte is not this: verdict tells it from a silent rejection.
    bool was_dropped_unused;
    int64_t origin_date_us; // wall time in the origin's Date header, 0 when not seen
    // History, as the bridge knows it at this time:
    uint32_t client_secured_before; // connections of this client (address and JA4) that were
                                    // secured and used
    uint32_t client_failed_before;  // … that refused our certificate
    uint32_t origin_secured_before; // connections to this target that were secured
};

// leg_evidence_end notes how the handshake ended; a later call changes nothing, except that
// an alert received outranks a RESET or CLOSED noted before it was read.
void leg_evidence_end(struct leg_evidence *leg, enum ending_kind kind, uint8_t alert, int os_error,
                      int64_t at_us, const char *detail);
// leg_evidence_close likewise for the secured leg.
void leg_evidence_close(struct leg_evidence *leg, enum ending_kind kind, uint8_t alert,
                        int os_error, int64_t at_us, const char *detail);
// leg_evidence_moment appends a moment (past MOMENTS_MAX it is only counted).
void leg_evidence_moment(struct leg_evidence *leg, struct moment moment);
// leg_evidence_saw is true if such a handshake message was sent (or received) on the leg.
bool leg_evidence_saw(const struct leg_evidence *leg, uint8_t handshake_type, bool sent);

const char *ingress_kind_name(enum ingress_kind kind);
const char *ending_kind_name(enum ending_kind kind);  // "alert-received"
const char *ending_kind_words(enum ending_kind kind); // "the peer sent a fatal alert"
const char *phase_name(enum phase phase);
