// The lists of a ClientHello while a counterfactual is made of it. Inside probe only.
#pragma once

#include "buffer.h"
#include "variant.h"

#define DRAFT_OWN_EXTENSIONS 6 // that variant.c writes itself

struct draft {
    const struct variant_base *base;
    const struct change *change;
    struct number_list versions;                // newest first
    struct number_list suites, groups, schemes; // as on the wire, GREASE and signals included
    struct buffer extensions;
    struct buffer shares; // fresh ones; empty: the recorded are kept
    bool wants_shares;
    bool did[DRAFT_OWN_EXTENSIONS]; // extensions written, in the order of `own`
};

// draft_apply reads the recorded lists and makes the change in them. `base` and `change` are set.
void draft_apply(struct draft *draft);
