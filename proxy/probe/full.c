#include "full.h"

#include <string.h>

// ---- which trials

static void add(struct full_plan *plan, enum full_change change)
{
    struct full_trial *trial = &plan->trials[plan->count++];
    trial->change = change;
    trial->evidence = arena_alloc(plan->judge.arena, sizeof(*trial->evidence));
}

static bool has_evidence(const struct full_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->trials[i].evidence == NULL) {
            return false;
        }
    }
    return plan->count > 0;
}

// What a client refused of the origin itself: it is refused again, by the TLS library.
static bool open_passed(struct full_plan *plan, const struct evidence *evidence,
                        const struct verdict *verdict, struct arena *arena)
{
    bool is_prime = strcmp(verdict->cause->code, "dh.too-weak") == 0;
    bool is_certificate = strncmp(verdict->cause->code, "cert.", 5) == 0;
    if (verdict->leg != CLIENT || verdict->severity != SEVERITY_ERROR || evidence->is_captured ||
        evidence->legs[SERVER].peer_address == NULL || !(is_prime || is_certificate)) {
        return false;
    }
    judge_init(&plan->judge, evidence, arena);
    if (is_prime) {
        add(plan, FULL_STRICT_PRIME);
        add(plan, FULL_SAME);
    } else {
        add(plan, FULL_CHECKED);
    }
    return has_evidence(plan);
}

bool full_open(struct full_plan *plan, const struct evidence *evidence,
               const struct verdict *verdict, struct arena *arena)
{
    static const struct {
        const char *code;
        enum full_change change;
    } ours[] = {
        {"client-auth.required", FULL_MADE_CERTIFICATE},
        {"client-auth.rejected", FULL_NO_CERTIFICATE},
        {"protocol.legacy-renegotiation", FULL_LEGACY_SERVER},
    };
    const struct leg_evidence *leg = &evidence->legs[SERVER];
    memset(plan, 0, sizeof(*plan));
    if (evidence->is_passed) {
        return open_passed(plan, evidence, verdict, arena);
    }
    // A fault told in HTTP would take a request to be told again.
    if (verdict->leg != SERVER || verdict->severity != SEVERITY_ERROR || leg->shape == NULL ||
        leg->peer_address == NULL || leg->http_status != 0) {
        return false;
    }
    if (leg->handshake.kind == ENDING_SECURED && !leg->has_certificate_request) {
        return false; // it asks once it has a request
    }
    judge_init(&plan->judge, evidence, arena);
    for (size_t i = 0; i < COUNT_OF(ours); i++) {
        if (strcmp(verdict->cause->code, ours[i].code) == 0) {
            add(plan, FULL_SAME);
            add(plan, ours[i].change);
        }
    }
    return has_evidence(plan);
}

// ---- what they say

// last_word is how a leg ended: a refusal may come behind the Finished.
static const struct ending *last_word(const struct leg_evidence *leg)
{
    return leg->handshake.kind == ENDING_SECURED ? &leg->close : &leg->handshake;
}

bool full_is_secured(const struct leg_evidence *leg)
{
    return leg->handshake.kind == ENDING_SECURED && leg->close.kind == ENDING_NONE;
}

static bool is_cut(const struct ending *ending)
{
    return ending->kind == ENDING_CLOSED || ending->kind == ENDING_RESET;
}

static bool is_same(const struct leg_evidence *a, const struct leg_evidence *b)
{
    const struct ending *one = last_word(a), *other = last_word(b);
    if (is_cut(one) && is_cut(other)) {
        return true; // which of the two depends on what was under way
    }
    return one->kind == other->kind && one->alert == other->alert && !full_is_secured(a) &&
           !full_is_secured(b);
}

// is_answer is true if the origin said or did something, rather than nothing that was heard.
static bool is_answer(const struct leg_evidence *leg)
{
    const struct ending *ending = last_word(leg);
    return full_is_secured(leg) || is_cut(ending) || ending->kind == ENDING_ALERT_RECEIVED;
}

// did_change is true if the trial was what it was meant to be.
static bool did_change(const struct full_trial *trial)
{
    switch (trial->change) {
    case FULL_SAME:
    case FULL_CHECKED:
    case FULL_STRICT_PRIME:
        break;
    case FULL_NO_CERTIFICATE:
        return !trial->evidence->has_client_certificate;
    case FULL_MADE_CERTIFICATE:
        return trial->evidence->has_client_certificate;
    case FULL_LEGACY_SERVER:
        return full_is_secured(trial->evidence); // our own refusal is not an answer of the origin's
    }
    return true;
}

// ---- words

static const char *changed_text(const struct full_plan *plan, const struct full_trial *trial)
{
    bool has_own = leg_of(&plan->judge, SERVER)->has_client_certificate;
    switch (trial->change) {
    case FULL_SAME:
        if (plan->judge.evidence->is_passed) {
            return "primes under 2048 bits: taken";
        }
        return has_own ? "nothing: the same certificate again" : "nothing: the same again";
    case FULL_NO_CERTIFICATE:
        return "client certificate: none";
    case FULL_MADE_CERTIFICATE:
        return "client certificate: a self-signed one, made for this";
    case FULL_LEGACY_SERVER:
        return "renegotiation_info: not asked for";
    case FULL_CHECKED:
        return "nothing: the same certificate, verified by midspan";
    case FULL_STRICT_PRIME:
        return "nothing: a client that takes no prime under 2048 bits";
    }
    return "";
}

static const char *trial_text(struct full_plan *plan, const struct full_trial *trial)
{
    const struct leg_evidence *leg = trial->evidence;
    struct arena *arena = plan->judge.arena;
    bool is_late = leg->handshake.kind == ENDING_SECURED;
    const struct ending *ending = last_word(leg);
    const char *text = ending_kind_words(ending->kind);
    if (full_is_secured(leg)) {
        text = arena_printf(arena, "secured, %s", version_name(leg->version));
    } else if (ending->kind == ENDING_REFUSED && leg->verification.done) {
        text = fault_words(leg->verification.fault);
    } else if (ending->kind == ENDING_ALERT_RECEIVED || ending->kind == ENDING_ALERT_SENT) {
        text = arena_printf(
            arena, "%s %s (%u)%s", ending->kind == ENDING_ALERT_SENT ? "we broke off:" : "alert",
            alert_name(ending->alert), ending->alert, is_late ? " after Finished" : "");
    } else if (is_cut(ending)) {
        text = arena_printf(arena, "%s%s",
                            ending->kind == ENDING_RESET ? "reset" : "closed without a word",
                            is_late ? " after Finished" : "");
    }
    return text != NULL ? text : "";
}

static void add_rows(struct full_plan *plan, struct verdict *verdict)
{
    for (size_t i = 0; i < plan->count && verdict->proof_count < PROOF_ROWS_MAX; i++) {
        const struct full_trial *trial = &plan->trials[i];
        if (trial->was_run) {
            verdict->proof[verdict->proof_count++] = (struct proof_row){
                .changed = changed_text(plan, trial),
                .outcome = trial_text(plan, trial),
                .ms = trial->ms,
                .passed = full_is_secured(trial->evidence),
            };
        }
    }
}

// say_issuer tells whether the origin could have taken the certificate at all, by its own words.
static void say_issuer(struct full_plan *plan, struct verdict *verdict)
{
    const struct full_trial *same = &plan->trials[0];
    if (!same->evidence->has_client_certificate || same->named_count == 0) {
        return;
    }
    if (same->is_named) {
        verdict_fact(&plan->judge, verdict,
                     "the issuer of midspan's certificate is among those that the origin names");
    } else {
        verdict_fact(&plan->judge, verdict,
                     "the issuer of midspan's certificate is not among the %zu that the origin "
                     "names in its CertificateRequest",
                     same->named_count);
    }
}

void full_conclude(struct full_plan *plan, const struct trust_store *trust, struct verdict *verdict)
{
    const struct full_trial *same = &plan->trials[0], *changed = &plan->trials[1];
    const struct leg_evidence *broken = leg_of(&plan->judge, SERVER);
    add_rows(plan, verdict);
    if (!same->was_run) {
        return;
    }
    if (plan->judge.evidence->is_passed) {
        full_passed_conclude(plan, trust, verdict);
        return;
    }
    say_issuer(plan, verdict);
    if (full_is_secured(same->evidence) && !full_is_secured(broken)) {
        verdict_fact(&plan->judge, verdict,
                     "the same handshake passed when it was done again: the failure comes and "
                     "goes");
        return;
    }
    bool is_again = is_same(same->evidence, broken) &&
                    same->evidence->has_client_certificate == broken->has_client_certificate;
    bool is_other = changed->was_run && did_change(changed) && is_answer(changed->evidence) &&
                    !is_same(changed->evidence, broken);
    if (!is_again || !is_other) {
        return; // alike whatever is shown: nothing tells what the origin looked at
    }
    verdict->confidence = CONFIDENCE_PROVEN;
    verdict_fact(&plan->judge, verdict, "with one change (%s): %s", changed_text(plan, changed),
                 trial_text(plan, changed));
}
