// Proves what verification found on the server leg: the recorded chain is verified again with one
// thing changed. In memory, no network: an intermediate that was not sent is not fetched.
#pragma once

#include "trust.h"
#include "verdict.h"

// reverify adds rows to a verdict about the origin's certificate (cert.*, clock.bridge) and makes
// it CONFIDENCE_PROVEN when the chain fails as before and exactly the change that fits the cause
// makes it verify. False, with nothing changed, for other verdicts.
bool reverify(const struct evidence *evidence, const struct trust_store *trust, struct arena *arena,
              struct verdict *verdict);
