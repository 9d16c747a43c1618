#include "endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

static bool is_host_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_';
}

static bool is_ip_literal(const char *host)
{
    struct in6_addr address;
    char bare[ENDPOINT_HOST_MAX];
    (void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(host, "%"), host); // zone id off
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, bare, &address) == 1;
}

bool endpoint_set_host(struct endpoint *endpoint, struct slice host)
{
    if (host.len == 0 || host.len >= ENDPOINT_HOST_MAX) {
        return false;
    }
    char text[ENDPOINT_HOST_MAX];
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    bool is_name = true;
    for (size_t i = 0; i < host.len; i++) {
        is_name = is_name && is_host_byte(host.data[i]);
        // What an address may have besides is ':' and the '%' of a zone, whose name is free text
        // to inet_pton: nothing else may come in that way.
        if (!is_host_byte(host.data[i]) && host.data[i] != ':' && host.data[i] != '%') {
            return false;
        }
    }
    bool is_ip = is_ip_literal(text);
    if (!is_name && !is_ip) {
        return false;
    }
    text_lower(text);
    memcpy(endpoint->host, text, host.len + 1);
    endpoint->is_ip = is_ip;
    return true;
}

// Where the host ends; the length of `text` if there is no port.
static size_t find_colon(struct slice text)
{
    size_t at = text.len;
    while (at > 0 && text.data[at - 1] != ':' && text.data[at - 1] != ']') {
        at--;
    }
    return at > 0 && text.data[at - 1] == ':' ? at - 1 : text.len;
}

// Brackets are for IPv6 literals and IPv6 literals need them: "1::2:443" could mean two things.
static bool set_written_host(struct endpoint *endpoint, struct slice host)
{
    bool is_bracketed = host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    if (is_bracketed) {
        host = slice_part(host, 1, host.len - 2);
    }
    bool is_v6 = host.len > 0 && memchr(host.data, ':', host.len) != NULL;
    return is_v6 == is_bracketed && endpoint_set_host(endpoint, host);
}

bool endpoint_parse(struct slice text, uint16_t port_default, const char *what,
                    struct endpoint *out_endpoint, struct error *error)
{
    struct buffer shown = {0};
    (void)text_escape(&shown, slice_part(text, 0, 200)); // shorter is still a fair quote
    const char *quoted = buffer_text(&shown);
    quoted = quoted != NULL ? quoted : "";

    size_t colon = find_colon(text);
    struct slice host = slice_part(text, 0, colon);
    struct slice digits = slice_part(text, colon + 1, text.len);
    struct endpoint endpoint = {.port = port_default};
    uint64_t port = port_default;
    bool is_ok = true;
    if (colon == text.len && port_default == 0) {
        is_ok =
            error_set(error, ERROR_USAGE, "%s: no port in '%s', expected HOST:PORT", what, quoted);
    } else if (colon < text.len && (!text_uint(digits, 65535, &port))) {
        is_ok = error_set(error, ERROR_USAGE, "%s: bad port in '%s', expected a number up to 65535",
                          what, quoted);
    }
    if (is_ok) {
        endpoint.port = (uint16_t)port;
        is_ok = set_written_host(&endpoint, host) ||
                error_set(error, ERROR_USAGE, "%s: bad host in '%s', expected a name or IP address",
                          what, quoted);
    }
    buffer_clear(&shown);
    if (is_ok) {
        *out_endpoint = endpoint;
    }
    return is_ok;
}

const char *endpoint_text(const struct endpoint *endpoint, char out_text[ENDPOINT_TEXT_MAX])
{
    bool is_v6 = strchr(endpoint->host, ':') != NULL;
    (void)snprintf(out_text, ENDPOINT_TEXT_MAX, is_v6 ? "[%s]:%u" : "%s:%u", endpoint->host,
                   endpoint->port); // fits: host is bounded by ENDPOINT_HOST_MAX
    return out_text;
}

bool endpoint_is_loopback(const struct endpoint *endpoint)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, endpoint->host, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    if (inet_pton(AF_INET6, endpoint->host, &v6) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&v6); // however it is written
    }
    return strcmp(endpoint->host, "localhost") == 0;
}
