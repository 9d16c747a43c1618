// The way to the origin: its name, its addresses one after the other, an upstream proxy if there
// is one. A small machine of its own beside the connection's.
#pragma once

#include <uv.h>

#include "buffer.h"

struct connection;

enum dial_state {
    DIAL_IDLE,
    DIAL_RESOLVING,
    DIAL_CONNECTING,
    DIAL_RETRYING, // the last address failed; its socket is closing
    DIAL_VIA,      // talking to the upstream proxy
    DIAL_DONE,
    DIAL_FAILED
};

#define DIAL_ADDRESSES_MAX 8

struct dial {
    enum dial_state state;
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    struct sockaddr_storage addresses[DIAL_ADDRESSES_MAX];
    size_t address_count, address_next;
    int64_t deadline_us; // monotonic; 0: no attempt is running
    int attempt_error;   // errno of the last address that failed
    struct buffer via_head;
    int os_error;       // of DIAL_FAILED: errno of the last address; 0 for DNS and upstream proxy
    bool is_loop;       // the address is one of our own listeners
    const char *detail; // what the system said, in the connection's arena
};

// dial_start begins to connect links[SERVER]; it ends in DIAL_DONE or DIAL_FAILED and advances the
// connection then.
void dial_start(struct connection *c);
// dial_hop gives whom the socket is for: the origin, or the upstream proxy.
const struct endpoint *dial_hop(const struct connection *c);
// dial_timed_out ends an attempt that took too long: the next address, or failure.
void dial_timed_out(struct connection *c);
// dial_received takes the upstream proxy's bytes in DIAL_VIA; *out_rest is what belongs to the
// tunnel already.
void dial_received(struct connection *c, struct slice bytes, struct slice *out_rest);
// dial_link_closed goes on after the failed address's socket has closed; false when the close
// was not one of its own.
bool dial_link_closed(struct connection *c);
// dial_ended takes the end of the server's TCP while DIAL_VIA; other states take no notice.
void dial_ended(struct connection *c, int os_error);
// dial_cancel gives up what is under way: nobody wants the origin any more.
void dial_cancel(struct connection *c);
void dial_clear(struct connection *c);

// address_text writes "192.0.2.1:443" into the connection's arena.
const char *address_text(struct connection *c, const struct sockaddr_storage *address);
