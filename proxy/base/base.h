// base: what every floor stands on. libc only; no socket, no TLS.
//
//   file       | what it holds
//   -----------+------------------------------------------------------------------
//   slice.h    | borrowed bytes, and a bounds-checked cursor over them
//   buffer.h   | owned bytes with a limit: append at the end, consume at the start
//   arena.h    | owns everything that lives as long as one connection
//   error.h    | an error of ours: a kind and a text
//   clock.h    | wall and monotonic time, RFC 3339
//   json.h     | writes one JSON value into a buffer, escaping what peers said
//   text.h     | escaping for a terminal, hex, small parsers of numbers
//   endpoint.h | HOST:PORT, IPv6 literals included
//   language.h | what midspan's texts for people are written in
#pragma once

#include "arena.h"
#include "buffer.h"
#include "clock.h"
#include "endpoint.h"
#include "error.h"
#include "json.h"
#include "language.h"
#include "slice.h"
#include "text.h"
