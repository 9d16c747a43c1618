// Legs that were secured: late alerts, ends without an answer, TLS faults told in HTTP.
#include "judge.h"

#include <string.h>

// A Host header's name, its port left out.
static struct slice host_name(const char *host)
{
    struct slice name = slice_of_text(host);
    const char *colon = strrchr(host, ':');
    if (colon == NULL || strchr(colon, ']') != NULL) {
        return name; // the colon of an IPv6 literal, or none
    }
    return slice_part(name, 0, (size_t)(colon - host));
}

// RFC 9110 section 15.5.20: the request was directed at a server that is not able to answer for its
// authority.
static bool misdirected(struct judge *judge, enum side side, struct verdict *out)
{
    const struct evidence *evidence = judge->evidence;
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || leg->http_status != 421) {
        return false;
    }
    const char *sni = leg->sni_sent, *host = evidence->host_header;
    if (sni == NULL || sni[0] == '\0') {
        verdict_set(out, "sni.required", PARTY_BRIDGE, PHASE_AFTER, CONFIDENCE_DEDUCED);
        verdict_say(judge, out, "%s answered HTTP 421 to a request on a connection without SNI",
                    judge->origin);
        return true;
    }
    bool do_agree = host != NULL && slice_equals_nocase(slice_of_text(sni), host_name(host));
    // The client's own two names differ: midspan has only passed them on.
    const char *client_sni = leg_of(judge, CLIENT)->sni_sent;
    bool is_clients =
        client_sni != NULL && slice_equals_nocase(slice_of_text(client_sni), slice_of_text(sni));
    enum party differing = is_clients ? PARTY_CLIENT : PARTY_BRIDGE;
    verdict_set(out, "sni.misdirected", do_agree ? PARTY_SERVER : differing, PHASE_AFTER,
                host != NULL && !do_agree ? CONFIDENCE_DEDUCED : CONFIDENCE_SUSPECTED);
    out->offered = peer_text(judge->arena, sni);
    out->accepted = host != NULL ? peer_text(judge->arena, host) : NULL;
    verdict_say(judge, out, "%s answered HTTP 421: SNI said \"%s\", the request was for \"%s\"",
                judge->origin, out->offered, host != NULL ? out->accepted : "another host");
    return true;
}

// 525 and 526 are what an edge says about the leg behind it (Cloudflare's numbers).
static bool edge_behind(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || !(leg->http_status == 525 || leg->http_status == 526)) {
        return false;
    }
    verdict_set(out, "alert.internal-error", PARTY_SERVER, PHASE_AFTER, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s is an edge itself and answered HTTP %d: %s", judge->origin,
                leg->http_status,
                leg->http_status == 525
                    ? "its handshake with the server behind it failed"
                    : "the certificate of the server behind it does not verify");
    verdict_fact(judge, out, "both legs of midspan were secured");
    return true;
}

// The same bytes go through both legs: HTTP/2 on one and not on the other can't work. The leg at
// fault is the one that did not agree to it.
static bool protocols_differ(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side), *other = leg_of(judge, !side);
    if (other->handshake.kind != ENDING_SECURED || !slice_equals_text(other->alpn, "h2") ||
        slice_equals_text(leg->alpn, "h2")) {
        return false;
    }
    verdict_set(out, "alpn.no-overlap", PARTY_BRIDGE, PHASE_AFTER, CONFIDENCE_DEDUCED);
    struct slice names = side == CLIENT ? judge->client.alpn : judge->offer.alpn;
    out->offered = alpn_text(judge->arena, names);
    out->accepted = leg->alpn.len > 0 ? peer_bytes(judge->arena, leg->alpn) : "nothing";
    verdict_say(judge, out,
                "%s agreed to h2, while %s was offered %s and agreed to %s: the bytes of "
                "one mean nothing to the other",
                side == CLIENT ? judge->origin : "the client",
                side == CLIENT ? "midspan" : judge->origin, out->offered, out->accepted);
    verdict_fix(judge, out,
                "Let midspan's %s leg take and offer the same protocols as the other: "
                "alpn=h2:http/1.1, or leave alpn out so that it mirrors.",
                side_name(side));
    return true;
}

// Node's HTTP/2 server takes a client without ALPN, and turns its request away.
static bool refused_for_protocol(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || leg->alpn.len > 0 || !leg_told(leg, "ALPN Protocol, expected `h2`")) {
        return false;
    }
    bool was_cut = judge->client.alpn.len > 0 && judge->offer.alpn.len == 0;
    verdict_set(out, "alpn.no-overlap", was_cut ? PARTY_BRIDGE : PARTY_CLIENT, PHASE_AFTER,
                CONFIDENCE_DEDUCED);
    out->offered =
        judge->offer.alpn.len > 0 ? alpn_text(judge->arena, judge->offer.alpn) : "nothing";
    out->accepted = "h2";
    verdict_say(judge, out, "%s speaks only h2, and the hello that it got offered %s",
                judge->origin, out->offered);
    verdict_fact(judge, out, "the handshake was good; HTTP status %d followed", leg->http_status);
    verdict_fact(judge, out, "its page says: %s", peer_text(judge->arena, leg->http_words));
    return true;
}

// closed_unanswered: a request went out, and the origin closed without a byte.
static bool closed_unanswered(const struct judge *judge, enum side side)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    return side == SERVER && leg->close.kind == ENDING_CLOSED && leg->app_bytes_received == 0 &&
           leg->app_bytes_sent > 0 && !client_left_first(judge);
}

static bool offers_http1(struct slice names)
{
    struct slice name;
    for (size_t at = 0; alpn_next(names, &at, &name);) {
        if (slice_equals_text(name, "http/1.1")) {
            return true;
        }
    }
    return false;
}

// A server without any common protocol may complete the handshake and close (Apache: measured).
// Not where HTTP/1.1 was offered: a server that knows no ALPN agrees to none and speaks just that.
static bool closed_for_protocol(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!closed_unanswered(judge, side) || judge->offer.alpn.len == 0 || leg->alpn.len > 0 ||
        offers_http1(judge->offer.alpn)) {
        return false;
    }
    verdict_set(out, "alpn.no-overlap", PARTY_CLIENT, PHASE_AFTER, CONFIDENCE_SUSPECTED);
    out->offered = alpn_text(judge->arena, judge->offer.alpn);
    verdict_say(judge, out,
                "%s agreed to none of the protocols offered (%s) and closed without an "
                "answer",
                judge->origin, out->offered);
    return true;
}

// OpenSSL answers an end without close_notify, which midspan passes on as it came, with
// decode_error: it says that the other side left without a word, not that something broke.
static bool answers_bare_end(const struct judge *judge, enum side side)
{
    const struct ending *other = &leg_of(judge, (enum side) !side)->close;
    const struct ending *own = &leg_of(judge, side)->close;
    return own->alert == ALERT_DECODE_ERROR && other->kind == ENDING_CLOSED &&
           other->at_us <= own->at_us;
}

static bool late_alert(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    uint8_t alert = leg->close.alert;
    if (leg->close.kind != ENDING_ALERT_RECEIVED || alert == ALERT_CLOSE_NOTIFY ||
        alert == ALERT_USER_CANCELED || answers_bare_end(judge, side)) {
        return false;
    }
    // OpenSSL 3 answers a TCP end without close_notify so: the other side's habit, no fault of
    // ours.
    bool was_used = leg->app_bytes_received > 0 && leg->app_bytes_sent > 0;
    if (was_used && alert == ALERT_DECODE_ERROR) {
        return false;
    }
    out->severity = was_used ? SEVERITY_WARNING : SEVERITY_ERROR;
    // Nothing of the handshake was wrong then: the alert is all there is.
    verdict_set(out, alert == ALERT_ACCESS_DENIED ? "alert.access-denied" : "alert.internal-error",
                side == SERVER ? PARTY_SERVER : PARTY_CLIENT, PHASE_AFTER, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s ended a secured connection with %s (%u)",
                side == SERVER ? judge->origin : "the client", alert_name(alert), alert);
    if (side == SERVER && leg_evidence_saw(leg, HANDSHAKE_HELLO_REQUEST, false)) {
        verdict_fact(judge, out, "it had asked for a renegotiation, which midspan does not do");
    }
    return true;
}

// What a broken record looks like: somebody changed bytes, or a bug of either side.
static bool broken_record(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->close.kind != ENDING_ALERT_SENT || leg->close.alert == ALERT_CLOSE_NOTIFY) {
        return false;
    }
    verdict_set(out, "alert.internal-error", side == SERVER ? PARTY_SERVER : PARTY_CLIENT,
                PHASE_AFTER, CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s sent a record on a secured connection that midspan could not take",
                side == SERVER ? judge->origin : "the client");
    verdict_fact(judge, out, "%s", ending_text(judge, &leg->close));
    return true;
}

// What ends TLS before a service that is down does so (hitch, stunnel, a balancer of TCP). Only of
// a request that was read as HTTP is it known that an answer was due.
static bool request_closed(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!closed_unanswered(judge, side) || judge->evidence->host_header == NULL) {
        return false;
    }
    verdict_set(out, "transport.closed", PARTY_SERVER, PHASE_AFTER, CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "%s closed a secured connection instead of answering", judge->origin);
    verdict_fact(judge, out, "%llu bytes of request had been sent to it",
                 (unsigned long long)leg->app_bytes_sent);
    verdict_fact(judge, out, "both handshakes are complete: it is not TLS that failed");
    verdict_fix(judge, out,
                "Look at the log of %s and at the service behind it, which may be down or refuse "
                "this request.",
                judge->origin);
    return true;
}

// A request went out, and not a byte came back.
static bool no_answer(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != SERVER || leg->app_bytes_sent == 0 || leg->app_bytes_received > 0 ||
        client_left_first(judge) || leg->close.kind != ENDING_RESET) {
        return false;
    }
    verdict_set(out, "transport.reset", PARTY_SERVER, PHASE_AFTER, CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "%s reset a secured connection instead of answering", judge->origin);
    verdict_fact(judge, out, "%llu bytes of request had been sent to it",
                 (unsigned long long)leg->app_bytes_sent);
    return true;
}

const struct rule after_rules[] = {
    {"HTTP 421", misdirected},
    {"HTTP 525 and 526", edge_behind},
    {"protocols that differ", protocols_differ},
    {"turned away for want of a protocol", refused_for_protocol},
    {"closed for want of a protocol", closed_for_protocol},
    {"a late alert", late_alert},
    {"a record that can't be read", broken_record},
    {"a request, and a close", request_closed},
    {"no answer to a request", no_answer},
    {NULL, NULL},
};
