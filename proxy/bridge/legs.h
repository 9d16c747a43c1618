// Makes the two engines out of policy, hello and leaf, and runs their handshakes.
#pragma once

#include "connection.h"

// legs_server_received takes the origin's bytes in SERVER_HANDSHAKE; legs_ended the end of a side's
// TCP in either handshake.
void legs_server_received(struct connection *c, struct slice bytes);
enum step legs_ended(struct connection *c, enum side side, enum ending_kind kind, int os_error);
// legs_read_request takes the client's bytes in ANSWERING and decrypts them into the answer's
// request.
void legs_read_request(struct connection *c, struct slice bytes);
// legs_leaf_name is the name that the minted leaf must carry: the SNI, else the target's host.
const char *legs_leaf_name(struct connection *c);
// legs_open_outer makes the engine for a client that speaks TLS to the proxy port. False: it can't
// be.
bool legs_open_outer(struct connection *c);
