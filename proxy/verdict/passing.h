// What can be told of a handshake that is passed on untouched, past the point where it is
// encrypted: by the types, lengths and order of the client's records alone. RFC 8446 section 5.2.
// Pure.
#pragma once

#include "evidence.h"
#include "tls_stream.h"

// passing_record notes a record of the client's: its Finished, an alert by its length, application
// data. An alert that a client of TLS 1.3 still sends in plaintext is not among them: it is read.
void passing_record(struct evidence *evidence, const struct stream_item *item, int64_t at_us);

// passing_end notes how the handshake ended when `side` left (CLOSED or RESET) before the client
// had sent its Finished. Nothing is noted when the origin leaves after its ServerHello: what it
// said last is encrypted. To be called before the leg's `close` is set.
void passing_end(struct evidence *evidence, enum side side, enum ending_kind kind, int os_error,
                 int64_t at_us);
