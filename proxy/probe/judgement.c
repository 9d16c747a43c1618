#include "judgement.h"

#include <string.h>

#include "amend.h"
#include "clock.h"
#include "judge.h"
#include "recheck.h"
#include "refusal.h"

#define BEYOND_US ((int64_t)86400 * 1000000)

struct bench {
    const struct judgement_setup *setup;
    struct judge judge;
    struct refusal refusal;
    struct reaction seen;
    uint16_t version;
    struct recheck recheck;
    struct leaf *clean;
    struct trust_store *trusted, *empty, *revoking; // the authority; nothing; it, and a list
};

// ---- a fault of the leaf's own

static bool is_measured(const struct bench *bench, enum cert_fault fault)
{
    static const struct {
        enum cert_fault fault;
        enum stack_fault stack_fault;
    } pairs[] = {
        {CERT_FAULT_HOSTNAME, STACK_FAULT_WRONG_NAME},
        {CERT_FAULT_NO_SAN, STACK_FAULT_WRONG_NAME},
        {CERT_FAULT_EXPIRED, STACK_FAULT_EXPIRED},
        {CERT_FAULT_INTERMEDIATE_EXPIRED, STACK_FAULT_EXPIRED},
        {CERT_FAULT_NOT_YET_VALID, STACK_FAULT_NOT_YET_VALID},
        {CERT_FAULT_SELF_SIGNED, STACK_FAULT_SELF_SIGNED},
        {CERT_FAULT_WRONG_USAGE, STACK_FAULT_WRONG_USAGE},
        {CERT_FAULT_WEAK, STACK_FAULT_WEAK_SIGNATURE},
    };
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        if (pairs[i].fault == fault) {
            return stack_reaction(bench->judge.stack, bench->version, pairs[i].stack_fault).kind !=
                   REACTION_UNKNOWN;
        }
    }
    return false;
}

// say_trust_open: the leaf fails for every client, so its fault is the cause; that the client
// trusts the authority may still have to be seen.
static void say_trust_open(struct bench *bench)
{
    bool is_open =
        stack_may(bench->judge.stack, bench->version, STACK_FAULT_UNTRUSTED, bench->seen) &&
        bench->setup->evidence->client_secured_before == 0;
    if (is_open) {
        verdict_fact(&bench->judge, bench->setup->verdict,
                     "this leaf fails for every client; if this one trusts midspan's authority its "
                     "answer does not tell");
    }
}

// A client that leaves without a word counts only where that is measured of its stack.
static bool prove_own_fault(struct bench *bench, const struct verification *shown)
{
    const struct recheck_change clean = {.words = "certificate: a clean leaf of the same name",
                                         .chain = &bench->clean->certificate,
                                         .count = 1};
    bool is_mended = recheck_run(&bench->recheck, &clean);
    bool is_alone = shown->faults == 1u << shown->fault;
    bool is_told = bench->refusal.kind == REFUSAL_ALERT || is_measured(bench, shown->fault);
    if (!is_mended || !is_alone || !is_told ||
        strcmp(fault_code(shown->fault), bench->setup->verdict->cause->code) != 0) {
        return false;
    }
    say_trust_open(bench);
    return true;
}

// ---- something of the client's

enum explanation {
    UNKNOWN_AUTHORITY,
    CLOCK_AHEAD,
    CLOCK_BEHIND,
    OTHER_USE,
    REVOKED,
    OWN_CHECK,
    NO_STAPLE,
    LEFT_BY_ITSELF,
    EXPLANATIONS
};

static const struct {
    const char *words, *code;
    enum stack_fault fault; // STACK_FAULTS: none of the table's
} explanations[EXPLANATIONS] = {
    [UNKNOWN_AUTHORITY] = {"midspan's authority is unknown to it", "trust.client-rejects-bridge-ca",
                           STACK_FAULT_UNTRUSTED},
    [CLOCK_AHEAD] = {"its clock is ahead", "clock.client", STACK_FAULT_EXPIRED},
    [CLOCK_BEHIND] = {"its clock is behind", "clock.client", STACK_FAULT_NOT_YET_VALID},
    [OTHER_USE] = {"it wants a certificate for another use", "trust.leaf-refused",
                   STACK_FAULT_WRONG_USAGE},
    [REVOKED] = {"the leaf is on a revocation list of its own", "trust.leaf-refused",
                 STACK_FAULT_REVOKED},
    [OWN_CHECK] = {"a check of its own, such as a pin", "trust.pinned", STACK_FAULTS},
    [NO_STAPLE] = {"it wants an OCSP response stapled, and midspan staples none",
                   "trust.leaf-refused", STACK_FAULTS},
    [LEFT_BY_ITSELF] = {"it left for reasons of its own", "", STACK_FAULTS},
};

// run_of fills in `spec` and gives the change of the client's that would explain it.
static struct recheck_change run_of(const struct bench *bench, enum explanation which,
                                    struct verify_spec *spec)
{
    struct arena *arena = bench->setup->arena;
    const struct cert_facts *leaf = &bench->setup->evidence->legs[CLIENT].chain[0];
    char date[CLOCK_TEXT_MAX];
    struct recheck_change change = {.spec = spec};
    *spec = bench->recheck.setup.spec;
    switch (which) {
    case UNKNOWN_AUTHORITY:
        change.trust = bench->empty;
        change.words = "trusted: without midspan's authority";
        break;
    case CLOCK_AHEAD:
        spec->at_us = leaf->not_after_us + BEYOND_US;
        change.words = arena_printf(arena, "the client's clock: %s, after the leaf's end",
                                    clock_date(spec->at_us, date));
        break;
    case CLOCK_BEHIND:
        spec->at_us = leaf->not_before_us - BEYOND_US;
        change.words = arena_printf(arena, "the client's clock: %s, before its beginning",
                                    clock_date(spec->at_us, date));
        break;
    case OTHER_USE:
        spec->for_client = true;
        change.words = "wanted: a certificate for another use";
        break;
    case REVOKED:
        change.trust = bench->revoking;
        change.words = "the client's revocation list: with this leaf";
        break;
    case OWN_CHECK:
    case NO_STAPLE:
    case LEFT_BY_ITSELF:
    case EXPLANATIONS:
        break;
    }
    return change;
}

// answer_text holds what the stack is measured to answer against what was seen.
static const char *answer_text(struct bench *bench, enum stack_fault fault)
{
    const struct stack *stack = bench->judge.stack;
    struct reaction usual = stack_reaction(stack, bench->version, fault);
    const char *did =
        stack_may(stack, bench->version, fault, bench->seen) ? "as it did" : "which it did not";
    switch (usual.kind) {
    case REACTION_UNKNOWN:
        return "what this stack answers was not measured";
    case REACTION_ACCEPTS:
        return "this stack does not mind";
    case REACTION_SILENCE:
        return arena_printf(bench->setup->arena, "this stack then leaves without a word, %s", did);
    case REACTION_CUT:
        return arena_printf(bench->setup->arena, "this stack then cuts the handshake, %s", did);
    case REACTION_ALERT:
        break;
    }
    return arena_printf(bench->setup->arena, "this stack then sends %s (%u), %s",
                        alert_name(usual.alert), usual.alert, did);
}

static bool sent(const struct bench *bench, uint8_t alert)
{
    return bench->refusal.kind == REFUSAL_ALERT && bench->refusal.alert == alert;
}

// is_ruled_out_by_history: a client that took other leaves of ours trusts the authority and has its
// clock right, unless its alert says that the authority is unknown, or a date at fault: then it is
// another program with the same hello, or its clock has jumped.
static bool is_ruled_out_by_history(const struct bench *bench, enum explanation which)
{
    bool is_about = which == UNKNOWN_AUTHORITY ? !sent(bench, ALERT_UNKNOWN_CA)
                    : which == CLOCK_AHEAD || which == CLOCK_BEHIND
                        ? !names_clock(&bench->judge, &bench->refusal)
                        : false;
    return is_about && bench->setup->evidence->client_secured_before > 0;
}

// Whoever opens a TLS connection wants a server's certificate: another use is an explanation only
// where the client says so.
static bool is_far_fetched(const struct bench *bench, enum explanation which)
{
    return which == OTHER_USE && !sent(bench, ALERT_UNSUPPORTED_CERTIFICATE);
}

// A client that asks for a staple may insist on it (RFC 6066 section 8 leaves it to the client);
// browsers ask always, and insist where the certificate does, which ours does not (RFC 7633).
static bool may_want_staple(const struct bench *bench)
{
    const struct stack *stack = bench->judge.stack;
    return bench->judge.client_hello.has_status_request && !stack->is_browser &&
           (sent(bench, ALERT_BAD_CERTIFICATE_STATUS_RESPONSE) ||
            stack_may_own(stack, bench->version, bench->seen));
}

// may_explain runs what can be run. What only the client's history speaks against is counted in
// *out_told_by_history: another program may have the same hello, so that proves nothing.
static bool may_explain(struct bench *bench, enum explanation which, size_t *out_told_by_history)
{
    const struct stack *stack = bench->judge.stack;
    if (which == OWN_CHECK) {
        return stack_may_own(stack, bench->version, bench->seen);
    }
    if (which == NO_STAPLE) {
        return may_want_staple(bench);
    }
    if (which == LEFT_BY_ITSELF) {
        return bench->refusal.kind != REFUSAL_ALERT && !stack->always_asks;
    }
    if (is_far_fetched(bench, which)) {
        return false;
    }
    enum stack_fault fault = explanations[which].fault;
    struct verify_spec spec;
    struct recheck_change change = run_of(bench, which, &spec);
    change.remark = answer_text(bench, fault);
    if (recheck_run(&bench->recheck, &change) ||
        !stack_may(stack, bench->version, fault, bench->seen)) {
        return false;
    }
    bool is_told = is_ruled_out_by_history(bench, which);
    *out_told_by_history += is_told ? 1 : 0;
    return !is_told;
}

static bool prove_explanation(struct bench *bench)
{
    struct verdict *verdict = bench->setup->verdict;
    struct buffer open = {.limit = 512};
    enum explanation last = EXPLANATIONS;
    size_t count = 0, told_by_history = 0;
    for (enum explanation which = UNKNOWN_AUTHORITY; which < EXPLANATIONS; which++) {
        if (!may_explain(bench, which, &told_by_history)) {
            continue;
        }
        // A shorter text when full.
        (void)buffer_printf(&open, "%s%s", count > 0 ? "; " : "", explanations[which].words);
        count++;
        last = which;
    }
    if (count > 1) {
        verdict_fact(&bench->judge, verdict, "its answer leaves open: %s", buffer_text(&open));
    }
    buffer_clear(&open);
    bool is_it = count == 1 && strcmp(explanations[last].code, verdict->cause->code) == 0;
    if (is_it && told_by_history > 0) {
        verdict->confidence = CONFIDENCE_DEDUCED;
        verdict_fact(&bench->judge, verdict,
                     "only an earlier connection speaks against other explanations, and that may "
                     "have been another program's with the same hello");
        return false;
    }
    return is_it;
}

// ---- the whole

static bool is_about_leaf(const struct verdict *verdict)
{
    static const char *const codes[] = {"trust.client-rejects-bridge-ca", "trust.pinned",
                                        "trust.leaf-refused", "clock.client"};
    bool is_named = verdict->cause->is_certificate;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        is_named = is_named || strcmp(verdict->cause->code, codes[i]) == 0;
    }
    return is_named && verdict->leg == CLIENT;
}

// say_surely takes the "probably" out of a summary that has become certain.
static void say_surely(struct bench *bench)
{
    static const char word[] = "probably ";
    struct verdict *verdict = bench->setup->verdict;
    const char *at = strstr(verdict->summary, word);
    const char *text =
        at != NULL ? arena_printf(bench->setup->arena, "%.*s%s", (int)(at - verdict->summary),
                                  verdict->summary, at + sizeof(word) - 1)
                   : NULL;
    verdict->summary = text != NULL ? text : verdict->summary;
}

static bool set_up(struct bench *bench)
{
    const struct judgement_setup *setup = bench->setup;
    const struct leg_evidence *leg = &setup->evidence->legs[CLIENT];
    int64_t now_us = setup->evidence->opened_us;
    struct error error;
    struct leaf_spec spec = {.name = setup->name,
                             .key = EVP_PKEY_is_a(setup->leaf->key, "RSA") ? LEAF_RSA : LEAF_ECDSA};
    bench->clean = mint_leaf(setup->mint, &spec, &error);
    bench->trusted = trust_store_only(setup->ca->certificate);
    bench->empty = trust_store_only(NULL);
    bench->revoking = trust_store_revoking(setup->ca, setup->leaf->certificate, now_us);
    const struct recheck_setup recheck = {.chain = leg->chain,
                                          .count = 1,
                                          .trust = bench->trusted,
                                          .spec = {.name = setup->name, .at_us = now_us},
                                          .arena = setup->arena,
                                          .verdict = setup->verdict};
    return bench->clean != NULL && bench->trusted != NULL && bench->empty != NULL &&
           bench->revoking != NULL && recheck_open(&bench->recheck, &recheck);
}

static void tear_down(struct bench *bench)
{
    recheck_clear(&bench->recheck);
    leaf_release(bench->clean);
    trust_store_free(bench->trusted);
    trust_store_free(bench->empty);
    trust_store_free(bench->revoking);
}

static bool prove(struct bench *bench)
{
    struct verification shown;
    const struct recheck_change again = {
        .words = "nothing: the same leaf, midspan's authority trusted", .result = &shown};
    return recheck_run(&bench->recheck, &again) ? prove_explanation(bench)
                                                : prove_own_fault(bench, &shown);
}

bool judgement(const struct judgement_setup *setup)
{
    const struct leg_evidence *leg = &setup->evidence->legs[CLIENT];
    struct bench bench = {.setup = setup, .version = leg->version};
    if (!is_about_leaf(setup->verdict) || setup->leaf == NULL || leg->chain_count == 0) {
        return false;
    }
    judge_init(&bench.judge, setup->evidence, setup->arena);
    bench.refusal = refusal_of(&bench.judge);
    bench.seen = refusal_reaction(&bench.refusal);
    bool did = bench.refusal.kind != REFUSAL_NONE && set_up(&bench);
    if (did && prove(&bench)) {
        setup->verdict->confidence = CONFIDENCE_PROVEN;
        say_surely(&bench);
    }
    tear_down(&bench);
    return did;
}
