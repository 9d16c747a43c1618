// A machine of five states; the first byte chooses the branch.
//
//     BEGIN --letter--> HTTP  --whole head--> ENDED
//       |----0x05-----> SOCKS --request-----> ENDED
//       '--anything else------------------->  ENDED
//
//   BEGIN  nothing was consumed
//   HTTP   `head` is there and wants more
//   SOCKS  `socks` wants more
//   ENDED  `step` is the answer to every further call: TLS, DONE or BAD
#include "ingress.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "http_head.h"
#include "proxy_request.h"
#include "socks.h"

enum ingress_state {
    INGRESS_BEGIN,
    INGRESS_HTTP,
    INGRESS_SOCKS,
    INGRESS_ENDED
};

struct ingress {
    enum ingress_state state;
    enum ingress_step step;
    const char *const *local_names;
    struct http_head *head;
    struct socks socks;
    struct arena arena;
    struct buffer reply, forward;
    struct ingress_found found;
    struct fault fault;
};

#define REPLY_MAX ((size_t)4096)
// The rewritten head is at most the head, a Host with a longer name and a Connection line.
#define FORWARD_MAX (INGRESS_HEAD_MAX + 1024)

struct ingress *ingress_new(const char *const *local_names)
{
    struct ingress *ingress = calloc(1, sizeof(*ingress));
    if (ingress == NULL) {
        return NULL;
    }
    ingress->local_names = local_names;
    buffer_init(&ingress->reply, REPLY_MAX);
    buffer_init(&ingress->forward, FORWARD_MAX);
    return ingress;
}

void ingress_free(struct ingress *ingress)
{
    if (ingress == NULL) {
        return;
    }
    http_head_free(ingress->head);
    arena_clear(&ingress->arena);
    buffer_clear(&ingress->reply);
    buffer_clear(&ingress->forward);
    free(ingress);
}

// Appends a whole answer; `text` must be escaped already. HEAD's has no body (RFC 9110 9.3.2).
static bool put_answer(struct buffer *out, int status, const char *text, bool is_head)
{
    struct buffer body = {.limit = REPLY_MAX};
    bool fits = buffer_printf(&body, "midspan: %s\n", text) &&
                buffer_printf(out,
                              "HTTP/1.1 %d %s\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Length: %zu\r\n"
                              "%s"
                              "Connection: close\r\n\r\n",
                              status, http_status_name(status), body.len,
                              status == 405 ? "Allow: GET, HEAD\r\n" : "") &&
                (is_head || buffer_append(out, buffer_slice(&body)));
    buffer_clear(&body);
    return fits;
}

static enum ingress_step end_with(struct ingress *ingress, enum ingress_step step)
{
    ingress->state = INGRESS_ENDED;
    ingress->step = step;
    return step;
}

static enum ingress_step end_bad_http(struct ingress *ingress)
{
    // Without the answer the client sees the end only; the fault is kept for the verdict.
    (void)put_answer(&ingress->reply, ingress->fault.status, ingress->fault.text, false);
    return end_with(ingress, INGRESS_STEP_BAD);
}

static enum ingress_step feed_http(struct ingress *ingress, struct slice bytes,
                                   size_t *out_consumed)
{
    switch (http_head_feed(ingress->head, bytes, out_consumed, &ingress->fault)) {
    case PARSE_MORE:
        return INGRESS_STEP_MORE;
    case PARSE_BAD:
        return end_bad_http(ingress);
    case PARSE_OK:
        break;
    }
    if (!proxy_request_read(http_head_request(ingress->head), ingress->local_names, &ingress->arena,
                            &ingress->found, &ingress->forward, &ingress->fault)) {
        return end_bad_http(ingress);
    }
    return end_with(ingress, INGRESS_STEP_DONE);
}

static enum ingress_step feed_socks(struct ingress *ingress, struct slice bytes,
                                    size_t *out_consumed)
{
    buffer_clear(&ingress->reply);
    enum ingress_step step =
        socks_feed(&ingress->socks, bytes, out_consumed, &ingress->reply, &ingress->fault);
    if (step == INGRESS_STEP_DONE) {
        ingress->found.form = INGRESS_FORM_SOCKS5;
        ingress->found.target = ingress->socks.target;
    }
    return step == INGRESS_STEP_DONE || step == INGRESS_STEP_BAD ? end_with(ingress, step) : step;
}

// 0x16 begins a TLS handshake record; an SSLv2-format hello (RFC 5246 appendix E.2) begins with
// its length, the top bit set, and never has 512 bytes. One byte must do: what was consumed could
// not be given back.
static bool is_tls_byte(uint8_t byte)
{
    return byte == 0x16 || byte == 0x80 || byte == 0x81;
}

// begin looks at the first byte. INGRESS_STEP_MORE: the branch is chosen and the byte is its own.
static enum ingress_step begin(struct ingress *ingress, uint8_t first)
{
    if (first == SOCKS5_VERSION) {
        ingress->state = INGRESS_SOCKS;
        return INGRESS_STEP_MORE;
    }
    if (first >= 'A' && first <= 'Z') {
        ingress->head = http_head_new();
        if (ingress->head == NULL) {
            (void)fault_set(&ingress->fault, 503, "out of memory");
            return end_bad_http(ingress);
        }
        ingress->state = INGRESS_HTTP;
        return INGRESS_STEP_MORE;
    }
    if (is_tls_byte(first)) {
        return end_with(ingress, INGRESS_STEP_TLS);
    }
    if (first == SOCKS4_VERSION) {
        (void)socks4_refuse(&ingress->reply, &ingress->fault); // a courtesy, like every reply
        return end_with(ingress, INGRESS_STEP_BAD);
    }
    (void)fault_set(&ingress->fault, 400, "neither HTTP, SOCKS5 nor TLS: the first byte is 0x%02x",
                    first);
    return end_bad_http(ingress);
}

enum ingress_step ingress_feed(struct ingress *ingress, struct slice bytes, size_t *out_consumed)
{
    *out_consumed = 0;
    if (ingress->state == INGRESS_BEGIN && bytes.len > 0) {
        (void)begin(ingress, bytes.data[0]); // its answer, if any, is in `step`
    }
    switch (ingress->state) {
    case INGRESS_BEGIN:
        return INGRESS_STEP_MORE;
    case INGRESS_HTTP:
        return feed_http(ingress, bytes, out_consumed);
    case INGRESS_SOCKS:
        return feed_socks(ingress, bytes, out_consumed);
    case INGRESS_ENDED:
        break;
    }
    return ingress->step;
}

const struct ingress_found *ingress_found(const struct ingress *ingress)
{
    assert(ingress->step == INGRESS_STEP_DONE);
    return &ingress->found;
}

struct slice ingress_reply(const struct ingress *ingress)
{
    return buffer_slice(&ingress->reply);
}

struct slice ingress_forward(const struct ingress *ingress)
{
    return buffer_slice(&ingress->forward);
}

const char *ingress_fault(const struct ingress *ingress)
{
    return ingress->fault.text;
}

const char *ingress_fault_code(const struct ingress *ingress)
{
    (void)ingress; // every fault that the bytes alone show is of one cause
    return "ingress.malformed";
}

bool ingress_success(const struct ingress *ingress, struct buffer *out)
{
    switch (ingress->found.form) {
    case INGRESS_FORM_CONNECT:
        return buffer_append_text(out, "HTTP/1.1 200 Connection established\r\n\r\n");
    case INGRESS_FORM_SOCKS5:
        return socks_put_reply(out, SOCKS_SUCCEEDED);
    case INGRESS_FORM_ABSOLUTE:
    case INGRESS_FORM_LOCAL:
        break;
    }
    return true;
}

static enum socks_reply socks_reply_of(int status)
{
    switch (status) {
    case 502:
        return SOCKS_REFUSED;
    case 504:
        return SOCKS_TTL_EXPIRED;
    default:
        return SOCKS_GENERAL_FAILURE;
    }
}

bool ingress_failure(const struct ingress *ingress, int status, const char *text,
                     struct buffer *out)
{
    if (ingress->found.form == INGRESS_FORM_SOCKS5) {
        return socks_put_reply(out, socks_reply_of(status));
    }
    struct buffer escaped = {.limit = REPLY_MAX / 2};
    (void)text_escape(&escaped, slice_of_text(text)); // what fits is fair
    const char *shown = buffer_text(&escaped);
    bool fits = put_answer(out, status, shown != NULL ? shown : "", ingress->found.is_head);
    buffer_clear(&escaped);
    return fits;
}
