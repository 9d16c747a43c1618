// A connection that is passed on shows the client the origin's own certificate. Which fault the
// client found is told by its alert, where that can be read, and by what its stack is measured to
// answer; midspan looks at the certificate only afterwards (probe).
#include "judge.h"
#include "refusal.h"

// What RFC 8446 section 6.2 has an alert mean; 42 and 46 mean any fault.
static const struct {
    uint8_t alert;
    const char *code;
} meanings[] = {
    {ALERT_UNKNOWN_CA, "cert.untrusted-root"},
    {ALERT_CERTIFICATE_EXPIRED, "cert.expired"},
    {ALERT_CERTIFICATE_REVOKED, "cert.revoked"},
    {ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, "cert.revoked"},
    {ALERT_UNSUPPORTED_CERTIFICATE, "cert.wrong-usage"},
};

// The commonest first.
static const struct {
    enum stack_fault fault;
    const char *code;
} faults[] = {
    {STACK_FAULT_UNTRUSTED, "cert.untrusted-root"},
    {STACK_FAULT_WRONG_NAME, "cert.hostname-mismatch"},
    {STACK_FAULT_EXPIRED, "cert.expired"},
    {STACK_FAULT_NOT_YET_VALID, "cert.not-yet-valid"},
};

static const char *likeliest(const struct judge *judge, const struct refusal *refusal)
{
    for (size_t i = 0; refusal->alert != 0 && i < COUNT_OF(meanings); i++) {
        if (meanings[i].alert == refusal->alert) {
            return meanings[i].code;
        }
    }
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        if (refusal_may(judge, refusal, faults[i].fault)) {
            return faults[i].code;
        }
    }
    return faults[0].code;
}

// A client that leaves without a word has refused where its stack is measured to do so. Browsers
// say what they refuse aloud, and open connections that they then leave unused.
static bool is_told(const struct judge *judge, const struct refusal *refusal)
{
    const struct stack *stack = judge->stack;
    struct reaction usual =
        stack_reaction(stack, leg_of(judge, CLIENT)->version, STACK_FAULT_UNTRUSTED);
    switch (refusal->kind) {
    case REFUSAL_ALERT:
        return true;
    case REFUSAL_CUT:
        return !stack->is_browser && (usual.kind == REACTION_CUT || stack->may_cut);
    case REFUSAL_SILENT:
        return !stack->is_browser && (usual.kind == REACTION_SILENCE || stack->always_asks);
    case REFUSAL_NONE:
        break;
    }
    return false;
}

static void say_facts(struct judge *judge, const struct refusal *refusal, struct verdict *out)
{
    if (refusal->kind == REFUSAL_ALERT && refusal->alert == 0) {
        verdict_fact(judge, out,
                     "TLS 1.3 encrypts which alert it was: where the Finished was due came a "
                     "record that has the length of an alert");
    }
    if (judge->stack != stack_unknown()) {
        verdict_fact(judge, out, "its hello is that of %s", judge->stack->name);
    }
}

static bool refused_certificate(struct judge *judge, enum side side, struct verdict *out)
{
    struct refusal refusal = refusal_of_passed(judge);
    if (side != CLIENT || !is_told(judge, &refusal)) {
        return false;
    }
    verdict_set(out, likeliest(judge, &refusal), PARTY_SERVER, refusal.phase, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "the client refused the certificate of %s itself: it %s; midspan passed both on "
                "untouched",
                judge->origin, refusal_text(judge, &refusal));
    say_facts(judge, &refusal, out);
    out->direct = DIRECT_WOULD_FAIL;
    return true;
}

const struct rule passed_rules[] = {
    {"the origin's own certificate refused", refused_certificate},
    {NULL, NULL},
};
