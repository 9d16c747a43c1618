// The bytes of one sink on their way to its file descriptor or its own keeping. The caller holds
// the recorder's lock for what is `waiting`; what is `writing` is the recorder thread's alone.
#pragma once

#include "recorder.h"

struct sink_queue {
    struct sink sink;
    struct buffer waiting; // whole events; at most RECORDER_QUEUE_BYTES_MAX
    uint64_t waiting_count;
    uint64_t left_out;     // events that found no room since the last notice
    bool is_off;           // the sink takes nothing any more
    struct buffer writing; // taken from `waiting`, maybe written in part
    uint64_t writing_count;
    bool is_regular; // a file: always ready and never short of room
    // A sink that keeps (sink.keep), on the monotonic clock:
    int64_t due_us;   // it is given nothing before
    int64_t stuck_us; // since when it says SINK_LATER; 0: it does not
    bool is_told;     // … and the others know
};

void sink_queue_init(struct sink_queue *queue, const struct sink *sink);
void sink_queue_clear(struct sink_queue *queue); // closes an owned descriptor

// sink_queue_put appends one rendered event, or counts it as left out. True when the recorder
// thread has to be woken.
bool sink_queue_put(struct sink_queue *queue, struct slice rendered);

// sink_queue_is_due is false while a sink that keeps has its rest: after it kept some, so that one
// transaction holds many events; after it could not, so that it is not asked in vain all the time.
bool sink_queue_is_due(const struct sink_queue *queue, int64_t now_us);

// sink_queue_take moves what waits to `writing`, which must be empty, and gives how many events
// were left out after it.
uint64_t sink_queue_take(struct sink_queue *queue);

enum sink_wrote {
    SINK_WROTE,    // something, or the descriptor was not ready after all
    SINK_IS_BROKEN // errno says why
};

// sink_queue_write writes as much of `writing` as goes without waiting; call it when poll says
// that the descriptor is ready.
enum sink_wrote sink_queue_write(struct sink_queue *queue);

// sink_queue_keep gives `writing` to a sink that keeps; `error` unless all is kept.
enum sink_kept sink_queue_keep(struct sink_queue *queue, int64_t now_us, struct error *error);
