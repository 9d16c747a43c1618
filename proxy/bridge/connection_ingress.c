#include "connection.h"

#include <string.h>

#include "failure.h"
#include "legs.h"
#include "local.h"
#include "peek.h"

// answers_early: a page needs a TLS leg to be shown on, so the client is told to begin before the
// origin is reached; the other manners let the client's proxy protocol say that it was not.
static bool answers_early(const struct connection *c)
{
    const struct settings *settings = connection_settings(c);
    return c->is_local || settings->on_failure == ON_FAILURE_PAGE ||
           settings->order == ORDER_CLIENT_FIRST;
}

// take_target goes on once the target is known.
static enum step take_target(struct connection *c, enum ingress_kind kind)
{
    struct evidence *evidence = &c->evidence;
    evidence->ingress = kind;
    evidence->has_target = true;
    c->is_local = local_is_name(evidence->target.host);
    connection_emit(c, EVENT_TARGET, NULL, 0);
    connection_patience(c, connection_settings(c)->handshake_timeout_ms);
    c->state = CONNECTION_PEEKING;
    if (kind == INGRESS_ABSOLUTE) {
        c->mode = MODE_PLAIN;
        evidence->is_plain = true;
        c->state = CONNECTION_DIALLING;
        return STEP_NEXT;
    }
    if (answers_early(c) && !peek_answer(c)) {
        connection_close(c);
        return STEP_WAIT;
    }
    if (!c->is_local && connection_settings(c)->order == ORDER_SERVER_FIRST) {
        dial_start(c);
    }
    return STEP_NEXT;
}

static enum ingress_kind kind_of(enum ingress_form form)
{
    switch (form) {
    case INGRESS_FORM_CONNECT:
        return INGRESS_CONNECT;
    case INGRESS_FORM_ABSOLUTE:
        return INGRESS_ABSOLUTE;
    case INGRESS_FORM_SOCKS5:
        return INGRESS_SOCKS5;
    case INGRESS_FORM_LOCAL:
        break;
    }
    return INGRESS_LOCAL;
}

// take_forward puts the rewritten head of an absolute-form request before what followed it. An
// upstream proxy gets the absolute-form again.
static bool take_forward(struct connection *c)
{
    struct slice head = ingress_forward(c->ingress);
    struct slice rest = arena_copy(&c->arena, buffer_slice(&c->peeked));
    buffer_consume(&c->peeked, c->peeked.len);
    const uint8_t *blank = memchr(head.data, ' ', head.len);
    if (connection_settings(c)->has_via && blank != NULL) {
        char target[ENDPOINT_TEXT_MAX];
        size_t method_len = (size_t)(blank - head.data) + 1;
        if (!buffer_append(&c->peeked, slice_part(head, 0, method_len)) ||
            !buffer_printf(&c->peeked, "http://%s", endpoint_text(&c->evidence.target, target))) {
            return false;
        }
        // OPTIONS of the whole server has no path in absolute-form (RFC 9112 section 3.2.4).
        bool is_asterisk = head.len > method_len && head.data[method_len] == '*';
        head = slice_part(head, method_len + is_asterisk, head.len);
    }
    return buffer_append(&c->peeked, head) && buffer_append(&c->peeked, rest);
}

static enum step take_found(struct connection *c)
{
    const struct ingress_found *found = ingress_found(c->ingress);
    c->client_agent = found->user_agent;
    if (found->form == INGRESS_FORM_LOCAL) {
        c->evidence.ingress = INGRESS_LOCAL;
        return local_answer(c, found->path, found->is_head);
    }
    c->evidence.target = found->target;
    c->evidence.host_header = found->host;
    if (found->form == INGRESS_FORM_ABSOLUTE && !take_forward(c)) {
        connection_close(c);
        return STEP_WAIT;
    }
    return take_target(c, kind_of(found->form));
}

// open_outer turns the proxy port into an HTTPS proxy for this client.
static enum step open_outer(struct connection *c)
{
    if (c->outer != NULL || !legs_open_outer(c)) {
        return failure_of_ingress(c, "ingress.malformed",
                                  "the client sent TLS where a proxy request was expected");
    }
    c->evidence.is_tls_to_proxy = true;
    ingress_free(c->ingress);
    c->ingress = NULL;
    struct slice bytes = arena_copy(&c->arena, buffer_slice(&c->peeked));
    buffer_consume(&c->peeked, c->peeked.len);
    connection_outer_received(c, bytes);
    return STEP_NEXT;
}

// read_header takes the PROXY protocol's header off the front.
static enum parse read_header(struct connection *c)
{
    struct proxy_header header;
    enum parse parsed = proxy_header_parse(buffer_slice(&c->peeked), &header);
    if (parsed == PARSE_OK) {
        buffer_consume(&c->peeked, header.len);
        c->did_read_header = true;
        c->evidence.proxy_protocol_source =
            header.is_local ? NULL : connection_text(c, header.source);
        connection_opened(c);
    }
    return parsed;
}

static enum step feed_ingress(struct connection *c)
{
    size_t consumed = 0;
    enum ingress_step step = ingress_feed(c->ingress, buffer_slice(&c->peeked), &consumed);
    if (step != INGRESS_STEP_TLS) {
        buffer_consume(&c->peeked, consumed);
    }
    switch (step) {
    case INGRESS_STEP_MORE:
        return STEP_WAIT;
    case INGRESS_STEP_REPLY:
        return connection_send(c, CLIENT, ingress_reply(c->ingress)) ? STEP_NEXT : STEP_WAIT;
    case INGRESS_STEP_TLS:
        return open_outer(c);
    case INGRESS_STEP_DONE:
        return take_found(c);
    case INGRESS_STEP_BAD:
        break;
    }
    (void)connection_send(c, CLIENT, ingress_reply(c->ingress)); // a client that is gone needs none
    return failure_of_ingress(c, ingress_fault_code(c->ingress), ingress_fault(c->ingress));
}

enum step do_ingress(struct connection *c)
{
    const struct settings *settings = connection_settings(c);
    if (settings->takes_proxy_protocol && !c->did_read_header) {
        switch (read_header(c)) {
        case PARSE_MORE:
            return STEP_WAIT;
        case PARSE_BAD:
            return failure_of_ingress(c, "ingress.malformed",
                                      "the connection does not begin with a PROXY protocol header");
        case PARSE_OK:
            break;
        }
    }
    if (settings->has_target) {
        c->evidence.target = settings->target;
        return take_target(c, INGRESS_FIXED);
    }
    if (settings->is_transparent) {
        uv_os_fd_t fd = -1;
        struct error error;
        (void)uv_fileno((uv_handle_t *)&c->links[CLIENT].tcp, &fd); // open: always 0
        if (!transparent_target(fd, &c->evidence.target, &error)) {
            return failure_of_ingress(c, "ingress.malformed", connection_text(c, error.text));
        }
        return take_target(c, INGRESS_TRANSPARENT);
    }
    if (c->peeked.len == 0) {
        return STEP_WAIT;
    }
    if (c->ingress == NULL) {
        c->ingress = ingress_new(local_names());
        failure_keep_opening(c);
    }
    if (c->ingress == NULL) {
        connection_close(c);
        return STEP_WAIT;
    }
    return feed_ingress(c);
}
