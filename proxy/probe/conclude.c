#include "conclude.h"

#include <string.h>

#include "exclude.h"
#include "own_fault.h"
#include "predict.h"

// What was proven: a cause, and the element that made the difference.
struct finding {
    const char *code;
    const char *what;    // "cipher suite"
    enum list_kind list; // of the element
    bool has_list;       // the cause is about a list
    bool is_own_fault;   // the origin chooses what it can't do
    uint16_t number;     // the element, 0: not known
    bool is_deprecated;  // what the origin takes; then the origin must move forward
    const struct trial *trial;
};

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
        return outcome->group;
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

// ---- whose it is, and what to do

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
// lacks it: the bridge, when the client would have offered it; the client otherwise.
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
    const struct number_list *versions = &judge->client.versions;
    bool is_behind = finding->list == LIST_VERSIONS && versions->count > 0 &&
                     versions->items[versions->count - 1] > finding->number;
    return is_behind ? PARTY_SERVER : PARTY_CLIENT;
}

// On a connection that is passed on, what would be the bridge's is the client's own.
static enum party party_of(const struct plan *plan, const struct finding *finding)
{
    enum party party = party_of_bridged(plan, finding);
    bool is_passed = plan->judge.evidence->is_passed;
    return is_passed && party == PARTY_BRIDGE ? PARTY_CLIENT : party;
}

// What each list is widened to, and by which key of the policy.
static const struct {
    const char *modern, *keys;
} advice[] = {
    [LIST_VERSIONS] = {"TLS 1.2 and TLS 1.3", "min and max"},
    [LIST_SUITES] = {"ECDHE with AES-GCM, and TLS 1.3", "ciphers"},
    [LIST_GROUPS] = {"X25519 and P-256", "groups"},
    [LIST_SCHEMES] = {"ecdsa_secp256r1_sha256 and rsa_pss_rsae_sha256", "sigalgs"},
};

static void fix_list(struct judge *judge, const struct finding *finding, struct verdict *out)
{
    const char *element =
        finding->number != 0 ? list_item_name(finding->list, finding->number) : NULL;
    switch (out->party) {
    case PARTY_BRIDGE:
        verdict_fix(
            judge, out, "Let midspan's server leg offer %s: widen %s of its policy or preset.",
            element != NULL ? element : advice[finding->list].modern, advice[finding->list].keys);
        break;
    case PARTY_CLIENT:
        verdict_fix(judge, out, "Update the client, or enable %s in it.",
                    element != NULL ? element : advice[finding->list].modern);
        break;
    case PARTY_SERVER:
        verdict_fix(judge, out, "Update %s, or enable %s there.", judge->origin,
                    advice[finding->list].modern);
        break;
    case PARTY_NETWORK:
        break;
    }
}

static void fix_name(struct judge *judge, const struct finding *finding, struct verdict *out)
{
    const char *name = finding->trial->change.name;
    if (name == NULL) {
        return; // the catalogue's
    }
    if (out->party == PARTY_BRIDGE) {
        verdict_fix(judge, out, "Pass the client's name on: sni=forward on midspan's server leg.");
    } else {
        verdict_fix(judge, out,
                    "Have the client ask for \"%s\" in SNI (update it), or give midspan the name: "
                    "sni=%s on the server leg.",
                    peer_text(judge->arena, name), peer_text(judge->arena, name));
    }
}

static void fix_protocol(struct judge *judge, const struct finding *finding, struct verdict *out)
{
    const char *name = finding->trial->change.name;
    if (out->party == PARTY_BRIDGE && name != NULL) {
        verdict_fix(judge, out, "Let midspan's server leg offer %s: alpn=%s, or mirror=on.", name,
                    name);
    } else if (name != NULL) {
        verdict_fix(judge, out, "Have the client offer %s as well.", name);
    }
}

// ---- words

static void say_list(struct judge *judge, const struct finding *finding, struct verdict *out)
{
    out->offered =
        finding->list == LIST_VERSIONS
            ? versions_text(judge->arena, &judge->offer)
            : list_text(judge->arena, finding->list, sets_list(&judge->offer, finding->list));
    out->accepted = finding->number != 0 ? list_item_name(finding->list, finding->number) : NULL;
    const char *who = judge->evidence->is_passed ? "the client" : "midspan";
    verdict_say(judge, out, "%s and %s share no %s: %s offered %s; the origin takes %s",
                judge->origin, who, finding->what, who, out->offered,
                out->accepted != NULL ? out->accepted : "something else");
    fix_list(judge, finding, out);
}

static void say_name(struct judge *judge, const struct finding *finding, struct verdict *out)
{
    const char *sent = judge->evidence->legs[SERVER].sni_sent;
    const char *name = finding->trial->change.name;
    out->offered = peer_text(judge->arena, sent);
    out->accepted = name != NULL ? peer_text(judge->arena, name) : "no name";
    if (sent == NULL) {
        verdict_say(judge, out, "%s needs a name in SNI, and the hello that it got has none",
                    judge->origin);
    } else if (strcmp(finding->code, "sni.malformed") == 0) {
        verdict_say(judge, out, "%s refused the name in SNI, \"%s\", and takes \"%s\"",
                    judge->origin, out->offered, out->accepted);
    } else {
        verdict_say(judge, out,
                    "%s does not know the name \"%s\" that it was asked for in SNI; it takes %s",
                    judge->origin, out->offered, out->accepted);
    }
    fix_name(judge, finding, out);
}

static void say_protocol(struct judge *judge, const struct finding *finding, struct verdict *out)
{
    const char *name = finding->trial->change.name;
    out->offered = alpn_text(judge->arena, judge->offer.alpn);
    out->accepted = name != NULL ? name : "no ALPN at all";
    verdict_say(judge, out, "%s takes none of the application protocols offered: %s; it takes %s",
                judge->origin, out->offered, out->accepted);
    fix_protocol(judge, finding, out);
}

static void say_manner(struct judge *judge, const struct finding *finding, struct verdict *out)
{
    size_t len = leg_of(judge, SERVER)->client_hello.len;
    if (finding->trial->change.kind == CHANGE_COMPACT) {
        verdict_say(judge, out,
                    "%s (or a box before it) does not cope with the ClientHello of %zu bytes, and "
                    "takes a shorter one with the same versions",
                    judge->origin, len);
    } else if (finding->trial->change.kind == CHANGE_RECORD) {
        verdict_say(judge, out,
                    "%s (or a box before it) fails when the record of the ClientHello names TLS "
                    "1.0, as clients' records do, and takes the same hello in one that names TLS "
                    "1.2",
                    judge->origin);
    } else {
        verdict_say(judge, out,
                    "%s (or a box before it) fails when TLS 1.3 is offered, and takes %s when it "
                    "is not",
                    judge->origin, version_name(finding->trial->outcome.version));
    }
}

static void say(struct plan *plan, const struct finding *finding, struct verdict *out)
{
    struct judge *judge = &plan->judge;
    out->fix = NULL;
    out->offered = out->accepted = NULL;
    if (finding->has_list) {
        say_list(judge, finding, out);
    } else if (finding->trial->change.kind == CHANGE_EMS) {
        verdict_say(judge, out,
                    "%s insists on extended_master_secret, which the client does not offer",
                    judge->origin);
    } else if (finding->is_own_fault) {
        own_fault_say(judge, finding->trial, out);
    } else if (finding->trial->change.kind == CHANGE_SNI) {
        say_name(judge, finding, out);
    } else if (finding->trial->change.kind == CHANGE_ALPN) {
        say_protocol(judge, finding, out);
    } else {
        say_manner(judge, finding, out);
    }
    if (out->fix == NULL) {
        out->fix = out->cause->text[LANGUAGE_EN].fix;
    }
}

static void say_facts(struct plan *plan, const struct finding *finding, struct verdict *out)
{
    struct judge *judge = &plan->judge;
    const struct trial *blame = plan_find(plan, CHANGE_BLAME);
    const struct trial *confirmed = finding->has_list ? plan_confirmed(plan, finding->list) : NULL;
    memset(out->facts, 0, sizeof(out->facts));
    verdict_fact(judge, out, "%s", ending_text(judge, &leg_of(judge, SERVER)->handshake));
    verdict_fact(judge, out, "the same hello sent again: %s",
                 outcome_text(judge->arena, &plan->trials[0]));
    const struct trial *shown = confirmed != NULL ? confirmed : finding->trial;
    verdict_fact(judge, out, "with one change (%s): %s",
                 change_text(judge->arena, shown, &plan->base.offered),
                 outcome_text(judge->arena, shown));
    if (blame != NULL && blame->outcome.kind != OUTCOME_NONE) {
        verdict_fact(judge, out, "the client's own hello: %s", outcome_text(judge->arena, blame));
    }
    if (finding->trial->change.drops_alpn && !finding->is_own_fault) {
        verdict_fact(judge, out,
                     "it passes without ALPN only: no protocol offered is taken either");
    }
    unsigned needed = plan_needed(plan);
    if ((finding->trial->change.lists & needed) == needed && (needed & (needed - 1)) != 0) {
        verdict_fact(judge, out, "more than one list must be widened for it to pass");
    }
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
    say(plan, &finding, verdict);
    say_facts(plan, &finding, verdict);
}
