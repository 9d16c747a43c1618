// What a real OpenSSL server answers a raw hello: what a dial would have seen of it, in memory.
#pragma once

#include "change.h"
#include "peers.h"

// answer_hello plays one handshake message (and the second hello that a retry asks for) to a
// server of these terms. `out_message` (NULL: not wanted) gets the ServerHello.
void answer_hello(struct peers *peers, const struct terms *server, struct slice hello,
                  struct outcome *out, struct buffer *out_message);
