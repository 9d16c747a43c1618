// SOCKS4 and 4A requests, read so that it can be said that one came: they are not served.
// https://www.openssh.org/txt/socks4.protocol and socks4a.protocol
#pragma once

#include "base.h"

// The user's name may be of any length: a longer request is none for us.
#define SOCKS4_BYTES_MAX ((size_t)512)

// socks4_parse reads a request to connect from the start of `bytes`. PARSE_OK: *out_target is where
// the client wants to go.
enum parse socks4_parse(struct slice bytes, struct endpoint *out_target);
