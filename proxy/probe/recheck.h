// A recorded chain of certificates, verified again in memory with changes. Each run is a row of
// the verdict's proof. Of any leg and of either peer; whoever proves chooses the changes.
#pragma once

#include "trust.h"
#include "verdict.h"

struct recheck_setup {
    const struct cert_facts *chain; // as sent, leaf first; borrowed like all here until the clear
    size_t count;
    const struct trust_store *trust; // as it was verified with
    struct verify_spec spec;         // as it was verified; at_us not 0
    struct arena *arena;             // for the rows' text
    struct verdict *verdict;         // gets the rows
};

// All-zero is a recheck of nothing.
struct recheck {
    struct recheck_setup setup;
    X509 *chain[CERT_CHAIN_MAX]; // owned
    size_t count;
};

// What differs from the recording; NULL and 0: as recorded.
struct recheck_change {
    const char *words;               // of the row: "time: …", "trusted: + …"
    const struct trust_store *trust; // instead of the setup's
    X509 *const *chain;              // with `count`: instead of the one sent
    size_t count;
    const struct verify_spec *spec;
    const char *remark;          // said after the outcome
    struct verification *result; // filled in; its text lives in the setup's arena
};

// recheck_open decodes the chain; false, with nothing to clear, when there is none or memory is
// out.
bool recheck_open(struct recheck *out, const struct recheck_setup *setup);
void recheck_clear(struct recheck *recheck);

// recheck_run verifies, adds the row, and is true if the chain verifies so.
bool recheck_run(struct recheck *recheck, const struct recheck_change *change);

// recheck_same is the run without a change: it must fail for a proof to be one.
bool recheck_same(struct recheck *recheck);
// recheck_at verifies at another time; `whose` says which: "the origin's clock".
bool recheck_at(struct recheck *recheck, int64_t at_us, const char *whose);
// recheck_within verifies in the middle of the time in which every certificate of the chain is in
// date; false, without a row, when there is no such time.
bool recheck_within(struct recheck *recheck);
// recheck_named verifies for another name; NULL: for none.
bool recheck_named(struct recheck *recheck, const char *name);
// recheck_trusting trusts `anchor` alone; `chain` (NULL: as sent) of `count` is verified.
bool recheck_trusting(struct recheck *recheck, X509 *anchor, X509 *const *chain, size_t count,
                      const char *words);
// recheck_note adds a row of another kind, measured by the caller.
void recheck_note(struct recheck *recheck, const char *words, const char *outcome, bool passed,
                  double ms);

// recheck_aged adds to an outcome how long ago it was seen; 0 adds nothing.
const char *recheck_aged(struct recheck *recheck, const char *outcome, int64_t age_us);
