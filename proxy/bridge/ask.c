#include "ask.h"

#include <stdio.h>

#include "clock.h"
#include "dialect.h"

void ask_begin(struct connection *c)
{
    struct asking asking;
    if (!connection_settings(c)->experiment || c->is_local ||
        !experiments_next(c->worker->shared->experiments, &c->evidence, clock_monotonic_us(),
                          &asking)) {
        return;
    }
    c->asking = asking;
    c->evidence.experiment_of = asking.of;
    c->evidence.experiment =
        asking.change != EXPERIMENT_AGAIN ? experiment_text(asking.change) : NULL;
}

bool ask_is(const struct connection *c, enum experiment_change change)
{
    return c->asking.of != 0 && c->asking.change == change;
}

struct mint *ask_leaf(const struct connection *c, struct leaf_spec *spec)
{
    struct mint *own = c->worker->shared->mint;
    if (c->asking.of == 0) {
        return own;
    }
    switch (c->asking.change) {
    case EXPERIMENT_SERIAL:
        spec->form = LEAF_FORM_ANEW;
        break;
    case EXPERIMENT_CLEAN:
        spec->fault = LEAF_FAULT_NONE;
        spec->mirrors_faults = false;
        break;
    case EXPERIMENT_EARLIER:
        spec->form = LEAF_FORM_EARLIER;
        break;
    case EXPERIMENT_LATER:
        spec->form = LEAF_FORM_LATER;
        break;
    case EXPERIMENT_RSA:
        spec->key = LEAF_RSA;
        break;
    case EXPERIMENT_ECDSA:
        spec->key = LEAF_ECDSA;
        break;
    case EXPERIMENT_SHORT:
        spec->form = LEAF_FORM_SHORT;
        break;
    case EXPERIMENT_PURPOSE:
        spec->form = LEAF_FORM_ANY_PURPOSE;
        break;
    case EXPERIMENT_STRANGER:
        return c->kit->terms->stranger;
    case EXPERIMENT_AGAIN:
    case EXPERIMENT_UNTOUCHED:
    case EXPERIMENT_ASK:
    case EXPERIMENT_CHANGES:
        break;
    }
    return own;
}

// ---- answers

static void tell_over(struct connection *c, const struct finding *finding)
{
    char text[320];
    bool is_proven = finding->verdict.confidence == CONFIDENCE_PROVEN;
    (void)snprintf(text, sizeof(text),
                   "the experiments for #%llu are over (%zu connections): %s is %s; this client "
                   "gets the usual certificate again",
                   (unsigned long long)finding->evidence.connection, finding->experiment.row_count,
                   finding->verdict.cause->code,
                   is_proven ? "proven" : confidence_name(finding->verdict.confidence));
    struct event event = {
        .kind = EVENT_NOTICE,
        .connection = c->evidence.connection,
        .wall_us = clock_wall_us(),
        .text = text,
    };
    recorder_emit(c->worker->shared->recorder, &event);
}

// settle concludes a finding of an earlier connection, and tells it again as that one's.
static void settle(struct connection *c, struct finding *finding)
{
    struct experiment_history history;
    if (finding == NULL) {
        return;
    }
    history_experiment(c->worker->shared->history, &finding->evidence, &history);
    experiment_conclude(&finding->experiment, &finding->evidence, &history, &finding->arena,
                        &finding->verdict);
    dialect_add(&finding->verdict, &finding->evidence, &finding->arena);
    struct event event = {
        .kind = EVENT_VERDICT,
        .connection = finding->evidence.connection,
        .wall_us = clock_wall_us(),
        .evidence = &finding->evidence,
        .verdict = &finding->verdict,
    };
    recorder_emit(c->worker->shared->recorder, &event);
    tell_over(c, finding);
    finding_free(finding);
}

static void answer(struct connection *c, const struct experiment_answer *given)
{
    const struct experiment_row row = {
        .change = c->asking.change,
        .connection = c->evidence.connection,
        .answer = *given,
        .ms = (double)connection_now(c) / 1000.0,
    };
    const struct proof_row shown = {
        .changed = experiment_text(row.change),
        .outcome = experiment_outcome(&c->arena, given),
        .ms = row.ms,
        .passed = given->result == EXPERIMENT_PASSED,
    };
    struct event event = {
        .kind = EVENT_EXPERIMENT,
        .connection = c->evidence.connection,
        .wall_us = clock_wall_us(),
        .evidence = &c->evidence,
        .row = &shown,
    };
    c->asking.is_open = false;
    recorder_emit(c->worker->shared->recorder, &event);
    settle(c, experiments_answer(c->worker->shared->experiments, &c->asking, &row,
                                 clock_monotonic_us()));
}

void ask_used(struct connection *c)
{
    struct experiment_answer given = {.result = EXPERIMENT_PASSED};
    if (c->asking.is_open) {
        answer(c, &given);
    }
}

void ask_ended(struct connection *c)
{
    struct experiment_answer given = {.result = EXPERIMENT_UNTOLD};
    if (!c->asking.is_open) {
        return;
    }
    // A server leg that broke says nothing about the client, which got a page instead.
    if (!c->has_failed || c->failed == CLIENT) {
        given = experiment_answer_of(&c->evidence);
    }
    answer(c, &given);
}

void ask_found(struct connection *c, const struct verdict *verdict)
{
    // A connection that was asked something else brings no finding of its own. One that was asked
    // the same again is the finding that is being proven.
    if (connection_settings(c)->experiment && verdict->leg == CLIENT && c->asking.of == 0) {
        (void)experiments_open(c->worker->shared->experiments, &c->evidence, verdict,
                               clock_monotonic_us()); // full of others or nothing to ask: no matter
    }
}
