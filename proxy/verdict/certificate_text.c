// What verification found, said for people: who must act, both sets, the facts.
#include <string.h>
#include <strings.h>

#include "rules_certificate.h"

// Names by which intercepting products sign. Matching is by word in the issuer's name.
static const struct {
    const char *word, *product;
} interceptors[] = {
    {"mitmproxy", "mitmproxy"},
    {"midspan local authority", "another midspan"},
    {"Fortinet", "a Fortinet firewall"},
    {"FortiGate", "a Fortinet firewall"},
    {"Zscaler", "Zscaler"},
    {"Netskope", "Netskope"},
    {"Blue Coat", "a Blue Coat proxy"},
    {"Palo Alto Networks", "a Palo Alto Networks firewall"},
    {"Sophos", "Sophos"},
    {"Kaspersky", "Kaspersky"},
    {"Bitdefender", "Bitdefender"},
    {"ESET SSL Filter", "ESET"},
    {"Avast", "Avast"},
    {"AVG Web", "AVG"},
    {"Charles Proxy", "Charles"},
    {"DO_NOT_TRUST_FiddlerRoot", "Fiddler"},
    {"PortSwigger", "Burp"},
    {"OWASP Zed Attack Proxy", "ZAP"},
    {"Cisco Umbrella", "Cisco Umbrella"},
    {"WatchGuard", "a WatchGuard firewall"},
    {"SonicWall", "a SonicWall firewall"},
    {"Check Point", "a Check Point firewall"},
};

const char *interceptor_named(const char *issuer)
{
    for (size_t i = 0; issuer != NULL && i < COUNT_OF(interceptors); i++) {
        if (strcasestr(issuer, interceptors[i].word) != NULL) {
            return interceptors[i].product;
        }
    }
    return NULL;
}

static const struct cert_facts *at_fault(const struct verification *verification,
                                         const struct leg_evidence *leg)
{
    size_t depth = verification->depth > 0 ? (size_t)verification->depth : 0;
    return depth < leg->chain_count ? &leg->chain[depth] : NULL;
}

static void say_dates(struct judge *judge, const struct verification *verification,
                      const struct cert_facts *facts, struct verdict *out)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX], now[CLOCK_TEXT_MAX];
    if (facts == NULL) {
        return;
    }
    (void)clock_date(facts->not_before_us, from); // gives its argument back
    (void)clock_date(facts->not_after_us, to);
    (void)clock_date(verification->at_us, now);
    out->offered = arena_printf(judge->arena, "%s to %s", from, to);
    out->accepted = arena_printf(judge->arena, "%s", now);
    int64_t off_us = verification->at_us > facts->not_after_us
                         ? verification->at_us - facts->not_after_us
                         : facts->not_before_us - verification->at_us;
    verdict_fact(judge, out, "it is off by %s: valid %s to %s, judged at %s",
                 duration_text(judge->arena, off_us), from, to, now);
}

static void say_names(struct judge *judge, const struct verification *verification,
                      const struct leg_evidence *leg, struct verdict *out)
{
    if (leg->chain_count == 0) {
        return;
    }
    out->offered = names_text(judge->arena, &leg->chain[0]);
    out->accepted = peer_text(judge->arena, verification->name);
    verdict_say(judge, out, "the certificate of %s is for %s, not for %s", judge->origin,
                out->offered, out->accepted);
}

static void say_issuer(struct judge *judge, const struct verification *verification,
                       const struct leg_evidence *leg, struct verdict *out)
{
    if (verification->missing_issuer != NULL) {
        verdict_fact(judge, out, "the issuer not found is %s",
                     peer_text(judge->arena, verification->missing_issuer));
    }
    if (leg->chain_count > 0) {
        const struct cert_facts *last = &leg->chain[leg->chain_count - 1];
        verdict_fact(judge, out, "%zu certificate%s came; the last is %s", leg->chain_count,
                     leg->chain_count == 1 ? "" : "s", peer_text(judge->arena, last->subject));
        if (last->aia_issuers != NULL) {
            verdict_fact(judge, out, "it says that its issuer can be had at %s",
                         peer_text(judge->arena, last->aia_issuers));
        }
    }
}

// say_missing names what has to be sent, and who has it, as far as the certificates tell.
static void say_missing(struct judge *judge, const struct verification *verification,
                        const struct leg_evidence *leg, struct verdict *out)
{
    const char *place = leg->chain_count > 0 ? leg->chain[leg->chain_count - 1].aia_issuers : NULL;
    if (verification->missing_issuer == NULL) {
        return;
    }
    verdict_fix(
        judge, out,
        "Have the server send the certificate of %s after those that it sends, and whatever "
        "is above that, without the root. %s%s.",
        peer_text(judge->arena, verification->missing_issuer),
        place != NULL ? "It can be had at "
                      : "The authority that issued the server's certificate has it",
        place != NULL ? peer_text(judge->arena, place) : "");
}

static void say_fingerprints(struct judge *judge, const struct verification *verification,
                             const struct leg_evidence *leg, struct verdict *out)
{
    struct buffer hex = {.limit = 128};
    if (leg->chain_count > 0) {
        (void)text_hex(&hex, (struct slice){leg->chain[0].fingerprint, 32}); // 64 digits
        out->offered = arena_text(judge->arena, buffer_slice(&hex));
        buffer_clear(&hex);
        verdict_fact(judge, out, "SHA-256 of the certificate that came: %s", out->offered);
    }
    if (verification->trusted_fingerprint != NULL) {
        out->accepted = peer_text(judge->arena, verification->trusted_fingerprint);
        verdict_fact(judge, out, "SHA-256 of the one that is trusted: %s", out->accepted);
    }
}

static void say_key(struct judge *judge, const struct cert_facts *facts, struct verdict *out)
{
    if (facts == NULL) {
        return;
    }
    out->offered = arena_printf(judge->arena, "%s, %s", peer_text(judge->arena, facts->key),
                                peer_text(judge->arena, facts->signature));
    verdict_fact(judge, out, "its key is %s", peer_text(judge->arena, facts->key));
    verdict_fact(judge, out, "it is signed by %s", peer_text(judge->arena, facts->signature));
}

// What OpenSSL alone has a name for: a critical extension that nobody knows, a chain too long.
static void say_library(struct judge *judge, const struct verification *verification,
                        struct verdict *out)
{
    if (verification->library_says == NULL) {
        return;
    }
    const char *words = peer_text(judge->arena, verification->library_says);
    verdict_fact(judge, out, "the TLS library said: %s", words);
    verdict_fix(judge, out,
                "Have the certificate issued again without this fault (%s), or the verifier "
                "updated if it is behind.",
                words);
}

static void say_more(struct judge *judge, const struct verification *verification,
                     const struct leg_evidence *leg, struct verdict *out)
{
    const struct cert_facts *facts = at_fault(verification, leg);
    switch (verification->fault) {
    case CERT_FAULT_HOSTNAME:
    case CERT_FAULT_NO_SAN:
        say_names(judge, verification, leg, out);
        break;
    case CERT_FAULT_EXPIRED:
    case CERT_FAULT_INTERMEDIATE_EXPIRED:
    case CERT_FAULT_NOT_YET_VALID:
        say_dates(judge, verification, facts, out);
        break;
    case CERT_FAULT_CHAIN_INCOMPLETE:
        say_issuer(judge, verification, leg, out);
        say_missing(judge, verification, leg, out);
        break;
    case CERT_FAULT_CHAIN_MISORDERED:
    case CERT_FAULT_UNTRUSTED_ROOT:
        say_issuer(judge, verification, leg, out);
        break;
    case CERT_FAULT_SELF_SIGNED:
    case CERT_FAULT_SELF_SIGNED_REPLACED:
        say_fingerprints(judge, verification, leg, out);
        break;
    case CERT_FAULT_WEAK:
        say_key(judge, facts, out);
        break;
    case CERT_FAULT_OTHER:
        say_library(judge, verification, out);
        break;
    case CERT_FAULT_NONE:
    case CERT_FAULT_REVOKED:
    case CERT_FAULT_WRONG_USAGE:
    case CERT_FAULT_NAME_CONSTRAINTS:
    case CERT_FAULT_INVALID_CA:
    case CERT_FAULTS:
        break;
    }
}

// Every verifier sees these, whatever it trusts; the others depend on the client's store or habits.
static bool is_seen_by_all(enum cert_fault fault)
{
    return fault == CERT_FAULT_EXPIRED || fault == CERT_FAULT_HOSTNAME ||
           fault == CERT_FAULT_NOT_YET_VALID;
}

static void name_other_faults(struct judge *judge, const struct verification *verification,
                              struct verdict *out)
{
    for (enum cert_fault fault = CERT_FAULT_HOSTNAME; fault < CERT_FAULTS; fault++) {
        if (fault != verification->fault && (verification->faults & (1u << fault)) != 0) {
            verdict_fact(judge, out, "another fault besides: %s", fault_words(fault));
        }
    }
}

// Where the issuer of the last certificate is neither sent nor trusted, verification notes both: an
// intermediate may be missing, or the root, rightly not sent, may be unknown. A leaf that came
// alone speaks for the first: public authorities do not issue from their roots.
static enum cert_fault likelier(const struct verification *verification,
                                const struct leg_evidence *leg, bool *out_is_open)
{
    const uint32_t both = 1u << CERT_FAULT_UNTRUSTED_ROOT | 1u << CERT_FAULT_CHAIN_INCOMPLETE;
    bool is_about_end = verification->fault == CERT_FAULT_UNTRUSTED_ROOT ||
                        verification->fault == CERT_FAULT_CHAIN_INCOMPLETE;
    *out_is_open = is_about_end && (verification->faults & both) == both;
    if (!*out_is_open) {
        return verification->fault;
    }
    return leg->chain_count <= 1 ? CERT_FAULT_CHAIN_INCOMPLETE : CERT_FAULT_UNTRUSTED_ROOT;
}

void verdict_certificate(struct judge *judge, const struct verification *verification,
                         const struct leg_evidence *leg, struct verdict *out)
{
    bool is_open;
    struct verification found = *verification;
    found.fault = likelier(verification, leg, &is_open);
    verification = &found;
    verdict_set(out, fault_code(found.fault), PARTY_SERVER, PHASE_CERTIFICATE,
                is_open ? CONFIDENCE_SUSPECTED : CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "the certificate of %s does not verify: %s", judge->origin,
                fault_words(verification->fault));
    if (verification->subject != NULL) {
        verdict_fact(judge, out, "the certificate at fault is %s (%s)",
                     peer_text(judge->arena, verification->subject),
                     verification->depth == 0 ? "the leaf" : "above the leaf");
    }
    say_more(judge, verification, leg, out);
    if (is_open) {
        found.faults &= ~(1u << CERT_FAULT_UNTRUSTED_ROOT | 1u << CERT_FAULT_CHAIN_INCOMPLETE);
        verdict_fact(judge, out, "it could also be that %s",
                     found.fault == CERT_FAULT_CHAIN_INCOMPLETE
                         ? "its issuer is a root which midspan does not trust"
                         : "another certificate between it and the root is missing");
    }
    name_other_faults(judge, verification, out);
    if (verification->fault == CERT_FAULT_UNTRUSTED_ROOT ||
        verification->fault == CERT_FAULT_SELF_SIGNED_REPLACED) {
        verdict_fact(judge, out,
                     "if that authority is meant to be trusted, it is midspan that lacks "
                     "it; else the server's owner must act");
    }
    if (is_seen_by_all(verification->fault)) {
        out->direct = DIRECT_WOULD_FAIL;
    }
}
