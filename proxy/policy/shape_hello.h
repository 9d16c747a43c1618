// The ClientHello that an engine with a shape sends, as far as a server's choice goes: what
// OpenSSL 3.0 makes of the shape, without random, session id and keys.
#pragma once

#include "shape.h"

// The hello borrows from the arrays: not to be copied.
struct shape_hello {
    uint8_t versions[16];
    uint8_t suites[2 * NUMBER_LIST_MAX];
    uint8_t groups[2 * NUMBER_LIST_MAX];
    uint8_t schemes[2 * NUMBER_LIST_MAX];
    uint8_t share[5]; // one key share, of one byte
    uint8_t alpn[POLICY_ALPN_MAX];
    struct client_hello hello;
};

// shape_hello_make fills `out`. Its lowest version is the shape's: a hello without
// supported_versions can't say it, so predict_with_min is told.
void shape_hello_make(const struct leg_shape *shape, struct shape_hello *out);
