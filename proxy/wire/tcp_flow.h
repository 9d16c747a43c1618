// TCP connections put together from captured segments: both directions, out of order, repeated and
// overlapping. Pure: what is given out borrows from the packets, which must stay.
#pragma once

#include "packet.h"

#define FLOWS_MAX ((size_t)1024)
// Segments of one direction that wait for one before them; one more is a gap.
#define FLOW_PENDING_MAX 64
// What is given out of one direction; a handshake is over long before.
#define FLOW_BYTES_MAX ((size_t)256 * 1024)

enum flow_event {
    FLOW_BYTES,
    FLOW_SYN,   // the first SYN of this direction
    FLOW_FIN,   // after all bytes of this direction
    FLOW_RESET, // sent in this direction
    FLOW_GAP    // bytes are missing: nothing more comes of this direction
};

struct flow_item {
    enum flow_event event;
    size_t flow;        // counted from 0, in the order of first packets
    unsigned direction; // 0: as the flow's first packet went, or its SYN
    int64_t at_us;
    struct slice bytes; // FLOW_BYTES
    const struct tcp_segment *segment;
};

typedef void (*flow_found_fn)(void *user, const struct flow_item *item);

struct flows;

struct flows *flows_new(void); // NULL when memory is out
void flows_free(struct flows *flows);

// flows_add takes one segment and calls `found` for what it brings, maybe several times.
void flows_add(struct flows *flows, const struct tcp_segment *segment, int64_t at_us,
               flow_found_fn found, void *user);

size_t flows_count(const struct flows *flows);
// flows_left_out counts segments of connections past FLOWS_MAX.
size_t flows_left_out(const struct flows *flows);
