// Whether a host can be reached at all: its name resolved, its addresses tried one after the other.
#pragma once

#include <sys/socket.h>

#include "endpoint.h"

#define REACH_MS_MAX        3000 // one address
#define REACH_ADDRESSES_MAX 8

struct reached {
    struct sockaddr_storage address;
    char text[ENDPOINT_TEXT_MAX]; // "192.0.2.1:443"
};

// reach blocks until a TCP connection was made (it is closed at once, nothing was sent) or all
// addresses failed: then false, with the cause code ("transport.dns" …, static) and an
// ERROR_NETWORK.
bool reach(const struct endpoint *where, struct reached *out_reached, const char **out_cause,
           struct error *error);
