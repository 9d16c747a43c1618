// Servers that exist, as what predictions are made against: each is asked once a process what it
// accepts (probe/survey.h), however many predictions are about it.
#pragma once

#include "bridge_case.h"
#include "endpoint.h"

#define LIVE_SERVERS_MAX 64

// All-zero is empty. Terms that it gave live until it is cleared.
struct live_servers {
    struct live_server *items[LIVE_SERVERS_MAX];
    size_t count;
};

// live_server_named is true if `text` names a host: HOST:PORT, an address, a name with a dot, or
// localhost, and no preset, no file and no leg keys. Port 443 where none is said.
bool live_server_named(const char *text, struct endpoint *out_host);

// live_servers_ask gives what the server accepts, and how many dials that took. NULL with `error`
// when it can't be reached, speaks no TLS or accepts nothing; it then says why.
const struct server_terms *live_servers_ask(struct live_servers *servers, const char *text,
                                            size_t *out_dials, struct error *error);
void live_servers_clear(struct live_servers *servers);
