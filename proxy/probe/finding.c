// What a finding is called, in words, and what to do about it.
#include "finding.h"

#include <string.h>

#include "own_fault.h"

// ---- what to do

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
        if (finding->is_curve) {
            verdict_fix(judge, out, "Give %s a certificate whose key is on P-256 or P-384.",
                        judge->origin);
        } else {
            verdict_fix(judge, out, "Update %s, or enable %s there.", judge->origin,
                        advice[finding->list].modern);
        }
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
    if (finding->is_curve) {
        verdict_say(judge, out,
                    "the certificate of %s has a key on %s, which is not among the groups that %s "
                    "offered: %s",
                    judge->origin, out->accepted, who, out->offered);
        fix_list(judge, finding, out);
        return;
    }
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

void finding_say(struct plan *plan, const struct finding *finding, struct verdict *out)
{
    say(plan, finding, out);
    say_facts(plan, finding, out);
}
