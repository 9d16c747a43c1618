// The client leg from our Certificate on: the client judges our leaf. Stacks say one thing with
// many alerts, many things with one, or leave without a word; history tells a pin from a missing
// authority.
#include <string.h>

#include "judge.h"
#include "refusal.h"

static bool may_be(const struct judge *judge, const struct refusal *refusal, enum stack_fault fault)
{
    return stack_may(judge->stack, leg_of(judge, CLIENT)->version, fault,
                     refusal_reaction(refusal));
}

static void name_stack(struct judge *judge, struct verdict *out)
{
    if (judge->stack != stack_unknown()) {
        verdict_fact(judge, out, "its hello is that of %s", judge->stack->name);
    }
}

static void say_stack(struct judge *judge, const struct refusal *refusal, struct verdict *out)
{
    verdict_fact(judge, out, "after midspan's Certificate the client %s",
                 refusal_text(judge, refusal));
    name_stack(judge, out);
}

static void say_history(struct judge *judge, struct verdict *out)
{
    const struct evidence *evidence = judge->evidence;
    verdict_fact(
        judge, out,
        "earlier connections of this client: %u secured and used, %u refused our certificate",
        evidence->client_secured_before, evidence->client_failed_before);
}

// What is wrong with the leaf itself, by the facts that we know of it: mirrored from the origin, a
// lab fault, or a configured certificate.
static const char *leaf_fault(const struct judge *judge, enum stack_fault *out_fault)
{
    const struct leg_evidence *leg = leg_of(judge, CLIENT);
    if (leg->chain_count == 0) {
        return NULL;
    }
    const struct cert_facts *leaf = &leg->chain[0];
    const char *name = wanted_name(judge);
    int64_t now_us = judge->evidence->opened_us;
    const struct {
        bool is_wrong;
        enum stack_fault fault;
        const char *code;
    } checks[] = {
        {now_us > leaf->not_after_us, STACK_FAULT_EXPIRED, "cert.expired"},
        {now_us < leaf->not_before_us, STACK_FAULT_NOT_YET_VALID, "cert.not-yet-valid"},
        {leaf->name_total == 0 && leaf->name_count == 0, STACK_FAULT_WRONG_NAME, "cert.no-san"},
        {name != NULL && !leaf_covers(leaf, name), STACK_FAULT_WRONG_NAME,
         "cert.hostname-mismatch"},
        {!leaf->for_server, STACK_FAULT_WRONG_USAGE, "cert.wrong-usage"},
        {leaf->is_weak_signature, STACK_FAULT_WEAK_SIGNATURE, "cert.weak"},
        {leaf->key_bits > 0 && leaf->key != NULL && strncmp(leaf->key, "RSA", 3) == 0 &&
             leaf->key_bits < 2048,
         STACK_FAULT_WEAK_KEY, "cert.weak"},
        {leaf->is_self_signed, STACK_FAULT_SELF_SIGNED, "cert.self-signed"},
    };
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        if (checks[i].is_wrong) {
            *out_fault = checks[i].fault;
            return checks[i].code;
        }
    }
    return NULL;
}

#define BACKDATED_US_MAX ((int64_t)3 * 86400 * 1000000)

// Leaves are minted two days back and never past the authority's own end: a fresh one that has
// ended already tells that the authority has.
static bool authority_expired(struct judge *judge, enum side side, struct verdict *out)
{
    char date[CLOCK_TEXT_MAX];
    const struct leg_evidence *leg = leg_of(judge, side);
    struct refusal refusal = refusal_of(judge);
    int64_t now_us = judge->evidence->opened_us;
    if (refusal.kind == REFUSAL_NONE || leg->chain_count == 0) {
        return false;
    }
    const struct cert_facts *top = &leg->chain[leg->chain_count - 1];
    const struct cert_facts *leaf = &leg->chain[0];
    bool is_top_over = leg->chain_count > 1 && top->not_after_us < now_us;
    bool is_fresh_over = leaf->not_after_us < now_us && !leaf->is_self_signed &&
                         now_us - leaf->not_before_us < BACKDATED_US_MAX;
    if (!is_top_over && !is_fresh_over) {
        return false;
    }
    verdict_set(out, "trust.bridge-ca-expired", PARTY_BRIDGE, refusal.phase, CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "midspan's own authority ended on %s; no client can take its leaves",
                clock_date(top->not_after_us, date));
    say_stack(judge, &refusal, out);
    out->direct = direct_guess(judge);
    return true;
}

// origin_has is true if verification found that fault in the origin's certificate, first of all or
// beside another.
static bool origin_has(const struct judge *judge, const char *code)
{
    const struct verification *found = &leg_of(judge, SERVER)->verification;
    for (int fault = CERT_FAULT_NONE + 1; found->done && fault < CERT_FAULTS; fault++) {
        bool is_there =
            found->fault == (enum cert_fault)fault || (found->faults & 1u << fault) != 0;
        if (is_there && strcmp(fault_code((enum cert_fault)fault), code) == 0) {
            return true;
        }
    }
    return false;
}

static bool faulty_leaf(struct judge *judge, enum side side, struct verdict *out)
{
    struct refusal refusal = refusal_of(judge);
    enum stack_fault fault;
    const char *code = refusal.kind != REFUSAL_NONE ? leaf_fault(judge, &fault) : NULL;
    if (code == NULL || !may_be(judge, &refusal, fault)) {
        return false;
    }
    bool is_origins = origin_has(judge, code);
    verdict_set(out, code, is_origins ? PARTY_SERVER : PARTY_BRIDGE, refusal.phase,
                refusal.kind == REFUSAL_ALERT ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "the client refused the certificate that midspan showed it: %s",
                out->cause->text[LANGUAGE_EN].title);
    const struct cert_facts *leaf = &leg_of(judge, side)->chain[0];
    if (fault == STACK_FAULT_WRONG_NAME) {
        out->offered = names_text(judge->arena, leaf);
        out->accepted = peer_text(judge->arena, wanted_name(judge));
        verdict_fact(judge, out, "the leaf is for %s, the client asked for %s", out->offered,
                     out->accepted);
    }
    if (is_origins) {
        verdict_fact(judge, out,
                     "the origin's own certificate has this fault; the leaf mirrors it");
        out->direct = DIRECT_WOULD_FAIL;
    } else {
        verdict_fix(judge, out,
                    "Let midspan show a leaf without this fault: leaf=clean on its client leg, or "
                    "another certificate than the one configured there (cert, key).");
    }
    say_stack(judge, &refusal, out);
    return true;
}

// Both certificates were fresh for everybody: what the client finds over or not begun is measured
// by its own clock. A client that took other leaves of ours had its clock right then: it may have
// jumped since, or be another program's with the same hello, where its answer leaves no pin open.
static bool wrong_clock(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    struct refusal refusal = refusal_of(judge);
    uint16_t version = leg->version;
    if (refusal.kind != REFUSAL_ALERT ||
        (judge->evidence->client_secured_before > 0 && !names_clock(judge, &refusal))) {
        return false;
    }
    bool is_ahead = refusal.alert == ALERT_CERTIFICATE_EXPIRED;
    bool is_behind = refusal.alert == ALERT_BAD_CERTIFICATE && judge->stack != stack_unknown() &&
                     may_be(judge, &refusal, STACK_FAULT_NOT_YET_VALID) &&
                     !may_be(judge, &refusal, STACK_FAULT_UNTRUSTED);
    if (!is_ahead && !is_behind) {
        return false;
    }
    bool is_told = is_ahead && judge->stack != stack_unknown() &&
                   stack_tells(judge->stack, version, refusal.alert, STACK_FAULT_EXPIRED);
    verdict_set(out, "clock.client", PARTY_CLIENT, refusal.phase,
                is_told ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "the client %sfinds midspan's fresh certificate %s: its clock is %s",
                probably(out->confidence), is_ahead ? "expired" : "not yet valid",
                is_ahead ? "ahead" : "behind");
    if (leg->chain_count > 0) {
        char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
        (void)clock_date(leg->chain[0].not_before_us, from); // gives its argument back
        (void)clock_date(leg->chain[0].not_after_us, to);
        out->offered = arena_printf(judge->arena, "%s to %s", from, to);
        verdict_fact(judge, out, "the leaf is valid from %s to %s", from, to);
    }
    if (leg_of(judge, SERVER)->verification.done &&
        leg_of(judge, SERVER)->verification.fault == CERT_FAULT_NONE) {
        verdict_fact(judge, out, "by midspan's clock the origin's certificate is in date as well");
    }
    say_stack(judge, &refusal, out);
    return true;
}

// Only unknown_ca says outright that the authority is not trusted.
static bool names_authority(const struct refusal *refusal)
{
    return refusal->kind == REFUSAL_ALERT && refusal->alert == ALERT_UNKNOWN_CA;
}

static bool is_about_shape(const struct refusal *refusal)
{
    return refusal->kind == REFUSAL_ALERT &&
           (refusal->alert == ALERT_UNSUPPORTED_CERTIFICATE ||
            refusal->alert == ALERT_CERTIFICATE_REVOKED ||
            refusal->alert == ALERT_BAD_CERTIFICATE_STATUS_RESPONSE);
}

static bool set_pinned(struct judge *judge, const struct refusal *refusal, struct verdict *out)
{
    const char *name = wanted_name(judge);
    verdict_set(out, "trust.pinned", PARTY_BRIDGE, refusal->phase, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "the client trusts midspan but probably takes only certificates that it knows for "
                "%s",
                name != NULL ? peer_text(judge->arena, name) : "this name");
    if (name != NULL) {
        verdict_fix(judge, out,
                    "Let this name pass untouched: --pass %s. midspan still reads both "
                    "hellos.",
                    peer_text(judge->arena, name));
    }
    return true;
}

// The authority is trusted: another connection of the same client was secured and used.
static bool trusted_before(struct judge *judge, enum side side, struct verdict *out)
{
    struct refusal refusal = refusal_of(judge);
    (void)side;
    if (refusal.kind == REFUSAL_NONE || judge->evidence->client_secured_before == 0 ||
        names_authority(&refusal)) {
        return false;
    }
    // A browser opens connections ahead of need and drops them; refusals it says aloud.
    if (refusal.kind != REFUSAL_ALERT && judge->stack->is_browser) {
        return false;
    }
    // Browsers leave pins aside for authorities that their user installed.
    if (is_about_shape(&refusal) || judge->stack->is_browser) {
        verdict_set(out, "trust.leaf-refused", PARTY_BRIDGE, refusal.phase, CONFIDENCE_SUSPECTED);
        verdict_say(judge, out,
                    "the client trusts midspan's authority but refuses this certificate");
    } else {
        (void)set_pinned(judge, &refusal, out);
    }
    say_stack(judge, &refusal, out);
    say_history(judge, out);
    out->direct = direct_guess(judge);
    return true;
}

static bool refused_shape(struct judge *judge, enum side side, struct verdict *out)
{
    struct refusal refusal = refusal_of(judge);
    (void)side;
    if (!is_about_shape(&refusal)) {
        return false;
    }
    verdict_set(out, "trust.leaf-refused", PARTY_BRIDGE, refusal.phase, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "the client refuses something about midspan's certificate: %s",
                alert_name(refusal.alert));
    say_stack(judge, &refusal, out);
    out->direct = direct_guess(judge);
    return true;
}

// Stacks that refuse an unknown authority aloud do not leave silently for it: then the program on
// top of the stack looked at the certificate itself. Without ALPN it may be a tool that only
// looked.
static bool checked_by_program(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    struct refusal refusal = refusal_of(judge);
    struct reaction usual = stack_reaction(judge->stack, leg->version, STACK_FAULT_UNTRUSTED);
    if (refusal.kind != REFUSAL_SILENT || usual.kind != REACTION_ALERT ||
        judge->stack->is_browser || judge->client.alpn.len == 0) {
        return false;
    }
    (void)set_pinned(judge, &refusal, out);
    say_stack(judge, &refusal, out);
    verdict_fact(judge, out,
                 "that stack answers an unknown authority with %s, so it trusts midspan's",
                 alert_name(usual.alert));
    out->direct = direct_guess(judge);
    return true;
}

static bool is_likely_refusal(const struct judge *judge, const struct refusal *refusal)
{
    const struct leg_evidence *leg = leg_of(judge, CLIENT);
    struct reaction usual = stack_reaction(judge->stack, leg->version, STACK_FAULT_UNTRUSTED);
    switch (refusal->kind) {
    case REFUSAL_ALERT:
        return true;
    case REFUSAL_SILENT:
        return !judge->stack->is_browser && usual.kind != REACTION_ALERT;
    case REFUSAL_CUT:
        // A browser drops handshakes that it needs no more; one that never took a leaf of ours may
        // have refused.
        return judge->stack->is_browser ? judge->evidence->client_secured_before == 0
                                        : usual.kind != REACTION_ALERT || judge->stack->may_cut;
    case REFUSAL_NONE:
        break;
    }
    return false;
}

static bool authority_unknown(struct judge *judge, enum side side, struct verdict *out)
{
    struct refusal refusal = refusal_of(judge);
    (void)side;
    if (!is_likely_refusal(judge, &refusal)) {
        return false;
    }
    verdict_set(out, "trust.client-rejects-bridge-ca", PARTY_CLIENT, refusal.phase,
                names_authority(&refusal) ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "the client %sdoes not trust midspan's authority: after its Certificate it %s",
                probably(out->confidence), refusal_text(judge, &refusal));
    name_stack(judge, out);
    if (!names_authority(&refusal) && judge->stack != stack_unknown() &&
        may_be(judge, &refusal, STACK_FAULT_UNTRUSTED)) {
        verdict_fact(judge, out,
                     "that stack answers an unknown authority so, and other faults too");
    }
    say_history(judge, out);
    if (names_authority(&refusal) && judge->evidence->client_secured_before > 0) {
        verdict_fact(judge, out, "another program with the same hello trusts it");
    }
    out->direct = direct_guess(judge);
    return true;
}

const struct rule client_leaf_rules[] = {
    {"our authority has expired", authority_expired},
    {"the leaf has a fault of its own", faulty_leaf},
    {"the client's clock is wrong", wrong_clock},
    {"trusted before: a pin or the leaf", trusted_before},
    {"the leaf's shape", refused_shape},
    {"the program looked by itself", checked_by_program},
    {"our authority is not trusted", authority_unknown},
    {NULL, NULL},
};
