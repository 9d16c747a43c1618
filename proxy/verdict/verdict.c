// The engine: which leg broke first, and which rule of the tables is the first that holds for it.
#include "verdict.h"

#include "judge.h"
#include "rules_server.h"

static void verdict_begin(struct verdict *out, enum side side)
{
    *out = (struct verdict){
        .severity = SEVERITY_ERROR,
        .leg = side,
        .confidence = CONFIDENCE_DEDUCED,
        .direct = DIRECT_UNKNOWN,
    };
}

static void verdict_settle(struct verdict *out)
{
    if (out->fix == NULL) {
        out->fix = out->cause->text[LANGUAGE_EN].fix;
    }
    if (out->summary == NULL) {
        out->summary = out->cause->text[LANGUAGE_EN].title;
    }
}

static bool try_rules(struct judge *judge, const struct rule *rules, enum side side,
                      struct verdict *out)
{
    for (const struct rule *rule = rules; rule->judge != NULL; rule++) {
        verdict_begin(out, side);
        if (rule->judge(judge, side, out)) {
            verdict_settle(out);
            return true;
        }
    }
    return false;
}

#define TABLES_MAX 10

static bool try_tables(struct judge *judge, const struct rule *const tables[TABLES_MAX],
                       enum side side, struct verdict *out)
{
    for (size_t i = 0; i < TABLES_MAX && tables[i] != NULL; i++) {
        if (try_rules(judge, tables[i], side, out)) {
            return true;
        }
    }
    return false;
}

// In handshake order; client certificates come before the rest of the server leg's rules, because
// their refusals share alerts with suites and certificates and are told by CertificateRequest.
static const struct rule *const broken_tables[SIDES][TABLES_MAX] = {
    [CLIENT] = {transport_rules, client_hello_rules, client_auth_rules, answer_rules,
                client_leaf_rules, passed_rules, last_rules},
    [SERVER] = {transport_rules, version_rules, name_rules, offer_rules, answer_rules,
                certificate_rules, client_auth_rules, last_rules},
};
// Of a passed connection whose client sent its Finished no ending of the handshake is known.
static const struct rule *const passed_tables[SIDES][TABLES_MAX] = {[CLIENT] = {passed_rules}};
static const struct rule *const secured_tables[SIDES][TABLES_MAX] = {
    [CLIENT] = {client_leaf_rules, after_rules},
    [SERVER] = {client_auth_rules, after_rules},
};

// The leg that ended first broke first; at the same time, the one that the order begins with.
static enum side first_side(const struct evidence *evidence)
{
    const struct leg_evidence *client = &evidence->legs[CLIENT], *server = &evidence->legs[SERVER];
    bool client_broke = leg_broke(client), server_broke = leg_broke(server);
    if (client_broke != server_broke) {
        return client_broke ? CLIENT : SERVER;
    }
    if (client_broke && client->handshake.at_us != server->handshake.at_us) {
        return client->handshake.at_us < server->handshake.at_us ? CLIENT : SERVER;
    }
    return evidence->order == ORDER_CLIENT_FIRST ? CLIENT : SERVER;
}

// When one leg has broken, midspan ends the other with an alert that tells the same (on-failure
// alert); of a passed connection the one peer leaves because the other did. That is no second
// finding.
static bool is_mirrored(const struct judge *judge, enum side side)
{
    const struct leg_evidence *leg = leg_of(judge, side), *other = leg_of(judge, !side);
    bool is_ours = leg->handshake.kind == ENDING_ALERT_SENT && leg->server_hello.len == 0;
    bool is_answer =
        judge->evidence->is_passed && (leg_was_cut(leg) || other->handshake.kind == ENDING_NOT_TLS);
    return (is_ours || is_answer) && leg_broke(other) &&
           other->handshake.at_us <= leg->handshake.at_us;
}

static bool judge_leg(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side == CLIENT &&
        (judge->evidence->was_dropped_unused || judge->evidence->experiment != NULL)) {
        return false;
    }
    if (leg_broke(leg)) {
        bool is_found = try_tables(judge, broken_tables[side], side, out);
        if (is_found && judge->evidence->is_passed) {
            out->direct = DIRECT_WOULD_FAIL; // it was direct: every byte was passed on
        }
        return is_found;
    }
    if (leg->handshake.kind == ENDING_SECURED) {
        return try_tables(judge, secured_tables[side], side, out);
    }
    return judge->evidence->is_passed && leg->handshake.kind == ENDING_NONE &&
           try_tables(judge, passed_tables[side], side, out);
}

size_t verdict_find(const struct evidence *evidence, struct arena *arena, struct verdict *out,
                    size_t max)
{
    struct judge judge;
    size_t count = 0;
    if (max == 0) {
        return 0;
    }
    judge_init(&judge, evidence, arena);
    if (try_rules(&judge, ingress_rules, CLIENT, &out[0])) {
        return 1; // nothing came of the connection: what follows follows from that
    }
    enum side first = first_side(evidence);
    count += judge_leg(&judge, first, &out[count]) ? 1 : 0;
    if (count < max) {
        bool is_second = !is_mirrored(&judge, !first) && judge_leg(&judge, !first, &out[count]);
        count += is_second ? 1 : 0;
    }
    return count;
}
