// Names that are reached at an address of the user's choice, without DNS (--resolve).
#pragma once

#include "endpoint.h"

#define HOST_ROUTES_MAX 160

struct host_route {
    char pattern[ENDPOINT_HOST_MAX]; // lower case: a name, "*.domain" or "*"
    struct endpoint where;
};

// host_pattern_read reads a host pattern of at most ENDPOINT_HOST_MAX - 1 bytes into lower case;
// false if `text` is none.
bool host_pattern_read(struct slice text, char out_pattern[ENDPOINT_HOST_MAX]);

// host_route_parse reads "PATTERN=HOST:PORT". ERROR_USAGE names `what`, the value and what was
// expected.
bool host_route_parse(const char *text, const char *what, struct host_route *out_route,
                      struct error *error);

// host_route_find gives the first of `count` routes for `host` (a dot at its end does not count),
// NULL when there is none.
const struct host_route *host_route_find(const struct host_route *routes, size_t count,
                                         const char *host);
