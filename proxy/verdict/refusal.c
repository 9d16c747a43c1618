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

// A server of TLS 1.3 that sends a certificate sends so much behind its ServerHello; the Finished
// that ends a session taken up again is far smaller.
#define FLIGHT_BYTES_MIN 300

static bool saw_certificate_pass(const struct judge *judge)
{
    const struct leg_evidence *leg = leg_of(judge, CLIENT); // the answer is on both
    uint64_t bytes = leg_of(judge, SERVER)->bytes_received;
    if (!judge->has_answer[CLIENT] || judge->answer[CLIENT].has_psk) {
        return false;
    }
    return leg->version >= VERSION_TLS13 ? bytes >= leg->server_hello.len + FLIGHT_BYTES_MIN
                                         : leg_saw_certificate(leg, CLIENT);
}

// A client that completed the handshake and left first, without a byte of application data. Its
// close_notify may be heard of before the origin's end, its own end after it.
static bool left_passed_unused(const struct judge *judge)
{
    const struct evidence *evidence = judge->evidence;
    const struct ending *client = &leg_of(judge, CLIENT)->close;
    const struct ending *server = &leg_of(judge, SERVER)->close;
    bool has_alert = evidence->passed_alert_us != 0;
    int64_t left_us = has_alert ? evidence->passed_alert_us : client->at_us;
    bool has_left = has_alert || client->kind == ENDING_CLOSED || client->kind == ENDING_RESET;
    return evidence->passed_finished && !evidence->passed_used && has_left &&
           !leg_broke(leg_of(judge, SERVER)) &&
           (server->kind == ENDING_NONE || left_us <= server->at_us);
}

struct refusal refusal_of_passed(const struct judge *judge)
{
    const struct leg_evidence *leg = leg_of(judge, CLIENT);
    const struct refusal none = {.kind = REFUSAL_NONE};
    if (!judge->evidence->is_passed || !judge->has_client_hello || !saw_certificate_pass(judge)) {
        return none;
    }
    if (leg->handshake.kind == ENDING_ALERT_SEALED ||
        (leg->handshake.kind == ENDING_ALERT_RECEIVED &&
         is_certificate_alert(leg->handshake.alert))) {
        return (struct refusal){REFUSAL_ALERT, leg->handshake.alert, PHASE_CERTIFICATE};
    }
    if (leg_was_cut(leg)) {
        return (struct refusal){REFUSAL_CUT, 0, PHASE_CERTIFICATE};
    }
    bool is_open = leg->handshake.kind == ENDING_NONE;
    return is_open && left_passed_unused(judge) ? (struct refusal){REFUSAL_SILENT, 0, PHASE_AFTER}
                                                : none;
}

bool refusal_may(const struct judge *judge, const struct refusal *refusal, enum stack_fault fault)
{
    uint16_t version = leg_of(judge, CLIENT)->version;
    if (refusal->kind == REFUSAL_ALERT && refusal->alert == 0) {
        struct reaction usual = stack_reaction(judge->stack, version, fault);
        return usual.kind == REACTION_UNKNOWN || usual.kind == REACTION_ALERT;
    }
    return stack_may(judge->stack, version, fault, refusal_reaction(refusal));
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
        if (refusal->alert == 0) {
            return "sent an alert that is encrypted, and left";
        }
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

bool names_clock(const struct judge *judge, const struct refusal *refusal)
{
    const struct stack *stack = judge->stack;
    uint16_t version = leg_of(judge, CLIENT)->version;
    struct reaction seen = refusal_reaction(refusal);
    if (refusal->kind != REFUSAL_ALERT) {
        return false;
    }
    return refusal->alert == ALERT_CERTIFICATE_EXPIRED ||
           (stack != stack_unknown() && !stack->is_browser &&
            stack_may(stack, version, STACK_FAULT_NOT_YET_VALID, seen) &&
            !stack_may(stack, version, STACK_FAULT_UNTRUSTED, seen) &&
            !stack_may_own(stack, version, seen));
}
