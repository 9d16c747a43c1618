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
    uint8_t alert; // 0: one that can't be read
    enum phase phase;
};

// is_certificate_alert is true for the alerts with which a peer refuses a certificate.
bool is_certificate_alert(uint8_t alert);

// refusal_of reads the client leg; REFUSAL_NONE when the client did not refuse our certificate.
struct refusal refusal_of(const struct judge *judge);
// refusal_of_passed reads a connection that was passed on: how its client refused the origin's own
// certificate. An alert of 0 is one that can't be read.
struct refusal refusal_of_passed(const struct judge *judge);
// refusal_may is true if the client's stack answers `fault` like this, as far as known (unknown:
// true); of an alert that can't be read it is known that there was one.
bool refusal_may(const struct judge *judge, const struct refusal *refusal, enum stack_fault fault);
// refusal_reaction is the same as stacks.h has it.
struct reaction refusal_reaction(const struct refusal *refusal);
// names_clock is true if the answer says outright that a date is at fault: certificate_expired, or
// what a stack sends for a leaf that is not valid yet and no program on it for a check of its own.
// Browsers send that for much else.
bool names_clock(const struct judge *judge, const struct refusal *refusal);
// refusal_text says it after "the client …": "sent unknown_ca (48)".
const char *refusal_text(struct judge *judge, const struct refusal *refusal);
