// Whole handshakes as counterfactuals, for what breaks behind the hellos: client certificates, and
// servers without secure renegotiation; and for what a client refused of an origin that it was
// passed on to. What to try, and what it proves. Pure.
#pragma once

#include "judge.h"
#include "trust.h"

enum full_change {
    FULL_SAME,             // the same handshake again
    FULL_NO_CERTIFICATE,   // without the client certificate
    FULL_MADE_CERTIFICATE, // with one made for this: self-signed, so that no origin trusts it
    FULL_LEGACY_SERVER,    // a server without renegotiation_info is taken (never a fix)
    FULL_CHECKED,          // the origin's certificate is verified as midspan's server leg does
    FULL_STRICT_PRIME      // no Diffie-Hellman prime under 2048 bits is taken
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
    struct full_trial trials[FULL_TRIALS_MAX]; // the first is what is to fail again
    size_t count;
};

// full_open plans the trials; false when whole handshakes can't prove the verdict.
bool full_open(struct full_plan *plan, const struct evidence *evidence,
               const struct verdict *verdict, struct arena *arena);

// full_conclude adds the trials as rows. The verdict is CONFIDENCE_PROVEN when the same handshake
// ends as the broken one did, and the change alters the origin's answer. `trust` is the server
// leg's.
void full_conclude(struct full_plan *plan, const struct trust_store *trust,
                   struct verdict *verdict);

// full_is_secured is true if a trial's handshake is complete, and nothing spoke against it since.
bool full_is_secured(const struct leg_evidence *leg);

// full_passed_conclude is the part of full_conclude for connections that were passed on.
void full_passed_conclude(struct full_plan *plan, const struct trust_store *trust,
                          struct verdict *verdict);
