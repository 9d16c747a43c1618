// When a leg breaks: the verdict is made, proven and told; then the client is (manners.h).
#pragma once

#include "connection.h"

// failure_of_leg takes a leg whose ending is in the evidence. Returns what the machine does next.
enum step failure_of_leg(struct connection *c, enum side side);
// failure_of_ingress likewise, for bytes that named no target: `code` and `text` go into the
// evidence.
enum step failure_of_ingress(struct connection *c, const char *code, const char *text);
// failure_keep_opening keeps the first bytes of the ingress, as they stand in `peeked`, for the
// proof that they are something else.
void failure_keep_opening(struct connection *c);
// failure_judge finds and tells the verdicts; used at the end of connections that were secured,
// too.
void failure_judge(struct connection *c);
// failure_judge_end does so for a connection that is closing. True when a proof by dials has begun:
// connection_told follows once it is done, else it is the caller's.
bool failure_judge_end(struct connection *c);
// failure_leave ends a proof that runs, and tells the verdict that waits for it: the connection is
// being closed.
void failure_leave(struct connection *c);
