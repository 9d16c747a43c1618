// Below TLS: names, addresses, TCP, and things that are no TLS. Cuts and silences in the middle of
// a handshake are judged here only as a last resort (last_rules); first come those who know more.
#include <errno.h>
#include <string.h>

#include "judge.h"

static bool via_refused(struct judge *judge, enum side side, struct verdict *out)
{
    const struct evidence *evidence = judge->evidence;
    if (side != SERVER || evidence->via == NULL || evidence->via_status == 0 ||
        evidence->via_status / 100 == 2) {
        return false;
    }
    verdict_set(out, "transport.refused", PARTY_NETWORK, PHASE_CONNECT, CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "the upstream proxy %s answered %d to CONNECT %s",
                peer_text(judge->arena, evidence->via), evidence->via_status, judge->origin);
    switch (evidence->via_status) {
    case 407:
        verdict_fix(judge, out, "Give midspan credentials that the upstream proxy accepts.");
        break;
    case 403:
        verdict_fix(judge, out, "Have the upstream proxy allow CONNECT to %s.", judge->origin);
        break;
    default:
        verdict_fix(judge, out, "Look at the upstream proxy's log: it could not reach %s.",
                    judge->origin);
        break;
    }
    return true;
}

// The way to the upstream proxy itself: nothing is known of the origin then. It was connected to,
// or never was.
static bool via_unreachable(struct judge *judge, enum side side, struct verdict *out)
{
    const struct evidence *evidence = judge->evidence;
    const struct leg_evidence *leg = leg_of(judge, side);
    int os_error = leg->handshake.os_error < 0 ? -leg->handshake.os_error : leg->handshake.os_error;
    if (side != SERVER || evidence->via == NULL || leg->handshake.kind != ENDING_UNREACHABLE) {
        return false;
    }
    const char *via = peer_text(judge->arena, evidence->via);
    const char *detail = leg->handshake.detail != NULL
                             ? peer_text(judge->arena, leg->handshake.detail)
                             : "the system does not say why";
    bool is_name = leg->addresses_tried == 0, is_late = os_error == ETIMEDOUT;
    verdict_set(out,
                is_name   ? "transport.dns"
                : is_late ? "transport.timeout"
                          : "transport.refused",
                PARTY_NETWORK, is_name ? PHASE_DNS : PHASE_CONNECT, CONFIDENCE_DEDUCED);
    if (is_name) {
        verdict_say(judge, out, "no address was found for the upstream proxy %s", via);
        verdict_fact(judge, out, "the resolver said: %s", detail);
    } else if (leg->peer_address != NULL) {
        verdict_say(judge, out, "the upstream proxy %s opened no tunnel to %s: %s", via,
                    judge->origin, detail);
        verdict_fix(judge, out,
                    "See that an HTTP proxy that knows CONNECT is at %s (--via), and look at its "
                    "log.",
                    via);
        return true;
    } else {
        verdict_say(judge, out, "no connection to the upstream proxy %s could be made: %s", via,
                    detail);
    }
    verdict_fact(judge, out, "%s was not asked: its way leads through that proxy", judge->origin);
    verdict_fix(judge, out, "Start the upstream proxy, or correct its address (--via).");
    return true;
}

static bool name_not_found(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_UNREACHABLE || leg->addresses_tried > 0 ||
        (judge->evidence->has_target && judge->evidence->target.is_ip)) {
        return false;
    }
    verdict_set(out, "transport.dns", PARTY_NETWORK, PHASE_DNS, CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "no address was found for %s", judge->origin);
    if (leg->handshake.detail != NULL) {
        verdict_fact(judge, out, "the resolver said: %s",
                     peer_text(judge->arena, leg->handshake.detail));
    }
    return true;
}

static bool unreachable(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_UNREACHABLE) {
        return false;
    }
    int os_error = leg->handshake.os_error < 0 ? -leg->handshake.os_error : leg->handshake.os_error;
    if (os_error == ETIMEDOUT) {
        verdict_set(out, "transport.timeout", PARTY_NETWORK, PHASE_CONNECT, CONFIDENCE_DEDUCED);
        verdict_say(judge, out, "no connection to %s could be made in time: no answer came",
                    judge->origin);
    } else if (os_error == ECONNREFUSED) {
        verdict_set(out, "transport.refused", PARTY_SERVER, PHASE_CONNECT, CONFIDENCE_DEDUCED);
        verdict_say(judge, out, "%s refused the connection: nothing listens on that port",
                    judge->origin);
    } else {
        verdict_set(out, "transport.refused", PARTY_NETWORK, PHASE_CONNECT, CONFIDENCE_DEDUCED);
        verdict_say(judge, out, "no connection to %s could be made: %s", judge->origin,
                    leg->handshake.detail != NULL ? peer_text(judge->arena, leg->handshake.detail)
                                                  : "the system does not say why");
    }
    if (leg->addresses_tried > 1) {
        verdict_fact(judge, out, "%zu addresses were tried", leg->addresses_tried);
    }
    return true;
}

static const char *protocol_guess(struct slice bytes)
{
    static const struct {
        const char *start, *name;
    } known[] = {
        {"HTTP/", "plain HTTP"},
        {"SSH-", "SSH"},
        {"220", "an SMTP or FTP greeting"},
        {"* OK", "IMAP"},
        {"+OK", "POP3"},
        {"<", "HTML or XML text"},
        {"CONNECT ", "a proxy request"},
        {"GET ", "plain HTTP"},
        {"POST ", "plain HTTP"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (slice_starts_with(bytes, known[i].start)) {
            return known[i].name;
        }
    }
    return "something that is not TLS";
}

static bool not_tls(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_NOT_TLS || judge->evidence->is_plain) {
        return false;
    }
    const char *began = peer_bytes(judge->arena, slice_part(leg->first_bytes, 0, 32));
    verdict_set(out, "transport.not-tls", side == SERVER ? PARTY_SERVER : PARTY_CLIENT,
                side == SERVER ? PHASE_SERVER_HELLO : PHASE_CLIENT_HELLO, CONFIDENCE_DEDUCED);
    if (side == SERVER) {
        out->direct = DIRECT_WOULD_FAIL; // it answers nobody's ClientHello
        verdict_say(judge, out,
                    "%s does not speak TLS: it answered the ClientHello with %s (\"%s\")",
                    judge->origin, protocol_guess(leg->first_bytes), began);
    } else {
        verdict_say(judge, out, "the client sent %s (\"%s\") where a ClientHello was due",
                    protocol_guess(leg->first_bytes), began);
    }
    return true;
}

const struct rule transport_rules[] = {
    {"the upstream proxy refused", via_refused},
    {"the upstream proxy was not reached", via_unreachable},
    {"the name has no address", name_not_found},
    {"no connection could be made", unreachable},
    {"no TLS", not_tls},
    {NULL, NULL},
};
