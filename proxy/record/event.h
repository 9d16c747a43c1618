// Events: every step of a connection, as a fact. Sinks render them; nothing else writes logs.
#pragma once

#include "verdict.h"

#define EVENT_MAP(XX)                                                                       \
    XX(LISTENING, "listening")   /* text: the address; connection 0 */                      \
    XX(OPENED, "opened")         /* a client connected */                                   \
    XX(TARGET, "target")         /* the ingress named a target */                           \
    XX(SECURED, "secured")       /* both legs; or one leg in pass and plain modes never */  \
    XX(PLAIN, "plain")           /* not TLS inside: relayed as it is */                     \
    XX(PASSED, "passed")         /* --pass: relayed untouched, hellos read */               \
    XX(VERDICT, "verdict")       /* one of `verdicts` */                                    \
    XX(EXPERIMENT, "experiment") /* --experiment: what the client answered, `row` */        \
    XX(CLOSED, "closed")         /* the connection's end: bytes, duration, endings */       \
    XX(NOTICE, "notice")         /* text: config reloaded, draining, events left out … */ \
    XX(ERROR, "error")           /* text: an error of our own */

enum event_kind {
#define XX(name, text) EVENT_##name,
    EVENT_MAP(XX)
#undef XX
    EVENTS
};

struct event {
    enum event_kind kind;
    uint64_t connection; // 0: of no connection
    int64_t wall_us;
    int64_t lasted_us;               // CLOSED: how long the connection was open
    const struct evidence *evidence; // NULL when connection is 0
    const struct verdict *verdict;   // EVENT_VERDICT
    uint32_t repeats;                // EVENT_VERDICT: how often this finding came before
    const struct verdict *masked;    // EVENT_SECURED
    size_t masked_count;
    const struct proof_row *row; // EVENT_EXPERIMENT; of which finding: evidence->experiment_of
    const char *text;            // LISTENING, NOTICE, ERROR
};

const char *event_kind_name(enum event_kind kind);
