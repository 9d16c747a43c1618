// Proves what certificates are to blame for: the recorded chain is verified again with one thing
// changed. In memory, no network.
#pragma once

#include "trust.h"
#include "verdict.h"

// reverify adds rows to a verdict about certificates (server leg: cert.*, clock.bridge,
// intercept.*; client leg: trust.bridge-ca-expired, client-auth.rejected) and makes it
// CONFIDENCE_PROVEN when the chain fails as before and exactly the change that fits the cause makes
// it verify. `trust` is what the verdict's leg verified with. False, with nothing changed, for
// other verdicts.
bool reverify(const struct evidence *evidence, const struct trust_store *trust, struct arena *arena,
              struct verdict *verdict);
