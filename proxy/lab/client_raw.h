// A client preset's hello, played as it was recorded: for hellos that no library makes any more. It
// can't go on after the ServerHello. Not for other folders.
#pragma once

#include "client.h"
#include "client_socket.h"

// client_raw_play says the hello of the client's preset, with `sni` (NULL: none) in place of the
// recorded name, and reads the answer into the result: its end is LAB_CLIENT_ANSWERED or
// LAB_CLIENT_BROKEN. False with `error` when the hello can't be made.
bool client_raw_play(const struct lab_client_setup *setup, const char *sni,
                     struct client_socket *socket, struct lab_client_result *result,
                     struct error *error);
