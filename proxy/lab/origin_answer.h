// What a lab origin answers to a request. Pure.
#pragma once

#include "origin.h"

// What is known of a request when it is answered.
struct origin_request {
    struct slice sni;        // as sent; empty: none
    struct slice host;       // Host or :authority; empty: none
    struct slice target;     // as sent; empty: not known
    bool has_certificate;    // of the client
    bool is_certificate_bad; // … that does not verify
};

// origin_status chooses the status.
uint16_t origin_status(const struct origin *origin, const struct origin_request *request);

// origin_body appends the body for a status: the origin's own for its own status.
bool origin_body(const struct origin *origin, uint16_t status, struct buffer *out);

// origin_answer appends a whole HTTP/1.1 response. One that ends without close_notify has no
// Content-Length: only the end of the connection tells where it ends.
bool origin_answer(const struct origin *origin, uint16_t status, struct buffer *out);
