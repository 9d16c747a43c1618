// bridge: the connection. Ingress, two legs, relay, and what the client is told when one breaks.
// Uses all of floor 3, and probe.
//
//   file          | what it holds
//   --------------+----------------------------------------------------------------
//   proxy.h       | the running proxy: start, reload, drain (the one public header)
//   terms.h       | settings in force with what is made from them; shared, counted
//   worker.h      | a thread, its loop, its listeners and shared buffers
//   connection.h  | one connection: its states, facts and legs (connection_hooks.c: what its
//                 | sockets say; connection_ingress.c: its first state)
//   peek.h        | the first flight, and the wait for the origin
//   dial.h        | names, addresses, TCP, an upstream proxy
//   legs.h        | makes the two engines and runs their handshakes
//   relay.h       | bytes both ways, and their ends
//   failure.h     | verdicts, and their proofs
//   manners.h     | what the client is told
//   answer.h      | HTTP answers of our own; page.h: what they say, html.h, h2_answer.h: how it is
//                 | written; local.h: the proxy as a target
//   listen.h      | listening sockets
//   experiments.h | --experiment: findings that clients are asked about; ask.h: one connection's
//                 | part in it
//   history.h     | what earlier connections of a client and to an origin did
#pragma once

#include "proxy.h"
