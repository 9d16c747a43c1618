// A server's first flight as servers of old sent it, written by hand: what the TLS library no
// longer says. ServerHello, Certificate, ServerHelloDone, with a suite of RSA key exchange. Pure.
#pragma once

#include "hello.h"

struct old_flight {
    uint16_t version;                 // VERSION_SSL30 … VERSION_TLS12
    const struct slice *certificates; // DER, leaf first
    size_t certificate_count;
    uint8_t random[32];
    bool has_renegotiation_info; // RFC 5746
};

// old_flight_suite chooses the suite: the first of the client's that signs with RSA and that the
// version can have; 0 when there is none.
uint16_t old_flight_suite(const struct client_hello *hello, uint16_t version);

// old_flight_encode appends the flight as one record; false when there is no suite or the buffer is
// full.
bool old_flight_encode(const struct old_flight *flight, const struct client_hello *hello,
                       struct buffer *out);
