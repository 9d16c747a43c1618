// What the trials say so far.
#include "plan.h"

const struct trial *plan_find(const struct plan *plan, enum change_kind kind)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->trials[i].change.kind == kind) {
            return &plan->trials[i];
        }
    }
    return NULL;
}

bool outcome_is(const struct outcome *outcome, const struct ending *ending)
{
    bool is_cut = ending->kind == ENDING_CLOSED || ending->kind == ENDING_RESET ||
                  (ending->kind == ENDING_ALERT_RECEIVED && ending->alert == ALERT_CLOSE_NOTIFY);
    if (outcome->version != 0) {
        return false; // it went further
    }
    switch (outcome->kind) {
    case OUTCOME_ALERT:
        return ending->kind == ENDING_ALERT_RECEIVED && ending->alert == outcome->alert;
    case OUTCOME_CLOSED:
    case OUTCOME_RESET:
        return is_cut;
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

bool plan_fails_again(const struct plan *plan)
{
    const struct leg_evidence *leg = leg_of(&plan->judge, SERVER);
    const struct trial *same = &plan->trials[0];
    switch (leg->handshake.kind) {
    case ENDING_ALERT_RECEIVED:
    case ENDING_RESET:
    case ENDING_CLOSED:
    case ENDING_SILENCE:
    case ENDING_NOT_TLS:
        if (leg->server_hello.len == 0) {
            return !same->passed && outcome_is(&same->outcome, &leg->handshake);
        }
        break; // what comes behind a ServerHello may be encrypted
    case ENDING_NONE:
    case ENDING_SECURED:
    case ENDING_ALERT_SENT:
    case ENDING_ALERT_SEALED:
    case ENDING_REFUSED:
    case ENDING_UNREACHABLE:
    case ENDING_ABANDONED:
    case ENDING_DROPPED:
        break;
    }
    return !same->passed && same->outcome.kind != OUTCOME_NONE &&
           same->outcome.kind != OUTCOME_UNREACHABLE && same->outcome.kind != OUTCOME_SILENCE;
}

static bool is_modern(const struct outcome *outcome)
{
    const struct suite *suite = suite_find(outcome->suite);
    const struct scheme *scheme = scheme_find(outcome->scheme);
    return outcome->version >= VERSION_TLS12 && suite != NULL && suite->class == SUITE_MODERN &&
           (scheme == NULL || !scheme->is_weak);
}

static bool is_elliptic(const struct outcome *outcome)
{
    const struct suite *suite = suite_find(outcome->suite);
    return suite != NULL && (suite->kx == KX_ECDHE || suite->kx == KX_ANY);
}

uint16_t plan_group(const struct plan *plan, const struct outcome *outcome)
{
    const struct number_list *offered = sets_list(&plan->base.offered, LIST_GROUPS);
    if (outcome->group != 0 && !number_list_has(offered, outcome->group)) {
        return outcome->group;
    }
    uint16_t curve = outcome_curve(plan->judge.arena, outcome);
    return number_list_has(offered, curve) ? 0 : curve;
}

bool plan_is_narrowed(const struct change *change)
{
    return change->capped_at != 0 || change->only_key != 0;
}

// likelihood orders what passed, the likeliest highest. One list that leads to something modern
// comes first; versions last among the lists, since a new version brings new suites with it; then
// names and protocols; then the manner of the hello, which is a cause only where no content is.
static int likelihood(const struct trial *trial)
{
    const struct change *change = &trial->change;
    int modern = is_modern(&trial->outcome) ? 10 : 0;
    switch (change->kind) {
    case CHANGE_WIDEN:
        if (plan_is_narrowed(change)) {
            return change->capped_at < VERSION_TLS12 ? 1 : change->only_key != 0 ? 2 : 3;
        }
        if (lists_count(change->lists) > 1) { // the fewer, the nearer to the cause
            return 8 - lists_count(change->lists);
        }
        if (change->lists == WIDEN(LIST_VERSIONS)) {
            return 20 + modern;
        }
        // A suite that needs no group is outdated: no way round groups that do not meet.
        return change->lists == WIDEN(LIST_SUITES)
                   ? (is_elliptic(&trial->outcome) ? 23 : 21) + modern
               : change->lists == WIDEN(LIST_GROUPS) ? 22 + modern
                                                     : 21 + modern;
    case CHANGE_SNI:
    case CHANGE_ALPN:
        return change->is_last ? 9 : change->name != NULL ? 41 : 40;
    case CHANGE_EMS:
        return 42;
    case CHANGE_RECORD:
        return 12;
    case CHANGE_COMPACT:
        return 11;
    case CHANGE_CAP:
        return 10;
    case CHANGE_NOTHING:
    case CHANGE_BLAME:
    case CHANGE_ADD:
        return 0;
    }
    return 0;
}

static bool is_everything_but_one(const struct change *change)
{
    return change->kind == CHANGE_WIDEN && lists_count(change->lists) == LIST_SCHEMES;
}

const struct trial *plan_winner(const struct plan *plan)
{
    const struct trial *best = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        const struct trial *trial = &plan->trials[i];
        bool counts = trial->passed && likelihood(trial) > 0;
        if (counts && (best == NULL || likelihood(trial) > likelihood(best))) {
            best = trial;
        }
    }
    return best;
}

const struct trial *plan_confirmed(const struct plan *plan, enum list_kind list)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct trial *trial = &plan->trials[i];
        if (trial->change.kind == CHANGE_ADD && trial->change.list == list && trial->passed) {
            return trial;
        }
    }
    return NULL;
}

unsigned plan_needed(const struct plan *plan)
{
    unsigned needed = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct trial *trial = &plan->trials[i];
        if (is_everything_but_one(&trial->change) && !trial->passed &&
            trial->outcome.kind != OUTCOME_NONE) {
            needed |= WIDEN_ALL & ~trial->change.lists;
        }
    }
    return needed;
}
