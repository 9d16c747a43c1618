// The server leg's certificate: we refused it, and verification says by what. A wrong clock, a
// missing SNI and another interceptor look like bad certificates; they are asked for first.
#include <string.h>

#include "rules_certificate.h"
#include "rules_server.h"

#define HOUR_US        ((int64_t)3600 * 1000000)
#define CLOCK_SLACK_US HOUR_US

static const struct verification *refused(const struct judge *judge, enum side side)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || leg->handshake.kind != ENDING_REFUSED || !leg->verification.done ||
        leg->verification.fault == CERT_FAULT_NONE) {
        return NULL;
    }
    return &leg->verification;
}

static bool has_fault(const struct verification *verification, enum cert_fault fault)
{
    return verification->fault == fault || (verification->faults & (1u << fault)) != 0;
}

static bool chain_fits(const struct leg_evidence *leg, int64_t at_us)
{
    for (size_t i = 0; i < leg->chain_count; i++) {
        if (at_us < leg->chain[i].not_before_us || at_us > leg->chain[i].not_after_us) {
            return false;
        }
    }
    return leg->chain_count > 0;
}

static bool is_about_time(const struct verification *verification)
{
    return verification->fault == CERT_FAULT_EXPIRED ||
           verification->fault == CERT_FAULT_NOT_YET_VALID ||
           verification->fault == CERT_FAULT_INTERMEDIATE_EXPIRED;
}

static bool set_clock(struct judge *judge, struct verdict *out, enum confidence confidence)
{
    char at[CLOCK_TEXT_MAX];
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    verdict_set(out, "clock.bridge", PARTY_BRIDGE, PHASE_CERTIFICATE, confidence);
    verdict_say(judge, out, "midspan judged the certificate of %s at %s, and that is not the time",
                judge->origin, clock_date(leg->verification.at_us, at));
    verdict_fact(judge, out, "at that time: %s", fault_words(leg->verification.fault));
    return true;
}

// clock_is_wrong fills in clock.bridge when the chain's dates are wrong only by our clock.
static bool clock_is_wrong(struct judge *judge, struct verdict *out)
{
    char date[CLOCK_TEXT_MAX];
    const struct evidence *evidence = judge->evidence;
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    int64_t at_us = leg->verification.at_us;
    int64_t offset_us = at_us - evidence->opened_us;
    if ((offset_us > CLOCK_SLACK_US || offset_us < -CLOCK_SLACK_US) &&
        chain_fits(leg, evidence->opened_us)) {
        (void)set_clock(judge, out, CONFIDENCE_DEDUCED);
        verdict_fact(judge, out,
                     "the leg's clock is set %s %s the machine's, at which the chain is "
                     "in date",
                     duration_text(judge->arena, offset_us), offset_us > 0 ? "ahead of" : "behind");
        verdict_fix(judge, out, "Remove the clock option from midspan's server leg.");
        return true;
    }
    if (evidence->origin_date_us != 0 && chain_fits(leg, evidence->origin_date_us)) {
        (void)set_clock(judge, out, CONFIDENCE_DEDUCED);
        verdict_fact(judge, out, "the origin's own clock says %s, at which the chain is in date",
                     clock_date(evidence->origin_date_us, date));
        return true;
    }
    if (at_us < CLOCK_FLOOR_US) {
        (void)set_clock(judge, out, CONFIDENCE_DEDUCED);
        verdict_fact(judge, out, "that is before this version of midspan was written");
        return true;
    }
    // A CA's certificate is years old before its leaves are: all of a chain in the future is a
    // clock, not a chain.
    bool is_all_ahead = leg->chain_count > 1;
    for (size_t i = 0; i < leg->chain_count; i++) {
        is_all_ahead = is_all_ahead && leg->chain[i].not_before_us > at_us;
    }
    if (is_all_ahead) {
        (void)set_clock(judge, out, CONFIDENCE_SUSPECTED);
        verdict_fact(judge, out, "every certificate of the chain begins later, the CA's as well");
        return true;
    }
    return false;
}

static bool wrong_clock(struct judge *judge, enum side side, struct verdict *out)
{
    const struct verification *verification = refused(judge, side);
    return verification != NULL && is_about_time(verification) && clock_is_wrong(judge, out);
}

// A server of many names that gets none answers with its default certificate.
static bool default_certificate(struct judge *judge, enum side side, struct verdict *out)
{
    const struct verification *verification = refused(judge, side);
    const struct leg_evidence *leg = leg_of(judge, side);
    if (verification == NULL || !has_fault(verification, CERT_FAULT_HOSTNAME) ||
        !sni_is_missing(judge)) {
        return false;
    }
    verdict_missing_sni(judge, out, PHASE_CERTIFICATE, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "%s got no name in SNI and answered with a certificate for another name",
                judge->origin);
    if (leg->chain_count > 0) {
        out->accepted = peer_text(judge->arena, verification->name);
        out->offered = names_text(judge->arena, &leg->chain[0]);
        verdict_fact(judge, out, "the certificate is for %s", out->offered);
    }
    return true;
}

// The policy named another host in SNI than the client did, and the certificate is that host's; or
// it is the client's, and was held against the policy's name.
static bool other_name_sent(struct judge *judge, enum side side, struct verdict *out)
{
    const struct verification *verification = refused(judge, side);
    const struct leg_evidence *leg = leg_of(judge, side);
    const char *clients = judge->evidence->legs[CLIENT].sni_sent;
    if (verification == NULL || !has_fault(verification, CERT_FAULT_HOSTNAME) ||
        leg->sni_sent == NULL || clients == NULL || leg->chain_count == 0 ||
        slice_equals_nocase(slice_of_text(leg->sni_sent), slice_of_text(clients))) {
        return false;
    }
    bool is_that_names = leaf_covers(&leg->chain[0], leg->sni_sent);
    if (!is_that_names && !leaf_covers(&leg->chain[0], clients)) {
        return false;
    }
    verdict_set(out, "sni.misdirected", PARTY_BRIDGE, PHASE_CERTIFICATE, CONFIDENCE_DEDUCED);
    out->offered = peer_text(judge->arena, leg->sni_sent);
    out->accepted = is_that_names ? peer_text(judge->arena, verification->name)
                                  : names_text(judge->arena, &leg->chain[0]);
    verdict_say(judge, out,
                is_that_names ? "midspan asked %s for \"%s\" in SNI and got that name's "
                                "certificate, but \"%s\" was to be verified"
                              : "midspan asked %s for \"%s\" in SNI and wanted that name's "
                                "certificate; it got the one of %s, which is what the client "
                                "asked for",
                judge->origin, out->offered, out->accepted);
    verdict_fact(judge, out, "the client asked for \"%s\"", peer_text(judge->arena, clients));
    return true;
}

static bool other_interceptor(struct judge *judge, enum side side, struct verdict *out)
{
    const struct verification *verification = refused(judge, side);
    const struct leg_evidence *leg = leg_of(judge, side);
    if (verification == NULL || leg->chain_count == 0 ||
        !(has_fault(verification, CERT_FAULT_UNTRUSTED_ROOT) ||
          has_fault(verification, CERT_FAULT_CHAIN_INCOMPLETE))) {
        return false;
    }
    const char *product = interceptor_named(leg->chain[0].issuer);
    if (product == NULL) {
        return false;
    }
    verdict_set(out, "intercept.upstream-interceptor", PARTY_NETWORK, PHASE_CERTIFICATE,
                CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "the certificate that came from %s was made by %s: another interceptor "
                "stands on the way",
                judge->origin, product);
    verdict_fact(judge, out, "the issuer is %s", peer_text(judge->arena, leg->chain[0].issuer));
    return true;
}

static bool verified_fault(struct judge *judge, enum side side, struct verdict *out)
{
    const struct verification *verification = refused(judge, side);
    if (verification == NULL) {
        return false;
    }
    verdict_certificate(judge, verification, leg_of(judge, side), out);
    verdict_fact(judge, out, "midspan refused the certificate; the origin sent no alert");
    return true;
}

// REFUSED without a result of verification: an older recording, or memory was out.
static bool unverified_refusal(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || leg->handshake.kind != ENDING_REFUSED) {
        return false;
    }
    verdict_set(out, "alert.access-denied", PARTY_BRIDGE, PHASE_CERTIFICATE, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "midspan refused the certificate of %s; why was not recorded",
                judge->origin);
    if (leg->handshake.detail != NULL) {
        verdict_fact(judge, out, "the TLS library said: %s",
                     peer_text(judge->arena, leg->handshake.detail));
    }
    return true;
}

const struct rule certificate_rules[] = {
    {"our clock is wrong", wrong_clock},
    {"the default certificate, for want of SNI", default_certificate},
    {"another name sent than meant", other_name_sent},
    {"another interceptor", other_interceptor},
    {"what verification found", verified_fault},
    {"refused, not known why", unverified_refusal},
    {NULL, NULL},
};
