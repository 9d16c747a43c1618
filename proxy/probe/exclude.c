#include "exclude.h"

#include <string.h>

bool exclusion_fits(const struct judge *judge, const struct verdict *verdict)
{
    static const char *const codes[] = {
        "transport.closed",  "transport.reset",     "transport.timeout",
        "transport.not-tls", "alert.access-denied", "alert.internal-error",
    };
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    if (leg->server_hello.len > 0) {
        return false; // it broke behind what a hello's trial sees
    }
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (strcmp(verdict->cause->code, codes[i]) == 0) {
            return true;
        }
    }
    return strcmp(verdict->cause->code, "sni.unrecognized") == 0 &&
           leg_heard(leg, ALERT_UNRECOGNIZED_NAME);
}

static bool is_same(const struct outcome *outcome, const struct ending *ending)
{
    if (outcome->version != 0) {
        return false; // it went further
    }
    switch (outcome->kind) {
    case OUTCOME_ALERT:
        return ending->kind == ENDING_ALERT_RECEIVED && ending->alert == outcome->alert;
    case OUTCOME_CLOSED:
        return ending->kind == ENDING_CLOSED;
    case OUTCOME_RESET:
        return ending->kind == ENDING_RESET;
    case OUTCOME_SILENCE:
        return ending->kind == ENDING_SILENCE;
    case OUTCOME_NOT_TLS:
        return ending->kind == ENDING_NOT_TLS;
    case OUTCOME_NONE:
    case OUTCOME_SERVER_HELLO:
    case OUTCOME_RETRY:
    case OUTCOME_UNREACHABLE:
        break;
    }
    return false;
}

static bool has_trial(const struct plan *plan, enum change_kind kind, unsigned lists)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct change *change = &plan->trials[i].change;
        if (change->kind == kind && change->lists == lists) {
            return true;
        }
    }
    return false;
}

// Lists, length, versions and GREASE, name, protocols.
static bool covers_all(const struct plan *plan)
{
    const struct number_list *versions = &plan->base.offered.versions;
    bool spans = number_list_has(versions, VERSION_TLS13) && versions->count > 1;
    return has_trial(plan, CHANGE_NOTHING, 0) && has_trial(plan, CHANGE_WIDEN, WIDEN_ALL) &&
           has_trial(plan, CHANGE_COMPACT, 0) && (!spans || has_trial(plan, CHANGE_CAP, 0)) &&
           (has_trial(plan, CHANGE_SNI, 0) || !plan->judge.sent_hello.has_sni) &&
           (has_trial(plan, CHANGE_ALPN, 0) || !plan->judge.sent_hello.has_alpn);
}

bool exclusion_holds(const struct plan *plan)
{
    const struct ending *ending = &leg_of(&plan->judge, SERVER)->handshake;
    if (!plan->may_exclude || !covers_all(plan)) {
        return false;
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (!is_same(&plan->trials[i].outcome, ending)) {
            return false;
        }
    }
    return true;
}

void exclusion_say(struct plan *plan, struct verdict *verdict)
{
    const struct trial *blame = plan_find(plan, CHANGE_BLAME);
    const char *outcome = outcome_text(plan->judge.arena, &plan->trials[0]);
    size_t others = plan->count - 1 - (blame != NULL ? 1 : 0);
    verdict->confidence = CONFIDENCE_PROVEN;
    verdict_fact(&plan->judge, verdict, "the same hello sent again: %s", outcome);
    if (blame != NULL) {
        verdict_fact(&plan->judge, verdict, "the client's own hello: %s",
                     outcome_text(plan->judge.arena, blame));
    }
    verdict_fact(&plan->judge, verdict,
                 "whatever was offered: %zu other hellos (wide lists, a short one, other versions, "
                 "name and protocols) ended in the same way",
                 others);
}
