#include "proxy_request.h"

#include <string.h>
#include <strings.h>

#define HTTP_PORT 80

static bool is_named(struct slice name, const char *text)
{
    return slice_equals_nocase(name, slice_of_text(text));
}

static bool is_one_of(struct slice name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_named(name, names[i])) {
            return true;
        }
    }
    return false;
}

// RFC 9112 section 3.2: "A server MUST respond with a 400 to any request message that contains
// more than one Host header field line or a Host header field with an invalid field value." A
// missing Host is let pass: the target names the host, so nothing is ambiguous, and small clients
// leave it out of CONNECT.
static bool read_host(const struct http_request *request, struct arena *arena,
                      const char **out_host, struct fault *fault)
{
    size_t count = 0;
    const struct slice *value = http_field_find(request, "Host", &count);
    if (count > 1) {
        return fault_set(fault, 400, "%zu Host headers, at most one is allowed", count);
    }
    if (value == NULL || value->len == 0) {
        return true;
    }
    struct endpoint endpoint;
    if (!endpoint_parse(*value, HTTP_PORT, "Host", &endpoint, NULL)) {
        char quote[FAULT_QUOTE_MAX];
        return fault_set(fault, 400, "bad Host header '%s'", fault_quote(*value, quote));
    }
    *out_host = arena_text(arena, *value);
    return *out_host != NULL || fault_set(fault, 503, "out of memory");
}

static bool read_connect(const struct http_request *request, struct ingress_found *found,
                         struct fault *fault)
{
    char quote[FAULT_QUOTE_MAX];
    struct http_uri uri;
    if (!http_uri_parse(request->target, true, &uri)) {
        return fault_set(fault, 400, "bad CONNECT target '%s', expected HOST:PORT",
                         fault_quote(request->target, quote));
    }
    if (uri.endpoint.port == 0) {
        return fault_set(fault, 400, "CONNECT to port 0");
    }
    found->form = INGRESS_FORM_CONNECT;
    found->target = uri.endpoint;
    return true;
}

static bool read_local(const struct http_request *request, struct slice path, struct arena *arena,
                       struct ingress_found *found, struct fault *fault)
{
    if (!request->is_head && strcmp(request->method, "GET") != 0) {
        return fault_set(fault, 405, "%s to the proxy itself, which answers GET and HEAD only",
                         request->method);
    }
    found->form = INGRESS_FORM_LOCAL;
    found->is_head = request->is_head;
    found->path = path.len > 0 ? arena_text(arena, path) : "/";
    return found->path != NULL || fault_set(fault, 503, "out of memory");
}

// Fields that stand for this hop only (RFC 9110 section 7.6.1); Proxy-* are for us.
static bool is_for_this_hop(const struct http_field *field)
{
    static const char *const names[] = {"Connection", "Keep-Alive", "TE", "Upgrade", "Host"};
    return is_one_of(field->name, names, COUNT_OF(names)) ||
           is_named(slice_part(field->name, 0, strlen("Proxy-")), "Proxy-");
}

// Connection's list, all its lines: true if it names `option`.
static bool connection_names(const struct http_request *request, struct slice option)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (!is_named(request->fields[i].name, "Connection")) {
            continue;
        }
        size_t at = 0;
        struct slice item;
        while (http_list_next(request->fields[i].value, &at, &item)) {
            if (slice_equals_nocase(item, option)) {
                return true;
            }
        }
    }
    return false;
}

// Dropping one of these because Connection names it would change where the body ends or whom the
// request is for: a way to smuggle (RFC 9110 section 7.6.1 forbids to name them).
static bool check_connection(const struct http_request *request, struct fault *fault)
{
    static const char *const kept[] = {"Host", "Content-Length", "Transfer-Encoding"};
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        if (connection_names(request, slice_of_text(kept[i]))) {
            return fault_set(fault, 400, "Connection names %s, which is not for one hop", kept[i]);
        }
    }
    return true;
}

static bool put_line(struct buffer *out, struct slice name, struct slice value)
{
    return buffer_append(out, name) && buffer_append_text(out, ": ") && buffer_append(out, value) &&
           buffer_append_text(out, "\r\n");
}

static bool put_request_line(const struct http_request *request, const struct http_uri *uri,
                             struct buffer *out)
{
    // RFC 9112 section 3.2.4: OPTIONS without a path is OPTIONS *.
    bool is_asterisk =
        strcmp(request->method, "OPTIONS") == 0 && uri->path.len == 0 && !uri->has_query;
    return buffer_printf(out, "%s ", request->method) &&
           (uri->path.len > 0 ? buffer_append(out, uri->path)
                              : buffer_append_text(out, is_asterisk ? "*" : "/")) &&
           (!uri->has_query || (buffer_append_text(out, "?") && buffer_append(out, uri->query))) &&
           buffer_printf(out, " HTTP/1.%u\r\n", request->minor);
}

// RFC 9112 section 3.2.2: the Host of the request is replaced with the authority of its target.
static bool write_forward(const struct http_request *request, const struct http_uri *uri,
                          struct buffer *out)
{
    const struct slice *upgrade = http_field_find(request, "Upgrade", NULL);
    bool upgrades = upgrade != NULL && connection_names(request, slice_of_text("upgrade"));
    bool fits =
        put_request_line(request, uri, out) && put_line(out, slice_of_text("Host"), uri->authority);
    for (size_t i = 0; fits && i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];
        bool is_kept = upgrades && is_named(field->name, "Upgrade");
        if (!is_kept && (is_for_this_hop(field) || connection_names(request, field->name))) {
            continue;
        }
        fits = put_line(out, field->name, field->value);
    }
    return fits && buffer_append_text(out, upgrades ? "Connection: Upgrade\r\n\r\n"
                                                    : "Connection: close\r\n\r\n");
}

static bool is_local_name(const struct endpoint *endpoint, const char *const *local_names)
{
    for (size_t i = 0; local_names != NULL && local_names[i] != NULL; i++) {
        if (strcasecmp(endpoint->host, local_names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_uri(const struct http_request *request, const struct http_uri *uri,
                      struct fault *fault)
{
    char quote[FAULT_QUOTE_MAX];
    fault_quote(request->target, quote);
    if (is_named(uri->scheme, "https")) {
        return fault_set(fault, 400, "'%s' in plain HTTP, expected CONNECT for https", quote);
    }
    if (!is_named(uri->scheme, "http")) {
        return fault_set(fault, 400, "cannot proxy the scheme of '%s', expected http", quote);
    }
    if (uri->has_userinfo) {
        // RFC 9110 section 4.2.4: treat it as an error, it is used to hide the authority.
        return fault_set(fault, 400, "user name or password in the request target");
    }
    if (uri->has_fragment) {
        return fault_set(fault, 400, "fragment in the request target '%s'", quote);
    }
    if (uri->has_port && uri->endpoint.port == 0) {
        return fault_set(fault, 400, "port 0 in the request target '%s'", quote);
    }
    return true;
}

static bool read_absolute(const struct http_request *request, const char *const *local_names,
                          struct arena *arena, struct ingress_found *found, struct buffer *forward,
                          struct fault *fault)
{
    char quote[FAULT_QUOTE_MAX];
    struct http_uri uri;
    if (!http_uri_parse(request->target, false, &uri)) {
        return fault_set(fault, 400, "bad request target '%s'",
                         fault_quote(request->target, quote));
    }
    if (!check_uri(request, &uri, fault) || !check_connection(request, fault)) {
        return false;
    }
    if (is_local_name(&uri.endpoint, local_names)) {
        return read_local(request, uri.path, arena, found, fault);
    }
    found->form = INGRESS_FORM_ABSOLUTE;
    found->target = uri.endpoint;
    found->target.port = uri.has_port ? uri.endpoint.port : HTTP_PORT;
    found->is_head = request->is_head;
    return write_forward(request, &uri, forward) || fault_set(fault, 503, "out of memory");
}

// The path of an origin-form target, its query left out.
static struct slice path_of(struct slice target)
{
    const uint8_t *query = memchr(target.data, '?', target.len);
    return query != NULL ? slice_part(target, 0, (size_t)(query - target.data)) : target;
}

bool proxy_request_read(const struct http_request *request, const char *const *local_names,
                        struct arena *arena, struct ingress_found *out_found,
                        struct buffer *forward, struct fault *fault)
{
    struct ingress_found found = {0};
    if (!read_host(request, arena, &found.host, fault)) {
        return false;
    }
    const struct slice *user_agent = http_field_find(request, "User-Agent", NULL);
    found.user_agent = user_agent != NULL ? arena_text(arena, *user_agent) : NULL;
    bool is_fine;
    if (request->is_connect) {
        is_fine = read_connect(request, &found, fault);
    } else if (request->target.data[0] == '/') {
        is_fine = read_local(request, path_of(request->target), arena, &found, fault);
    } else if (slice_equals_text(request->target, "*")) {
        is_fine = fault_set(fault, 400, "%s * to the proxy itself", request->method);
    } else {
        is_fine = read_absolute(request, local_names, arena, &found, forward, fault);
    }
    if (is_fine) {
        *out_found = found;
    }
    return is_fine;
}
