// The server leg: versions that do not meet, in the forms in which servers say so.
#include "judge.h"
#include "rules_server.h"
#include "width.h"

static uint16_t newest(const struct number_list *versions)
{
    return versions->count > 0 ? versions->items[versions->count - 1] : 0;
}

// Whoever is behind moves forward: the bridge when it kept a newer version of the client's back,
// else a client that offers only old ones, else the origin.
static enum party party_of_version(const struct judge *judge, struct number_list *out_missing)
{
    if (narrowed_by_bridge(judge, LIST_VERSIONS, out_missing)) {
        return PARTY_BRIDGE;
    }
    uint16_t offered = newest(&judge->offer.versions);
    bool is_client_behind = offered != 0 && offered < VERSION_TLS13 && judge->has_client_hello &&
                            newest(&judge->client.versions) <= offered;
    bool is_bridge_behind =
        offered != 0 && offered < VERSION_TLS13 && is_fixed(judge, LIST_VERSIONS);
    return is_bridge_behind ? PARTY_BRIDGE : is_client_behind ? PARTY_CLIENT : PARTY_SERVER;
}

static void fix_version(struct judge *judge, struct verdict *out)
{
    switch (out->party) {
    case PARTY_BRIDGE:
        verdict_fix(
            judge, out,
            "Let midspan's server leg offer what the client offers: widen it to TLS 1.2 and "
            "TLS 1.3 (min and max of the policy or preset).");
        break;
    case PARTY_CLIENT:
        verdict_fix(judge, out, "Update the client, or enable TLS 1.2 and TLS 1.3 in it.");
        break;
    case PARTY_SERVER:
        verdict_fix(judge, out, "Update %s, or enable TLS 1.2 and TLS 1.3 there.", judge->origin);
        break;
    case PARTY_NETWORK:
        break;
    }
}

static bool set_version(struct judge *judge, struct verdict *out, enum confidence confidence)
{
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    struct number_list missing;
    verdict_set(out, "protocol.no-common-version", party_of_version(judge, &missing),
                PHASE_SERVER_HELLO, confidence);
    out->offered = versions_text(judge->arena, &judge->offer);
    verdict_say(judge, out, "%s and midspan share no TLS version: midspan offered %s, and %s",
                judge->origin, out->offered, ending_text(judge, &leg->handshake));
    if (missing.count > 0) {
        verdict_fact(judge, out, "the client offers %s as well, which midspan did not pass on",
                     list_text(judge->arena, LIST_VERSIONS, &missing));
    } else if (!judge->evidence->is_passed && judge->has_client_hello) {
        out->direct = DIRECT_WOULD_FAIL; // the same versions would have been offered
    }
    fix_version(judge, out);
    return true;
}

static bool alert_protocol_version(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_heard(leg, ALERT_PROTOCOL_VERSION) || leg->server_hello.len > 0 || !judge->has_offer) {
        return false;
    }
    (void)set_version(judge, out, CONFIDENCE_DEDUCED);
    if (judge->offer.versions.count > 1 && newest(&judge->offer.versions) == VERSION_TLS13) {
        verdict_fact(judge, out,
                     "a server that fails when a newer version is offered, instead of "
                     "choosing an older one, looks the same");
    }
    return true;
}

// The ServerHello names a version that we did not allow: both sets are known. OpenSSL as a client
// answers one below its security level with internal_error.
static bool answered_other_version(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_ALERT_SENT || !judge->has_answer[SERVER] ||
        !judge->has_offer) {
        return false;
    }
    uint16_t version = judge->answer[SERVER].version;
    bool is_foreign = !number_list_has(&judge->offer.versions, version);
    bool is_too_old = version < VERSION_TLS12 && leg_said(leg, ALERT_INTERNAL_ERROR);
    if (!is_foreign && !is_too_old) {
        return false;
    }
    struct number_list missing;
    bool did_narrow =
        narrowed_by_bridge(judge, LIST_VERSIONS, &missing) && number_list_has(&missing, version);
    verdict_set(out, "protocol.no-common-version", did_narrow ? PARTY_BRIDGE : PARTY_SERVER,
                PHASE_SERVER_HELLO, CONFIDENCE_DEDUCED);
    out->offered = versions_text(judge->arena, &judge->offer);
    out->accepted = version_name(version);
    verdict_say(judge, out,
                "%s and midspan share no TLS version: midspan offered %s, the origin "
                "chose %s",
                judge->origin, out->offered, out->accepted);
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    if (judge->has_client_hello && !client_hello_offers_version(&judge->client_hello, version)) {
        out->direct = DIRECT_WOULD_FAIL;
        verdict_fact(judge, out, "the client does not offer %s either", out->accepted);
    }
    fix_version(judge, out);
    return true;
}

// OpenSSL 3 and Apache on it answer an offer below TLS 1.2 with internal_error: measured.
static bool old_offer_internal_error(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    struct widths widths;
    widths_of(&judge->offer, &widths);
    if (!judge->has_offer || !widths.is_old || leg->server_hello.len > 0 ||
        !(leg_heard(leg, ALERT_INTERNAL_ERROR) || leg_heard(leg, ALERT_HANDSHAKE_FAILURE) ||
          leg_heard(leg, ALERT_INSUFFICIENT_SECURITY) || leg_was_cut(leg))) {
        return false;
    }
    (void)set_version(judge, out, CONFIDENCE_SUSPECTED);
    if (leg_heard(leg, ALERT_INTERNAL_ERROR)) {
        verdict_measured(judge, out, SERVER_FAULT_OLD_OFFER, VERSION_TLS12, leg->handshake.alert);
    } else if (leg_was_cut(leg)) {
        verdict_fact(judge, out,
                     "some servers cut an offer that ends below TLS 1.2 without a word");
    }
    return true;
}

// RFC 8446 section 4.1.3: a server that could do more says so in its random; only a box in between
// that changed the offer, or a client's own fallback, makes that a contradiction.
static bool downgraded(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_said(leg, ALERT_ILLEGAL_PARAMETER) || !judge->has_answer[SERVER] ||
        judge->answer[SERVER].downgrade_from == 0) {
        return false;
    }
    verdict_set(out, "intercept.upstream-interceptor", PARTY_NETWORK, PHASE_SERVER_HELLO,
                CONFIDENCE_SUSPECTED);
    out->offered = versions_text(judge->arena, &judge->offer);
    out->accepted = version_name(judge->answer[SERVER].version);
    verdict_say(judge, out,
                "%s could do a newer version than the %s it chose, and was offered one: "
                "something on the way took it out of the hello",
                judge->origin, out->accepted);
    verdict_fact(judge, out, "the ServerHello's random carries the downgrade sentinel");
    return true;
}

// RFC 7507 section 3.
static bool fallback_refused(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_heard(leg, ALERT_INAPPROPRIATE_FALLBACK)) {
        return false;
    }
    bool is_clients = judge->has_client_hello && !judge->client_hello.is_sslv2 &&
                      slice_has_u16(judge->client_hello.cipher_suites, SCSV_FALLBACK);
    verdict_set(out, "client.misconfigured", is_clients ? PARTY_CLIENT : PARTY_BRIDGE,
                PHASE_SERVER_HELLO, CONFIDENCE_DEDUCED);
    out->offered = versions_text(judge->arena, &judge->offer);
    verdict_say(judge, out,
                "%s takes a newer version than the %s offered, and the offer was lowered "
                "on purpose (TLS_FALLBACK_SCSV)",
                judge->origin, out->offered);
    verdict_fact(judge, out, "an earlier attempt broke: its cause is the real one");
    return true;
}

const struct rule version_rules[] = {
    {"the offer fell back", fallback_refused},
    {"the alert protocol_version", alert_protocol_version},
    {"a version chosen that was not allowed", answered_other_version},
    {"an old offer, refused in other words", old_offer_internal_error},
    {"a downgrade sentinel", downgraded},
    {NULL, NULL},
};
