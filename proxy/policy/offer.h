// What a ClientHello offers, in lists: GREASE, signalling suites and repeats left out.
#pragma once

#include "hello.h"
#include "number_list.h"

struct offer {
    struct number_list versions, suites, groups, schemes; // in the client's order
    uint16_t version_min, version_max;                    // 0: none that we know
    bool is_fallback;                                     // RFC 7507: TLS_FALLBACK_SCSV
};

// offer_read fills the lists from a hello; NULL makes an empty offer. Lists longer than
// NUMBER_LIST_MAX are cut: no client sends half as many. A hello without supported_versions offers
// what it names and all below it, SSL 3.0 only when it names nothing else.
void offer_read(const struct client_hello *hello, struct offer *out_offer);
