// What the TLS library can: asked from it, not remembered from its documentation.
#pragma once

#include "shape.h"

// library_ask fills `out_library` from the OpenSSL that runs: every version, suite, group and
// scheme that it takes at security level 0. Suites without certificate or encryption, PSK and SRP
// are left out: a bridge can't speak them. Costs some ms; ask once a process.
void library_ask(struct library *out_library);
