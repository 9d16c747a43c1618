// The blocking socket of the lab's client, with a time by which all must be over. Not for other
// folders.
#pragma once

#include "endpoint.h"

// All-zero is not open.
struct client_socket {
    int fd;
    bool is_open;
    bool has_ended;   // the peer's FIN or reset was seen
    int64_t until_us; // monotonic
    uint8_t *room;
};

enum client_got {
    CLIENT_GOT_BYTES,
    CLIENT_GOT_END,
    CLIENT_GOT_RESET,
    CLIENT_GOT_NOTHING // in time
};

// client_socket_open connects to `entry`, an IPv4 address; *out_connected tells whether somebody is
// there. False with `error` when there is no socket or no memory. client_socket_close frees.
bool client_socket_open(struct client_socket *client, const struct endpoint *entry,
                        int64_t until_us, bool *out_connected, struct error *error);
void client_socket_close(struct client_socket *client);

// client_socket_receive waits for bytes; they are valid until the next call.
enum client_got client_socket_receive(struct client_socket *client, struct slice *out_bytes);

// client_socket_send sends what it can: what a peer that is gone does not take is no loss.
void client_socket_send(struct client_socket *client, struct slice bytes);

// client_socket_leave ends our side and reads to the other's end, for a second at most, so that no
// reset overtakes what was said.
void client_socket_leave(struct client_socket *client);
