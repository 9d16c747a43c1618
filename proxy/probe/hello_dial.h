// One dial with a raw hello: connects, says the hello (and the second one that a retry asks for),
// and reads until it is known what the server makes of it. Nothing else is ever sent. It ends with
// FIN and reads to the end, so that no reset crosses what the server says. One loop's thread.
#pragma once

#include "change.h"
#include "endpoint.h"
#include "link.h"
#include "tls_stream.h"

// A TLS 1.3 server that goes on sends a certificate; an alert is far smaller (it is encrypted).
#define DIAL_FLIGHT_BYTES_MIN ((size_t)300)

struct hello_dial;

struct hello_dial_setup {
    uv_loop_t *loop;
    const struct sockaddr *address;
    const char *tunnel;      // an upstream proxy stands at `address`: "host:port" to ask it for
    struct slice hello;      // the handshake message; copied
    uint16_t record_version; // of the record that holds it; 0: TLS 1.0 (RFC 8446 section 5.1)
    struct slice room;       // where to read; used inside callbacks only
    struct outcome *out;     // filled by the time that `done` is called; borrowed till then
    struct arena *arena;     // for out->leaf
    void (*done)(void *user, struct hello_dial *dial);   // the outcome is known; once
    void (*closed)(void *user, struct hello_dial *dial); // its memory may go; once
    void *user;
};

enum hello_dial_state {
    HELLO_DIAL_IDLE,
    HELLO_DIAL_CONNECTING,
    HELLO_DIAL_TUNNEL, // asking the upstream proxy
    HELLO_DIAL_HELLO,  // the hello is out
    HELLO_DIAL_DONE,   // the outcome is known; reading to the end
    HELLO_DIAL_CLOSING
};

// All-zero is a dial that was not started.
struct hello_dial {
    enum hello_dial_state state;
    struct hello_dial_setup setup;
    struct link link;
    uv_connect_t connect;
    struct buffer hello, head;
    struct tls_stream stream;
    int64_t begun_us;
    bool did_retry;
    size_t flight_bytes; // encrypted ones after a TLS 1.3 ServerHello
};

// hello_dial_start begins; false when no socket could be made: then no hook is called.
bool hello_dial_start(struct hello_dial *dial, const struct hello_dial_setup *setup);

// hello_dial_stop ends the wait: an outcome not known by now is OUTCOME_SILENCE.
// `done` follows within the call.
void hello_dial_stop(struct hello_dial *dial);

// hello_dial_close closes the socket; `closed` follows from the loop, without `done`. Idempotent.
void hello_dial_close(struct hello_dial *dial);
