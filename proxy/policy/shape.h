// The shape of a leg: exactly what an engine is configured to offer or accept. Pure: a policy, the
// client's hello and what the TLS library can, in; the shape and what was lost, out.
#pragma once

#include "code_points.h"
#include "hello.h"
#include "leg_policy.h"

// What the TLS library can do, told by `leg` (policy knows no OpenSSL).
struct library {
    uint16_t version_min, version_max;
    struct number_list suites; // in the library's own order of preference
    struct number_list groups;
    struct number_list schemes;
};

// Plain data, comparable with memcmp (the key of the SSL_CTX cache).
struct leg_shape {
    uint16_t version_min, version_max;
    struct number_list suites;
    struct number_list groups;  // empty: the library's default
    struct number_list schemes; // empty: the library's default
    uint8_t alpn[POLICY_ALPN_MAX];
    uint8_t alpn_len; // 0: none offered
};

// What the client offered that the server leg can't: recorded as lost at the bridge.
struct losses {
    struct number_list versions, suites, groups, schemes;
    bool alpn; // names were cut
};

// shape_server makes the server leg's shape: what the policy says, and, where it says nothing and
// mirrors, what `hello` (NULL: no hello, library defaults) offered as far as `library` can. GREASE
// and signalling suites are no loss. `alpn_chosen` (client-first order, NULL otherwise) is the one
// name the client leg settled on: only it is offered. A shape that would offer no suite or no
// version keeps the policy's own numbers: the handshake then fails where it must, and is diagnosed.
void shape_server(const struct leg_policy *policy, const struct client_hello *hello,
                  const struct library *library, const struct slice *alpn_chosen,
                  struct leg_shape *out_shape, struct losses *out_lost);

// shape_client makes the client leg's shape: what the policy says, the rest whatever the
// library can. `alpn_chosen` (server-first, NULL otherwise) is the origin's choice: the client
// leg will choose it and nothing else (an empty one: no ALPN at all).
void shape_client(const struct leg_policy *policy, const struct library *library,
                  const struct slice *alpn_chosen, struct leg_shape *out_shape);
