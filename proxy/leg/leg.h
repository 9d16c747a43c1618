// leg: one TLS leg, an engine over buffers and the socket around it. The engine is what the proxy,
// counterfactuals, tests and fuzzers run alike. Uses wire, certs, policy, verdict's evidence,
// OpenSSL and libuv.
//
//   file         | what it holds
//   -------------+-----------------------------------------------------------------
//   library.h    | what the TLS library can, asked once
//   context.h    | an SSL_CTX for each shape, kept
//   tap.h        | the BIO between OpenSSL and our buffers
//   transcript.h | what goes by, noted as evidence
//   engine.h     | the handshake, and data in and out
//   link.h       | a TCP socket on a loop: reads, bounded writes, endings
#pragma once

#include "context.h"
#include "engine.h"
#include "library.h"
#include "link.h"
