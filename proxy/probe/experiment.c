#include "experiment.h"

#include <assert.h>
#include <string.h>

#include "judge.h"
#include "predict.h"

const char *experiment_text(enum experiment_change change)
{
    static const char *const texts[] = {
#define XX(name, text) [EXPERIMENT_##name] = text,
        EXPERIMENT_MAP(XX)
#undef XX
    };
    assert(change < EXPERIMENT_CHANGES);
    return texts[change];
}

const char *experiment_outcome(struct arena *arena, const struct experiment_answer *answer)
{
    const char *text = NULL;
    switch (answer->result) {
    case EXPERIMENT_UNTOLD:
        return "the client did not tell";
    case EXPERIMENT_PASSED:
        return "secured and used";
    case EXPERIMENT_REFUSED:
        break;
    }
    switch (answer->refusal.kind) {
    case REFUSAL_NONE:
        return "refused by midspan";
    case REFUSAL_CUT:
        return "refused: left in mid-handshake";
    case REFUSAL_SILENT:
        return "refused: left without a byte";
    case REFUSAL_ALERT:
        break;
    }
    if (answer->refusal.alert == 0) {
        return "refused: an encrypted alert";
    }
    text = arena_printf(arena, "refused: %s (%u)", alert_name(answer->refusal.alert),
                        answer->refusal.alert);
    return text != NULL ? text : "refused";
}

// ---- the plan

// What is asked for which cause, the likeliest first. Each changed leaf has a new serial number as
// well, so that alone is asked before them.
static const struct {
    const char *code; // or its beginning, with a dot at the end
    enum experiment_change order[EXPERIMENT_CHANGES];
    size_t count;
} orders[] = {
    {"trust.client-rejects-bridge-ca",
     {EXPERIMENT_STRANGER, EXPERIMENT_UNTOUCHED, EXPERIMENT_SERIAL, EXPERIMENT_EARLIER,
      EXPERIMENT_LATER, EXPERIMENT_RSA, EXPERIMENT_ECDSA, EXPERIMENT_SHORT, EXPERIMENT_PURPOSE},
     9},
    {"trust.pinned",
     {EXPERIMENT_STRANGER, EXPERIMENT_UNTOUCHED, EXPERIMENT_SERIAL, EXPERIMENT_RSA,
      EXPERIMENT_ECDSA, EXPERIMENT_SHORT, EXPERIMENT_PURPOSE, EXPERIMENT_EARLIER, EXPERIMENT_LATER},
     9},
    {"trust.leaf-refused",
     {EXPERIMENT_SERIAL, EXPERIMENT_RSA, EXPERIMENT_ECDSA, EXPERIMENT_SHORT, EXPERIMENT_PURPOSE,
      EXPERIMENT_EARLIER, EXPERIMENT_LATER, EXPERIMENT_STRANGER, EXPERIMENT_UNTOUCHED},
     9},
    {"clock.client",
     {EXPERIMENT_SERIAL, EXPERIMENT_EARLIER, EXPERIMENT_LATER, EXPERIMENT_STRANGER,
      EXPERIMENT_UNTOUCHED, EXPERIMENT_RSA, EXPERIMENT_ECDSA, EXPERIMENT_SHORT, EXPERIMENT_PURPOSE},
     9},
    {"cert.", {EXPERIMENT_SERIAL, EXPERIMENT_CLEAN}, 2},
    {"client-auth.", {EXPERIMENT_ASK}, 1},
};

// takes_key is true if the hello could be answered with a certificate of that kind.
static bool takes_key(const struct evidence *evidence, uint32_t key)
{
    const struct leg_evidence *leg = &evidence->legs[CLIENT];
    struct client_hello hello;
    struct prediction prediction;
    size_t at;
    if (leg->shape == NULL || leg->is_sslv2_hello ||
        client_hello_parse(leg->client_hello, &hello, &at) != PARSE_OK) {
        return false;
    }
    const struct server_terms terms = {.shape = *leg->shape, .keys = key};
    predict(&hello, &terms, &prediction);
    return prediction.mismatch == MISMATCH_NONE;
}

static bool can_ask(const struct evidence *evidence, enum experiment_change change)
{
    const struct leg_evidence *leg = &evidence->legs[CLIENT];
    bool is_minted = leg->keys == 0 && leg->chain_count > 0;
    bool is_rsa = leg->chain_count > 0 && leg->chain[0].key != NULL &&
                  strncmp(leg->chain[0].key, "RSA", 3) == 0;
    switch (change) {
    case EXPERIMENT_RSA:
        return is_minted && !is_rsa && takes_key(evidence, KEY_RSA);
    case EXPERIMENT_ECDSA:
        return is_minted && is_rsa && takes_key(evidence, KEY_ECDSA);
    case EXPERIMENT_SERIAL:
    case EXPERIMENT_CLEAN:
    case EXPERIMENT_EARLIER:
    case EXPERIMENT_LATER:
    case EXPERIMENT_SHORT:
    case EXPERIMENT_PURPOSE:
    case EXPERIMENT_STRANGER:
        return is_minted; // a configured certificate is shown as it is
    case EXPERIMENT_AGAIN:
    case EXPERIMENT_UNTOUCHED:
    case EXPERIMENT_ASK:
    case EXPERIMENT_CHANGES:
        break;
    }
    return true;
}

static void set_order(struct experiment *experiment, const struct evidence *evidence, size_t which)
{
    bool is_over = experiment->first.refusal.alert == ALERT_CERTIFICATE_EXPIRED;
    for (size_t i = 0; i < orders[which].count; i++) {
        enum experiment_change change = orders[which].order[i];
        // A client whose clock is ahead finds the leaf over: its end is moved first.
        if (is_over && (change == EXPERIMENT_EARLIER || change == EXPERIMENT_LATER)) {
            change = change == EXPERIMENT_EARLIER ? EXPERIMENT_LATER : EXPERIMENT_EARLIER;
        }
        if (can_ask(evidence, change)) {
            experiment->order[experiment->order_count++] = change;
        }
    }
}

bool experiment_open(struct experiment *experiment, const struct evidence *evidence,
                     const struct verdict *verdict)
{
    size_t which = 0;
    const char *code = verdict->cause->code;
    while (which < COUNT_OF(orders) &&
           strncmp(code, orders[which].code, strlen(orders[which].code)) != 0) {
        which++;
    }
    if (which == COUNT_OF(orders) || verdict->leg != CLIENT || evidence->is_passed ||
        evidence->experiment != NULL || verdict->confidence == CONFIDENCE_PROVEN) {
        return false;
    }
    struct experiment made = {0};
    struct judge judge;
    made.first = experiment_answer_of(evidence);
    if (made.first.result != EXPERIMENT_REFUSED) {
        return false;
    }
    judge_init(&judge, evidence, NULL);
    made.may_cut = judge.stack->may_cut;
    made.tells_authority =
        made.first.refusal.kind == REFUSAL_ALERT && made.first.refusal.alert == ALERT_UNKNOWN_CA;
    set_order(&made, evidence, which);
    *experiment = made;
    return made.order_count > 0;
}

// ---- answers

bool experiment_is_same(const struct experiment *experiment, const struct experiment_answer *answer)
{
    const struct experiment_answer *first = &experiment->first;
    enum refusal_kind kind = answer->refusal.kind;
    if (answer->result != first->result) {
        return false;
    }
    bool is_cut = kind == REFUSAL_CUT || first->refusal.kind == REFUSAL_CUT;
    bool is_heard = kind == REFUSAL_ALERT || first->refusal.kind == REFUSAL_ALERT;
    if (experiment->may_cut && is_cut && is_heard) {
        return true; // Java and Node leave before their alert is out, now and then
    }
    return kind == first->refusal.kind && answer->refusal.alert == first->refusal.alert;
}

const struct experiment_row *experiment_row_of(const struct experiment *experiment,
                                               enum experiment_change change)
{
    for (size_t i = experiment->row_count; i > 0; i--) {
        const struct experiment_row *row = &experiment->rows[i - 1];
        if (row->change == change && row->answer.result != EXPERIMENT_UNTOLD) {
            return row;
        }
    }
    return NULL;
}

static size_t untold_count(const struct experiment *experiment, enum experiment_change change)
{
    size_t count = 0;
    for (size_t i = 0; i < experiment->row_count; i++) {
        count += experiment->rows[i].change == change &&
                 experiment->rows[i].answer.result == EXPERIMENT_UNTOLD;
    }
    return count;
}

static bool is_asked(const struct experiment *experiment, enum experiment_change change)
{
    return experiment_row_of(experiment, change) != NULL ||
           untold_count(experiment, change) >= EXPERIMENT_UNTOLD_MAX;
}

static bool has_passed(const struct experiment *experiment, enum experiment_change change)
{
    const struct experiment_row *row = experiment_row_of(experiment, change);
    return row != NULL && row->answer.result == EXPERIMENT_PASSED;
}

enum experiment_change experiment_passed(const struct experiment *experiment)
{
    for (size_t i = 0; i < experiment->order_count; i++) {
        enum experiment_change change = experiment->order[i];
        if (change != EXPERIMENT_UNTOUCHED && change != EXPERIMENT_STRANGER &&
            has_passed(experiment, change)) {
            return change;
        }
    }
    return EXPERIMENT_CHANGES;
}

bool experiment_is_strange(const struct experiment *experiment)
{
    const struct experiment_row *row = experiment_row_of(experiment, EXPERIMENT_STRANGER);
    return row != NULL && experiment_is_same(experiment, &row->answer);
}

// is_settled is true if no further change could tell more: one was taken, or the client has said
// outright that it knows our authority no better than a stranger's.
static bool is_settled(const struct experiment *experiment)
{
    return experiment_passed(experiment) != EXPERIMENT_CHANGES ||
           (experiment->tells_authority && experiment_is_strange(experiment) &&
            is_asked(experiment, EXPERIMENT_UNTOUCHED));
}

bool experiment_next(const struct experiment *experiment, enum experiment_change *out_change)
{
    if (experiment->row_count == EXPERIMENT_ROWS_MAX) {
        return false;
    }
    for (size_t i = 0; i < experiment->order_count && !is_settled(experiment); i++) {
        if (!is_asked(experiment, experiment->order[i])) {
            *out_change = experiment->order[i];
            return true;
        }
    }
    bool something_passed = experiment_passed(experiment) != EXPERIMENT_CHANGES ||
                            has_passed(experiment, EXPERIMENT_UNTOUCHED);
    *out_change = EXPERIMENT_AGAIN;
    return something_passed && !is_asked(experiment, EXPERIMENT_AGAIN);
}

void experiment_note(struct experiment *experiment, const struct experiment_row *row)
{
    if (experiment->row_count < EXPERIMENT_ROWS_MAX) {
        experiment->rows[experiment->row_count++] = *row;
    }
}

// answer_untouched reads what can be seen of a relayed handshake. In TLS 1.3 alerts are encrypted:
// that there was one is all that is known.
static struct experiment_answer answer_untouched(const struct judge *judge)
{
    const struct evidence *evidence = judge->evidence;
    const struct leg_evidence *client = &evidence->legs[CLIENT];
    const struct leg_evidence *server = &evidence->legs[SERVER];
    struct experiment_answer answer = {.result = EXPERIMENT_UNTOLD};
    if (evidence->passed_used) {
        answer.result = EXPERIMENT_PASSED;
        return answer;
    }
    // A client leaves with an alert, mostly; the origin's FIN in answer may come before its own.
    bool has_alert = evidence->passed_alert_us != 0;
    int64_t left_us = has_alert ? evidence->passed_alert_us : client->close.at_us;
    bool client_left =
        has_alert || client->close.kind == ENDING_CLOSED || client->close.kind == ENDING_RESET;
    bool server_left =
        server->handshake.kind == ENDING_ALERT_RECEIVED ||
        (server->close.kind != ENDING_NONE && (!client_left || server->close.at_us < left_us));
    // A browser opens connections ahead of need: one that it leaves unused tells nothing.
    bool is_spare = judge->stack->is_browser && evidence->passed_finished;
    if (server->server_hello.len == 0 || server_left || !client_left || is_spare) {
        return answer;
    }
    answer.result = EXPERIMENT_REFUSED;
    if (evidence->passed_finished) {
        answer.refusal = (struct refusal){.kind = REFUSAL_SILENT, .phase = PHASE_AFTER};
    } else if (client->handshake.kind == ENDING_ALERT_RECEIVED) {
        answer.refusal =
            (struct refusal){REFUSAL_ALERT, client->handshake.alert, PHASE_CERTIFICATE};
    } else {
        bool is_sealed = server->version == VERSION_TLS13;
        answer.refusal =
            (struct refusal){is_sealed ? REFUSAL_ALERT : REFUSAL_CUT, 0, PHASE_CERTIFICATE};
    }
    return answer;
}

struct experiment_answer experiment_answer_of(const struct evidence *evidence)
{
    const struct leg_evidence *leg = &evidence->legs[CLIENT];
    struct experiment_answer answer = {.result = EXPERIMENT_UNTOLD};
    struct judge judge;
    judge_init(&judge, evidence, NULL);
    if (evidence->is_passed) {
        return answer_untouched(&judge);
    }
    if (leg->handshake.kind == ENDING_SECURED && leg->app_bytes_received > 0) {
        answer.result = EXPERIMENT_PASSED;
        return answer;
    }
    if (leg->handshake.kind == ENDING_REFUSED || leg->handshake.kind == ENDING_ALERT_SENT) {
        bool is_about_client = leg->has_certificate_request && leg->server_hello.len > 0;
        answer.result = is_about_client ? EXPERIMENT_REFUSED : EXPERIMENT_UNTOLD;
        return answer;
    }
    answer.refusal = refusal_of(&judge);
    bool is_spare = answer.refusal.kind != REFUSAL_ALERT && judge.stack->is_browser;
    bool is_told = answer.refusal.kind != REFUSAL_NONE && !is_spare;
    answer.result = is_told ? EXPERIMENT_REFUSED : EXPERIMENT_UNTOLD;
    answer.refusal = is_told ? answer.refusal : (struct refusal){.kind = REFUSAL_NONE};
    return answer;
}
