// What to try: the trials of one broken server leg, in rounds, each chosen by what the ones before
// it gave. Pure: outcomes are filled in by whoever dials (or by a test).
//
//   round 1   the same hello again · the client's own · each single thing that may be the cause
//   then, when a change passes:
//     the one element that the server chose, added alone; or, when only everything wide passes,
//     everything but one list, for each list, and the lists that were needed, without the others
//   else, when all ended as the broken handshake did and exclusion proves the cause:
//     the same hello in a record of another version
//   else:
//     what failed by its protocols only, without ALPN
//     everything wide, yet nothing above TLS 1.2 or 1.1, or for one kind of certificate: a server
//     may choose what it can't do itself when it is offered everything
#pragma once

#include "judge.h"
#include "variant.h"

// The most dials for one verdict.
#define PROBE_DIALS_MAX 12

enum plan_round {
    PLAN_FIRST,
    PLAN_WITHOUT_ALPN,
    PLAN_NARROW,
    PLAN_REFINED, // confirmed, or each list left out
    PLAN_LEAST
};

struct plan {
    struct judge judge; // of the evidence
    struct variant_base base;
    const char *wanted; // name that certificates are held against; NULL: none are looked at
    bool may_exclude;   // the cause is one that exclusion proves (exclude.h)
    struct trial trials[PROBE_DIALS_MAX];
    size_t count;
    enum plan_round round; // the last one that was filled in
};

// plan_open fills in round 1. False when the verdict is not one that a dial can prove: another
// leg, no ServerHello expected, a connection passed on untouched.
bool plan_open(struct plan *plan, const struct evidence *evidence, const struct verdict *verdict,
               struct arena *arena);

// plan_next adds the trials of the next round and returns how many: 0 when there is no more to try.
// All outcomes so far must be there.
size_t plan_next(struct plan *plan);

// outcome_is is true if a dial ended as a handshake did, before any ServerHello; a close and a
// reset are one: which of the two depends on what was under way.
bool outcome_is(const struct outcome *outcome, const struct ending *ending);

// plan_fails_again is true if the unchanged hello failed again, as the broken handshake did as far
// as a dial can see. Otherwise nothing is proven by what passes.
bool plan_fails_again(const struct plan *plan);

// plan_find gives the first trial of a kind, NULL when there is none.
const struct trial *plan_find(const struct plan *plan, enum change_kind kind);

// plan_winner gives the trial whose change is the smallest and most likely cause; NULL when none
// passed. plan_confirmed gives the passing trial that adds one element of that list, or NULL.
const struct trial *plan_winner(const struct plan *plan);
const struct trial *plan_confirmed(const struct plan *plan, enum list_kind list);

// plan_group gives the group without which the server did not go on: the one that it chose, or,
// where that had been offered before, the one of its certificate's key (RFC 8422 section 5.1: below
// TLS 1.3 the key must be on a curve that the client offers). 0: neither is new.
uint16_t plan_group(const struct plan *plan, const struct outcome *outcome);

// plan_is_narrowed tells a change that keeps the server from choosing a version or a kind of key.
bool plan_is_narrowed(const struct change *change);

// plan_is_hopeless is true if the server answered every hello with an alert, those narrowed after
// everything wide had failed included: no client that authenticates and encrypts can mend that.
bool plan_is_hopeless(const struct plan *plan);

// plan_needed gives the lists without which everything wide fails (WIDEN bits); 0: not known.
unsigned plan_needed(const struct plan *plan);
