// Bytes both ways, and their ends, passed on as they were: close_notify as close_notify, a bare
// FIN as a bare FIN, a reset as a reset.
#pragma once

#include "connection.h"

// relay_start enters RELAYING: sends what was held back, then reads both sides.
enum step relay_start(struct connection *c);
// What the sockets said, in state RELAYING.
void relay_received(struct connection *c, enum side from, struct slice bytes);
void relay_ended(struct connection *c, enum side from);
void relay_broke(struct connection *c, enum side from, int os_error);
void relay_drained(struct connection *c, enum side side);
// relay_observed writes what the observer has seen into the evidence, and ends it.
void relay_observed(struct connection *c);
