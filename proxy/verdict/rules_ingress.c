// What was wrong before there was a handshake: how the client named its target.
#include <string.h>

#include "judge.h"

static const char *const http_methods[] = {"CONNECT ", "GET ",    "POST ",  "HEAD ",
                                           "PUT ",     "DELETE ", "PATCH ", "OPTIONS "};

static bool looks_like_http_request(struct slice bytes)
{
    for (size_t i = 0; i < COUNT_OF(http_methods); i++) {
        if (slice_starts_with(bytes, http_methods[i])) {
            return true;
        }
    }
    return false;
}

static bool noted_fault(struct judge *judge, enum side side, struct verdict *out)
{
    const struct evidence *evidence = judge->evidence;
    (void)side;
    if (evidence->ingress_fault_code == NULL || cause_find(evidence->ingress_fault_code) == NULL) {
        return false;
    }
    const char *fault = evidence->ingress_fault;
    verdict_set(out, evidence->ingress_fault_code, PARTY_CLIENT, PHASE_INGRESS, CONFIDENCE_DEDUCED);
    out->leg = CLIENT;
    verdict_say(judge, out, "the client %s did not name a target that midspan understands: %s",
                peer_text(judge->arena, evidence->client_address),
                fault != NULL ? peer_text(judge->arena, fault)
                              : out->cause->text[LANGUAGE_EN].title);
    return true;
}

// RFC 9110 section 9.3.6: CONNECT is for proxies; a bridge's port begins with TLS.
static bool request_at_tls_port(struct judge *judge, enum side side, struct verdict *out)
{
    const struct evidence *evidence = judge->evidence;
    const struct leg_evidence *leg = leg_of(judge, CLIENT);
    (void)side;
    bool is_direct = evidence->ingress == INGRESS_FIXED || evidence->ingress == INGRESS_TRANSPARENT;
    if (!is_direct || leg->handshake.kind != ENDING_NOT_TLS || evidence->is_plain ||
        !looks_like_http_request(leg->first_bytes)) {
        return false;
    }
    verdict_set(out, "ingress.proxy-to-tls-port", PARTY_CLIENT, PHASE_INGRESS, CONFIDENCE_DEDUCED);
    out->leg = CLIENT;
    verdict_say(judge, out, "the client %s sent \"%s\" to a port where midspan bridges TLS to %s",
                peer_text(judge->arena, evidence->client_address),
                peer_bytes(judge->arena, slice_part(leg->first_bytes, 0, 32)), judge->origin);
    return true;
}

// A request without TLS is relayed as it is: to be one is no fault until the origin says so.
static bool plain_at_tls_origin(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, SERVER);
    (void)side;
    if (!judge->evidence->is_plain || !(leg_told(leg, "sent to HTTPS port") ||
                                        leg_told(leg, "plain HTTP to an SSL-enabled server port") ||
                                        leg_told(leg, "sent an HTTP request to an HTTPS server"))) {
        return false;
    }
    verdict_set(out, "transport.not-tls", PARTY_CLIENT, PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    out->leg = CLIENT;
    out->direct = DIRECT_WOULD_FAIL; // every byte was passed on
    verdict_say(judge, out, "the client speaks plain HTTP, and %s speaks TLS on that port",
                judge->origin);
    verdict_fact(judge, out, "its page says: %s", peer_text(judge->arena, leg->http_words));
    verdict_fix(judge, out, "Ask by https:// there, or name the port of plain HTTP.");
    return true;
}

const struct rule ingress_rules[] = {
    {"what the ingress found wrong", noted_fault},
    {"a proxy request at a TLS port", request_at_tls_port},
    {"plain HTTP to an origin of TLS", plain_at_tls_origin},
    {NULL, NULL},
};
