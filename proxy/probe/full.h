// Whole handshakes as counterfactuals, for what breaks behind the hellos: client certificates, and
// servers without secure renegotiation. What to try, and what it proves. Pure.
#pragma once

#include "judge.h"

enum full_change {
    FULL_SAME,             // the same handshake again
    FULL_NO_CERTIFICATE,   // without the client certificate
    FULL_MADE_CERTIFICATE, // with one made for this: self-signed, so that no origin trusts it
    FULL_LEGACY_SERVER     // a server without renegotiation_info is taken (never a fix)
};

struct full_trial {
    enum full_change change;
    bool was_run;
    struct leg_evidence *evidence; // of the trial; in the arena
    double ms;                     // from the dial to the last word
    // Of the origin's CertificateRequest: how many issuers it names, and whether ours is one.
    size_t named_count;
    bool is_named;
};

#define FULL_TRIALS_MAX 2

struct full_plan {
    struct judge judge;
    struct full_trial trials[FULL_TRIALS_MAX]; // the first is FULL_SAME
    size_t count;
};

// full_open plans the trials; false when whole handshakes can't prove the verdict.
bool full_open(struct full_plan *plan, const struct evidence *evidence,
               const struct verdict *verdict, struct arena *arena);

// full_conclude adds the trials as rows. The verdict is CONFIDENCE_PROVEN when the same handshake
// ends as the broken one did, and the change alters the origin's answer.
void full_conclude(struct full_plan *plan, struct verdict *verdict);
