#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool resolve(const struct endpoint *where, struct sockaddr_storage *out_address,
                    socklen_t *out_len, struct error *error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", where->port);
    int status = getaddrinfo(where->host, port, &hints, &found);
    if (status != 0) {
        return error_set(error, ERROR_NETWORK, "cannot listen on '%s': %s", where->host,
                         gai_strerror(status));
    }
    memcpy(out_address, found->ai_addr, found->ai_addrlen);
    *out_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool fail(const struct endpoint *where, int why, struct error *error)
{
    char text[ENDPOINT_TEXT_MAX];
    (void)endpoint_text(where, text);
    if (why == EADDRINUSE) {
        return error_set(error, ERROR_NETWORK,
                         "cannot listen on %s: the port is taken by another program "
                         "(see `ss -ltnp 'sport = :%u'`); choose another with --listen",
                         text, where->port);
    }
    if (why == EACCES) {
        return error_set(error, ERROR_NETWORK,
                         "cannot listen on %s: not allowed (ports below 1024 need root)", text);
    }
    return error_set(error, ERROR_NETWORK, "cannot listen on %s: %s", text, strerror(why));
}

static int bind_one(const struct sockaddr_storage *address, socklen_t len, bool shares)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0) {
        return -1;
    }
    bool ok = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0;
    ok = ok && (!shares || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0);
    if (address->ss_family == AF_INET6) {
        ok = ok && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0;
    }
    ok = ok && bind(fd, (const struct sockaddr *)address, len) == 0;
    if (ok) {
        return fd;
    }
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    }
}

static uint16_t get_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

bool listen_open(const struct endpoint *where, int *out_fds, size_t count,
                 struct endpoint *out_real, struct error *error)
{
    struct sockaddr_storage address = {0};
    socklen_t len = 0;
    if (!resolve(where, &address, &len, error)) {
        return false;
    }
    int probe = bind_one(&address, len, false);
    if (probe < 0) {
        return fail(where, errno, error);
    }
    (void)close(probe); // it only asked
    *out_real = *where;
    for (size_t i = 0; i < count; i++) {
        out_fds[i] = bind_one(&address, len, true);
        if (out_fds[i] < 0) {
            int why = errno;
            while (i > 0) {
                (void)close(out_fds[--i]);
            }
            return fail(where, why, error);
        }
        out_real->port = get_port(out_fds[i]);
        set_port(&address, out_real->port);
    }
    return true;
}
