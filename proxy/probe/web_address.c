#include "web_address.h"

#include <netinet/in.h>
#include <string.h>

#define HTTP_PORT 80

static const char scheme[] = "http://";

// read_path takes path and query up to a fragment.
static bool read_path(struct slice text, struct web_address *out)
{
    size_t len = 0;
    if (text.len == 0 || text.data[0] != '/') {
        out->path[len++] = '/';
    }
    for (size_t i = 0; i < text.len && text.data[i] != '#'; i++) {
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f || len == WEB_PATH_MAX) {
            return false;
        }
        out->path[len++] = (char)text.data[i];
    }
    out->path[len] = '\0';
    return true;
}

bool web_address_read(struct slice text, struct web_address *out)
{
    const size_t scheme_len = sizeof(scheme) - 1;
    struct web_address read;
    struct error error;
    if (!slice_equals_nocase(slice_part(text, 0, scheme_len), slice_of_text(scheme))) {
        return false;
    }
    struct slice rest = slice_part(text, scheme_len, text.len);
    size_t end = 0;
    while (end < rest.len && memchr("/?#", rest.data[end], 3) == NULL) {
        end++;
    }
    // Nobody is at port 0; a user name's '@' is no character of a host.
    if (!endpoint_parse(slice_part(rest, 0, end), HTTP_PORT, "an address", &read.endpoint,
                        &error) ||
        read.endpoint.port == 0 || !read_path(slice_part(rest, end, rest.len), &read)) {
        return false;
    }
    *out = read;
    return true;
}

bool web_address_follow(const struct web_address *from, struct slice location,
                        struct web_address *out)
{
    struct web_address read = {.endpoint = from->endpoint};
    bool is_path = location.len > 0 && location.data[0] == '/' &&
                   (location.len == 1 || location.data[1] != '/');
    if (!is_path) {
        return web_address_read(location, out);
    }
    if (!read_path(location, &read)) {
        return false;
    }
    *out = read;
    return true;
}

static bool is_near_v4(uint32_t address)
{
    static const struct {
        uint32_t net;
        unsigned bits;
    } nets[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
        {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0a80000, 16}, {0xe0000000, 3},
    };
    for (size_t i = 0; i < COUNT_OF(nets); i++) {
        if ((address ^ nets[i].net) >> (32 - nets[i].bits) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_near_v6(const struct in6_addr *address)
{
    const uint8_t *bytes = address->s6_addr;
    uint32_t last = (uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
                    (uint32_t)bytes[14] << 8 | bytes[15];
    // ::a.b.c.d, :: and ::1 among them, ::ffff:a.b.c.d and 64:ff9b::a.b.c.d hold addresses of IPv4.
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    bool holds_v4 = IN6_IS_ADDR_V4MAPPED(address) || memcmp(bytes, nat64, sizeof(nat64)) == 0;
    bool is_low = memcmp(bytes, &in6addr_any, 12) == 0;
    return is_low || (holds_v4 && is_near_v4(last)) || IN6_IS_ADDR_LINKLOCAL(address) ||
           IN6_IS_ADDR_SITELOCAL(address) || IN6_IS_ADDR_MULTICAST(address) ||
           (bytes[0] & 0xfe) == 0xfc; // fc00::/7
}

bool web_address_is_near(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        return is_near_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    }
    return address->sa_family != AF_INET ||
           is_near_v4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
}

const char *web_address_host(const struct web_address *address, char out_text[ENDPOINT_TEXT_MAX])
{
    (void)endpoint_text(&address->endpoint, out_text); // gives its argument back
    char *colon = strrchr(out_text, ':');
    if (address->endpoint.port == HTTP_PORT && colon != NULL) {
        *colon = '\0';
    }
    return out_text;
}
