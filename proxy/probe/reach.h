// Reaching the origin once more, for verdicts about names and connections: the name is asked again,
// each address is dialled again. What to try, and what it proves. Pure.
#pragma once

#include "judge.h"

enum reach_kind {
    REACH_NAME,       // the name again
    REACH_NAME_IPV4,  // … its IPv4 addresses alone
    REACH_NAME_IPV6,  // … its IPv6 addresses alone
    REACH_NAME_WHOLE, // … with a final dot: no search domain is added
    REACH_ADDRESS     // TCP to one address
};

struct reach_trial {
    enum reach_kind kind;
    const char *what; // the name asked, the address dialled
    bool was_run;     // … and has ended, or its time was over
    bool passed;
    bool is_late;       // no answer in time
    int os_error;       // REACH_ADDRESS: errno
    const char *detail; // what the resolver said
    double ms;
};

#define REACH_TRIALS_MAX 8

struct reach_plan {
    struct judge judge;
    bool is_name;
    struct reach_trial trials[REACH_TRIALS_MAX];
    size_t count;
};

// reach_open plans the trials: for `name` (NULL: there was none to ask), or for `count` addresses,
// as text, of which the last is the one whose failure stands. False for other verdicts.
bool reach_open(struct reach_plan *plan, const struct evidence *evidence,
                const struct verdict *verdict, const char *name, const char *const *addresses,
                size_t count, struct arena *arena);

// reach_conclude adds the trials as rows. The verdict is CONFIDENCE_PROVEN when all fail as before,
// or when the name is found in exactly one other way.
void reach_conclude(struct reach_plan *plan, struct verdict *verdict);
