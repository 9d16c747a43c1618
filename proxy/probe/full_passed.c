// What a client refused of the origin that it was passed on to: its certificate, its prime.
#include "full.h"
#include "refusal.h"
#include "reverify.h"

#include <string.h>

// A prime of 2048 bits has 112 bits of security.
#define PRIME_BITS_MIN 2048

// ---- the prime

// A client that takes no such prime fails with the client's own alert, one that does is secured.
static void conclude_prime(struct full_plan *plan, struct verdict *verdict)
{
    const struct full_trial *strict = &plan->trials[0], *lax = &plan->trials[1];
    const struct ending *client = &leg_of(&plan->judge, CLIENT)->handshake;
    const struct ending *ours = &strict->evidence->handshake;
    size_t bits = lax->evidence->dh_bits;
    bool is_again = ours->kind == ENDING_ALERT_SENT && ours->alert == client->alert;
    if (!lax->was_run || !is_again || !full_is_secured(lax->evidence) || bits == 0 ||
        bits >= PRIME_BITS_MIN) {
        return;
    }
    verdict->confidence = CONFIDENCE_PROVEN;
    verdict_say(&plan->judge, verdict,
                "the client refused the Diffie-Hellman prime of %s: it has %zu bits",
                plan->judge.origin, bits);
    verdict_fact(&plan->judge, verdict,
                 "a client that takes no prime under %d bits fails with the same alert, one that "
                 "does is secured",
                 PRIME_BITS_MIN);
}

// ---- the certificate

// Each fault of a chain as the stacks' table has it. Certain ones are there for whoever looks; the
// others depend on what the client trusts, fetches or sorts.
static const struct {
    const char *code;
    enum stack_fault fault; // STACK_FAULTS: none of the table's
    bool is_certain;
} kinds[] = {
    {"cert.expired", STACK_FAULT_EXPIRED, true},
    {"cert.intermediate-expired", STACK_FAULT_EXPIRED, true},
    {"cert.not-yet-valid", STACK_FAULT_NOT_YET_VALID, true},
    {"cert.hostname-mismatch", STACK_FAULT_WRONG_NAME, true},
    {"cert.no-san", STACK_FAULT_WRONG_NAME, true},
    {"cert.wrong-usage", STACK_FAULT_WRONG_USAGE, true},
    {"cert.revoked", STACK_FAULT_REVOKED, true},
    {"cert.invalid-ca", STACK_FAULT_UNTRUSTED, true}, // no path either: measured of five stacks
    {"cert.name-constraints", STACK_FAULTS, true},
    {"cert.weak", STACK_FAULT_WEAK_KEY, true}, // or the signature, and only where it is measured
    {"cert.self-signed", STACK_FAULT_SELF_SIGNED, false},
    {"cert.self-signed-replaced", STACK_FAULT_SELF_SIGNED, false},
    {"cert.untrusted-root", STACK_FAULT_UNTRUSTED, false},
    {"cert.chain-incomplete", STACK_FAULT_UNTRUSTED, false},
    {"cert.chain-misordered", STACK_FAULTS, false},
    {"intercept.upstream-interceptor", STACK_FAULT_UNTRUSTED, false},
};

static enum stack_fault fault_of(const struct full_plan *plan, size_t kind)
{
    const struct leg_evidence *leg = plan->trials[0].evidence;
    bool is_signature = leg->chain_count > 0 && leg->chain[0].is_weak_signature;
    return kinds[kind].fault == STACK_FAULT_WEAK_KEY && is_signature ? STACK_FAULT_WEAK_SIGNATURE
                                                                     : kinds[kind].fault;
}

static size_t kind_of(const char *code)
{
    size_t i = 0;
    while (i < COUNT_OF(kinds) && strcmp(kinds[i].code, code) != 0) {
        i++;
    }
    return i;
}

// A stack that says 45 under one version may say 46 under the other: Java does both under one.
static bool is_measured(const struct judge *judge, const struct refusal *refusal,
                        enum stack_fault fault)
{
    for (size_t i = 0; i < COUNT_OF(judge->stack->reactions); i++) {
        struct reaction usual = judge->stack->reactions[i][fault];
        if (usual.kind == REACTION_ALERT && usual.alert == refusal->alert) {
            return true;
        }
    }
    return stack_reaction(judge->stack, leg_of(judge, CLIENT)->version, fault).kind !=
               REACTION_UNKNOWN &&
           refusal_may(judge, refusal, fault);
}

// explains is true if a client that finds this in a chain answers as this one did: by what its
// stack is measured to do; where that was not measured, by what RFC 8446 section 6.2 has an alert
// mean. Whoever leaves without an alert is only told by measuring.
static bool explains(const struct full_plan *plan, const struct refusal *refusal, size_t kind)
{
    const struct judge *judge = &plan->judge;
    static const struct {
        uint8_t alert;
        const char *code;
    } meanings[] = {
        {ALERT_UNKNOWN_CA, "cert.untrusted-root"},
        {ALERT_UNKNOWN_CA, "cert.self-signed"},
        {ALERT_UNKNOWN_CA, "cert.self-signed-replaced"},
        {ALERT_UNKNOWN_CA, "cert.chain-incomplete"},
        {ALERT_UNKNOWN_CA, "cert.invalid-ca"},
        {ALERT_UNKNOWN_CA, "intercept.upstream-interceptor"},
        {ALERT_CERTIFICATE_EXPIRED, "cert.expired"},
        {ALERT_CERTIFICATE_EXPIRED, "cert.intermediate-expired"},
        {ALERT_CERTIFICATE_REVOKED, "cert.revoked"},
        {ALERT_UNSUPPORTED_CERTIFICATE, "cert.wrong-usage"},
    };
    enum stack_fault fault = fault_of(plan, kind);
    if (fault != STACK_FAULTS && is_measured(judge, refusal, fault)) {
        return true;
    }
    bool is_other = fault != STACK_FAULTS && !refusal_may(judge, refusal, fault);
    bool is_habit = fault == STACK_FAULT_WEAK_KEY || fault == STACK_FAULT_WEAK_SIGNATURE;
    if (refusal->kind != REFUSAL_ALERT || is_other || is_habit) {
        return false;
    }
    bool is_specific = false;
    for (size_t i = 0; i < COUNT_OF(meanings); i++) {
        bool is_said = meanings[i].alert == refusal->alert;
        if (is_said && strcmp(meanings[i].code, kinds[kind].code) == 0) {
            return true;
        }
        is_specific = is_specific || is_said;
    }
    return !is_specific; // bad_certificate, certificate_unknown, and what can't be read
}

// as_ours gives the connection as if midspan had been in the middle of it: its server leg is the
// trial. NULL when memory is out.
static struct evidence *as_ours(const struct full_plan *plan)
{
    struct evidence *ours = arena_alloc(plan->judge.arena, sizeof(*ours));
    if (ours == NULL) {
        return NULL;
    }
    *ours = *plan->judge.evidence;
    ours->is_passed = false;
    ours->legs[SERVER] = *plan->trials[0].evidence;
    ours->legs[CLIENT].handshake = (struct ending){.kind = ENDING_ABANDONED};
    return ours;
}

static void take_rows(const struct verdict *found, struct verdict *verdict)
{
    for (size_t i = 0; i < found->proof_count && verdict->proof_count < PROOF_ROWS_MAX; i++) {
        verdict->proof[verdict->proof_count++] = found->proof[i];
    }
}

// say_left_open: midspan takes the certificate, so it is something of the client's.
static void say_left_open(struct judge *judge, const struct refusal *refusal,
                          struct verdict *verdict)
{
    static const struct {
        enum stack_fault fault;
        const char *words;
    } open[] = {
        {STACK_FAULT_UNTRUSTED, "an authority that it does not trust"},
        {STACK_FAULT_EXPIRED, "its clock is ahead"},
        {STACK_FAULT_NOT_YET_VALID, "its clock is behind"},
        {STACK_FAULT_REVOKED, "a revocation list of its own"},
    };
    struct buffer text = {.limit = 256}; // a shorter text when full
    for (size_t i = 0; i < COUNT_OF(open); i++) {
        if (refusal_may(judge, refusal, open[i].fault)) {
            (void)buffer_printf(&text, "%s; ", open[i].words);
        }
    }
    (void)buffer_printf(&text, "a check of its own, such as a pin");
    verdict_fact(judge, verdict, "its answer leaves open: %s", buffer_text(&text));
    buffer_clear(&text);
}

// set_clients makes the cause something of the client's own.
static void set_clients(struct judge *judge, const struct refusal *refusal, const char *code,
                        enum confidence confidence, struct verdict *verdict)
{
    verdict_set(verdict, code, PARTY_CLIENT, refusal->phase, confidence);
    verdict_say(judge, verdict,
                "the client refused the certificate of %s itself, which midspan takes: it %s",
                judge->origin, refusal_text(judge, refusal));
    verdict->fix = verdict->cause->text[LANGUAGE_EN].fix;
}

// conclude_taken: the client refused what midspan takes with what it trusts itself.
static void conclude_taken(struct judge *judge, const struct refusal *refusal,
                           struct verdict *verdict)
{
    uint16_t version = leg_of(judge, CLIENT)->version;
    verdict_fact(judge, verdict,
                 "dialled again, midspan takes that certificate with what it trusts itself");
    if (refusal->kind == REFUSAL_SILENT && !judge->stack->always_asks) {
        verdict->is_withdrawn = true; // the connection was secured, and left for other reasons
        return;
    }
    if (refusal->alert == ALERT_CERTIFICATE_REVOKED ||
        refusal->alert == ALERT_UNSUPPORTED_CERTIFICATE) {
        return; // as it says, and we can't see
    }
    if (refusal->alert == ALERT_CERTIFICATE_EXPIRED) {
        bool is_told = stack_tells(judge->stack, version, refusal->alert, STACK_FAULT_EXPIRED);
        set_clients(judge, refusal, "clock.client",
                    is_told ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED, verdict);
        return;
    }
    if (refusal_may(judge, refusal, STACK_FAULT_UNTRUSTED)) {
        bool is_told = refusal->alert == ALERT_UNKNOWN_CA;
        set_clients(judge, refusal, "cert.untrusted-root",
                    is_told ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED, verdict);
        verdict_fix(judge, verdict,
                    "Add the root of that authority to what the client trusts, or update its "
                    "trust store.");
    } else if (refusal_may(judge, refusal, STACK_FAULT_NOT_YET_VALID)) {
        set_clients(judge, refusal, "clock.client", CONFIDENCE_SUSPECTED, verdict);
    } else {
        set_clients(judge, refusal, "trust.pinned", CONFIDENCE_SUSPECTED, verdict);
        verdict_fix(judge, verdict,
                    "Hold the client's pins against the certificate that the origin has now, and "
                    "give the client the new ones.");
    }
    if (refusal->alert != ALERT_UNKNOWN_CA) {
        say_left_open(judge, refusal, verdict);
    }
}

// is_name_open is true if the fault is one of the name, and which name the client had in mind is
// not known: it said none and has named an address on the way, which it may have looked up itself.
static bool is_name_open(const struct judge *judge, enum stack_fault fault)
{
    const char *sni = leg_of(judge, CLIENT)->sni_sent;
    return fault == STACK_FAULT_WRONG_NAME && (sni == NULL || sni[0] == '\0') &&
           judge->evidence->target.is_ip;
}

static void take_cause(struct judge *judge, const struct refusal *refusal,
                       const struct verdict *found, struct verdict *verdict)
{
    size_t kind = kind_of(found->cause->code);
    bool is_named = refusal->alert == ALERT_UNKNOWN_CA; // no other answer says outright which
    bool is_proven = found->confidence == CONFIDENCE_PROVEN;
    bool is_deduced = is_proven || found->confidence == CONFIDENCE_DEDUCED;
    bool is_interceptor = found->party == PARTY_NETWORK;
    verdict->cause = found->cause;
    verdict->party = is_interceptor ? PARTY_NETWORK : PARTY_SERVER;
    verdict->fix = found->fix;
    verdict->offered = found->offered;
    verdict->accepted = found->accepted;
    bool is_open = is_name_open(judge, kinds[kind].fault);
    bool is_certain = (kinds[kind].is_certain && !is_open) || is_named;
    verdict->confidence = is_proven && is_certain ? CONFIDENCE_PROVEN
                          : is_deduced            ? CONFIDENCE_DEDUCED
                                                  : CONFIDENCE_SUSPECTED;
    verdict_fact(judge, verdict, "dialled again and verified by midspan: %s", found->summary);
    if (is_open) {
        verdict_fact(judge, verdict,
                     "the client named only an address and sent no SNI: which name it looked for "
                     "in the certificate is not known");
    } else if (verdict->confidence != CONFIDENCE_PROVEN && is_proven) {
        verdict_fact(judge, verdict, "what the client trusts itself, its answer does not tell");
    }
}

static void conclude_certificate(struct full_plan *plan, const struct trust_store *trust,
                                 struct verdict *verdict)
{
    struct judge *judge = &plan->judge;
    struct refusal refusal = refusal_of_passed(judge);
    struct evidence *ours = as_ours(plan);
    struct verdict *found = arena_alloc(judge->arena, VERDICTS_MAX * sizeof(*found));
    if (ours == NULL || found == NULL || trust == NULL) {
        return;
    }
    if (full_is_secured(plan->trials[0].evidence)) {
        conclude_taken(judge, &refusal, verdict);
        return;
    }
    if (verdict_find(ours, judge->arena, found, VERDICTS_MAX) == 0 || found[0].leg != SERVER ||
        kind_of(found[0].cause->code) == COUNT_OF(kinds)) {
        return;
    }
    if (!explains(plan, &refusal, kind_of(found[0].cause->code))) {
        verdict_fact(judge, verdict, "dialled again and verified by midspan: %s", found[0].summary);
        verdict_fact(judge, verdict, "this client would answer that otherwise");
        return;
    }
    if (reverify(ours, trust, judge->arena, &found[0])) {
        take_rows(&found[0], verdict);
        take_cause(judge, &refusal, &found[0], verdict);
    }
}

void full_passed_conclude(struct full_plan *plan, const struct trust_store *trust,
                          struct verdict *verdict)
{
    if (plan->trials[0].change == FULL_STRICT_PRIME) {
        conclude_prime(plan, verdict);
    } else {
        conclude_certificate(plan, trust, verdict);
    }
}
