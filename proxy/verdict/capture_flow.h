// Inside of the capture reader: one TCP connection as it goes by.
#pragma once

#include "capture.h"
#include "tcp_flow.h"

// All-zero but for the arena is a connection of which nothing was seen.
struct capture_flow {
    struct arena *arena;
    struct evidence evidence;
    struct tls_stream streams[2]; // by direction
    bool is_client_known;
    unsigned client; // its direction
    bool has_syn[2];
    bool has_bytes[2];
    bool has_ended[2], has_gap, is_over;
    int64_t opened_us, hello_us;
    int64_t now_us; // of the item being taken
};

// capture_flow_take notes one item of the flow.
void capture_flow_take(struct capture_flow *flow, const struct flow_item *item);

// capture_flow_is_told is true if there is a handshake, or a refused connection, to tell of.
bool capture_flow_is_told(const struct capture_flow *flow);

void capture_flow_clear(struct capture_flow *flow);
