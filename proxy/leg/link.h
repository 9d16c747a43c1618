// A link: one TCP socket on a libuv loop. It reads when told to, writes at once what the kernel
// takes and queues the rest, and tells how the peer left. It decides nothing. One loop's thread.
#pragma once

#include <uv.h>

#include "buffer.h"

// A link with anything queued makes its owner stop reading the other side: what piles up is one
// read of it, encrypted. The limit is for what nobody may reach.
#define LINK_QUEUE_BYTES_MAX ((size_t)1 << 20)
// How long a watched link waits for the reset that may come right behind a FIN (HAProxy's nolinger
// sends both), and how often it looks.
#define LINK_SETTLE_MS_MAX  20
#define LINK_SETTLE_STEP_MS 2

struct link;

// What a link tells its owner. Called from libuv's callbacks, never from inside a link_ function.
struct link_hooks {
    // Bytes came; borrowed until the hook returns.
    void (*received)(void *user, struct slice bytes);
    // The peer sent FIN: nothing more will come.
    void (*ended)(void *user);
    // The connection broke: an errno, ECONNRESET mostly. What the peer had sent before was received
    // first. It may follow `ended`: a peer that only half closed can still break what it is sent.
    void (*broke)(void *user, int os_error);
    // The queue is empty again.
    void (*drained)(void *user);
    // All of the link's handles are closed; its memory may go.
    void (*closed)(void *user);
    // Where to read: the worker's shared buffer. Used inside one callback only.
    struct slice (*room)(void *user);
};

// All-zero is a link that is not open.
struct link {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    const struct link_hooks *hooks;
    void *user;
    struct buffer waiting; // to be written next
    struct buffer writing; // given to libuv
    int write_error;       // errno of a failed write: the socket is still read to its end
    bool is_open, is_reading, is_writing, is_closing, is_connected;
    bool wants_shutdown, did_shutdown, has_ended;
    bool watches_end; // see link_watch_end
    bool has_timer;   // of a watched end
    uv_timer_t timer;
    unsigned looks_left;
};

// link_init prepares the handle on `loop`; every later end must go through link_close.
bool link_init(struct link *link, uv_loop_t *loop, const struct link_hooks *hooks, void *user);

// link_connected is called once the socket is accepted or connected: Nagle's delay goes.
void link_connected(struct link *link);

// link_read starts or stops reading; idempotent.
void link_read(struct link *link, bool on);

// link_watch_end has an end told only once it is known whether a reset comes right behind it: then
// it is one that broke. For handshakes, where the two mean different things. Off by itself.
void link_watch_end(struct link *link, bool on);

// link_send writes now what the kernel takes and copies the rest to the queue. False when the
// queue's limit is passed or the peer is gone (the reason comes as `broke`, once it is read to its
// end).
bool link_send(struct link *link, struct slice bytes);

size_t link_queued_bytes(const struct link *link);
bool link_is_full(const struct link *link); // anything queued: stop reading the other side

// link_finish sends FIN after what is queued; idempotent.
void link_finish(struct link *link);

// link_close closes after nothing more: what is queued is lost. link_reset closes with RST.
// `closed` follows, from the loop. Idempotent.
void link_close(struct link *link);
void link_reset(struct link *link);
