// One HTTP/2 response, for a client whose leg agreed on h2 before the origin failed. RFC 9113.
#pragma once

#include "buffer.h"

// h2_request_stream finds the stream of the first request in what the client sent (preface,
// frames); 0 while its HEADERS have not come whole.
uint32_t h2_request_stream(struct slice received);

// h2_answer appends SETTINGS, the response on `stream`, and GOAWAY. The body must fit the
// client's initial window (RFC 9113 section 6.9.2: 65,535 bytes unless it said less).
bool h2_answer(struct buffer *out, uint32_t stream, int status, const char *type,
               struct slice body);
