#include "web_address.h"

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

const char *web_address_host(const struct web_address *address, char out_text[ENDPOINT_TEXT_MAX])
{
    (void)endpoint_text(&address->endpoint, out_text); // gives its argument back
    char *colon = strrchr(out_text, ':');
    if (address->endpoint.port == HTTP_PORT && colon != NULL) {
        *colon = '\0';
    }
    return out_text;
}
