// A verdict about dates rests on midspan's clock. Web servers that the certificates name have one
// of their own: the Date header of any answer of theirs tells whether it is the certificate that is
// out of date, or the clock. No I/O: whoever asks the address gives the header.
#pragma once

#include "judge.h"
#include "recheck.h"

// Clocks that are less apart say the same.
#define OTHER_CLOCK_SLACK_US ((int64_t)3600 * 1000000)

// All-zero is of no verdict.
struct other_clock {
    struct judge judge;
    struct recheck check;
    int64_t age_us;    // of the answer that comes next; 0: it is fresh
    const char *place; // the address to ask
};

// other_clock_open is true if the verdict is about dates (cert.expired, cert.intermediate-expired,
// cert.not-yet-valid, clock.bridge that is not proven), no other clock was seen, and the
// certificates name an address.
bool other_clock_open(struct other_clock *out, const struct evidence *evidence,
                      const struct trust_store *trust, struct arena *arena,
                      struct verdict *verdict);
void other_clock_clear(struct other_clock *clock);

// other_clock_take takes a Date header, which is as old as caches have held it, and adds its row. A
// clock that says what midspan's says makes a suspected clock.bridge the certificate's fault; one
// at which the chain verifies makes it clock.bridge, proven. other_clock_none adds the row of an
// address that gave no time.
void other_clock_take(struct other_clock *clock, const char *date, int64_t held_us, double ms);
void other_clock_none(struct other_clock *clock, const char *why, double ms);
