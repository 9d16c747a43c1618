// A recorded ClientHello said to a real server, and what came. Nothing else is ever sent.
#pragma once

#include <sys/socket.h>

#include "error.h"
#include "hello.h"

#define HELLO_SEND_MS_MAX 5000

struct hello_sent {
    size_t hello_len;  // bytes of the message that was sent
    bool is_answered;  // by a ServerHello, with something that was offered, and the server went on
    double ms;         // from the dial to the outcome
    char outcome[256]; // "ServerHello, TLS 1.3, …"
};

// hello_send sends `hello` with the server name `name` (NULL: none) in place of the recorded one,
// and blocks until it is known what the server makes of it. False with `error` when it can't be
// sent at all.
bool hello_send(const struct client_hello *hello, const char *name, const struct sockaddr *address,
                struct hello_sent *out_sent, struct error *error);
