#include "recheck.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "clock.h"
#include "judge.h"

bool recheck_open(struct recheck *out, const struct recheck_setup *setup)
{
    struct recheck made = {.setup = *setup};
    for (size_t i = 0; i < setup->count && i < CERT_CHAIN_MAX; i++) {
        const uint8_t *at = setup->chain[i].der.data;
        X509 *certificate = d2i_X509(NULL, &at, (long)setup->chain[i].der.len);
        if (certificate == NULL) {
            ERR_clear_error();
            recheck_clear(&made);
            return false;
        }
        made.chain[made.count++] = certificate;
    }
    if (made.count == 0) {
        return false;
    }
    *out = made;
    return true;
}

void recheck_clear(struct recheck *recheck)
{
    for (size_t i = 0; i < recheck->count; i++) {
        X509_free(recheck->chain[i]);
    }
    *recheck = (struct recheck){0};
}

static void add_row(struct recheck *recheck, const struct proof_row *row)
{
    struct verdict *verdict = recheck->setup.verdict;
    if (verdict->proof_count < PROOF_ROWS_MAX) {
        verdict->proof[verdict->proof_count++] = *row;
    }
}

void recheck_note(struct recheck *recheck, const char *words, const char *outcome, bool passed,
                  double ms)
{
    const struct proof_row row = {.changed = words != NULL ? words : "",
                                  .outcome = outcome != NULL ? outcome : "",
                                  .ms = ms,
                                  .passed = passed};
    add_row(recheck, &row);
}

bool recheck_run(struct recheck *recheck, const struct recheck_change *change)
{
    const struct recheck_setup *setup = &recheck->setup;
    struct verification result;
    int64_t begun_us = clock_monotonic_us();
    chain_verify(change->trust != NULL ? change->trust : setup->trust,
                 change->chain != NULL ? change->chain : recheck->chain,
                 change->chain != NULL ? change->count : recheck->count,
                 change->spec != NULL ? change->spec : &setup->spec, setup->arena, &result);
    bool passed = result.done && result.fault == CERT_FAULT_NONE;
    const char *outcome = passed ? "verifies" : fault_words(result.fault);
    const char *full = change->remark != NULL
                           ? arena_printf(setup->arena, "%s; %s", outcome, change->remark)
                           : NULL;
    if (change->result != NULL) {
        *change->result = result;
    }
    const struct proof_row row = {
        .changed = change->words != NULL ? change->words : "",
        .outcome = full != NULL ? full : outcome,
        .ms = (double)(clock_monotonic_us() - begun_us) / 1000.0,
        .passed = passed,
    };
    add_row(recheck, &row);
    return passed;
}

bool recheck_same(struct recheck *recheck)
{
    return recheck_run(recheck, &(struct recheck_change){.words = "nothing: the same chain again"});
}

bool recheck_at(struct recheck *recheck, int64_t at_us, const char *whose)
{
    char date[CLOCK_TEXT_MAX];
    struct verify_spec spec = recheck->setup.spec;
    spec.at_us = at_us;
    const struct recheck_change change = {
        .words =
            arena_printf(recheck->setup.arena, "time: %s (%s)", clock_date(at_us, date), whose),
        .spec = &spec,
    };
    return recheck_run(recheck, &change);
}

bool recheck_within(struct recheck *recheck)
{
    int64_t from_us = INT64_MIN, to_us = INT64_MAX;
    for (size_t i = 0; i < recheck->count; i++) {
        const struct cert_facts *facts = &recheck->setup.chain[i];
        from_us = facts->not_before_us > from_us ? facts->not_before_us : from_us;
        to_us = facts->not_after_us < to_us ? facts->not_after_us : to_us;
    }
    return from_us < to_us &&
           recheck_at(recheck, from_us + (to_us - from_us) / 2, "when all of the chain is in date");
}

bool recheck_named(struct recheck *recheck, const char *name)
{
    struct arena *arena = recheck->setup.arena;
    struct verify_spec spec = recheck->setup.spec;
    spec.name = name;
    const struct recheck_change change = {
        .words = name != NULL ? arena_printf(arena, "name: %s", peer_text(arena, name))
                              : "name: none asked for",
        .spec = &spec,
    };
    return recheck_run(recheck, &change);
}

bool recheck_trusting(struct recheck *recheck, X509 *anchor, X509 *const *chain, size_t count,
                      const char *words)
{
    struct trust_store *only = trust_store_only(anchor);
    const struct recheck_change change = {
        .words = words, .trust = only, .chain = chain, .count = count};
    bool passed = only != NULL && recheck_run(recheck, &change);
    trust_store_free(only);
    return passed;
}

const char *recheck_aged(struct recheck *recheck, const char *outcome, int64_t age_us)
{
    if (age_us == 0) {
        return outcome;
    }
    const char *aged = arena_printf(recheck->setup.arena, "%s (seen %u s ago)", outcome,
                                    (unsigned)(age_us / 1000000));
    return aged != NULL ? aged : outcome;
}
