// Proves why a client refused the leaf that midspan showed it. In memory, no network: the leaf is
// verified again as such a client would, with one thing of the client's changed (what it trusts,
// its clock, the use it wants), and each outcome is held against what the client's stack is
// measured to answer with.
#pragma once

#include "authority.h"
#include "mint.h"
#include "verdict.h"

struct judgement_setup {
    const struct evidence *evidence;
    struct arena *arena;
    struct verdict *verdict;
    const struct authority *ca;
    struct mint *mint;
    const struct leaf *leaf; // the one that was shown; NULL: a certificate of the policy's own
    const char *name;        // that the client asked for
};

// judgement adds rows to a verdict about our leaf and makes it CONFIDENCE_PROVEN when
//   - the leaf has exactly the fault that the verdict names, and a clean one of the same name
//     verifies; or
//   - the leaf verifies, and of all that a client can hold against it exactly one explanation is
//     left, the verdict's, that its stack answers so.
// It is CONFIDENCE_DEDUCED where the others are ruled out by the client's history alone.
// Else it says as a fact what is left open. False, with nothing changed, for other verdicts.
bool judgement(const struct judgement_setup *setup);
