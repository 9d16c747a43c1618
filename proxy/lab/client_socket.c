#include "client_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define ROOM_BYTES   ((size_t)32 * 1024)
#define LEAVE_US_MAX ((int64_t)1000 * 1000)

static bool wait_for(struct client_socket *socket, short events)
{
    for (;;) {
        int64_t left_ms = (socket->until_us - clock_monotonic_us()) / 1000;
        struct pollfd one = {.fd = socket->fd, .events = events};
        int ready = left_ms > 0 ? poll(&one, 1, (int)left_ms) : 0;
        if (ready >= 0 || errno != EINTR) {
            return ready > 0;
        }
    }
}

bool client_socket_open(struct client_socket *client, const struct endpoint *entry,
                        int64_t until_us, bool *out_connected, struct error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(entry->port)};
    int on = 1;
    *client = (struct client_socket){.until_us = until_us, .room = malloc(ROOM_BYTES)};
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client->is_open = client->fd >= 0;
    if (!client->is_open || client->room == NULL ||
        inet_pton(AF_INET, entry->host, &address.sin_addr) != 1) {
        client_socket_close(client);
        return error_set(error, ERROR_NETWORK, "the lab's client got no socket");
    }
    *out_connected = connect(client->fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    (void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // only for speed
    (void)fcntl(client->fd, F_SETFL, O_NONBLOCK);                            // valid for any socket
    return true;
}

void client_socket_close(struct client_socket *client)
{
    if (client->is_open) {
        (void)close(client->fd); // all is read
    }
    free(client->room);
    *client = (struct client_socket){0};
}

enum client_got client_socket_receive(struct client_socket *client, struct slice *out_bytes)
{
    for (;;) {
        ssize_t got = recv(client->fd, client->room, ROOM_BYTES, 0);
        if (got > 0) {
            *out_bytes = (struct slice){client->room, (size_t)got};
            return CLIENT_GOT_BYTES;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            client->has_ended = true;
            return got == 0 ? CLIENT_GOT_END : CLIENT_GOT_RESET;
        }
        if (!wait_for(client, POLLIN)) {
            return CLIENT_GOT_NOTHING;
        }
    }
}

void client_socket_send(struct client_socket *client, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(client->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes = slice_part(bytes, (size_t)sent, bytes.len);
        } else if (errno != EINTR && (errno != EAGAIN || !wait_for(client, POLLOUT))) {
            return;
        }
    }
}

void client_socket_leave(struct client_socket *client)
{
    struct slice bytes;
    int64_t soon_us = clock_monotonic_us() + LEAVE_US_MAX;
    client->until_us = soon_us < client->until_us ? soon_us : client->until_us;
    (void)shutdown(client->fd, SHUT_WR); // it may be gone
    while (!client->has_ended && client_socket_receive(client, &bytes) == CLIENT_GOT_BYTES) {
    }
}
