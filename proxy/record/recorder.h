// The recorder: one thread that writes what sinks rendered. Workers render on their own thread and
// never wait for a disk or a terminal.
#pragma once

#include "event.h"

// What became of the bytes that a sink was given to keep.
enum sink_kept {
    SINK_KEPT,  // all of them are kept
    SINK_LATER, // none is, and it is worth trying again
    SINK_BROKEN // none is, nor will be any more
};

// A sink renders events to bytes, for one file descriptor or for its own keeping.
struct sink {
    const char *name; // "console", "jsonl", "recording"
    // Appends what `event` looks like here (maybe nothing); called on any worker, at any time by
    // several at once: it must not write to `user` without a lock.
    void (*render)(void *user, const struct event *event, struct buffer *out);
    // NULL for a sink that is a descriptor. One that is not (a database) is given whole events, as
    // they were rendered, many at once; it is called by the recorder thread only. It may take as
    // long as a disk takes; for another process it never waits, but says SINK_LATER and is given
    // the same bytes again. Unless all is kept, `error` says why.
    enum sink_kept (*keep)(void *user, struct slice events, struct error *error);
    void *user;
    int fd;          // written by the recorder thread only; -1 with `keep`
    bool owns_fd;    // closed by recorder_free
    uint32_t events; // bit (1 << enum event_kind) for each kind it wants
};

struct recorder;

#define RECORDER_QUEUE_BYTES_MAX ((size_t)8 << 20)
#define RECORDER_SINKS_MAX       8

// recorder_new copies the sinks and starts the thread. NULL with `error`.
struct recorder *recorder_new(const struct sink *sinks, size_t count, struct error *error);
// recorder_emit renders and queues; thread-safe, never blocks on I/O. When the queue is full the
// event is left out, counted, and a notice says how many once there is room again. A sink that
// can't write any more, or not for now, is an error event for the others.
void recorder_emit(struct recorder *recorder, const struct event *event);
// recorder_wants is true if any sink subscribes to `kind`: lets a caller skip the work.
bool recorder_wants(const struct recorder *recorder, enum event_kind kind);
// recorder_free writes out what is queued (bounded: 2 s for a stuck sink), stops the thread.
void recorder_free(struct recorder *recorder);

// console_sink: one readable, aligned line for a good connection, a small block for a verdict.
// `quiet`: verdicts and errors only. `user` is allocated: freed by console_sink_free after
// recorder_free.
struct console_manner {
    bool colour; // as the terminal has them
    int columns;
    bool quiet;
    enum language language; // of verdicts, proofs and labels
};
struct sink console_sink(int fd, const struct console_manner *manner);
void console_sink_free(struct sink *sink);
// jsonl_sink: one JSON object a line, as the contract says.
struct sink jsonl_sink(int fd, bool owns_fd);

// keylog: SSLKEYLOGFILE lines of both legs, appended by many threads (O_APPEND, 0600).
struct keylog;
struct keylog *keylog_open(const char *path, struct error *error);
void keylog_write(struct keylog *keylog, const char *line); // without newline; thread-safe
void keylog_close(struct keylog *keylog);
