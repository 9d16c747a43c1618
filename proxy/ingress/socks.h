// SOCKS5 (RFC 1928) up to the CONNECT request; a client that offers only a user name and password
// (RFC 1929) is let in with any. BIND and UDP ASSOCIATE are refused.
#pragma once

#include "fault.h"

#define SOCKS4_VERSION 4
#define SOCKS5_VERSION 5
// The longest message: the user name and password, 255 bytes each.
#define SOCKS_MESSAGE_MAX 513

enum socks_state {
    SOCKS_GREETING,
    SOCKS_PASSWORD,
    SOCKS_REQUEST
};

// All-zero is valid, at the start of a connection.
struct socks {
    enum socks_state state;
    uint8_t message[SOCKS_MESSAGE_MAX];
    size_t len;
    struct endpoint target; // once socks_feed gave INGRESS_STEP_DONE
};

// socks_feed takes at most one message's bytes; the outcomes are ingress_feed's. What to send is
// appended to `reply`.
enum ingress_step socks_feed(struct socks *socks, struct slice bytes, size_t *out_consumed,
                             struct buffer *reply, struct fault *fault);

// Reply codes (RFC 1928 section 6).
enum socks_reply {
    SOCKS_SUCCEEDED = 0,
    SOCKS_GENERAL_FAILURE = 1,
    SOCKS_REFUSED = 5,
    SOCKS_TTL_EXPIRED = 6,
    SOCKS_COMMAND_NOT_SUPPORTED = 7,
    SOCKS_ADDRESS_NOT_SUPPORTED = 8
};

// socks_put_reply appends the answer to a request; we name no bound address.
bool socks_put_reply(struct buffer *out, enum socks_reply code);

// socks4_refuse appends SOCKS4's "request rejected" (code 91).
bool socks4_refuse(struct buffer *out, struct fault *fault);
