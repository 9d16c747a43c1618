#include "ingress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

// Of linux/netfilter_ipv4.h and ip6_tables.h, which don't go together with netinet/in.h.
#define NETFILTER_ORIGINAL_DST    80
#define NETFILTER_ORIGINAL_DST_V6 80

static bool fill(struct endpoint *out_target, const struct sockaddr_storage *address)
{
    char text[INET6_ADDRSTRLEN];
    struct endpoint target = {0};
    const void *bytes;
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        bytes = &v6->sin6_addr;
        target.port = ntohs(v6->sin6_port);
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        bytes = &v4->sin_addr;
        target.port = ntohs(v4->sin_port);
    }
    if (inet_ntop(address->ss_family, bytes, text, sizeof(text)) == NULL ||
        !endpoint_set_host(&target, slice_of_text(text))) {
        return false;
    }
    *out_target = target;
    return true;
}

// An IPv4 client on an IPv6 socket shows as ::ffff:a.b.c.d and is redirected by the IPv4 tables.
static void unmap(struct sockaddr_storage *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        return;
    }
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = v6->sin6_port};
    memcpy(&v4.sin_addr, v6->sin6_addr.s6_addr + 12, sizeof(v4.sin_addr));
    memset(address, 0, sizeof(*address));
    memcpy(address, &v4, sizeof(v4));
}

bool transparent_target(int socket, struct endpoint *out_target, struct error *error)
{
    struct sockaddr_storage local = {0};
    socklen_t len = sizeof(local);
    if (getsockname(socket, (struct sockaddr *)&local, &len) != 0) {
        return error_set(error, ERROR_NETWORK, "cannot read the socket's address: %s",
                         strerror(errno));
    }
    unmap(&local);
    struct sockaddr_storage original = {0};
    len = sizeof(original);
    int failed = local.ss_family == AF_INET6
                     ? getsockopt(socket, IPPROTO_IPV6, NETFILTER_ORIGINAL_DST_V6, &original, &len)
                     : getsockopt(socket, IPPROTO_IP, NETFILTER_ORIGINAL_DST, &original, &len);
    if (failed != 0) {
        return error_set(error, ERROR_NETWORK,
                         "cannot tell where the connection was going: %s, expected one redirected "
                         "by netfilter",
                         strerror(errno));
    }
    struct endpoint here;
    struct endpoint target;
    if (!fill(&here, &local) || !fill(&target, &original)) {
        return error_set(error, ERROR_NETWORK, "cannot read the connection's first address");
    }
    // The kernel tracks direct connections too and then names our own address: going there would
    // be a loop.
    if (here.port == target.port && strcmp(here.host, target.host) == 0) {
        char text[ENDPOINT_TEXT_MAX];
        return error_set(error, ERROR_NETWORK, "connection to %s was not redirected",
                         endpoint_text(&here, text));
    }
    *out_target = target;
    return true;
}
