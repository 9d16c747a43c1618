#include "host_route.h"

#include <string.h>

#include "quote.h"
#include "text.h"

bool host_pattern_read(struct slice text, char out_pattern[ENDPOINT_HOST_MAX])
{
    if (text.len == 0 || text.len >= ENDPOINT_HOST_MAX) {
        return false;
    }
    struct endpoint endpoint;
    struct slice host = slice_starts_with(text, "*.") ? slice_part(text, 2, text.len) : text;
    if (!slice_equals_text(text, "*") && !endpoint_set_host(&endpoint, host)) {
        return false;
    }
    // "a.test." is a.test, as host_route_find takes it
    size_t len = text.data[text.len - 1] == '.' ? text.len - 1 : text.len;
    if (len == 0) {
        return false;
    }
    memcpy(out_pattern, text.data, len);
    out_pattern[len] = '\0';
    text_lower(out_pattern);
    return true;
}

bool host_route_parse(const char *text, const char *what, struct host_route *out_route,
                      struct error *error)
{
    struct host_route route = {0};
    const char *equals = strchr(text, '=');
    struct slice pattern = {(const uint8_t *)text, equals != NULL ? (size_t)(equals - text) : 0};
    if (!host_pattern_read(pattern, route.pattern)) {
        return error_set(error, ERROR_USAGE,
                         "%s: bad value '%s', expected HOST=ADDRESS:PORT, where HOST is a name, "
                         "*.DOMAIN or *",
                         what, quote_text(text).text);
    }
    if (!endpoint_parse(slice_of_text(equals + 1), 0, what, &route.where, error)) {
        return false;
    }
    *out_route = route;
    return true;
}

const struct host_route *host_route_find(const struct host_route *routes, size_t count,
                                         const char *host)
{
    char name[ENDPOINT_HOST_MAX];
    size_t len = strlen(host);
    if (count == 0 || len == 0 || len >= sizeof(name)) {
        return NULL;
    }
    memcpy(name, host, len + 1);
    name[name[len - 1] == '.' ? len - 1 : len] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (text_matches(name, routes[i].pattern)) {
            return &routes[i];
        }
    }
    return NULL;
}
