// One connection: an ingress, two legs, a relay. It lives and dies on its worker's thread.
//
//   clang-format off
//   INGRESS ──▶ PEEKING ──▶ DIALLING ──▶ SERVER_HANDSHAKE ──▶ CLIENT_HANDSHAKE ──▶ RELAYING
//                  │  (client-first: CLIENT_HANDSHAKE ──▶ DIALLING ──▶ SERVER_HANDSHAKE)
//                  │  not TLS, --pass: DIALLING ──▶ RELAYING; the proxy itself: ANSWERING
//   the server leg breaks ──▶ PROVING ──▶ CLIENT_HANDSHAKE ──▶ ANSWERING (page)
//                                     └─▶ LINGERING (alert) or CLOSING
//   any ──▶ LINGERING ──▶ CLOSING
//
//   state            | what holds
//   -----------------+---------------------------------------------------------------
//   INGRESS          | the client's bytes go to the ingress; no target yet
//   PEEKING          | the target is known; `peeked` collects the client's first flight
//   DIALLING         | the client's flight is known; waiting for TCP to the origin
//   SERVER_HANDSHAKE | engines[SERVER] runs; the client waits (or, client-first, is secured)
//   CLIENT_HANDSHAKE | engines[CLIENT] runs on the peeked bytes; the origin waits (or is not
//   dialled) PROVING          | `found` is untold; `prover` dials the origin; the client waits
//   RELAYING         | bytes pass both ways, by `mode`
//   ANSWERING        | the client gets an answer of ours
//   LINGERING        | all is said to the client; its bytes are read and dropped till its end
//   CLOSING          | handles are being closed; the last one frees. A proof may still run: then
//                    | its verdict and `closed` are untold
//   clang-format on
#pragma once

#include "answer.h"
#include "dial.h"
#include "engine.h"
#include "experiments.h"
#include "ingress.h"
#include "inquiry.h"
#include "link.h"
#include "observe.h"
#include "prove.h"
#include "worker.h"

#define STATE_MAP(XX)    \
    XX(INGRESS)          \
    XX(PEEKING)          \
    XX(DIALLING)         \
    XX(SERVER_HANDSHAKE) \
    XX(CLIENT_HANDSHAKE) \
    XX(PROVING)          \
    XX(RELAYING)         \
    XX(ANSWERING)        \
    XX(LINGERING)        \
    XX(CLOSING)

enum connection_state {
#define XX(name) CONNECTION_##name,
    STATE_MAP(XX)
#undef XX
};

enum mode {
    MODE_BRIDGE, // both legs are TLS
    MODE_PLAIN,  // not TLS: relayed as it is
    MODE_PASS    // TLS, relayed untouched; hellos are read in flight
};

// What the client's first flight and early bytes may take before we stop reading it.
#define PEEKED_BYTES_MAX ((size_t)192 * 1024)

struct connection {
    struct worker *worker;
    struct kit *kit; // a reference
    struct connection *list_next, *list_previous;
    enum connection_state state;
    enum mode mode;
    bool is_advancing; // the machine never enters itself
    int open_handles;  // links, timer, dial: the last one to close frees
    int64_t opened_us; // monotonic

    struct arena arena;
    struct evidence evidence;
    const char *client_agent; // User-Agent of the ingress, NULL

    struct link links[SIDES];
    struct engine *engines[SIDES];
    struct engine *outer; // TLS to the proxy port, around everything of the client; NULL mostly
    struct leg_evidence *outer_evidence;
    struct leaf *outer_leaf;
    struct dial dial;
    uv_timer_t timer;
    int64_t deadline_us; // monotonic; 0: none
    int64_t active_us;   // last time that bytes came, for the idle timeout

    struct ingress *ingress;
    struct slice opening; // the first bytes of the ingress, or of what came instead; in the arena
    struct buffer
        peeked; // the client's bytes from after the ingress, until an engine or relay takes them
    struct client_hello hello; // borrows from hello_bytes
    struct slice hello_bytes;  // in the arena
    bool has_hello;
    struct leaf *leaf;
    struct tls_stream passing[SIDES]; // MODE_PASS: reads hellos in flight
    struct observer *observer;        // MODE_BRIDGE: until it has seen enough; NULL: none

    // Facts about the sockets
    bool has_ended[SIDES];  // FIN received, or broken
    int broken[SIDES];      // errno when it broke, 0 otherwise
    bool has_notify[SIDES]; // close_notify received
    bool is_answered;       // the ingress was told of success
    bool is_local;          // the target is the proxy itself
    bool has_failed;        // a leg broke: a verdict was made; first failure only
    enum side failed;
    bool did_secure;         // `secured` was told
    struct verdict *verdict; // the first one told, in the arena; NULL: none
    struct verdict *found;   // found last, told or (PROVING) about to be; in the arena
    size_t found_count;
    struct prover *prover;   // NULL: none is open; it may outlast PROVING
    struct inquiry *inquiry; // likewise
    // MODE_PASS, while it is proven what the client refused: the evidence as if midspan had been in
    // the middle, in the arena; NULL else.
    struct evidence *checked;
    int64_t proof_begun_us; // monotonic: what proves a verdict, one after the other, has one budget
    bool is_proving;        // the prover or inquiry has not said yet that it is done
    struct answer answer;
    struct asking asking; // --experiment; of 0: nothing
    bool did_read_header; // PROXY protocol
    bool was_opened;      // `opened` was told
    bool was_dropped;     // midspan stops: nothing new is begun
};

// connection_new accepts from `listener`; NULL when that fails. connection_start reads its first
// bytes. connection_drain lets it end soon, connection_drop ends it now.
struct connection *connection_new(struct worker *worker, uv_tcp_t *listener);
void connection_start(struct connection *c);
void connection_drain(struct connection *c);
void connection_drop(struct connection *c);

// For the files of the machine only.

// What a state's step returns.
enum step {
    STEP_NEXT,
    STEP_WAIT
};

enum step do_ingress(struct connection *c);          // connection_ingress.c
enum step do_peeking(struct connection *c);          // peek.c
enum step do_dialling(struct connection *c);         // peek.c
enum step do_server_handshake(struct connection *c); // legs.c
enum step do_client_handshake(struct connection *c); // legs.c
enum step do_proving(struct connection *c);          // failure.c
enum step do_answering(struct connection *c);        // manners.c

// connection_advance runs the machine until it waits. Safe to call from any hook.
void connection_advance(struct connection *c);
// connection_opened tells `opened`, once: after the PROXY protocol's header, which names the
// client.
void connection_opened(struct connection *c);
// connection_hooks gives the hooks of a side's link.
const struct link_hooks *connection_hooks(enum side side);
// connection_outer_received takes raw bytes of a client that speaks TLS to the proxy port.
void connection_outer_received(struct connection *c, struct slice bytes);
// connection_close ends it: idempotent, from any state.
void connection_close(struct connection *c);
// connection_told tells the last event, once all verdicts are told.
void connection_told(struct connection *c);
// connection_handle_closed counts down open_handles; the last one frees.
void connection_handle_closed(struct connection *c);
// connection_reset closes the client's link with RST, the rest plainly.
void connection_reset(struct connection *c);
// connection_linger sends FIN to the client and drops what it still says, for at most two seconds.
void connection_linger(struct connection *c);

// connection_send sends bytes to a side's socket: to the client through the outer TLS when there
// is one. connection_flush sends what an engine has left in the worker's `out`.
bool connection_send(struct connection *c, enum side side, struct slice bytes);
bool connection_flush(struct connection *c, enum side side);
// connection_flush_outer sends what the outer TLS has written.
bool connection_flush_outer(struct connection *c);
// connection_finish sends FIN (behind the outer TLS's close_notify).
void connection_finish(struct connection *c, enum side side);

// connection_patience sets how long the present state may take; 0: no limit. connection_rearm sets
// the timer to the nearest deadline, the dial's included.
void connection_patience(struct connection *c, int64_t timeout_ms);
void connection_rearm(struct connection *c);
// connection_now is the time since the connection was opened, in µs.
int64_t connection_now(const struct connection *c);
// connection_text copies text into the connection's arena ("" when memory is out).
const char *connection_text(struct connection *c, const char *text);
// connection_emit tells an event about this connection.
void connection_emit(struct connection *c, enum event_kind kind, const struct verdict *verdict,
                     uint32_t repeats);
static inline const struct settings *connection_settings(const struct connection *c)
{
    return &c->kit->terms->settings;
}
