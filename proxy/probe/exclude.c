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
static bool covers_hello(const struct plan *plan)
{
    const struct number_list *versions = &plan->base.offered.versions;
    bool spans = number_list_has(versions, VERSION_TLS13) && versions->count > 1;
    return has_trial(plan, CHANGE_NOTHING, 0) && has_trial(plan, CHANGE_WIDEN, WIDEN_ALL) &&
           has_trial(plan, CHANGE_COMPACT, 0) && (!spans || has_trial(plan, CHANGE_CAP, 0)) &&
           (has_trial(plan, CHANGE_SNI, 0) || !plan->judge.sent_hello.has_sni) &&
           (has_trial(plan, CHANGE_ALPN, 0) || !plan->judge.sent_hello.has_alpn);
}

// ends_so tells a reset from a close as well: the cause does.
static bool ends_so(const struct outcome *outcome, const struct ending *ending)
{
    return outcome_is(outcome, ending) &&
           (outcome->kind == OUTCOME_RESET) == (ending->kind == ENDING_RESET);
}

static bool all_end_so(const struct plan *plan)
{
    const struct ending *ending = &leg_of(&plan->judge, SERVER)->handshake;
    for (size_t i = 0; i < plan->count; i++) {
        if (!ends_so(&plan->trials[i].outcome, ending)) {
            return false;
        }
    }
    return true;
}

static bool covers_record(const struct plan *plan)
{
    return has_trial(plan, CHANGE_RECORD, 0);
}

bool exclusion_holds(const struct plan *plan)
{
    return plan->may_exclude && covers_hello(plan) && covers_record(plan) && all_end_so(plan);
}

bool exclusion_lacks_record(const struct plan *plan)
{
    return plan->may_exclude && covers_hello(plan) && !covers_record(plan) && all_end_so(plan);
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
                 "of the record too, name and protocols) ended in the same way",
                 others);
}
