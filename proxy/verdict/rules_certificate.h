// Certificate faults, for connections that broke and for those where they are masked.
#pragma once

#include "judge.h"

// No clock of a machine that runs this program can be before the program was written.
#define CLOCK_FLOOR_US ((int64_t)1767225600 * 1000000) // 2026-01-01

// verdict_certificate fills in what verification found on a chain of the server leg.
void verdict_certificate(struct judge *judge, const struct verification *verification,
                         const struct leg_evidence *leg, struct verdict *out);

// interceptor_named finds a known intercepting product in an issuer's name; NULL when there is
// none.
const char *interceptor_named(const char *issuer);
