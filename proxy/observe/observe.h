// observe: passive readers of relayed bytes, as far as verdicts need them. Sans-I/O: they are fed
// copies that are never kept, change nothing and delay nothing. Uses base, http-parser and
// nghttp2's HPACK decoder.
//
//   file        | what it holds
//   ------------+--------------------------------------------------------------
//   observe.h   | the door: one observer a connection, fed by direction
//   exchanges.h | the first requests and responses, and what of them tells
//   h1_reader.h | the heads of one direction of HTTP/1
//   h2_reader.h | the heads of one direction of HTTP/2
//   http_date.h | the Date header
#pragma once

#include "base.h"
#include "exchanges.h"

enum observe_protocol {
    OBSERVE_HTTP1,
    OBSERVE_HTTP2
};

struct observer;

// observe_protocol_of says how a connection is read whose two legs agreed on these ALPN names
// (empty: none). False when it can't be: another protocol, or two different ones.
bool observe_protocol_of(struct slice client_alpn, struct slice server_alpn,
                         enum observe_protocol *out_protocol);

struct observer *observer_new(enum observe_protocol protocol); // NULL when memory is out
void observer_free(struct observer *observer);

// observer_requests and observer_responses take the next plaintext of a direction, cut up in any
// way. False once nothing more is wanted: a response that tells was seen, or as many as are looked
// at, or the bytes are of another protocol. Further bytes are then ignored.
bool observer_requests(struct observer *observer, struct slice bytes);
bool observer_responses(struct observer *observer, struct slice bytes);

// observer_seen borrows what was seen so far, until the observer is fed again or freed.
const struct observed *observer_seen(const struct observer *observer);
