// Client certificates, on both legs: asked for and not given, or given and refused. RFC 8446
// section 4.4.2.4: a TLS 1.3 server says certificate_required when the client believes it is all
// over.
#include "judge.h"
#include "refusal.h"

// A Certificate without one: its header, and the length of an empty list (RFC 5246 section 7.4.6).
#define EMPTY_CERTIFICATE_LEN 7

static bool is_refusal(uint8_t alert)
{
    return is_certificate_alert(alert) || alert == ALERT_ACCESS_DENIED ||
           alert == ALERT_CERTIFICATE_REQUIRED || alert == ALERT_HANDSHAKE_FAILURE ||
           alert == ALERT_DECODE_ERROR || alert == ALERT_DECRYPT_ERROR ||
           alert == ALERT_NO_CERTIFICATE;
}

static const struct ending *ending_of_leg(const struct leg_evidence *leg)
{
    return leg->handshake.kind == ENDING_SECURED ? &leg->close : &leg->handshake;
}

static bool set_server(struct judge *judge, bool was_given, enum confidence confidence,
                       struct verdict *out)
{
    if (was_given) {
        verdict_set(out, "client-auth.rejected", PARTY_BRIDGE, PHASE_CLIENT_CERTIFICATE,
                    confidence);
        verdict_say(judge, out, "%s refused the client certificate that midspan sent",
                    judge->origin);
    } else {
        verdict_set(out, "client-auth.required", PARTY_BRIDGE, PHASE_CLIENT_CERTIFICATE,
                    confidence);
        verdict_say(judge, out, "%s demands a client certificate, and midspan has none for it",
                    judge->origin);
        verdict_fact(judge, out,
                     "a bridge can't pass on the client's own: it does not have its key");
    }
    return true;
}

static bool origin_alert(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const struct ending *ending = ending_of_leg(leg);
    if (side != SERVER || ending->kind != ENDING_ALERT_RECEIVED || leg->app_bytes_received > 0) {
        return false;
    }
    bool is_named = ending->alert == ALERT_CERTIFICATE_REQUIRED;
    if (!is_named && !(leg->has_certificate_request && is_refusal(ending->alert))) {
        return false;
    }
    (void)set_server(judge, leg->has_client_certificate, CONFIDENCE_DEDUCED, out);
    verdict_fact(judge, out, "%s%s", ending_text(judge, ending),
                 leg->has_certificate_request ? " after CertificateRequest" : "");
    enum server_fault fault =
        leg->has_client_certificate ? SERVER_FAULT_BAD_CERTIFICATE : SERVER_FAULT_NO_CERTIFICATE;
    verdict_measured(judge, out, fault, leg->version, ending->alert);
    return true;
}

// given_len is the length of the client's Certificate that flew by, 0 when there was none.
static uint32_t given_len(const struct leg_evidence *leg)
{
    for (size_t i = 0; i < leg->moment_count; i++) {
        const struct moment *moment = &leg->moments[i];
        if (moment->content_type == CONTENT_HANDSHAKE && moment->type == HANDSHAKE_CERTIFICATE &&
            moment->sent) {
            return moment->len;
        }
    }
    return 0;
}

// A connection that is passed on, up to TLS 1.2: what flies by can be read up to the Finished.
static bool passed_alert(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    uint32_t len = given_len(leg);
    if (side != SERVER || !judge->evidence->is_passed || len == 0 ||
        !leg_evidence_saw(leg, HANDSHAKE_CERTIFICATE_REQUEST, false) ||
        leg->handshake.kind != ENDING_ALERT_RECEIVED || !is_refusal(leg->handshake.alert)) {
        return false;
    }
    bool was_given = len > EMPTY_CERTIFICATE_LEN;
    verdict_set(out, was_given ? "client-auth.rejected" : "client-auth.required", PARTY_CLIENT,
                PHASE_CLIENT_CERTIFICATE, CONFIDENCE_DEDUCED);
    verdict_say(judge, out,
                was_given ? "%s refused the client's certificate"
                          : "%s demands a client certificate, and the client sent none",
                judge->origin);
    verdict_fact(judge, out, "%s after CertificateRequest", ending_text(judge, &leg->handshake));
    if (!was_given) {
        verdict_fix(judge, out,
                    "Give the client a certificate from an authority that the origin accepts.");
    }
    return true;
}

// Node takes any answer and then closes without a word: measured.
static bool origin_cut(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const struct ending *ending = ending_of_leg(leg);
    bool is_over = ending->kind == ENDING_RESET || ending->kind == ENDING_CLOSED;
    bool was_asked = leg->handshake.kind != ENDING_SECURED || leg->app_bytes_sent > 0 ||
                     ending->kind == ENDING_RESET;
    if (side != SERVER || !is_over || !was_asked || !leg->has_certificate_request ||
        leg->app_bytes_received > 0 || client_left_first(judge)) {
        return false;
    }
    (void)set_server(judge, leg->has_client_certificate, CONFIDENCE_SUSPECTED, out);
    verdict_fact(judge, out, "%s after CertificateRequest", ending_text(judge, ending));
    return true;
}

// nginx completes the handshake and says it in HTTP; its page tells the numbers that it has for
// that from any other 400.
static bool origin_status(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || !leg->has_certificate_request ||
        !(leg->http_status == 400 || leg->http_status == 403 || leg->http_status == 495 ||
          leg->http_status == 496)) {
        return false;
    }
    bool is_refused = leg_told(leg, "The SSL certificate error");
    bool is_missed = leg_told(leg, "No required SSL certificate");
    bool is_named = leg->http_status >= 495 || is_refused || is_missed;
    if (!is_named && leg->has_client_certificate) {
        return false;
    }
    (void)set_server(judge, is_refused || (leg->has_client_certificate && !is_missed),
                     is_named ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED, out);
    verdict_fact(judge, out, "the handshake was good; HTTP status %d followed", leg->http_status);
    if (leg->http_words != NULL) {
        verdict_fact(judge, out, "its page says: %s", peer_text(judge->arena, leg->http_words));
    }
    return true;
}

// A server that asks for a certificate only once it knows what is requested (Apache in a Location,
// IIS as it comes): by a renegotiation up to TLS 1.2, by post-handshake authentication in TLS 1.3.
// midspan does neither. It hardly renegotiates for anything else.
static bool origin_asks_late(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    const struct ending *close = &leg->close;
    if (side != SERVER || leg->handshake.kind != ENDING_SECURED || leg->app_bytes_sent == 0) {
        return false;
    }
    bool is_told = leg_told(leg, "Cannot perform Post-Handshake Authentication");
    bool is_over = close->kind == ENDING_RESET || close->kind == ENDING_CLOSED ||
                   close->kind == ENDING_ALERT_RECEIVED;
    bool is_refused = leg->http_status == 403 ||
                      (is_over && leg->app_bytes_received == 0 && !client_left_first(judge));
    bool has_asked = leg_evidence_saw(leg, HANDSHAKE_HELLO_REQUEST, false);
    if (!is_told && !(has_asked && is_refused)) {
        return false;
    }
    verdict_set(out, "client-auth.required", PARTY_BRIDGE, PHASE_CLIENT_CERTIFICATE,
                is_told ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED);
    verdict_say(judge, out,
                "%s demands a client certificate only once it has a request, which midspan can't "
                "answer",
                judge->origin);
    if (has_asked) {
        verdict_fact(judge, out, "it had asked for a renegotiation, which midspan does not do");
    } else {
        verdict_fact(judge, out, "its page says: %s", peer_text(judge->arena, leg->http_words));
    }
    verdict_fix(judge, out,
                "Have the origin ask for the certificate in the handshake, for the whole host "
                "(Apache: SSLVerifyClient outside of Location and Directory; IIS: "
                "clientcertnegotiation=enable), and give midspan's server leg one (cert=FILE "
                "key=FILE); or let the connection pass untouched (--pass HOST).");
    return true;
}

static bool client_has_none(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    bool is_ours = leg_said(leg, ALERT_CERTIFICATE_REQUIRED) ||
                   leg->handshake.kind == ENDING_REFUSED ||
                   (leg_said(leg, ALERT_HANDSHAKE_FAILURE) && leg->has_certificate_request);
    if (side != CLIENT || !is_ours || leg->has_client_certificate || leg->server_hello.len == 0) {
        return false;
    }
    verdict_set(out, "client-auth.required", PARTY_CLIENT, PHASE_CLIENT_CERTIFICATE,
                CONFIDENCE_DEDUCED);
    verdict_say(judge, out,
                "midspan demands a client certificate on this leg, and the client sent "
                "none");
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    verdict_fix(judge, out,
                "Give the client a certificate, or ask for it without demanding it: "
                "client-auth=ask on midspan's client leg.");
    return true;
}

static bool client_refused(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    bool is_ours = leg->handshake.kind == ENDING_REFUSED ||
                   (leg->handshake.kind == ENDING_ALERT_SENT && is_refusal(leg->handshake.alert));
    if (side != CLIENT || !is_ours || !leg->has_client_certificate) {
        return false;
    }
    verdict_set(out, "client-auth.rejected", PARTY_CLIENT, PHASE_CLIENT_CERTIFICATE,
                CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "midspan refused the client's certificate");
    if (leg->verification.done && leg->verification.fault != CERT_FAULT_NONE) {
        verdict_fact(judge, out, "%s", fault_words(leg->verification.fault));
    }
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->handshake));
    return true;
}

const struct rule client_auth_rules[] = {
    {"the origin refused by alert", origin_alert},
    {"the origin refused one that was passed on", passed_alert},
    {"the origin refused in HTTP", origin_status},
    {"the origin left after asking", origin_cut},
    {"the origin asks after the request", origin_asks_late},
    {"the client has none", client_has_none},
    {"the client's was refused", client_refused},
    {NULL, NULL},
};
