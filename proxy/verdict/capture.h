// Evidence of the handshakes in a capture file. Nobody stood in the middle of them, so it is that
// of a connection that was passed on untouched (evidence.is_passed): the client's hello and alerts
// on the client leg, the server's on the server leg. Pure: the file is in memory.
#pragma once

#include "evidence.h"

struct captured {
    const struct evidence *evidence;
    bool has_server_hello;
    bool has_gap;   // bytes are missing in the capture
    bool has_ended; // one side ended it
};

typedef void (*capture_found_fn)(void *user, const struct captured *captured);

struct capture_count {
    size_t packets, connections; // of TCP
    size_t handshakes;           // of those: in which a client said hello
    size_t left_out;             // segments past FLOWS_MAX connections
    size_t cut_short;            // packets of TCP that were captured in part
    size_t unknown_links;        // packets of link types that are not read
    bool is_cut;                 // the file ends in the middle of a packet
};

// capture_read calls `found` for each TCP connection in which a client said hello, or was refused
// before it could, in the order of first packets.
// The evidence is in the arena. False (ERROR_FILE) when it is no capture, or broken.
bool capture_read(struct slice file, struct arena *arena, capture_found_fn found, void *user,
                  struct capture_count *out_count, struct error *error);
