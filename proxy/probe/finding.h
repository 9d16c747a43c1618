// Inside of probe: what the trials of a plan prove, between conclude.c, which finds it, and the
// words for it. Pure.
#pragma once

#include "plan.h"

// What was proven: a cause, and the element that made the difference.
struct finding {
    const char *code;
    const char *what;    // "cipher suite"
    enum list_kind list; // of the element
    bool has_list;       // the cause is about a list
    bool is_own_fault;   // the origin chooses what it can't do
    uint16_t number;     // the element, 0: not known
    bool is_curve;       // it is the group of the certificate's key, not of the key exchange
    bool is_deprecated;  // what the origin takes; then the origin must move forward
    const struct trial *trial;
};

// finding_say writes summary, fix, `offered`, `accepted` and the facts of a verdict whose cause and
// party are set; text goes into the judge's arena.
void finding_say(struct plan *plan, const struct finding *finding, struct verdict *out);
