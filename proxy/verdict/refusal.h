// How a client refused the certificate that it was shown.
#pragma once

#include "evidence.h"
#include "stacks.h"

struct judge;

enum refusal_kind {
    REFUSAL_NONE,
    REFUSAL_ALERT,
    REFUSAL_CUT,   // reset or closed in the middle of the handshake
    REFUSAL_SILENT // handshake completed, then left without a byte
};

struct refusal {
    enum refusal_kind kind;
    uint8_t alert;
    enum phase phase;
};

// is_certificate_alert is true for the alerts with which a peer refuses a certificate.
bool is_certificate_alert(uint8_t alert);

// refusal_of reads the client leg; REFUSAL_NONE when the client did not refuse our certificate.
struct refusal refusal_of(const struct judge *judge);
// refusal_reaction is the same as stacks.h has it.
struct reaction refusal_reaction(const struct refusal *refusal);
// refusal_text says it after "the client …": "sent unknown_ca (48)".
const char *refusal_text(struct judge *judge, const struct refusal *refusal);
