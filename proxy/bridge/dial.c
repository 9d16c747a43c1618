#include "dial.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "listen.h"
#include "tunnel.h"

#define ATTEMPT_MS_MIN 1000

static void try_next(struct connection *c);

const char *address_text(struct connection *c, const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN + 1] = "";
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    if (address->ss_family == AF_INET6) {
        (void)uv_ip6_name(v6, host, sizeof(host));
        return arena_printf(&c->arena, "[%s]:%u", host, ntohs(v6->sin6_port));
    }
    (void)uv_ip4_name(v4, host, sizeof(host));
    return arena_printf(&c->arena, "%s:%u", host, ntohs(v4->sin_port));
}

static struct leg_evidence *evidence_of(struct connection *c)
{
    return &c->evidence.legs[SERVER];
}

static void fail(struct connection *c, int os_error, const char *detail)
{
    struct dial *dial = &c->dial;
    dial->state = DIAL_FAILED;
    dial->deadline_us = 0;
    dial->os_error = os_error;
    dial->detail = detail != NULL ? connection_text(c, detail) : NULL;
    leg_evidence_end(evidence_of(c), ENDING_UNREACHABLE, 0, os_error, connection_now(c),
                     dial->detail);
    connection_rearm(c);
}

const struct endpoint *dial_hop(const struct connection *c)
{
    const struct settings *settings = connection_settings(c);
    const struct host_route *route =
        host_route_find(settings->routes, settings->route_count, c->evidence.target.host);
    if (settings->has_via) {
        return &settings->via;
    }
    return route != NULL ? &route->where : &c->evidence.target;
}

// is_wanted is false once the client gets its last words: no address is tried any more then.
static bool is_wanted(const struct connection *c)
{
    return c->state != CONNECTION_LINGERING && c->state != CONNECTION_CLOSING;
}

static bool is_loop(const struct connection *c, const struct sockaddr_storage *address)
{
    const struct shared *shared = c->worker->shared;
    for (size_t i = 0; i < shared->endpoint_count; i++) {
        if (listen_has(&shared->endpoints[i], address)) {
            return true;
        }
    }
    return false;
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    }
}

// done marks the way as open. Reading begins when somebody wants to read.
static void done(struct connection *c)
{
    c->dial.state = DIAL_DONE;
    c->dial.deadline_us = 0;
    evidence_of(c)->connected_us = connection_now(c);
    connection_rearm(c);
}

static void ask_via(struct connection *c)
{
    char target[ENDPOINT_TEXT_MAX], room[TUNNEL_ASK_BYTES_MAX];
    struct slice request = tunnel_ask(endpoint_text(&c->evidence.target, target), room);
    c->dial.state = DIAL_VIA;
    buffer_init(&c->dial.via_head, TUNNEL_HEAD_BYTES_MAX);
    if (!link_send(&c->links[SERVER], request)) {
        fail(c, ECONNRESET, "the upstream proxy closed the connection");
        return;
    }
    link_read(&c->links[SERVER], true);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct connection *c = request->data;
    struct dial *dial = &c->dial;
    if (!is_wanted(c) || dial->state != DIAL_CONNECTING) {
        return; // its socket is closing; that has its own callback
    }
    if (status < 0) {
        dial->attempt_error = -status;
        dial->state = DIAL_RETRYING;
        link_close(&c->links[SERVER]);
        return;
    }
    link_connected(&c->links[SERVER]);
    evidence_of(c)->peer_address = address_text(c, &dial->addresses[dial->address_next - 1]);
    // A plain request goes to the upstream proxy as it is, in absolute-form; all else wants a
    // tunnel.
    if (connection_settings(c)->has_via && c->evidence.ingress != INGRESS_ABSOLUTE) {
        ask_via(c);
    } else {
        done(c);
    }
    connection_advance(c);
}

// try_next dials the next address; without one left, the last error stands.
static void try_next(struct connection *c)
{
    struct dial *dial = &c->dial;
    if (dial->address_next >= dial->address_count) {
        fail(c, dial->attempt_error, strerror(dial->attempt_error));
        return;
    }
    struct sockaddr_storage *address = &dial->addresses[dial->address_next++];
    evidence_of(c)->addresses_tried++;
    if (is_loop(c, address)) {
        dial->is_loop = true;
        fail(c, ELOOP, "that is midspan itself: the connection would go round in a circle");
        return;
    }
    struct link *link = &c->links[SERVER];
    memset(link, 0, sizeof(*link));
    if (!link_init(link, &c->worker->loop, connection_hooks(SERVER), c)) {
        fail(c, ENOMEM, "no socket could be made");
        return;
    }
    c->open_handles++;
    int64_t timeout_ms = connection_settings(c)->connect_timeout_ms / (int64_t)dial->address_count;
    timeout_ms = timeout_ms > ATTEMPT_MS_MIN ? timeout_ms : ATTEMPT_MS_MIN;
    if (timeout_ms > connection_settings(c)->connect_timeout_ms) {
        timeout_ms = connection_settings(c)->connect_timeout_ms;
    }
    dial->deadline_us = clock_monotonic_us() + timeout_ms * 1000;
    connection_rearm(c);
    dial->state = DIAL_CONNECTING;
    dial->connect.data = c;
    int status =
        uv_tcp_connect(&dial->connect, &link->tcp, (struct sockaddr *)address, on_connected);
    if (status < 0) {
        dial->attempt_error = -status;
        dial->state = DIAL_RETRYING;
        link_close(link);
    }
}

static void keep_addresses(struct dial *dial, const struct addrinfo *found)
{
    for (; found != NULL && dial->address_count < DIAL_ADDRESSES_MAX; found = found->ai_next) {
        if (found->ai_family == AF_INET || found->ai_family == AF_INET6) {
            memcpy(&dial->addresses[dial->address_count++], found->ai_addr, found->ai_addrlen);
        }
    }
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct connection *c = request->data;
    if (status == 0) {
        keep_addresses(&c->dial, found);
    }
    uv_freeaddrinfo(found);
    if (!is_wanted(c) || c->dial.state != DIAL_RESOLVING) {
        connection_handle_closed(c); // the request was counted like a handle
        return;
    }
    c->open_handles--;
    if (c->dial.address_count == 0) {
        fail(c, 0, status != 0 ? uv_strerror(status) : "the name has no address");
    } else {
        try_next(c);
    }
    connection_advance(c);
}

void dial_start(struct connection *c)
{
    struct dial *dial = &c->dial;
    assert(dial->state == DIAL_IDLE);
    const struct endpoint *hop = dial_hop(c);
    evidence_of(c)->is_started = true;
    evidence_of(c)->dial_us = connection_now(c);
    if (connection_settings(c)->has_via) {
        char text[ENDPOINT_TEXT_MAX];
        c->evidence.via = connection_text(c, endpoint_text(hop, text));
    }
    struct sockaddr_storage *first = &dial->addresses[0];
    if (hop->is_ip && (uv_ip4_addr(hop->host, hop->port, (struct sockaddr_in *)first) == 0 ||
                       uv_ip6_addr(hop->host, hop->port, (struct sockaddr_in6 *)first) == 0)) {
        dial->address_count = 1;
        set_port(first, hop->port);
        try_next(c);
        return;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", hop->port);
    dial->state = DIAL_RESOLVING;
    dial->deadline_us = clock_monotonic_us() + connection_settings(c)->connect_timeout_ms * 1000;
    connection_rearm(c);
    dial->resolve.data = c;
    int status =
        uv_getaddrinfo(&c->worker->loop, &dial->resolve, on_resolved, hop->host, port, &hints);
    if (status < 0) {
        fail(c, 0, uv_strerror(status));
        return;
    }
    c->open_handles++;
}

void dial_timed_out(struct connection *c)
{
    struct dial *dial = &c->dial;
    switch (dial->state) {
    case DIAL_RESOLVING:
        // A resolver at work can't be stopped; its callback comes in any case, whenever it likes.
        (void)uv_cancel((uv_req_t *)&dial->resolve);
        fail(c, 0, "the resolver did not answer in time");
        connection_advance(c);
        return;
    case DIAL_CONNECTING:
        dial->attempt_error = ETIMEDOUT;
        dial->state = DIAL_RETRYING;
        link_close(&c->links[SERVER]);
        return;
    case DIAL_VIA:
        fail(c, ETIMEDOUT, "the upstream proxy did not answer");
        connection_advance(c);
        return;
    case DIAL_IDLE:
    case DIAL_RETRYING:
    case DIAL_DONE:
    case DIAL_FAILED:
        return;
    }
}

bool dial_link_closed(struct connection *c)
{
    if (c->dial.state != DIAL_RETRYING || !is_wanted(c)) {
        return false;
    }
    c->open_handles--;
    try_next(c);
    connection_advance(c);
    return true;
}

void dial_received(struct connection *c, struct slice bytes, struct slice *out_rest)
{
    struct dial *dial = &c->dial;
    size_t had = dial->via_head.len;
    *out_rest = SLICE_EMPTY;
    if (!buffer_append(&dial->via_head, bytes)) {
        fail(c, 0, "the upstream proxy's answer is too long");
        connection_advance(c);
        return;
    }
    int status = 0; // of an answer that is none
    size_t end = 0;
    if (tunnel_answer_parse(buffer_slice(&dial->via_head), &status, &end) == PARSE_MORE) {
        return;
    }
    if (status / 100 != 2) {
        c->evidence.via_status = status;
        fail(c, 0, "the upstream proxy refused the tunnel");
        connection_advance(c);
        return;
    }
    *out_rest = slice_part(bytes, end - had, bytes.len); // the head ended in these very bytes
    link_read(&c->links[SERVER], false);
    done(c);
    connection_advance(c);
}

void dial_ended(struct connection *c, int os_error)
{
    if (c->dial.state == DIAL_VIA) {
        fail(c, os_error != 0 ? os_error : ECONNRESET, "the upstream proxy closed the connection");
    }
}

void dial_cancel(struct connection *c)
{
    struct dial *dial = &c->dial;
    dial->deadline_us = 0;
    if (dial->state == DIAL_RESOLVING) {
        dial->state = DIAL_FAILED; // libuv calls back twice for what is cancelled twice
        (void)uv_cancel((uv_req_t *)&dial->resolve); // as in dial_timed_out
    }
}

void dial_clear(struct connection *c)
{
    buffer_clear(&c->dial.via_head);
}
