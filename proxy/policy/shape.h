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

// The lists of a server leg that are its policy's own, whatever the client offers: what is missing
// in them no client can mend.
struct fixed {
    bool versions, suites, groups, schemes;
};

void shape_fixed(const struct leg_policy *policy, struct fixed *out_fixed);

// shape_server makes the server leg's shape: what the policy says, and, where it says nothing and
// mirrors, what `hello` (NULL: no hello, library defaults) offered as far as `library` can. GREASE
// and signalling suites are no loss. `alpn_chosen` (client-first order, NULL otherwise) is the one
// name the client leg settled on: only it is offered. A shape that would offer no suite or no
// version keeps the policy's own numbers: the handshake then fails where it must, and is diagnosed.
// Where the policy says nothing and the client offered nothing that the library can, the library's
// own are offered: the handshake then fails on the client leg, where the fault is. The window's
// upper end comes down to the highest version that one of the suites is for. Without mirroring the
// versions not said are TLS 1.2 and 1.3.
void shape_server(const struct leg_policy *policy, const struct client_hello *hello,
                  const struct library *library, const struct slice *alpn_chosen,
                  struct leg_shape *out_shape, struct losses *out_lost);

// shape_client makes the client leg's shape: what the policy says, the rest whatever the
// library can. `alpn_chosen` (server-first, NULL otherwise) is the origin's choice: the client
// leg will choose it and nothing else (an empty one: no ALPN at all), unless the policy's own alpn
// forbids it. Versions not said are all that the library can: a mismatch is to show on the server
// leg. Suites not said leave out NULL, EXPORT, anonymous and pre-shared-key ones.
void shape_client(const struct leg_policy *policy, const struct library *library,
                  const struct slice *alpn_chosen, struct leg_shape *out_shape);
