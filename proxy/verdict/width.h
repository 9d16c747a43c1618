// How wide an offer is: would a server that is set up as servers are today find in it what it
// needs? A handshake_failure names no list; the list that is narrow is the first to suspect.
#pragma once

#include "sets.h"

enum width {
    WIDTH_FULL,
    WIDTH_PARTIAL, // some servers of today find nothing in it
    WIDTH_NARROW   // most servers of today find nothing in it
};

struct widths {
    enum width suites, groups, schemes;
    uint32_t keys;         // KEY_… of the certificates that the suites and schemes allow
    enum width old_suites; // of TLS 1.2 and below, where those are offered; else WIDTH_FULL
    uint32_t old_keys;     // likewise; else both
    bool is_old;           // nothing above TLS 1.1
    bool is_only_new;      // TLS 1.3 alone
    bool reaches_new;      // TLS 1.3 is in it
};

void widths_of(const struct sets *offer, struct widths *out_widths);
