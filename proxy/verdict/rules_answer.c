// The server leg after its ServerHello: what we, as a client, could not accept.
#include "rules_server.h"

#define DH_BITS_MIN 2048

// RFC 5746 section 3.4: "If the extension is not present, the server does not support secure
// renegotiation"; OpenSSL 3 refuses such servers unless told otherwise.
static bool no_secure_renegotiation(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const struct server_hello *answer = &judge->answer[SERVER];
    if (!judge->has_answer[SERVER] || answer->version >= VERSION_TLS13 ||
        answer->has_renegotiation_info || !leg_said(leg, ALERT_HANDSHAKE_FAILURE) ||
        leg->chain_count > 0) { // it came as far as the certificates: something else is wrong
        return false;
    }
    verdict_set(out, "protocol.legacy-renegotiation", PARTY_SERVER, PHASE_SERVER_HELLO,
                CONFIDENCE_DEDUCED);
    verdict_say(judge, out,
                "%s lacks secure renegotiation: its %s ServerHello has no "
                "renegotiation_info, so midspan broke off",
                judge->origin, version_name(answer->version));
    return true;
}

// Of a connection that is passed on the client is the one who can't take the version.
static bool passed_version(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    uint16_t version = judge->answer[SERVER].version;
    if (side != CLIENT || !judge->evidence->is_passed || !judge->has_answer[SERVER] ||
        !judge->has_client_hello || judge->client.versions.count == 0 ||
        number_list_has(&judge->client.versions, version)) {
        return false;
    }
    verdict_set(out, "protocol.no-common-version", PARTY_SERVER, PHASE_SERVER_HELLO,
                CONFIDENCE_DEDUCED);
    out->offered = versions_text(judge->arena, &judge->client);
    out->accepted = version_name(version);
    verdict_say(judge, out,
                "%s and the client share no TLS version: the client offered %s, the origin chose "
                "%s",
                judge->origin, out->offered, out->accepted);
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

static bool small_prime(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    bool was_refused = leg->handshake.kind == ENDING_ALERT_SENT ||
                       leg->handshake.kind == ENDING_ALERT_RECEIVED || leg_was_cut(leg);
    if (leg->dh_bits == 0 || leg->dh_bits >= DH_BITS_MIN || !was_refused) {
        return false;
    }
    bool is_ours = side == CLIENT;
    verdict_set(out, "dh.too-weak", is_ours ? PARTY_BRIDGE : PARTY_SERVER, PHASE_KEY_EXCHANGE,
                CONFIDENCE_DEDUCED);
    out->offered = arena_printf(judge->arena, "a prime of %zu bits", leg->dh_bits);
    out->accepted = "2048 bits and more";
    if (is_ours) {
        verdict_say(judge, out, "the client refused midspan's Diffie-Hellman prime of %zu bits",
                    leg->dh_bits);
    } else {
        verdict_say(judge, out,
                    "%s uses a Diffie-Hellman prime of %zu bits; midspan takes 2048 and "
                    "more",
                    judge->origin, leg->dh_bits);
    }
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

// Of a connection that is passed on the key exchange is not read. A client that breaks off with
// this alert after a ServerHello that has all it asks for, and a DHE suite, means the prime.
static bool passed_prime(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const struct server_hello *answer = &judge->answer[SERVER];
    const struct suite *suite =
        judge->has_answer[SERVER] ? suite_find(leg_of(judge, SERVER)->suite) : NULL;
    bool broke =
        leg_heard(leg, ALERT_HANDSHAKE_FAILURE) || leg_heard(leg, ALERT_INSUFFICIENT_SECURITY);
    if (side != CLIENT || !judge->evidence->is_passed || !broke || suite == NULL ||
        suite->kx != KX_DHE || !answer->has_renegotiation_info || !answer->has_ems) {
        return false;
    }
    verdict_set(out, "dh.too-weak", PARTY_SERVER, PHASE_KEY_EXCHANGE, CONFIDENCE_SUSPECTED);
    out->offered = suite_name(suite->id);
    verdict_say(judge, out, "the client probably refused the Diffie-Hellman prime of %s: it %s",
                judge->origin, "broke off at the key exchange");
    verdict_fact(judge, out, "%s after a ServerHello with %s", ending_text(judge, &leg->handshake),
                 suite_name(suite->id));
    return true;
}

// Very old Java clients can't handle a prime above 1024 bits: measured data of testssl.sh.
static bool large_prime(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != CLIENT || leg->dh_bits < DH_BITS_MIN ||
        leg_evidence_saw(leg, HANDSHAKE_CLIENT_KEY_EXCHANGE, false) ||
        !(leg_heard(leg, ALERT_INTERNAL_ERROR) || leg_was_cut(leg))) {
        return false;
    }
    verdict_set(out, "dh.too-weak", PARTY_CLIENT, PHASE_KEY_EXCHANGE, CONFIDENCE_SUSPECTED);
    out->offered = arena_printf(judge->arena, "a prime of %zu bits", leg->dh_bits);
    verdict_say(judge, out, "the client probably can't handle a Diffie-Hellman prime of %zu bits",
                leg->dh_bits);
    verdict_fact(judge, out, "%s at the key exchange", ending_text(judge, &leg->handshake));
    verdict_fix(judge, out, "Update the client, or let both sides use ECDHE (P-256, X25519).");
    return true;
}

static bool foreign_group(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || leg->handshake.kind != ENDING_ALERT_SENT || leg->group == 0 ||
        judge->offer.groups.count == 0 || number_list_has(&judge->offer.groups, leg->group)) {
        return false;
    }
    verdict_set(out, "group.no-common", PARTY_SERVER, PHASE_KEY_EXCHANGE, CONFIDENCE_DEDUCED);
    out->offered = list_text(judge->arena, LIST_GROUPS, &judge->offer.groups);
    out->accepted = group_name(leg->group);
    verdict_say(judge, out, "%s chose the group %s, which was not offered (%s)", judge->origin,
                out->accepted, out->offered);
    return true;
}

static bool foreign_scheme(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || leg->handshake.kind != ENDING_ALERT_SENT || leg->scheme == 0 ||
        judge->offer.schemes.count == 0 || number_list_has(&judge->offer.schemes, leg->scheme)) {
        return false;
    }
    struct number_list missing;
    bool did_narrow =
        narrowed_by_bridge(judge, LIST_SCHEMES, &missing) && number_list_has(&missing, leg->scheme);
    verdict_set(out, "sigalg.no-common", did_narrow ? PARTY_BRIDGE : PARTY_SERVER,
                PHASE_KEY_EXCHANGE, CONFIDENCE_DEDUCED);
    out->offered = list_text(judge->arena, LIST_SCHEMES, &judge->offer.schemes);
    out->accepted = scheme_name(leg->scheme);
    verdict_say(judge, out, "%s signed with %s, which was not offered (%s)", judge->origin,
                out->accepted, out->offered);
    return true;
}

// RFC 7627 section 5.2; a client that insists on it (FIPS) breaks off at the ServerHello.
static bool no_extended_master_secret(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const struct server_hello *answer = &judge->answer[side];
    bool broke = side == SERVER ? leg_said(leg, ALERT_HANDSHAKE_FAILURE)
                                : leg_heard(leg, ALERT_HANDSHAKE_FAILURE);
    if (!judge->has_answer[side] || answer->version >= VERSION_TLS13 || answer->has_ems || !broke ||
        leg->has_certificate_request || (side == CLIENT && !judge->client_hello.has_ems)) {
        return false;
    }
    bool is_origins = side == SERVER || judge->evidence->is_passed;
    verdict_set(out, "protocol.ems-required", is_origins ? PARTY_SERVER : PARTY_CLIENT,
                PHASE_SERVER_HELLO, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "the %s ServerHello of %s has no extended_master_secret, and %s broke off",
                version_name(answer->version), is_origins ? judge->origin : "midspan",
                side == SERVER ? "midspan" : "the client");
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

const struct rule answer_rules[] = {
    {"no secure renegotiation", no_secure_renegotiation},
    {"a version that the client did not offer", passed_version},
    {"a small Diffie-Hellman prime", small_prime},
    {"a prime that was passed on", passed_prime},
    {"a large Diffie-Hellman prime", large_prime},
    {"a group that was not offered", foreign_group},
    {"a scheme that was not offered", foreign_scheme},
    {"no extended master secret", no_extended_master_secret},
    {NULL, NULL},
};
