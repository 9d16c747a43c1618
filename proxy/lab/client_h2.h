// One HTTP/2 request and its answer, for the lab's client. Bytes in, bytes out. Not for other
// folders.
#pragma once

#include "buffer.h"

struct client_h2;

// client_h2_new makes the session and asks for "/" of `authority`; NULL when memory is out.
struct client_h2 *client_h2_new(const char *authority);
void client_h2_free(struct client_h2 *h2); // NULL does nothing

// client_h2_feed takes what came (maybe nothing) and appends what is to be sent; the body goes to
// `body`. False when the session is over: the answer is there, or it was broken off.
bool client_h2_feed(struct client_h2 *h2, struct slice in, struct buffer *out, struct buffer *body);

int client_h2_status(const struct client_h2 *h2);    // 0: none came
bool client_h2_is_whole(const struct client_h2 *h2); // the stream ended as it should
