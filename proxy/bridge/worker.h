// A worker: one thread with one loop, its listeners, the connections that live and die on it, and
// the buffers they share. Everything here belongs to the worker's thread unless it says otherwise.
#pragma once

#include <uv.h>

#include "context.h"
#include "history.h"
#include "record.h"
#include "terms.h"

#define WORKER_READ_BYTES    ((size_t)64 * 1024)
#define WORKER_PLAIN_BYTES   ((size_t)16 * 1024 + 512)
#define WORKER_OUT_BYTES_MAX ((size_t)1 << 20)
// At this many connections a worker stops accepting until one ends; the kernel's backlog waits.
// Fewer where descriptors are few: when they are out, libuv closes clients unheard.
#define WORKER_CONNECTIONS_MAX 16384
#define CONNECTION_FILES_MAX   3  // two sockets, and dials that prove a verdict now and then
#define OTHER_FILES_MAX        64 // logs, libraries, the threads' own
#define WORKER_FILES_MAX       16 // a loop and its listeners

struct experiments;
struct outcomes;
struct answers;

// What all workers share; each part is safe from several threads.
struct shared {
    const struct authority *ca;
    struct mint *mint;
    struct recorder *recorder;
    struct keylog *keylog; // NULL: none
    struct history *history;
    struct outcomes *outcomes; // of counterfactual dials
    struct answers *answers;   // of addresses that certificates name
    struct experiments *experiments;
    struct library library;
    const struct endpoint *endpoints; // where the proxy listens, for finding loops
    size_t endpoint_count;
    size_t connections_each_max;      // of one worker
    _Atomic uint64_t connection_last; // numbers connections
    _Atomic size_t open_count;
};

// A worker's own copy of what settings make: contexts belong to one thread. Counted by connections.
struct kit {
    struct terms *terms;
    struct contexts *contexts[SIDES];
    struct contexts *outer; // TLS to the proxy port
    size_t references;
};

struct connection;
struct listener;

struct worker {
    struct shared *shared;
    uv_loop_t loop;
    uv_thread_t thread;
    uv_async_t wake;
    uv_timer_t grace;
    uv_mutex_t lock;          // guards the next three, which other threads write
    struct terms *terms_next; // to be taken into force; NULL: none
    bool wants_drain;
    int64_t grace_ms;
    struct kit *kit;
    struct listener *listeners;
    size_t listener_count;
    struct connection *connections; // a list
    size_t connection_count;
    bool is_draining;
    bool did_note_full; // told already that clients wait
    uint8_t read_room[WORKER_READ_BYTES];
    uint8_t plain[WORKER_PLAIN_BYTES];
    struct buffer out[SIDES]; // records on their way to a link; empty between callbacks
    struct buffer outer_out;
};

// worker_new takes the listening sockets `fds` (closed with the worker) and a reference of
// `terms`, even when it fails; worker_start starts the thread.
struct worker *worker_new(struct shared *shared, struct terms *terms, const int *fds,
                          size_t fd_count, struct error *error);
bool worker_start(struct worker *worker, struct error *error);

// From any thread: worker_reload hands over a reference of new terms, worker_drain asks to stop
// accepting and to end, worker_join waits for the thread and worker_free frees.
void worker_reload(struct worker *worker, struct terms *terms);
void worker_drain(struct worker *worker, int64_t grace_ms);
void worker_join(struct worker *worker);
void worker_free(struct worker *worker);

// For connections: kit_keep and kit_release count; worker_gone takes a connection off the list.
struct kit *kit_keep(struct kit *kit);
void kit_release(struct kit *kit);
void worker_gone(struct worker *worker, struct connection *connection);
