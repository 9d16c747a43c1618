#include "conclude.h"

#include <string.h>

#include "exclude.h"
#include "finding.h"
#include "own_fault.h"
#include "predict.h"

// ---- rows

static void add_rows(struct plan *plan, struct verdict *verdict)
{
    struct arena *arena = plan->judge.arena;
    for (size_t i = 0; i < plan->count && verdict->proof_count < PROOF_ROWS_MAX; i++) {
        const struct trial *trial = &plan->trials[i];
        if (trial->outcome.kind == OUTCOME_NONE) {
            continue;
        }
        const struct sets *base =
            trial->change.kind == CHANGE_BLAME ? &trial->offered : &plan->base.offered;
        verdict->proof[verdict->proof_count++] = (struct proof_row){
            .changed = change_text(arena, trial, base),
            .outcome = outcome_text(arena, trial),
            .ms = trial->outcome.ms,
            .passed = trial->passed,
        };
    }
}

static void tell_direct(const struct plan *plan, struct verdict *verdict)
{
    const struct trial *blame = plan_find(plan, CHANGE_BLAME);
    if (blame == NULL || blame->outcome.kind == OUTCOME_NONE ||
        blame->outcome.kind == OUTCOME_UNREACHABLE) {
        return;
    }
    verdict->direct = blame->passed ? DIRECT_WOULD_SUCCEED : DIRECT_WOULD_FAIL;
}

// ---- which cause

// keys_of tells which certificates an offer allows with a version: those of its suites and schemes.
static uint32_t keys_of(const struct sets *offer, uint16_t version)
{
    uint32_t by_suites = 0, by_schemes = 0;
    for (size_t i = 0; i < offer->suites.count; i++) {
        const struct suite *suite = suite_find(offer->suites.items[i]);
        if (suite != NULL && suite->version_max < VERSION_TLS13) {
            by_suites |= suite->auth == AUTH_RSA     ? KEY_RSA
                         : suite->auth == AUTH_ECDSA ? KEY_ECDSA
                                                     : 0;
        }
    }
    for (size_t i = 0; i < offer->schemes.count; i++) {
        const struct scheme *scheme = scheme_find(offer->schemes.items[i]);
        bool fits =
            scheme != NULL && (version >= VERSION_TLS13 ? scheme->in_tls13 : scheme->in_tls12);
        if (fits) {
            by_schemes |= scheme->key == AUTH_RSA     ? KEY_RSA
                          : scheme->key == AUTH_ECDSA ? KEY_ECDSA
                                                      : 0;
        }
    }
    if (version >= VERSION_TLS13) {
        return by_schemes;
    }
    return offer->schemes.count > 0 ? by_suites & by_schemes : by_suites;
}

static uint32_t key_of_suite(uint16_t id)
{
    const struct suite *suite = suite_find(id);
    bool is_rsa = suite != NULL && suite->auth == AUTH_RSA;
    bool is_ecdsa = suite != NULL && suite->auth == AUTH_ECDSA;
    return is_rsa ? KEY_RSA : is_ecdsa ? KEY_ECDSA : 0;
}

static uint32_t key_of_scheme(uint16_t id)
{
    const struct scheme *scheme = scheme_find(id);
    bool is_rsa = scheme != NULL && scheme->key == AUTH_RSA;
    bool is_ecdsa = scheme != NULL && scheme->key == AUTH_ECDSA;
    return is_rsa ? KEY_RSA : is_ecdsa ? KEY_ECDSA : 0;
}

static bool is_deprecated(enum list_kind list, uint16_t number)
{
    const struct suite *suite = suite_find(number);
    const struct group *group = group_find(number);
    const struct scheme *scheme = scheme_find(number);
    switch (list) {
    case LIST_VERSIONS:
        return number < VERSION_TLS12;
    case LIST_SUITES:
        return suite != NULL && suite->class != SUITE_MODERN;
    case LIST_GROUPS:
        return group != NULL && !group->in_tls13;
    case LIST_SCHEMES:
        return scheme != NULL && scheme->is_weak;
    }
    return false;
}

static const char *const list_codes[] = {
    [LIST_VERSIONS] = "protocol.no-common-version",
    [LIST_SUITES] = "cipher.no-common-suite",
    [LIST_GROUPS] = "group.no-common",
    [LIST_SCHEMES] = "sigalg.no-common",
};
static const char *const list_names[] = {
    [LIST_VERSIONS] = "TLS version",
    [LIST_SUITES] = "cipher suite",
    [LIST_GROUPS] = "key exchange group",
    [LIST_SCHEMES] = "signature scheme",
};

// element_of gives what the server took from a list; a scheme behind TLS 1.3's encryption is the
// one that passed when it was added alone.
static uint16_t element_of(const struct plan *plan, enum list_kind list,
                           const struct outcome *outcome)
{
    const struct trial *confirmed = plan_confirmed(plan, list);
    if (confirmed != NULL) {
        return confirmed->change.number;
    }
    switch (list) {
    case LIST_VERSIONS:
        return outcome->version;
    case LIST_SUITES:
        return outcome->suite;
    case LIST_GROUPS:
        return plan_group(plan, outcome);
    case LIST_SCHEMES:
        break;
    }
    return outcome->scheme;
}

// is_other_key is true if what the server took needs a certificate of a kind that the offer had no
// room for: then that is the cause, not the one suite or scheme.
static bool is_other_key(const struct plan *plan, const struct finding *finding)
{
    uint16_t version = finding->trial->outcome.version;
    uint32_t offered = keys_of(&plan->base.offered, version);
    uint32_t taken = finding->list == LIST_SUITES    ? key_of_suite(finding->number)
                     : finding->list == LIST_SCHEMES ? key_of_scheme(finding->number)
                                                     : 0;
    return taken != 0 && offered != 0 && (offered & taken) == 0;
}

static void find_list(const struct plan *plan, enum list_kind list, struct finding *out)
{
    out->list = list;
    out->has_list = true;
    out->code = list_codes[list];
    out->what = list_names[list];
    out->number = element_of(plan, list, &out->trial->outcome);
    out->is_curve =
        list == LIST_GROUPS && out->number != 0 && out->number != out->trial->outcome.group;
    out->is_deprecated = out->number != 0 && is_deprecated(list, out->number);
    if (is_other_key(plan, out)) {
        out->code = "cipher.certificate-type-mismatch";
        out->what = "kind of certificate";
    }
}

// chosen_outside gives the lists of which the server took something that was not offered before.
static unsigned chosen_outside(const struct plan *plan, const struct outcome *outcome)
{
    const struct sets *offered = &plan->base.offered;
    const uint16_t chosen[] = {[LIST_VERSIONS] = outcome->version,
                               [LIST_SUITES] = outcome->suite,
                               [LIST_GROUPS] = outcome->group,
                               [LIST_SCHEMES] = outcome->scheme};
    unsigned lists = 0;
    for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
        bool is_new = chosen[kind] != 0 && !number_list_has(sets_list(offered, kind), chosen[kind]);
        lists |= is_new ? WIDEN(kind) : 0;
    }
    return lists;
}

// find_lists names the first list, in handshake order, that is needed. Where each alone could be
// left out, it is the first of which the server took something new.
static void find_lists(const struct plan *plan, struct finding *out)
{
    unsigned lists = out->trial->change.lists;
    bool is_one = (lists & (lists - 1)) == 0;
    unsigned needed = is_one ? lists : plan_needed(plan);
    if (needed == 0) {
        needed = chosen_outside(plan, &out->trial->outcome);
    }
    if (needed == WIDEN_KEYS) {
        find_list(plan, LIST_SUITES, out);
        return;
    }
    for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
        if ((needed & WIDEN(kind)) != 0) {
            find_list(plan, kind, out);
            return;
        }
    }
}

// find_own_fault is for what passes only when the server is kept from choosing what it can't do.
static void find_own_fault(struct finding *out)
{
    out->is_own_fault = true;
    out->code = out->trial->change.only_key != 0 ? "cipher.certificate-type-mismatch"
                                                 : "protocol.intolerant";
}

static void find_name(const struct plan *plan, const struct verdict *verdict, struct finding *out)
{
    const char *sent = plan->judge.evidence->legs[SERVER].sni_sent;
    out->what = "name in SNI";
    if (sent == NULL) {
        out->code = "sni.required";
    } else if (strcmp(verdict->cause->code, "sni.malformed") == 0 &&
               out->trial->change.name != NULL) {
        out->code = "sni.malformed";
    } else {
        out->code = "sni.unrecognized";
    }
}

static bool find_cause(const struct plan *plan, const struct verdict *verdict, struct finding *out)
{
    *out = (struct finding){.trial = plan_winner(plan)};
    if (out->trial == NULL) {
        return false;
    }
    switch (out->trial->change.kind) {
    case CHANGE_WIDEN:
        if (plan_is_narrowed(&out->trial->change)) {
            find_own_fault(out);
        } else {
            find_lists(plan, out);
        }
        break;
    case CHANGE_SNI:
        find_name(plan, verdict, out);
        break;
    case CHANGE_ALPN:
        out->code = "alpn.no-overlap";
        out->what = "application protocol";
        break;
    case CHANGE_EMS:
        out->code = "protocol.ems-required";
        break;
    case CHANGE_COMPACT:
        out->code = "hello.intolerant";
        break;
    case CHANGE_CAP:
    case CHANGE_RECORD:
        out->code = "protocol.intolerant";
        break;
    case CHANGE_NOTHING:
    case CHANGE_BLAME:
    case CHANGE_ADD:
        break;
    }
    return out->code != NULL;
}

// ---- whose it is

static bool client_has(const struct plan *plan, const struct finding *finding)
{
    const struct sets *client = &plan->judge.client;
    if (!plan->judge.has_client_hello) {
        return false;
    }
    if (strcmp(finding->code, "cipher.certificate-type-mismatch") == 0) {
        uint32_t taken = key_of_suite(finding->number) | key_of_scheme(finding->number);
        return (keys_of(client, finding->trial->outcome.version) & taken) != 0;
    }
    return number_list_has(sets_list(client, finding->list), finding->number);
}

static bool takes_protocol(struct slice names, const char *wanted)
{
    struct slice name;
    for (size_t at = 0; alpn_next(names, &at, &name);) {
        if (wanted != NULL && slice_equals_text(name, wanted)) {
            return true;
        }
    }
    return false;
}

// is_bridges_name: the name that was sent is not the client's own.
static bool is_bridges_name(const struct evidence *evidence)
{
    const char *sent = evidence->legs[SERVER].sni_sent, *asked = evidence->legs[CLIENT].sni_sent;
    return sent != NULL && (asked == NULL || strcmp(sent, asked) != 0);
}

// Forward only: who is behind moves. What the origin takes is old: the origin. Else whoever's list
// lacks it: the bridge, when the client would have offered it, or when it would not have been
// passed on; the client otherwise.
static enum party party_of_bridged(const struct plan *plan, const struct finding *finding)
{
    const struct judge *judge = &plan->judge;
    const char *asked = judge->evidence->legs[CLIENT].sni_sent;
    const char *name = finding->trial->change.name;
    switch (finding->trial->change.kind) {
    case CHANGE_SNI:
        if (name == NULL) {
            return PARTY_SERVER;
        }
        return (asked != NULL && strcmp(asked, name) == 0) || is_bridges_name(judge->evidence)
                   ? PARTY_BRIDGE
                   : PARTY_CLIENT;
    case CHANGE_ALPN:
        return takes_protocol(judge->client.alpn, name) || judge->client.alpn.len == 0
                   ? PARTY_BRIDGE
                   : PARTY_CLIENT;
    case CHANGE_EMS:
        return PARTY_CLIENT;
    case CHANGE_COMPACT:
    case CHANGE_CAP:
    case CHANGE_RECORD:
        return PARTY_SERVER;
    case CHANGE_WIDEN:
    case CHANGE_NOTHING:
    case CHANGE_BLAME:
    case CHANGE_ADD:
        break;
    }
    if (finding->is_deprecated || finding->is_own_fault) {
        return PARTY_SERVER;
    }
    if (client_has(plan, finding) || !judge->has_client_hello) {
        return PARTY_BRIDGE;
    }
    bool is_bridges = is_fixed(judge, finding->list);
    const struct number_list *versions =
        is_bridges ? &plan->base.offered.versions : &judge->client.versions;
    bool is_behind = finding->list == LIST_VERSIONS && versions->count > 0 &&
                     versions->items[versions->count - 1] > finding->number;
    return is_behind ? PARTY_SERVER : is_bridges ? PARTY_BRIDGE : PARTY_CLIENT;
}

// On a connection that is passed on, what would be the bridge's is the client's own.
static enum party party_of(const struct plan *plan, const struct finding *finding)
{
    enum party party = party_of_bridged(plan, finding);
    bool is_passed = plan->judge.evidence->is_passed;
    return is_passed && party == PARTY_BRIDGE ? PARTY_CLIENT : party;
}

void conclude(struct plan *plan, struct verdict *verdict)
{
    struct finding finding;
    add_rows(plan, verdict);
    tell_direct(plan, verdict);
    if (plan->trials[0].outcome.kind == OUTCOME_NONE) {
        return;
    }
    if (plan->trials[0].passed) {
        verdict_fact(&plan->judge, verdict,
                     "the same hello was taken when it was sent again: the failure comes and goes");
        return;
    }
    if (!plan_fails_again(plan)) {
        verdict_fact(&plan->judge, verdict,
                     "the same hello sent again ended in another way: %s; the failure comes and "
                     "goes",
                     outcome_text(plan->judge.arena, &plan->trials[0]));
        return;
    }
    if (!find_cause(plan, verdict, &finding)) {
        if (exclusion_holds(plan)) {
            exclusion_say(plan, verdict);
        } else {
            (void)own_fault_say_hopeless(plan, verdict); // else the verdict stays as deduced
        }
        return;
    }
    enum phase phase = verdict->phase;
    verdict_set(verdict, finding.code, party_of(plan, &finding), phase, CONFIDENCE_PROVEN);
    finding_say(plan, &finding, verdict);
}
