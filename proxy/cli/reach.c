#include "reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// try_address gives 0, or the errno of a connection that could not be made in time.
static int try_address(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    int fault = connect(fd, info->ai_addr, info->ai_addrlen) == 0 ? 0 : errno;
    if (fault == EINPROGRESS) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        socklen_t len = sizeof(fault);
        int ready = poll(&wait, 1, REACH_MS_MAX);
        fault = ETIMEDOUT;
        if (ready == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &len) != 0) {
            fault = errno;
        }
    }
    (void)close(fd); // nothing was written
    return fault;
}

static void note(const struct addrinfo *info, uint16_t port, struct reached *out_reached)
{
    char host[NI_MAXHOST] = "?";
    memcpy(&out_reached->address, info->ai_addr, info->ai_addrlen);
    (void)getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
    (void)snprintf(out_reached->text, sizeof(out_reached->text),
                   info->ai_family == AF_INET6 ? "[%.200s]:%u" : "%.200s:%u", host,
                   port); // 200 are enough for an address
}

static const char *cause_of(int fault)
{
    if (fault == ECONNRESET) { // accepted, and reset before we heard of it
        return "transport.reset";
    }
    return fault == ETIMEDOUT ? "transport.timeout" : "transport.refused";
}

bool reach(const struct endpoint *where, struct reached *out_reached, const char **out_cause,
           struct error *error)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char port[8], text[ENDPOINT_TEXT_MAX];
    int fault = ETIMEDOUT, tried = 0;
    (void)snprintf(port, sizeof(port), "%u", where->port); // five digits at most
    int status = getaddrinfo(where->host, port, &hints, &found);
    if (status != 0) {
        *out_cause = "transport.dns";
        return error_set(error, ERROR_NETWORK, "cannot resolve '%s': %s", where->host,
                         gai_strerror(status));
    }
    for (struct addrinfo *at = found; at != NULL && tried < REACH_ADDRESSES_MAX; at = at->ai_next) {
        tried++;
        fault = try_address(at);
        if (fault == 0) {
            note(at, where->port, out_reached);
            break;
        }
    }
    freeaddrinfo(found);
    if (fault == 0) {
        return true;
    }
    *out_cause = cause_of(fault);
    return error_set(error, ERROR_NETWORK, "cannot connect to %s: %s", endpoint_text(where, text),
                     strerror(fault));
}
