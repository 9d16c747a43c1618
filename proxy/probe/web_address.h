// Addresses that certificates give: http: and nothing else, since https would need a certificate
// to be verified in order to verify one (RFC 5280 section 4.2.2.1 names http, ldap and ftp).
#pragma once

#include <sys/socket.h>

#include "base.h"

#define WEB_PATH_MAX ((size_t)1024)

struct web_address {
    struct endpoint endpoint;
    char path[WEB_PATH_MAX + 1]; // path and query, begins with '/', printable ASCII, no blanks
};

// web_address_read reads "http://HOST[:PORT][/PATH][?QUERY]"; a fragment is dropped. False for
// another scheme, a user name, a character that must be escaped, or more than fits.
bool web_address_read(struct slice text, struct web_address *out);

// web_address_follow reads a Location: an address, or a path on the host of `from`.
bool web_address_follow(const struct web_address *from, struct slice location,
                        struct web_address *out);

// web_address_is_near is true for an address that only this machine or its network reaches (RFC
// 6890: loopback, private, link-local, shared), or that is no host's. A certificate from elsewhere
// must not have such a one asked: it may do something on GET.
bool web_address_is_near(const struct sockaddr *address);

// web_address_host writes HOST or HOST:PORT as the Host header has it.
const char *web_address_host(const struct web_address *address, char out_text[ENDPOINT_TEXT_MAX]);
