// HTTP/2 of a lab origin: as much as it takes to answer requests. Sans-I/O.
#pragma once

#include "buffer.h"

struct origin_h2;

struct origin_h2_hooks {
    // Chooses the status of a request to `authority`, and appends its body.
    uint16_t (*answer)(void *user, struct slice authority, struct buffer *out_body);
    void *user;
};

#define ORIGIN_H2_STREAMS_MAX 32

// origin_h2_new begins a connection: SETTINGS wait to be sent. NULL when memory is out.
struct origin_h2 *origin_h2_new(const struct origin_h2_hooks *hooks);
void origin_h2_free(struct origin_h2 *h2); // NULL does nothing

// origin_h2_feed takes bytes of the client and appends what is to be sent; false when the client
// broke the protocol or memory is out. *out_is_over is set when nothing more will be said.
bool origin_h2_feed(struct origin_h2 *h2, struct slice in, struct buffer *out, bool *out_is_over);
