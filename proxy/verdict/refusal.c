// What a client does after our Certificate, read as its answer to it.
#include "refusal.h"

#include "judge.h"

bool is_certificate_alert(uint8_t alert)
{
    switch (alert) {
    case ALERT_BAD_CERTIFICATE:
    case ALERT_UNSUPPORTED_CERTIFICATE:
    case ALERT_CERTIFICATE_REVOKED:
    case ALERT_CERTIFICATE_EXPIRED:
    case ALERT_CERTIFICATE_UNKNOWN:
    case ALERT_UNKNOWN_CA:
    case ALERT_BAD_CERTIFICATE_STATUS_RESPONSE:
        return true;
    default: // alerts are bytes from outside, not only those of the enum
        return false;
    }
}

// A client that looks at the certificate after the handshake leaves at once; one that stays this
// long kept the connection for later.
#define SILENT_REJECTION_US_MAX ((int64_t)3 * 1000000)

static bool is_silent_rejection(const struct judge *judge)
{
    const struct leg_evidence *leg = leg_of(judge, CLIENT);
    bool has_left =
        leg->close.kind == ENDING_CLOSED || leg->close.kind == ENDING_RESET ||
        (leg->close.kind == ENDING_ALERT_RECEIVED && leg->close.alert == ALERT_USER_CANCELED);
    // HTTP/2 origins speak first; what else was sent was asked for in some way of its own.
    bool was_served = leg->app_bytes_sent > 0 && !slice_equals_text(leg->alpn, "h2");
    bool stayed =
        leg->secured_us > 0 && leg->close.at_us - leg->secured_us > SILENT_REJECTION_US_MAX;
    return has_left && leg->app_bytes_received == 0 && !was_served && !stayed && !leg->is_resumed &&
           !leg_broke(leg_of(judge, SERVER));
}

struct refusal refusal_of(const struct judge *judge)
{
    const struct leg_evidence *leg = leg_of(judge, CLIENT);
    const struct refusal none = {.kind = REFUSAL_NONE};
    // Never trust before a Certificate was sent; what is passed on shows the origin's own.
    if (judge->evidence->is_passed || !judge->has_client_hello ||
        !leg_saw_certificate(leg, CLIENT)) {
        return none;
    }
    if (leg->handshake.kind == ENDING_ALERT_RECEIVED &&
        is_certificate_alert(leg->handshake.alert)) {
        return (struct refusal){REFUSAL_ALERT, leg->handshake.alert, PHASE_CERTIFICATE};
    }
    if (leg_was_cut(leg)) {
        return (struct refusal){REFUSAL_CUT, 0, PHASE_CERTIFICATE};
    }
    if (leg->handshake.kind != ENDING_SECURED) {
        return none;
    }
    // SslStream of .NET looks at the certificate after the handshake and sends its alert then.
    if (leg->close.kind == ENDING_ALERT_RECEIVED && is_certificate_alert(leg->close.alert) &&
        leg->app_bytes_received == 0) {
        return (struct refusal){REFUSAL_ALERT, leg->close.alert, PHASE_AFTER};
    }
    return is_silent_rejection(judge) ? (struct refusal){REFUSAL_SILENT, 0, PHASE_AFTER} : none;
}

struct reaction refusal_reaction(const struct refusal *refusal)
{
    switch (refusal->kind) {
    case REFUSAL_ALERT:
        return (struct reaction){REACTION_ALERT, refusal->alert};
    case REFUSAL_CUT:
        return (struct reaction){REACTION_CUT, 0};
    case REFUSAL_SILENT:
        return (struct reaction){REACTION_SILENCE, 0};
    case REFUSAL_NONE:
        break;
    }
    return (struct reaction){REACTION_UNKNOWN, 0};
}

const char *refusal_text(struct judge *judge, const struct refusal *refusal)
{
    const char *text = NULL;
    switch (refusal->kind) {
    case REFUSAL_ALERT:
        text =
            arena_printf(judge->arena, "sent %s (%u)", alert_name(refusal->alert), refusal->alert);
        break;
    case REFUSAL_CUT:
        return "left in the middle of the handshake, without an alert";
    case REFUSAL_SILENT:
        return "finished the handshake and left without one byte";
    case REFUSAL_NONE:
        break;
    }
    return text != NULL ? text : "left";
}
