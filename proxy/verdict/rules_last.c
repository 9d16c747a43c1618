// What is left: cuts, silences and alerts for which no better cause can be shown.
#include "judge.h"

static const char *who(const struct judge *judge, enum side side)
{
    return side == SERVER ? judge->origin : "the client";
}

// A client that came and went before it said who it is, or a browser's connection dropped for want
// of use, is no fault.
static bool is_no_fault(const struct judge *judge, enum side side)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (side != CLIENT || !(leg_was_cut(leg) || leg->handshake.kind == ENDING_SILENCE)) {
        return false;
    }
    bool said_nothing = leg->client_hello.len == 0 && leg->bytes_received == 0;
    bool was_answered = leg->server_hello.len > 0;
    bool was_spare =
        judge->stack->is_browser && (!was_answered || judge->evidence->client_secured_before > 0 ||
                                     judge->evidence->is_passed); // what it refuses, it says aloud
    return said_nothing || was_spare;
}

static bool cut(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_was_cut(leg) || is_no_fault(judge, side)) {
        return false;
    }
    bool was_reset = leg->handshake.kind == ENDING_RESET;
    enum party party = side == CLIENT ? PARTY_CLIENT : was_reset ? PARTY_NETWORK : PARTY_SERVER;
    verdict_set(out, was_reset ? "transport.reset" : "transport.closed", party,
                leg_phase(judge, side), CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s %s in the middle of the handshake, without an alert",
                who(judge, side),
                was_reset ? "(or a box before it) reset the connection" : "closed the connection");
    verdict_fact(judge, out, "%s was due; %llu bytes had come", phase_name(out->phase),
                 (unsigned long long)leg->bytes_received);
    if (side == SERVER && judge->evidence->origin_secured_before > 0) {
        verdict_fact(judge, out, "%u earlier connections to this origin were secured",
                     judge->evidence->origin_secured_before);
    }
    return true;
}

static bool silence(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_SILENCE || is_no_fault(judge, side)) {
        return false;
    }
    verdict_set(out, "transport.timeout", side == SERVER ? PARTY_NETWORK : PARTY_CLIENT,
                leg_phase(judge, side), CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "%s stopped in the middle of the handshake: %s did not come in time",
                who(judge, side), phase_name(out->phase));
    return true;
}

static bool access_denied(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (!leg_heard(leg, ALERT_ACCESS_DENIED)) {
        return false;
    }
    verdict_set(out, "alert.access-denied", side == SERVER ? PARTY_SERVER : PARTY_CLIENT,
                leg_phase(judge, side), CONFIDENCE_DEDUCED);
    verdict_say(judge, out, "%s refuses by a policy of its own: access_denied", who(judge, side));
    return true;
}

static bool alert_received(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_ALERT_RECEIVED) {
        return false;
    }
    verdict_set(out, "alert.internal-error", side == SERVER ? PARTY_SERVER : PARTY_CLIENT,
                leg_phase(judge, side), CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s broke off with %s (%u), and nothing recorded shows why",
                who(judge, side), alert_name(leg->handshake.alert), leg->handshake.alert);
    return true;
}

// Behind the ServerHello of a connection that is passed on nothing else can be read either.
static bool alert_sealed(struct judge *judge, enum side side, struct verdict *out)
{
    if (leg_of(judge, side)->handshake.kind != ENDING_ALERT_SEALED) {
        return false;
    }
    verdict_set(out, "alert.internal-error", side == SERVER ? PARTY_SERVER : PARTY_CLIENT,
                leg_phase(judge, side), CONFIDENCE_SUSPECTED);
    verdict_say(judge, out, "%s broke off with an alert that is encrypted", who(judge, side));
    return true;
}

static bool alert_sent(struct judge *judge, enum side side, struct verdict *out)
{
    const struct leg_evidence *leg = leg_of(judge, side);
    if (leg->handshake.kind != ENDING_ALERT_SENT && leg->handshake.kind != ENDING_REFUSED) {
        return false;
    }
    verdict_set(out, "alert.internal-error", side == SERVER ? PARTY_SERVER : PARTY_CLIENT,
                leg_phase(judge, side), CONFIDENCE_SUSPECTED);
    if (leg->handshake.alert == ALERT_CLOSE_NOTIFY) {
        verdict_say(judge, out, "midspan could not take what %s sent and broke off",
                    who(judge, side));
    } else {
        verdict_say(judge, out, "midspan could not take what %s sent and broke off with %s (%u)",
                    who(judge, side), alert_name(leg->handshake.alert), leg->handshake.alert);
    }
    if (leg->handshake.detail != NULL) {
        verdict_fact(judge, out, "the TLS library said: %s",
                     peer_text(judge->arena, leg->handshake.detail));
    }
    return true;
}

const struct rule last_rules[] = {
    {"cut", cut},
    {"silence", silence},
    {"access denied", access_denied},
    {"an alert of the peer", alert_received},
    {"an alert that can't be read", alert_sealed},
    {"an alert of ours", alert_sent},
    {NULL, NULL},
};
