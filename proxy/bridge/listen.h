// Listening sockets, one a worker for each address, so that the kernel spreads connections.
#pragma once

#include <sys/socket.h>

#include "endpoint.h"

// listen_open binds `count` sockets (SO_REUSEPORT, non-blocking, not yet listening) to `where`;
// port 0 takes a free one and the rest follow it; *out_real tells it. First it makes sure that
// nobody else listens there: SO_REUSEPORT would let a second midspan steal half of the first one's
// connections. ERROR_NETWORK names the address and who to look for. The host may be a literal or
// "localhost".
bool listen_open(const struct endpoint *where, int *out_fds, size_t count,
                 struct endpoint *out_real, struct error *error);

// listen_has is true if a connection to `address` (IPv4 or IPv6) would come to the listener that
// listen_open told as `own`. Where it listens on all addresses, the kernel is asked whether this
// one is the machine's.
bool listen_has(const struct endpoint *own, const struct sockaddr_storage *address);
