// The server leg: SNI and ALPN, where the server's answer names them or what was sent explains it.
#include <ctype.h>
#include <string.h>

#include "rules_server.h"

static const char *sent_sni(const struct judge *judge)
{
    const struct evidence *evidence = judge->evidence;
    const char *sni = evidence->legs[evidence->is_passed ? CLIENT : SERVER].sni_sent;
    return sni != NULL && sni[0] != '\0' ? sni : NULL;
}

// RFC 6066 section 3: "… without a trailing dot. … Literal IPv4 and IPv6 addresses are not
// permitted in "HostName"."
static const char *sni_defect(const char *sni)
{
    struct endpoint as_host;
    size_t len = strlen(sni);
    if (sni[len - 1] == '.') {
        return "it ends in a dot";
    }
    if (endpoint_set_host(&as_host, slice_of_text(sni)) && as_host.is_ip) {
        return "it is an IP address";
    }
    if (strchr(sni, ':') != NULL) {
        return "it has a port";
    }
    if (strchr(sni, '_') != NULL) {
        return "it has an underscore";
    }
    for (const char *at = sni; *at != '\0'; at++) {
        if (isupper((unsigned char)*at)) {
            return "it has capital letters";
        }
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '.') {
            return "it has a character that no host name has";
        }
    }
    return NULL;
}

static enum party party_of_sni(const struct judge *judge, const char *sent)
{
    const char *clients = judge->evidence->legs[CLIENT].sni_sent;
    bool is_clients = judge->evidence->is_passed ||
                      (clients != NULL && sent != NULL && strcmp(clients, sent) == 0);
    return is_clients ? PARTY_CLIENT : PARTY_BRIDGE;
}

static bool malformed(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const char *sni = sent_sni(judge);
    const char *defect = sni != NULL ? sni_defect(sni) : NULL;
    bool is_named = leg_heard(leg, ALERT_UNRECOGNIZED_NAME);
    // Go answers a final dot with 10, Java and GnuTLS ports and underscores with 47: measured.
    bool is_usual = is_named || leg_heard(leg, ALERT_ILLEGAL_PARAMETER) ||
                    leg_heard(leg, ALERT_UNEXPECTED_MESSAGE) || leg_heard(leg, ALERT_DECODE_ERROR);
    if (defect == NULL || !is_usual || leg->server_hello.len > 0) {
        return false;
    }
    verdict_set(out, "sni.malformed", party_of_sni(judge, sni), PHASE_SERVER_HELLO,
                is_named ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED);
    out->offered = peer_text(judge->arena, sni);
    verdict_say(judge, out, "%s refused the name in SNI, \"%s\": %s", judge->origin, out->offered,
                defect);
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

static bool name_refused(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const char *sni = sent_sni(judge);
    if (!leg_heard(leg, ALERT_UNRECOGNIZED_NAME) || sni == NULL) {
        return false;
    }
    const char *clients = judge->evidence->legs[CLIENT].sni_sent;
    bool is_ours = party_of_sni(judge, sni) == PARTY_BRIDGE && clients != NULL;
    verdict_set(out, "sni.unrecognized", is_ours ? PARTY_BRIDGE : PARTY_SERVER, PHASE_SERVER_HELLO,
                CONFIDENCE_DEDUCED);
    out->offered = peer_text(judge->arena, sni);
    verdict_say(judge, out, "%s does not know the name \"%s\" that it was asked for in SNI",
                judge->origin, out->offered);
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    if (is_ours) {
        verdict_fact(judge, out, "the client asked for \"%s\"", peer_text(judge->arena, clients));
        verdict_fix(judge, out,
                    "Send the name that the client asks for: sni=forward on midspan's "
                    "server leg.");
    } else {
        out->direct = judge->has_client_hello ? DIRECT_WOULD_FAIL : DIRECT_UNKNOWN;
    }
    return true;
}

static bool name_missing(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_heard(leg, ALERT_UNRECOGNIZED_NAME) || sent_sni(judge) != NULL) {
        return false;
    }
    verdict_missing_sni(judge, out, PHASE_SERVER_HELLO, CONFIDENCE_DEDUCED);
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

void verdict_missing_sni(struct judge *judge, struct verdict *out, enum phase phase,
                         enum confidence confidence)
{
    const char *clients = judge->evidence->legs[CLIENT].sni_sent;
    bool did_drop = clients != NULL && clients[0] != '\0' && !judge->evidence->is_passed;
    verdict_set(out, "sni.required", did_drop ? PARTY_BRIDGE : PARTY_CLIENT, phase, confidence);
    verdict_say(judge, out, "%s %sneeds a name in SNI, and the hello that it got has none",
                judge->origin, probably(confidence));
    if (did_drop) {
        verdict_fact(judge, out, "the client sent \"%s\", midspan sent no SNI",
                     peer_text(judge->arena, clients));
        verdict_fix(judge, out, "Pass the name on: sni=forward on midspan's server leg.");
    } else {
        verdict_fact(judge, out, "the client sent no SNI either");
        verdict_fix(judge, out,
                    "Have the client send SNI (update it), or give midspan the name: "
                    "sni=NAME on the server leg.");
    }
}

bool sni_is_missing(const struct judge *judge)
{
    const struct evidence *evidence = judge->evidence;
    return sent_sni(judge) == NULL && (!evidence->has_target || !evidence->target.is_ip ||
                                       evidence->legs[CLIENT].sni_sent != NULL);
}

// RFC 7301 section 3.2: "the server SHALL send a fatal "no_application_protocol" alert".
static bool no_protocol(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_heard(leg, ALERT_NO_APPLICATION_PROTOCOL)) {
        return false;
    }
    struct slice offered = judge->offer.alpn, wanted = judge->client.alpn;
    bool did_cut = !judge->evidence->is_passed && !slice_equals(offered, wanted) && wanted.len > 0;
    verdict_set(out, "alpn.no-overlap", did_cut ? PARTY_BRIDGE : PARTY_CLIENT, PHASE_SERVER_HELLO,
                CONFIDENCE_DEDUCED);
    out->offered = alpn_text(judge->arena, offered);
    if (offered.len > 0) {
        verdict_say(judge, out, "%s takes none of the application protocols offered: %s",
                    judge->origin, out->offered);
    } else {
        verdict_say(judge, out, "%s demands an application protocol, and was offered none",
                    judge->origin);
    }
    if (did_cut) {
        verdict_fact(judge, out, "the client offers %s", alpn_text(judge->arena, wanted));
        verdict_fix(judge, out,
                    "Let midspan's server leg offer the client's protocols (mirror=on), "
                    "or name them: alpn=h2:http/1.1.");
    } else if (wanted.len == 0) {
        out->party = judge->evidence->is_passed ? PARTY_CLIENT : PARTY_BRIDGE;
        verdict_fact(judge, out, "the client offers none itself");
    } else {
        out->direct = DIRECT_WOULD_FAIL;
    }
    return true;
}

const struct rule name_rules[] = {
    {"a name in SNI that is not a host name", malformed},
    {"the name in SNI refused", name_refused},
    {"no name in SNI", name_missing},
    {"no application protocol", no_protocol},
    {NULL, NULL},
};
