// Proves a verdict about the ingress: the very bytes that the client sent are given to the readers
// of everything that midspan speaks, not only to the one of this port. No network.
#pragma once

#include "verdict.h"

// Enough for a ClientHello of today.
#define REREAD_BYTES_MAX ((size_t)4096)

// What the port takes.
enum reread_port {
    REREAD_PROXY,  // a proxy request
    REREAD_TLS,    // TLS, to a fixed or transparent target
    REREAD_HEADER, // a PROXY protocol header
    REREAD_PORTS
};

struct reread_setup {
    struct arena *arena;
    struct verdict *verdict;
    enum reread_port port;
    struct slice bytes; // the first that came, at most REREAD_BYTES_MAX
};

// reread adds rows to a verdict about the ingress (ingress.*) and makes it CONFIDENCE_PROVEN when
// the port's own reader refuses the bytes again and exactly one other takes them. False, with
// nothing changed, for other verdicts.
bool reread(const struct reread_setup *setup);
