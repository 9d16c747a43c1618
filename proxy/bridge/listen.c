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

// is_local asks by binding to it: only the machine's own addresses can be bound.
static bool is_local(const void *address, socklen_t len)
{
    struct sockaddr_storage probe = {0};
    memcpy(&probe, address, len);
    set_port(&probe, 0);
    int fd = bind_one(&probe, len, false);
    if (fd < 0) {
        return false;
    }
    (void)close(fd); // it only asked
    return true;
}

static bool has_v4(const struct endpoint *own, const struct sockaddr_in *address)
{
    struct in_addr host = {.s_addr = htonl(INADDR_LOOPBACK)};
    if (strcmp(own->host, "localhost") != 0 && inet_pton(AF_INET, own->host, &host) != 1) {
        return false;
    }
    if (host.s_addr == htonl(INADDR_ANY)) {
        return is_local(address, sizeof(*address));
    }
    // 0.0.0.0 as a target is this machine, too.
    bool is_any = address->sin_addr.s_addr == htonl(INADDR_ANY);
    return host.s_addr == (is_any ? htonl(INADDR_LOOPBACK) : address->sin_addr.s_addr);
}

static bool has_v6(const struct endpoint *own, const struct sockaddr_in6 *address)
{
    struct in6_addr host = in6addr_loopback;
    if (strcmp(own->host, "localhost") != 0 && inet_pton(AF_INET6, own->host, &host) != 1) {
        return false;
    }
    if (IN6_IS_ADDR_UNSPECIFIED(&host)) {
        return is_local(address, sizeof(*address));
    }
    bool is_any = IN6_IS_ADDR_UNSPECIFIED(&address->sin6_addr); // as in has_v4
    const struct in6_addr *target = is_any ? &in6addr_loopback : &address->sin6_addr;
    return memcmp(&host, target, sizeof(host)) == 0;
}

bool listen_has(const struct endpoint *own, const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return ntohs(v4->sin_port) == own->port && has_v4(own, v4);
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    if (ntohs(v6->sin6_port) != own->port) {
        return false;
    }
    if (!IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        return has_v6(own, v6);
    }
    struct sockaddr_in mapped = {.sin_family = AF_INET, .sin_port = v6->sin6_port};
    memcpy(&mapped.sin_addr, &v6->sin6_addr.s6_addr[12], sizeof(mapped.sin_addr));
    return has_v4(own, &mapped);
}
