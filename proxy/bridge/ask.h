// --experiment, as one connection lives it: it may be asked something about an earlier finding of
// its client, and what it answers is told.
#pragma once

#include "connection.h"

// ask_begin looks whether this connection's client is to be asked something; its ClientHello is
// read, and nothing has been answered.
void ask_begin(struct connection *c);
// ask_is is true if the connection is served with this change.
bool ask_is(const struct connection *c, enum experiment_change change);
// ask_leaf changes what is minted, and by whom, as the question wants it.
struct mint *ask_leaf(const struct connection *c, struct leaf_spec *spec);
// ask_used: the client has sent application data, so it took what it was shown. ask_ended: the
// connection is over. Each tells the answer, once, and the finding that it settles.
void ask_used(struct connection *c);
void ask_ended(struct connection *c);
// ask_found offers a verdict, as told, to be proven on the client's next connections.
void ask_found(struct connection *c, const struct verdict *verdict);
