#include "reach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// ---- which trials

static void add(struct reach_plan *plan, enum reach_kind kind, const char *what)
{
    if (plan->count < REACH_TRIALS_MAX) {
        plan->trials[plan->count++] = (struct reach_trial){.kind = kind, .what = what};
    }
}

static void add_names(struct reach_plan *plan, const char *name)
{
    size_t len = strlen(name);
    plan->is_name = true;
    add(plan, REACH_NAME, name);
    add(plan, REACH_NAME_IPV4, name);
    add(plan, REACH_NAME_IPV6, name);
    const char *whole = arena_printf(plan->judge.arena, "%s.", name);
    if (len > 0 && name[len - 1] != '.' && whole != NULL) {
        add(plan, REACH_NAME_WHOLE, whole);
    }
}

bool reach_open(struct reach_plan *plan, const struct evidence *evidence,
                const struct verdict *verdict, const char *name, const char *const *addresses,
                size_t count, struct arena *arena)
{
    const struct leg_evidence *leg = &evidence->legs[SERVER];
    const char *code = verdict->cause->code;
    memset(plan, 0, sizeof(*plan));
    if (verdict->leg != SERVER || leg->handshake.kind != ENDING_UNREACHABLE ||
        evidence->via_status != 0) {
        return false;
    }
    if (evidence->via != NULL && leg->peer_address != NULL) {
        return false; // the upstream proxy was connected to: what it did then is the fault
    }
    judge_init(&plan->judge, evidence, arena);
    if (strcmp(code, "transport.dns") == 0 && name != NULL) {
        add_names(plan, name);
    } else if (strcmp(code, "transport.refused") == 0 || strcmp(code, "transport.timeout") == 0) {
        for (size_t i = 0; i < count; i++) {
            add(plan, REACH_ADDRESS, addresses[i]);
        }
    }
    return plan->count > 0;
}

// ---- what they say

static const char *changed_text(struct reach_plan *plan, const struct reach_trial *trial)
{
    struct arena *arena = plan->judge.arena;
    const char *what = peer_text(arena, trial->what);
    const char *text = NULL;
    switch (trial->kind) {
    case REACH_NAME:
        text = arena_printf(arena, "nothing: %s asked again", what);
        break;
    case REACH_NAME_IPV4:
        text = arena_printf(arena, "IPv4 addresses only: %s", what);
        break;
    case REACH_NAME_IPV6:
        text = arena_printf(arena, "IPv6 addresses only: %s", what);
        break;
    case REACH_NAME_WHOLE:
        text = arena_printf(arena, "no search domain: %s", what);
        break;
    case REACH_ADDRESS:
        text = arena_printf(arena, "nothing: %s dialled again", what);
        break;
    }
    return text != NULL ? text : "";
}

static const char *outcome_words(struct reach_plan *plan, const struct reach_trial *trial)
{
    if (trial->passed) {
        return trial->kind == REACH_ADDRESS ? "connected" : "an address";
    }
    if (trial->is_late) {
        return "no answer in time";
    }
    if (trial->kind != REACH_ADDRESS) {
        return trial->detail != NULL ? peer_text(plan->judge.arena, trial->detail) : "no address";
    }
    return trial->os_error == ECONNREFUSED ? "refused" : strerror(trial->os_error);
}

static void add_rows(struct reach_plan *plan, struct verdict *verdict)
{
    for (size_t i = 0; i < plan->count && verdict->proof_count < PROOF_ROWS_MAX; i++) {
        const struct reach_trial *trial = &plan->trials[i];
        if (trial->was_run) {
            verdict->proof[verdict->proof_count++] = (struct proof_row){
                .changed = changed_text(plan, trial),
                .outcome = outcome_words(plan, trial),
                .ms = trial->ms,
                .passed = trial->passed,
            };
        }
    }
}

// A resolver that is waited for so long has not answered; the prover's own patience.
#define LATE_US_MIN 1000000

// is_again is true if the trial that changes nothing failed as the dial did.
static bool is_again(const struct reach_plan *plan)
{
    const struct leg_evidence *leg = leg_of(&plan->judge, SERVER);
    const struct ending *ending = &leg->handshake;
    const struct reach_trial *same = &plan->trials[plan->is_name ? 0 : plan->count - 1];
    if (!same->was_run || same->passed) {
        return false;
    }
    if (plan->is_name && same->is_late) {
        return ending->at_us - leg->dial_us >= LATE_US_MIN; // it was late then, too
    }
    if (plan->is_name) {
        return same->detail == NULL || ending->detail == NULL ||
               strcmp(same->detail, ending->detail) == 0;
    }
    return same->is_late ? ending->os_error == ETIMEDOUT : same->os_error == ending->os_error;
}

static const struct reach_trial *first_passed(const struct reach_plan *plan, size_t *out_count)
{
    const struct reach_trial *first = NULL;
    *out_count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->trials[i].passed) {
            first = first != NULL ? first : &plan->trials[i];
            ++*out_count;
        }
    }
    return first;
}

static bool all_ran(const struct reach_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (!plan->trials[i].was_run) {
            return false;
        }
    }
    return true;
}

void reach_conclude(struct reach_plan *plan, struct verdict *verdict)
{
    size_t passed_count = 0;
    struct judge *judge = &plan->judge;
    add_rows(plan, verdict);
    const struct reach_trial *passed = first_passed(plan, &passed_count);
    bool is_unchanged =
        passed != NULL && (passed->kind == REACH_NAME || passed->kind == REACH_ADDRESS);
    if (is_unchanged) {
        verdict_fact(judge, verdict, "tried again, it was reached: the failure comes and goes");
        return;
    }
    if (!all_ran(plan) || !is_again(plan) || passed_count > 1) {
        return;
    }
    verdict->confidence = CONFIDENCE_PROVEN;
    if (passed != NULL) {
        verdict_fact(judge, verdict, "with one change (%s): an address",
                     changed_text(plan, passed));
    } else if (plan->is_name) {
        verdict_fact(judge, verdict,
                     "asked again, for each kind of address and without search domains: none");
    } else {
        verdict_fact(judge, verdict, "dialled again, %zu address%s: %s", plan->count,
                     plan->count > 1 ? "es" : "",
                     outcome_words(plan, &plan->trials[plan->count - 1]));
    }
}
