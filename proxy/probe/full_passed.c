// What a client refused of the origin that it was passed on to: its certificate, its prime.
#include "full.h"
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

// explains is true if a client that finds this in a chain says that alert (RFC 8446 section 6.2).
static bool explains(const char *code, uint8_t alert)
{
    static const struct {
        uint8_t alert;
        const char *code;
    } meanings[] = {
        {ALERT_UNKNOWN_CA, "cert.untrusted-root"},
        {ALERT_UNKNOWN_CA, "cert.self-signed"},
        {ALERT_UNKNOWN_CA, "cert.self-signed-replaced"},
        {ALERT_UNKNOWN_CA, "cert.chain-incomplete"},
        {ALERT_CERTIFICATE_EXPIRED, "cert.expired"},
        {ALERT_CERTIFICATE_EXPIRED, "cert.intermediate-expired"},
        {ALERT_CERTIFICATE_REVOKED, "cert.revoked"},
        {ALERT_UNSUPPORTED_CERTIFICATE, "cert.wrong-usage"},
    };
    for (size_t i = 0; i < COUNT_OF(meanings); i++) {
        if (meanings[i].alert == alert && strcmp(meanings[i].code, code) == 0) {
            return true;
        }
    }
    return false;
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

static void conclude_certificate(struct full_plan *plan, const struct trust_store *trust,
                                 struct verdict *verdict)
{
    struct judge *judge = &plan->judge;
    struct evidence *ours = as_ours(plan);
    struct verdict *found = arena_alloc(judge->arena, VERDICTS_MAX * sizeof(*found));
    if (ours == NULL || found == NULL || trust == NULL) {
        return;
    }
    if (full_is_secured(plan->trials[0].evidence)) {
        verdict_fact(judge, verdict,
                     "dialled again, midspan takes that certificate with what it trusts itself");
        return;
    }
    bool is_fault = verdict_find(ours, judge->arena, found, VERDICTS_MAX) > 0 &&
                    found[0].leg == SERVER &&
                    explains(found[0].cause->code, leg_of(judge, CLIENT)->handshake.alert);
    if (!is_fault || !reverify(ours, trust, judge->arena, &found[0])) {
        return;
    }
    take_rows(&found[0], verdict);
    if (found[0].confidence != CONFIDENCE_PROVEN) {
        return;
    }
    verdict->cause = found[0].cause;
    verdict->fix = found[0].fix;
    verdict->confidence = CONFIDENCE_PROVEN;
    verdict_fact(judge, verdict, "dialled again and verified by midspan: %s", found[0].summary);
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
