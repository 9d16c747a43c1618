// Proves a verdict about a client certificate that the client leg demands and the client does not
// have: a client shaped like the recorded hello, and without a certificate, talks in memory to our
// server, whole handshakes long. No network.
#pragma once

#include "replay.h"

// rehearse adds rows and makes the verdict CONFIDENCE_PROVEN when the handshake fails again, by the
// same alert, while a certificate is demanded, and is secured when it is only asked for. False,
// with nothing changed, for other verdicts.
bool rehearse(const struct replay_setup *setup);
