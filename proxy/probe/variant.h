// A recorded ClientHello with one thing changed, everything else as it was and in its order. Pure
// but for the random keys of new shares.
#pragma once

#include "change.h"
#include "hello.h"

struct variant_base {
    struct client_hello hello; // the recorded one
    struct sets offered;       // what it offers, its versions as the policy has them
};

// variant_encode appends the changed hello as one handshake message. `out_offered` gets what it
// offers; its ALPN borrows from `base`. False when it can't be built (a hello of SSLv2, a list past
// its limit). CHANGE_BLAME is not for it: `base` is sent as it is.
bool variant_encode(const struct variant_base *base, const struct change *change,
                    struct buffer *out, struct sets *out_offered);

// variant_retry appends the second ClientHello that a HelloRetryRequest asks for (RFC 8446 section
// 4.1.2): `first` with one fresh share and the cookie. False when no share can be made.
bool variant_retry(struct slice first, const struct server_hello *retry, struct buffer *out);

#define COMPACT_BYTES_MAX 250
