// The names of what evidence and verdicts enumerate, as they stand in JSON.
#include "verdict.h"

const char *ingress_kind_name(enum ingress_kind kind)
{
    static const char *const names[] = {
#define XX(name, text) [INGRESS_##name] = text,
        INGRESS_MAP(XX)
#undef XX
    };
    return names[kind];
}

const char *ending_kind_name(enum ending_kind kind)
{
    switch (kind) {
    case ENDING_NONE:
        return "none";
    case ENDING_SECURED:
        return "secured";
    case ENDING_ALERT_SENT:
        return "alert-sent";
    case ENDING_ALERT_RECEIVED:
        return "alert-received";
    case ENDING_ALERT_SEALED:
        return "alert-sealed";
    case ENDING_RESET:
        return "reset";
    case ENDING_CLOSED:
        return "closed";
    case ENDING_SILENCE:
        return "silence";
    case ENDING_REFUSED:
        return "refused";
    case ENDING_NOT_TLS:
        return "not-tls";
    case ENDING_UNREACHABLE:
        return "unreachable";
    case ENDING_ABANDONED:
        return "abandoned";
    case ENDING_DROPPED:
        return "dropped";
    }
    return "none";
}

const char *ending_kind_words(enum ending_kind kind)
{
    static const char *const words[] = {
#define XX(name, text) [ENDING_##name] = text,
        ENDING_MAP(XX)
#undef XX
    };
    return words[kind];
}

const char *phase_name(enum phase phase)
{
    static const char *const names[] = {
#define XX(name, text) [PHASE_##name] = text,
        PHASE_MAP(XX)
#undef XX
    };
    return names[phase];
}

const char *party_name(enum party party)
{
    switch (party) {
    case PARTY_CLIENT:
        return "client";
    case PARTY_SERVER:
        return "server";
    case PARTY_BRIDGE:
        return "bridge";
    case PARTY_NETWORK:
        return "network";
    }
    return "network";
}

const char *confidence_name(enum confidence confidence)
{
    switch (confidence) {
    case CONFIDENCE_SUSPECTED:
        return "suspected";
    case CONFIDENCE_DEDUCED:
        return "deduced";
    case CONFIDENCE_PROVEN:
        return "proven";
    }
    return "suspected";
}

const char *severity_name(enum severity severity)
{
    return severity == SEVERITY_ERROR ? "error" : "warning";
}

const char *direct_name(enum direct direct)
{
    switch (direct) {
    case DIRECT_UNKNOWN:
        return "unknown";
    case DIRECT_WOULD_SUCCEED:
        return "would-succeed";
    case DIRECT_WOULD_FAIL:
        return "would-fail";
    }
    return "unknown";
}
