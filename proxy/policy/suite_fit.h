// Which suites a handshake of a version can choose.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// suite_fits is true if a handshake of `version` can choose the suite: TLS 1.3 has suites of its
// own (RFC 8446 section 4.1.2), and those with an AEAD or SHA-2 MAC began with TLS 1.2 (RFC 5246
// section 1.2). A suite that nobody registered counts as one of any version below TLS 1.3.
bool suite_fits(uint16_t id, uint16_t version);
