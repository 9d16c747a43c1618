#include "origin_answer.h"

#include <string.h>

#include "http_head.h"

// host_alone leaves out a port and a final dot.
static struct slice host_alone(struct slice host)
{
    const uint8_t *bracket = host.len > 0 ? memchr(host.data, ']', host.len) : NULL;
    size_t from = bracket != NULL ? (size_t)(bracket - host.data) : 0;
    const uint8_t *colon = host.len > 0 ? memchr(host.data + from, ':', host.len - from) : NULL;
    host.len = colon != NULL ? (size_t)(colon - host.data) : host.len;
    host.len -= host.len > 0 && host.data[host.len - 1] == '.';
    return host;
}

// is_directed: RFC 9110 section 15.5.20. A request without a name in TLS is for an address.
static bool is_directed(const struct origin_request *request)
{
    struct endpoint endpoint;
    struct slice host = host_alone(request->host);
    if (request->sni.len > 0) {
        return slice_equals_nocase(host, host_alone(request->sni));
    }
    return endpoint_set_host(&endpoint, host) && endpoint.is_ip;
}

static bool is_elsewhere(const struct origin *origin, struct slice target)
{
    return origin->page.len > 0 && target.len > 0 && !slice_equals_text(target, "/") &&
           !slice_starts_with(target, "/?");
}

uint16_t origin_status(const struct origin *origin, const struct origin_request *request)
{
    if (origin->checks_host && !is_directed(request)) {
        return 421;
    }
    if (origin->no_certificate_status != 0 && !request->has_certificate) {
        return origin->no_certificate_status;
    }
    if (origin->bad_certificate_status != 0 && request->is_certificate_bad) {
        return origin->bad_certificate_status;
    }
    if (is_elsewhere(origin, request->target)) {
        return 404;
    }
    return origin->status;
}

static const char *status_words(uint16_t status)
{
    switch (status) {
    case 400:
        return "No required SSL certificate was sent"; // as nginx says it
    case 495:
        return "SSL Certificate Error";
    case 496:
        return "SSL Certificate Required";
    default:
        return http_status_name(status);
    }
}

bool origin_body(const struct origin *origin, uint16_t status, struct buffer *out)
{
    if (status == origin->status && origin->page.len > 0) {
        return buffer_append(out, origin->page);
    }
    if (status == origin->status && origin->body[0] != '\0') {
        return buffer_append_text(out, origin->body);
    }
    if (status == 200) {
        return buffer_append_text(out, "a lab origin of midspan\n");
    }
    return buffer_printf(out, "%u %s\n", status, status_words(status));
}

bool origin_answer(const struct origin *origin, uint16_t status, struct buffer *out)
{
    struct buffer body = {0};
    bool is_html = origin->page.len > 0 && status == origin->status;
    bool ok = origin_body(origin, status, &body) &&
              buffer_printf(out, "HTTP/1.1 %u %s\r\nServer: midspan-lab\r\n", status,
                            status == 400 ? "Bad Request" : status_words(status)) &&
              buffer_printf(out, "Content-Type: %s\r\nConnection: close\r\n",
                            is_html ? "text/html; charset=utf-8" : "text/plain");
    if (ok && origin->end == ORIGIN_END_CLOSE_NOTIFY) {
        ok = buffer_printf(out, "Content-Length: %zu\r\n", body.len);
    }
    ok = ok && buffer_append_text(out, "\r\n") && buffer_append(out, buffer_slice(&body));
    buffer_clear(&body);
    return ok;
}
