#include "plan.h"

#include <string.h>

#include "exclude.h"
#include "wide.h"

// ---- round 1

static struct trial *add(struct plan *plan, struct change change)
{
    if (plan->count == PROBE_DIALS_MAX) {
        return NULL;
    }
    struct trial *trial = &plan->trials[plan->count++];
    *trial = (struct trial){.change = change};
    return trial;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool has_name(const struct plan *plan, const char *name)
{
    const char *sent = plan->judge.evidence->legs[SERVER].sni_sent;
    for (size_t i = 0; i < plan->count; i++) {
        const struct change *change = &plan->trials[i].change;
        if (change->kind == CHANGE_SNI && same_text(change->name, name)) {
            return true;
        }
    }
    return same_text(sent, name);
}

static void add_name(struct plan *plan, const char *name)
{
    if (!has_name(plan, name)) {
        (void)add(plan, (struct change){
                            .kind = CHANGE_SNI, .name = name, .is_tls12 = plan->wanted != NULL});
    }
}

// as_host gives the name as RFC 6066 section 3 wants it: lower case, no final dot, no port; NULL
// when it is no host name even so.
static const char *as_host(const struct plan *plan, const char *name)
{
    struct endpoint host;
    struct slice text = slice_of_text(name);
    const char *colon = strchr(name, ':');
    text = colon != NULL ? slice_part(text, 0, (size_t)(colon - name)) : text;
    while (text.len > 0 && text.data[text.len - 1] == '.') {
        text = slice_part(text, 0, text.len - 1);
    }
    if (!endpoint_set_host(&host, text) || host.is_ip) {
        return NULL;
    }
    return arena_text(plan->judge.arena, slice_of_text(host.host));
}

// add_hyphened adds the name with hyphens for underscores, which RFC 952 does not have and some
// servers refuse: what it passes with is no other host's name, but tells why the first failed.
static void add_hyphened(struct plan *plan, const char *name)
{
    char hyphened[ENDPOINT_HOST_MAX] = "";
    if (strchr(name, '_') == NULL) {
        return;
    }
    for (size_t i = 0; name[i] != '\0' && i + 1 < sizeof(hyphened); i++) {
        hyphened[i] = name[i] == '_' ? '-' : name[i];
    }
    const char *kept = arena_text(plan->judge.arena, slice_of_text(hyphened));
    if (kept != NULL) {
        add_name(plan, kept);
    }
}

static void add_names(struct plan *plan)
{
    const struct evidence *evidence = plan->judge.evidence;
    const char *names[] = {evidence->legs[SERVER].sni_sent, evidence->legs[CLIENT].sni_sent,
                           evidence->has_target ? evidence->target.host : NULL};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *name = names[i] != NULL ? as_host(plan, names[i]) : NULL;
        if (name != NULL) {
            add_name(plan, name);
            add_hyphened(plan, name);
        }
    }
}

static bool adds(const struct plan *plan, enum list_kind kind)
{
    struct number_list wide, more;
    wide_list(kind, &wide);
    list_minus(&wide, sets_list(&plan->base.offered, kind), &more);
    return more.count > 0;
}

static void add_widening(struct plan *plan, enum list_kind kind)
{
    if (adds(plan, kind)) {
        (void)add(plan, (struct change){.kind = CHANGE_WIDEN, .lists = WIDEN(kind)});
    }
}

static bool spans_tls13(const struct plan *plan)
{
    const struct number_list *versions = &plan->base.offered.versions;
    return number_list_has(versions, VERSION_TLS13) && versions->count > 1;
}

static void add_lists(struct plan *plan)
{
    add_widening(plan, LIST_VERSIONS);
    add_widening(plan, LIST_SUITES);
    add_widening(plan, LIST_GROUPS);
    add_widening(plan, LIST_SCHEMES);
    (void)add(plan, (struct change){.kind = CHANGE_WIDEN, .lists = WIDEN_ALL});
}

static void add_protocols(struct plan *plan)
{
    static const char *const protocols[] = {NULL, "http/1.1", "h2"};
    for (size_t i = 0; i < COUNT_OF(protocols); i++) {
        (void)add(plan, (struct change){.kind = CHANGE_ALPN, .name = protocols[i]});
    }
}

static void add_manners(struct plan *plan)
{
    // Who names the version as the fault has read the whole hello.
    if (!leg_heard(leg_of(&plan->judge, SERVER), ALERT_PROTOCOL_VERSION)) {
        (void)add(plan, (struct change){.kind = CHANGE_COMPACT});
    }
    if (spans_tls13(plan)) {
        (void)add(plan, (struct change){.kind = CHANGE_CAP});
    }
}

static bool is_code(const struct verdict *verdict, const char *prefix)
{
    return strncmp(verdict->cause->code, prefix, strlen(prefix)) == 0;
}

// add_others completes what exclusion needs: no name, or another, and no protocols.
static void add_others(struct plan *plan)
{
    size_t had = plan->count;
    if (plan->judge.sent_hello.has_sni) {
        add_name(plan, NULL);
    }
    if (plan->judge.sent_hello.has_alpn) {
        (void)add(plan, (struct change){.kind = CHANGE_ALPN});
    }
    for (size_t i = had; i < plan->count; i++) {
        plan->trials[i].change.is_last = true;
    }
}

static void add_first(struct plan *plan, const struct verdict *verdict)
{
    const struct leg_evidence *leg = leg_of(&plan->judge, SERVER);
    (void)add(plan, (struct change){.kind = CHANGE_NOTHING, .is_tls12 = plan->wanted != NULL});
    bool has_blame = plan->judge.has_client_hello && !plan->judge.client_hello.is_sslv2;
    if (has_blame && !plan->judge.evidence->is_passed) { // else it was the client's own
        (void)add(plan, (struct change){.kind = CHANGE_BLAME});
    }
    if (is_code(verdict, "protocol.ems-required") && !plan->judge.sent_hello.has_ems) {
        (void)add(plan, (struct change){.kind = CHANGE_EMS});
    }
    if (is_code(verdict, "sni.")) {
        add_names(plan);
        if (leg->sni_sent != NULL) {
            add_name(plan, NULL);
        }
    }
    if (plan->wanted != NULL || is_code(verdict, "sni.unrecognized")) {
        if (plan->may_exclude) { // … and so it said: nothing else matters then
            add_manners(plan);
            (void)add(plan, (struct change){.kind = CHANGE_WIDEN, .lists = WIDEN_ALL});
            add_others(plan);
        }
        return; // the answer was about the name
    }
    if (is_code(verdict, "alpn.")) {
        add_protocols(plan);
        return;
    }
    bool is_nameless =
        leg_heard(leg, ALERT_HANDSHAKE_FAILURE) || leg_heard(leg, ALERT_INSUFFICIENT_SECURITY);
    if (!is_nameless && leg->server_hello.len == 0) {
        add_manners(plan);
    }
    if (leg->sni_sent == NULL) {
        add_names(plan);
    }
    add_lists(plan);
    if (plan->may_exclude) {
        add_others(plan);
    }
}

// ---- which verdicts

static bool is_provable(const struct judge *judge, const struct verdict *verdict)
{
    static const char *const after_hello[] = {"protocol.no-common-version", "alpn.no-overlap",
                                              "group.no-common", "sigalg.no-common",
                                              "sni.required"};
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    if (verdict->leg != SERVER || verdict->severity != SEVERITY_ERROR ||
        judge->evidence->is_captured || judge->evidence->is_plain || !judge->has_sent_hello ||
        judge->sent_hello.is_sslv2 || leg->peer_address == NULL || is_code(verdict, "ingress.") ||
        is_code(verdict, "transport.dns") || is_code(verdict, "transport.refused")) {
        return false;
    }
    if (leg->server_hello.len == 0) {
        return true;
    }
    if (verdict->phase > PHASE_CERTIFICATE) {
        return false; // a hello does not come so far: that it is taken again would mean nothing
    }
    for (size_t i = 0; i < COUNT_OF(after_hello); i++) {
        if (strcmp(verdict->cause->code, after_hello[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool plan_open(struct plan *plan, const struct evidence *evidence, const struct verdict *verdict,
               struct arena *arena)
{
    memset(plan, 0, sizeof(*plan));
    judge_init(&plan->judge, evidence, arena);
    if (!is_provable(&plan->judge, verdict)) {
        return false;
    }
    plan->base = (struct variant_base){plan->judge.sent_hello, plan->judge.offer};
    // A default certificate shows that the name is missing; only TLS 1.2 shows it in plain text.
    if (verdict->phase == PHASE_CERTIFICATE) {
        plan->wanted = wanted_name(&plan->judge);
    }
    plan->may_exclude = plan->wanted == NULL && exclusion_fits(&plan->judge, verdict);
    add_first(plan, verdict);
    plan->round = PLAN_FIRST;
    return plan->count > 0;
}

// Everything below TLS 1.3 in three hellos: that nothing above TLS 1.2 is offered at all needs no
// fourth, since a server that takes it takes the part of it for one kind of certificate.
static const struct {
    uint16_t capped_at;
    uint32_t only_key;
} narrow_ways[] = {{VERSION_TLS12, KEY_ECDSA}, {VERSION_TLS12, KEY_RSA}, {VERSION_TLS11, 0}};

bool plan_is_hopeless(const struct plan *plan)
{
    size_t narrowed = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct trial *trial = &plan->trials[i];
        if (trial->passed || trial->outcome.kind != OUTCOME_ALERT) {
            return false;
        }
        narrowed += plan_is_narrowed(&trial->change) ? 1 : 0;
    }
    return narrowed == COUNT_OF(narrow_ways);
}

// ---- the rounds after

static bool single_list(unsigned lists, enum list_kind *out_kind)
{
    for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
        if (lists == WIDEN(kind)) {
            *out_kind = kind;
            return true;
        }
    }
    return false;
}

static void add_element(struct plan *plan, enum list_kind list, uint16_t number)
{
    if (number != 0 && !number_list_has(sets_list(&plan->base.offered, list), number)) {
        (void)add(plan, (struct change){.kind = CHANGE_ADD, .list = list, .number = number});
    }
}

// TLS 1.3 signs behind encryption: the usual schemes are tried one by one.
static void add_schemes(struct plan *plan, uint16_t seen)
{
    static const uint16_t usual[] = {0x0403, 0x0804, 0x0503, 0x0807};
    if (seen != 0) {
        add_element(plan, LIST_SCHEMES, seen);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(usual); i++) {
        add_element(plan, LIST_SCHEMES, usual[i]);
    }
}

static void confirm(struct plan *plan, enum list_kind list, const struct outcome *outcome)
{
    switch (list) {
    case LIST_VERSIONS:
        add_element(plan, list, outcome->version);
        return;
    case LIST_SUITES:
        add_element(plan, list, outcome->suite);
        return;
    case LIST_GROUPS:
        add_element(plan, list, plan_group(plan, outcome));
        return;
    case LIST_SCHEMES:
        add_schemes(plan, outcome->scheme);
        return;
    }
}

static void leave_out_each(struct plan *plan, bool drops_alpn)
{
    for (enum list_kind kind = LIST_VERSIONS; kind <= LIST_SCHEMES; kind++) {
        if (adds(plan, kind)) {
            (void)add(plan, (struct change){.kind = CHANGE_WIDEN,
                                            .lists = WIDEN_ALL & ~WIDEN(kind),
                                            .drops_alpn = drops_alpn});
        }
    }
}

// keep_needed leaves out all at once that could be left out one by one.
static void keep_needed(struct plan *plan, bool drops_alpn)
{
    unsigned needed = plan_needed(plan);
    if (lists_count(needed) > 1 && lists_count(needed) < LIST_SCHEMES) {
        (void)add(plan,
                  (struct change){.kind = CHANGE_WIDEN, .lists = needed, .drops_alpn = drops_alpn});
    }
}

static bool wants_protocol(const struct trial *trial)
{
    return trial->change.kind == CHANGE_WIDEN && trial->outcome.kind == OUTCOME_ALERT &&
           trial->outcome.alert == ALERT_NO_APPLICATION_PROTOCOL;
}

// without_alpn tries again what failed by its protocols only: a list and ALPN did not meet.
static void without_alpn(struct plan *plan)
{
    size_t had = plan->count;
    const struct trial *bare = plan_find(plan, CHANGE_ALPN); // the first is the one without
    if (bare != NULL && bare->change.is_last) {
        return; // it was not about protocols
    }
    bool is_about_alpn = bare != NULL && bare->outcome.kind == OUTCOME_ALERT &&
                         bare->outcome.alert == ALERT_NO_APPLICATION_PROTOCOL;
    if (bare != NULL && !is_about_alpn) {
        add_lists(plan);
        for (size_t i = had; i < plan->count; i++) {
            plan->trials[i].change.drops_alpn = true;
        }
        return;
    }
    for (size_t i = 0; i < had; i++) {
        if (wants_protocol(&plan->trials[i])) {
            (void)add(plan, (struct change){.kind = CHANGE_WIDEN,
                                            .lists = plan->trials[i].change.lists,
                                            .drops_alpn = true});
        }
    }
}

static void add_narrowed(struct plan *plan, uint16_t capped_at, uint32_t only_key)
{
    (void)add(plan, (struct change){.kind = CHANGE_WIDEN,
                                    .lists = WIDEN_ALL,
                                    .drops_alpn = true,
                                    .capped_at = capped_at,
                                    .only_key = only_key});
}

// narrow is for a server that answers everything wide with an alert: it may have chosen, of what it
// was offered, what it can't do itself (a version that its certificate can't sign in, a suite for a
// key that no scheme of its own goes with). ALPN comes after that choice, and is left out.
static void narrow(struct plan *plan)
{
    const struct trial *wide = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->trials[i].change.lists == WIDEN_ALL) {
            wide = &plan->trials[i];
        }
    }
    if (wide == NULL || wide->outcome.kind != OUTCOME_ALERT) {
        return;
    }
    for (size_t i = 0; i < COUNT_OF(narrow_ways); i++) {
        add_narrowed(plan, narrow_ways[i].capped_at, narrow_ways[i].only_key);
    }
}

// look_on goes on while nothing has passed.
static void look_on(struct plan *plan)
{
    size_t had = plan->count;
    if (plan->round == PLAN_FIRST) {
        without_alpn(plan);
        plan->round = PLAN_WITHOUT_ALPN;
    }
    if (plan->round == PLAN_WITHOUT_ALPN && plan->count == had) {
        narrow(plan);
        plan->round = PLAN_NARROW;
    }
}

// refine makes what passed smaller.
static void refine(struct plan *plan, const struct trial *winner)
{
    enum list_kind list;
    if (winner->change.kind != CHANGE_WIDEN) {
        return;
    }
    if (plan_is_narrowed(&winner->change)) { // is it the key, or the version alone?
        if (plan->round == PLAN_NARROW && winner->change.only_key != 0) {
            add_narrowed(plan, winner->change.capped_at, 0);
        }
        plan->round = PLAN_LEAST;
        return;
    }
    if (plan->round == PLAN_REFINED) {
        keep_needed(plan, winner->change.drops_alpn);
        plan->round = PLAN_LEAST;
    } else if (plan->round < PLAN_REFINED) {
        struct outcome outcome = winner->outcome;
        if (single_list(winner->change.lists, &list)) {
            confirm(plan, list, &outcome);
        } else {
            leave_out_each(plan, winner->change.drops_alpn);
        }
        plan->round = PLAN_REFINED;
    }
}

size_t plan_next(struct plan *plan)
{
    size_t had = plan->count;
    const struct trial *winner = plan_winner(plan);
    // A hello that passes when it is sent again, or fails otherwise, proves nothing about its
    // content.
    if (!plan_fails_again(plan)) {
        return 0;
    }
    if (exclusion_holds(plan)) {
        return 0; // all ends in the same way: there is nothing to look for
    }
    if (exclusion_lacks_record(plan)) {
        (void)add(plan, (struct change){.kind = CHANGE_RECORD});
        return plan->count - had;
    }
    if (winner == NULL) {
        look_on(plan);
    } else {
        refine(plan, winner);
    }
    return plan->count - had;
}
