// HOST:PORT as people and protocols write it; IPv6 literals stand in brackets (RFC 3986 3.2.2).
#pragma once

#include "error.h"
#include "slice.h"

// A DNS name has at most 253 characters (RFC 1035 section 3.1); an IPv6 literal with zone fits too.
#define ENDPOINT_HOST_MAX 256
#define ENDPOINT_TEXT_MAX (ENDPOINT_HOST_MAX + 8)

struct endpoint {
    char host[ENDPOINT_HOST_MAX]; // lower case, brackets taken off, never empty once parsed
    uint16_t port;
    bool is_ip; // host is an IPv4 or IPv6 literal
};

// endpoint_parse reads "host:port", "[v6]:port", or, when `port_default` > 0, the same without a
// port. Hosts hold letters, digits, '-', '.', '_' and non-ASCII UTF-8 is refused (send A-labels).
// False with `error` (kind USAGE) naming `what`, e.g. "--listen".
bool endpoint_parse(struct slice text, uint16_t port_default, const char *what,
                    struct endpoint *out_endpoint, struct error *error);

// endpoint_set_host fills host and is_ip from a bare host; false if it is empty, too long or has
// a character that no host has.
bool endpoint_set_host(struct endpoint *endpoint, struct slice host);

// endpoint_text writes "host:port", brackets put on for IPv6.
const char *endpoint_text(const struct endpoint *endpoint, char out_text[ENDPOINT_TEXT_MAX]);

// endpoint_is_loopback is true for localhost, 127.0.0.0/8 and ::1.
bool endpoint_is_loopback(const struct endpoint *endpoint);
