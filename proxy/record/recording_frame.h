// One event on its way from the worker that renders it to the thread that records it.
#pragma once

#include "event.h"

struct recording_frame {
    enum event_kind kind;
    uint64_t connection;
    int64_t wall_us;
    struct slice json;     // as the log has it, without newline
    struct slice evidence; // of the connection as it is now, empty: none is given
};

// recording_frame_render appends the frame of an event. A `struct sink` renders with it.
void recording_frame_render(void *user, const struct event *event, struct buffer *out);

// recording_frame_next gives the frame at *at, borrowed from `frames`, and moves on; false at the
// end.
bool recording_frame_next(struct slice frames, size_t *at, struct recording_frame *out_frame);
