// A box in the way: a TCP middlebox between two parties, that misbehaves on purpose. Plain data; it
// is run by origins.h. A proxy's CONNECT before the TLS passes unchanged. (A box that terminates
// TLS is interceptor.h.)
#pragma once

#include "endpoint.h"
#include "quirk.h"

struct box {
    struct quirk quirk;     // decided on the hello that passes; SILENCE swallows it
    struct endpoint target; // where it connects to: an IP literal and a port
    uint32_t delay_ms;      // each read is passed on that much later
    uint64_t cut_after;     // bytes towards the client after which it cuts; 0: never
};

// box_set sets one key: delay, cut-after, and those of quirk.h.
bool box_set(struct box *box, const char *key, const char *value, struct error *error);
