#include "answer.h"

#include <string.h>

#include "h2_answer.h"
#include "html.h"

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

static void row(struct buffer *out, bool *ok, const char *name, const char *value)
{
    if (value != NULL) {
        *ok = *ok && buffer_printf(out, "<dt>%s</dt><dd>", name) && html_text(out, value) &&
              buffer_append_text(out, "</dd>\n");
    }
}

// proof_table shows what was run: what was changed, and what happened then.
static bool proof_table(struct buffer *out, const struct verdict *verdict)
{
    bool ok = verdict->proof_count == 0 || buffer_append_text(out, "<table><caption>Proof</caption>"
                                                                   "<tr><th>changed<th>outcome\n");
    for (size_t i = 0; i < verdict->proof_count && ok; i++) {
        const struct proof_row *proof = &verdict->proof[i];
        ok = buffer_printf(out, "<tr><td>%s ", proof->passed ? "✓" : "✗") &&
             html_text(out, proof->changed) && buffer_append_text(out, "<td>") &&
             html_text(out, proof->outcome) && buffer_append_text(out, "\n");
    }
    return ok && (verdict->proof_count == 0 || buffer_append_text(out, "</table>"));
}

static bool page_html(struct buffer *out, const struct verdict *verdict,
                      const struct evidence *evidence)
{
    char target[ENDPOINT_TEXT_MAX];
    const struct cause_text *text = &verdict->cause->text[LANGUAGE_EN];
    bool ok = html_begin(out, text->title);
    ok = ok && buffer_append_text(out, "<small>midspan</small><h1>") && html_text(out, text->title);
    ok = ok && buffer_printf(out,
                             "</h1><div class=\"bridge\"><span>client</span><i class=\"%s\"></i>"
                             "<span>midspan</span><i class=\"%s\"></i><span>",
                             verdict->leg == CLIENT ? "broken" : "",
                             verdict->leg == SERVER ? "broken" : "");
    ok = ok && html_text(out, endpoint_text(&evidence->target, target));
    ok = ok && buffer_append_text(out, "</span></div><p>") && html_text(out, verdict->summary);
    ok = ok && buffer_append_text(out, "</p><p class=\"fix\"><b>Fix:</b> ") &&
         html_text(out, verdict->fix) && buffer_append_text(out, "</p><dl>\n");
    for (size_t i = 0; i < verdict->dialect_count; i++) {
        row(out, &ok, verdict->device, verdict->dialect[i].words);
    }
    row(out, &ok, "cause", verdict->cause->code);
    row(out, &ok, "who must act", party_name(verdict->party));
    row(out, &ok, "broke at", phase_name(verdict->phase));
    row(out, &ok, "confidence", confidence_name(verdict->confidence));
    row(out, &ok, "offered", verdict->offered);
    row(out, &ok, "accepted", verdict->accepted);
    row(out, &ok, "reference", verdict->cause->rfc);
    ok = ok && buffer_append_text(out, "</dl>") && proof_table(out, verdict);
    ok = ok && buffer_printf(out,
                             "<p class=\"dim\">Connection %llu. This page was made by "
                             "midspan on your machine; the origin did not send it.</p>",
                             (unsigned long long)evidence->connection);
    return ok && html_end(out);
}

static bool page_text(struct buffer *out, const struct verdict *verdict,
                      const struct evidence *evidence)
{
    char target[ENDPOINT_TEXT_MAX];
    bool ok =
        buffer_printf(out, "midspan: the %s leg to %s broke at %s\n\n%s (%s, %s)\n%s\n\nfix: %s\n",
                      side_name(verdict->leg), endpoint_text(&evidence->target, target),
                      phase_name(verdict->phase), verdict->cause->code, party_name(verdict->party),
                      confidence_name(verdict->confidence), verdict->summary, verdict->fix);
    for (size_t i = 0; i < verdict->dialect_count; i++) {
        ok = ok && buffer_printf(out, "     %s: %s\n", verdict->device, verdict->dialect[i].words);
    }
    return ok;
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
        ok = page_html(&body, verdict, evidence);
    } else {
        ok = page_text(&body, verdict, evidence);
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

// One line a client kind; %s is the proxy's address.
static const char *const how_to[][2] = {
    {"curl", "curl --proxy http://%s --cacert midspan-ca.pem https://example.com/"},
    {"system store (Debian)", "sudo midspan ca install --system"},
    {"Chromium and Firefox", "midspan ca install --nss    (or: midspan browser chromium)"},
    {"git", "git -c http.proxy=http://%s -c http.sslCAInfo=midspan-ca.pem fetch"},
    {"Node", "NODE_EXTRA_CA_CERTS=midspan-ca.pem node app.js"},
    {"Python requests", "REQUESTS_CA_BUNDLE=midspan-ca.pem HTTPS_PROXY=http://%s python3 app.py"},
    {"Java", "keytool -importcert -alias midspan -file midspan-ca.pem -keystore trust.p12 "
             "-storetype PKCS12"},
    {"anything else", "midspan exec -- COMMAND"},
};

static bool local_page(struct buffer *out, const struct authority *ca, const char *address)
{
    char fingerprint[96], line[512];
    bool ok =
        html_begin(out, "midspan") &&
        buffer_append_text(out, "<h1>midspan is listening</h1><p>To look into TLS, a client must "
                                "trust this machine's midspan authority: "
                                "<a href=\"/ca.pem\">PEM</a>, <a href=\"/ca.der\">DER</a>.</p>"
                                "<p class=\"dim\">SHA-256 <code>") &&
        html_text(out, authority_fingerprint(ca, fingerprint)) &&
        buffer_append_text(out, "</code></p><dl>\n");
    for (size_t i = 0; i < COUNT_OF(how_to); i++) {
        (void)snprintf(line, sizeof(line), how_to[i][1], address); // our own words: they fit
        row(out, &ok, how_to[i][0], line);
    }
    return ok &&
           buffer_append_text(out, "</dl><p class=\"dim\">The private key is never served.</p>") &&
           html_end(out);
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
        ok = local_page(&body, ca, proxy_address);
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
