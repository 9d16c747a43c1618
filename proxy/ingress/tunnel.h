// A tunnel through an upstream HTTP proxy, asked for with CONNECT: what to say, and what the bytes
// mean that come back. Pure. RFC 9110 section 9.3.6.
#pragma once

#include "base.h"

#define TUNNEL_ASK_BYTES_MAX ((size_t)3 * ENDPOINT_TEXT_MAX)
// The limit of the buffer that keeps an answer until its head is whole.
#define TUNNEL_HEAD_BYTES_MAX ((size_t)16 * 1024)

// tunnel_ask writes the request for a tunnel to `target`, a text "host:port" of at most
// ENDPOINT_TEXT_MAX, into `room` and gives it, borrowed from there.
struct slice tunnel_ask(const char *target, char room[TUNNEL_ASK_BYTES_MAX]);

// tunnel_answer_parse reads what the proxy has said so far: PARSE_MORE until the blank line behind
// its head, PARSE_BAD when that head is not HTTP/1. On PARSE_OK *out_status is its status (2xx
// opens a tunnel) and *out_len the length of the head: what follows is the target's.
enum parse tunnel_answer_parse(struct slice bytes, int *out_status, size_t *out_len);

enum tunnel {
    TUNNEL_WAITS,
    TUNNEL_OPEN,   // bytes of the target may stand in `head` as well
    TUNNEL_REFUSED // or what came is no answer, or longer than the buffer may be
};

// tunnel_feed adds `bytes` to the answer kept in `head`, and tells what it means. For who does not
// want to know more than that.
enum tunnel tunnel_feed(struct buffer *head, struct slice bytes);
