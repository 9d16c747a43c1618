#include "answer.h"

#include <string.h>

#include "h2_answer.h"
#include "page.h"

// Below the 65,535 bytes that HTTP/2 may send before the client allows more (RFC 9113 section
// 6.9.2): an answer is sent at once, and nobody waits for a WINDOW_UPDATE.
#define BODY_BYTES_MAX ((size_t)60 * 1024)

static bool head_is_whole(struct slice request)
{
    return request.len > 0 && memmem(request.data, request.len, "\r\n\r\n", 4) != NULL;
}

bool answer_wants_more(const struct answer *answer, bool is_h2)
{
    struct slice request = buffer_slice(&answer->request);
    if (request.len >= ANSWER_REQUEST_BYTES_MAX) {
        return false;
    }
    return is_h2 ? h2_request_stream(request) == 0 : !head_is_whole(request);
}

static const char *status_text(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 302:
        return "Found";
    case 404:
        return "Not Found";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 525: // Cloudflare's
        return "SSL Handshake Failed";
    case 526:
        return "Invalid SSL Certificate";
    default: // a number of ours, not a peer's
        return "Bad Gateway";
    }
}

struct reply {
    int status;
    const char *type;
    const char *file;     // suggested file name, NULL none
    const char *location; // where it is instead, NULL none
    struct slice body;
    bool is_head; // a HEAD request: no body
};

static bool send_reply(struct answer *answer, const struct reply *reply, bool is_h2)
{
    struct buffer *out = &answer->response;
    buffer_init(out, ANSWER_RESPONSE_BYTES_MAX);
    if (is_h2) {
        uint32_t stream = h2_request_stream(buffer_slice(&answer->request));
        return h2_answer(out, stream, reply->status, reply->type, reply->body);
    }
    bool ok =
        buffer_printf(out,
                      "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                      "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                      "Server: midspan\r\nConnection: close\r\n",
                      reply->status, status_text(reply->status), reply->type, reply->body.len);
    if (reply->file != NULL) {
        ok = ok && buffer_printf(out, "Content-Disposition: attachment; filename=\"%s\"\r\n",
                                 reply->file);
    }
    if (reply->location != NULL) {
        ok = ok && buffer_printf(out, "Location: %s\r\n", reply->location);
    }
    ok = ok && buffer_append_text(out, "\r\n");
    return ok && (reply->is_head || buffer_append(out, reply->body));
}

static bool asks_head(const struct answer *answer)
{
    return slice_starts_with(buffer_slice(&answer->request), "HEAD ");
}

// wants_html looks for text/html in what the client accepts; anything unreadable gets plain text.
static bool wants_html(const struct answer *answer, bool is_h2)
{
    struct slice request = buffer_slice(&answer->request);
    return is_h2 || (request.len > 0 && memmem(request.data, request.len, "text/html", 9) != NULL);
}

// language_of is the language that the client names first (RFC 9110 section 12.5.4).
static enum language language_of(const struct answer *answer, bool is_h2)
{
    static const char name[] = "\naccept-language:";
    struct slice rest = is_h2 ? SLICE_EMPTY : buffer_slice(&answer->request);
    for (; rest.len >= sizeof(name) - 1; rest = slice_part(rest, 1, rest.len)) {
        struct slice here = slice_part(rest, 0, sizeof(name) - 1);
        if (slice_equals_nocase(here, slice_of_text(name))) {
            struct slice value = slice_part(rest, here.len, rest.len);
            while (value.len > 0 && value.data[0] == ' ') {
                value = slice_part(value, 1, value.len);
            }
            return slice_starts_with(value, "ja") ? LANGUAGE_JA : LANGUAGE_EN;
        }
    }
    return LANGUAGE_EN;
}

bool answer_page(struct answer *answer, int status, const struct verdict *verdict,
                 const struct evidence *evidence, bool is_h2)
{
    struct buffer body;
    bool is_html = wants_html(answer, is_h2) && verdict != NULL;
    buffer_init(&body, BODY_BYTES_MAX);
    bool ok = true;
    if (verdict == NULL) {
        ok = buffer_append_text(&body, "midspan: the origin could not be reached\n");
    } else if (is_html) {
        ok = page_failure(&body, verdict, evidence, language_of(answer, is_h2));
    } else {
        ok = page_failure_text(&body, verdict, evidence);
    }
    if (!ok && verdict != NULL) { // too long to be shown: what matters most
        buffer_consume(&body, body.len);
        is_html = false;
        ok = buffer_printf(&body, "midspan: %s\n\nfix: %s\n", verdict->cause->code, verdict->fix);
    }
    struct reply reply = {
        .status = status,
        .type = is_html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
        .body = buffer_slice(&body),
        .is_head = asks_head(answer),
    };
    ok = ok && send_reply(answer, &reply, is_h2);
    buffer_clear(&body);
    return ok;
}

struct slice answer_path(const struct answer *answer, bool is_h2)
{
    struct slice request = is_h2 ? SLICE_EMPTY : buffer_slice(&answer->request);
    const uint8_t *begin = request.len > 0 ? memchr(request.data, ' ', request.len) : NULL;
    if (begin == NULL) {
        return slice_of_text("/");
    }
    struct slice rest = slice_part(request, (size_t)(begin - request.data) + 1, request.len);
    const uint8_t *end = rest.len > 0 ? memchr(rest.data, ' ', rest.len) : NULL;
    return end != NULL ? slice_part(rest, 0, (size_t)(end - rest.data)) : slice_of_text("/");
}

bool answer_local(struct answer *answer, const char *path, bool is_head, const struct authority *ca,
                  const char *proxy_address, bool is_h2)
{
    struct buffer body;
    struct slice wanted = path != NULL ? slice_of_text(path) : answer_path(answer, is_h2);
    struct reply reply = {.status = 200, .is_head = is_head || asks_head(answer)};
    buffer_init(&body, BODY_BYTES_MAX);
    bool ok = true;
    if (slice_equals_text(wanted, "/")) {
        reply.type = "text/html; charset=utf-8";
        ok = page_local(&body, ca, proxy_address);
    } else if (slice_equals_text(wanted, "/ca.pem")) {
        reply.type = "application/x-pem-file";
        reply.file = "midspan-ca.pem";
        ok = authority_pem(ca, &body);
    } else if (slice_equals_text(wanted, "/ca.der") || slice_equals_text(wanted, "/ca.crt")) {
        reply.type = "application/x-x509-ca-cert";
        reply.file = "midspan-ca.crt";
        ok = authority_der(ca, &body);
    } else {
        reply.status = 404;
        reply.type = "text/plain; charset=utf-8";
        ok = buffer_append_text(&body, "midspan serves /, /ca.pem and /ca.der here\n");
    }
    reply.body = buffer_slice(&body);
    ok = ok && send_reply(answer, &reply, is_h2);
    buffer_clear(&body);
    return ok;
}

bool answer_moved(struct answer *answer, const char *location, bool is_head)
{
    struct reply reply = {.status = 302,
                          .type = "text/plain; charset=utf-8",
                          .location = location,
                          .body = slice_of_text("it is elsewhere\n"),
                          .is_head = is_head || asks_head(answer)};
    return send_reply(answer, &reply, false);
}

void answer_clear(struct answer *answer)
{
    buffer_clear(&answer->request);
    buffer_clear(&answer->response);
}
