// States of a fetch:
//
//   RESOLVING ──▶ CONNECTING ──▶ ASKING ──▶ DONE ──▶ CLOSING ──▶ `closed`
//        ▲            │  ▲         │ a redirect
//        │            ▼  │         ▼
//        └───────────CHANGING ◀────┘
#include "fetch.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

static void begin_place(struct fetch *fetch);
static void try_next(struct fetch *fetch);

const char *fetch_result_words(enum fetch_result result)
{
    static const char *const words[] = {
#define XX(name, text) [FETCH_##name] = text,
        FETCH_RESULT_MAP(XX)
#undef XX
    };
    return words[result];
}

static void handle_closed(struct fetch *fetch)
{
    if (--fetch->open_handles > 0) {
        return;
    }
    buffer_clear(&fetch->question);
    http_answer_clear(&fetch->answer);
    fetch->setup.closed(fetch->setup.user);
}

static void finish(struct fetch *fetch, enum fetch_result result)
{
    if (fetch->state >= FETCH_DONE) {
        return;
    }
    fetch->state = FETCH_DONE;
    fetch->result = result;
    fetch->ms = (double)(clock_monotonic_us() - fetch->begun_us) / 1000.0;
    (void)uv_timer_stop(&fetch->timer); // always 0
    if (fetch->link.is_open) {
        link_read(&fetch->link, false);
    }
    fetch->setup.done(fetch->setup.user);
}

static void on_timer(uv_timer_t *timer)
{
    finish(timer->data, FETCH_LATE);
}

static void on_no_name(uv_timer_t *timer)
{
    finish(timer->data, FETCH_NO_NAME);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

// ---- the answer

// change closes the socket; what follows begins once it is closed.
static void change(struct fetch *fetch, bool moves)
{
    fetch->state = FETCH_CHANGING;
    fetch->moves = moves;
    link_close(&fetch->link);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void take_answer(struct fetch *fetch)
{
    struct web_address next;
    if (!is_redirect(fetch->answer.status)) {
        finish(fetch, FETCH_ANSWER);
        return;
    }
    if (fetch->redirects == FETCH_REDIRECTS_MAX ||
        !web_address_follow(&fetch->place, slice_of_text(fetch->answer.location), &next)) {
        finish(fetch, FETCH_STRAY);
        return;
    }
    fetch->redirects++;
    fetch->place = next;
    change(fetch, true);
}

static void take(struct fetch *fetch, enum parse parse)
{
    switch (parse) {
    case PARSE_OK:
        take_answer(fetch);
        break;
    case PARSE_BAD:
        finish(fetch, FETCH_NO_HTTP);
        break;
    case PARSE_MORE:
        break;
    }
}

// ---- the socket

static void ask(struct fetch *fetch)
{
    char host[ENDPOINT_TEXT_MAX];
    const struct web_address *place = &fetch->place;
    struct buffer head = {.limit = 8 * 1024};
    bool is_post = fetch->question.len > 0;
    (void)web_address_host(place, host); // gives its argument back
    bool ok = buffer_printf(&head, "%s %s%s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: midspan\r\n",
                            is_post ? "POST" : "GET", fetch->setup.via != NULL ? "http://" : "",
                            fetch->setup.via != NULL ? host : "", place->path, host) &&
              buffer_append_text(&head, "Accept: */*\r\nConnection: close\r\n");
    if (is_post) {
        ok = ok && buffer_printf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                                 fetch->setup.question_type, fetch->question.len);
    }
    ok = ok && buffer_append_text(&head, "\r\n") &&
         buffer_append(&head, buffer_slice(&fetch->question));
    fetch->state = FETCH_ASKING;
    http_answer_clear(&fetch->answer);
    http_answer_init(&fetch->answer,
                     fetch->setup.body_max > 0 ? fetch->setup.body_max : HTTP_ANSWER_BODY_MAX);
    if (ok) {
        (void)link_send(&fetch->link, buffer_slice(&head)); // a peer that is gone tells the reader
        link_read(&fetch->link, true);
    }
    buffer_clear(&head);
    if (!ok) {
        finish(fetch, FETCH_NO_CONNECTION);
    }
}

static void on_received(void *user, struct slice bytes)
{
    struct fetch *fetch = user;
    if (fetch->state == FETCH_ASKING) {
        take(fetch, http_answer_feed(&fetch->answer, bytes));
    }
}

static void on_ended(void *user)
{
    struct fetch *fetch = user;
    if (fetch->state == FETCH_ASKING) {
        take(fetch, http_answer_end(&fetch->answer));
    }
}

static void on_broke(void *user, int os_error)
{
    struct fetch *fetch = user;
    (void)os_error; // a reset, whatever the system calls it
    if (fetch->state == FETCH_ASKING) {
        finish(fetch, FETCH_NO_CONNECTION);
    }
}

static void on_drained(void *user)
{
    (void)user; // there is one thing to send
}

static void on_link_closed(void *user)
{
    struct fetch *fetch = user;
    if (fetch->state == FETCH_CHANGING) {
        fetch->open_handles--;
        if (fetch->moves) {
            begin_place(fetch);
        } else {
            try_next(fetch);
        }
        return;
    }
    handle_closed(fetch);
}

static struct slice on_room(void *user)
{
    const struct fetch *fetch = user;
    return fetch->setup.room;
}

static const struct link_hooks hooks = {on_received, on_ended,       on_broke,
                                        on_drained,  on_link_closed, on_room};

static void on_connected(uv_connect_t *request, int status)
{
    struct fetch *fetch = request->data;
    if (fetch->state != FETCH_CONNECTING) {
        return; // done or closing
    }
    if (status < 0) {
        change(fetch, false);
        return;
    }
    link_connected(&fetch->link);
    ask(fetch);
}

static void try_next(struct fetch *fetch)
{
    if (fetch->address_next == fetch->address_count) {
        finish(fetch, FETCH_NO_CONNECTION);
        return;
    }
    const struct sockaddr_storage *address = &fetch->addresses[fetch->address_next++];
    fetch->link = (struct link){0};
    if (!link_init(&fetch->link, fetch->setup.loop, &hooks, fetch)) {
        finish(fetch, FETCH_NO_CONNECTION);
        return;
    }
    fetch->open_handles++;
    fetch->state = FETCH_CONNECTING;
    fetch->connect.data = fetch;
    if (uv_tcp_connect(&fetch->connect, &fetch->link.tcp, (const struct sockaddr *)address,
                       on_connected) < 0) {
        change(fetch, false);
    }
}

// ---- the name

static bool is_kept_out(const struct fetch *fetch, const struct sockaddr *address)
{
    return fetch->setup.keeps_far && fetch->setup.via == NULL && !fetch->is_routed &&
           web_address_is_near(address);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct fetch *fetch = request->data;
    for (const struct addrinfo *at = status == 0 ? found : NULL; at != NULL; at = at->ai_next) {
        bool fits = at->ai_family == AF_INET || at->ai_family == AF_INET6;
        if (fits && is_kept_out(fetch, at->ai_addr)) {
            fetch->was_near = true;
        } else if (fits && fetch->address_count < FETCH_ADDRESSES_MAX) {
            memcpy(&fetch->addresses[fetch->address_count++], at->ai_addr, at->ai_addrlen);
        }
    }
    uv_freeaddrinfo(found);
    if (fetch->state == FETCH_CLOSING) {
        handle_closed(fetch);
        return;
    }
    fetch->open_handles--;
    if (fetch->state != FETCH_RESOLVING) {
        return; // the time is over
    }
    if (fetch->address_count == 0) {
        finish(fetch, fetch->was_near ? FETCH_NEAR : FETCH_NO_NAME);
        return;
    }
    try_next(fetch);
}

// hop_of gives whom to connect to. Where all origins are ("*") says nothing of an authority's web
// server, and an address says itself where it is.
static const struct endpoint *hop_of(struct fetch *fetch)
{
    const struct endpoint *place = &fetch->place.endpoint;
    const struct host_route *route =
        host_route_find(fetch->setup.routes, fetch->setup.route_count, place->host);
    fetch->is_routed = route != NULL && strcmp(route->pattern, "*") != 0 && !place->is_ip;
    if (fetch->setup.via != NULL) {
        return &fetch->via;
    }
    return fetch->is_routed ? &route->where : place;
}

// begin_place looks the host up; an address needs no lookup, but takes the same way.
static void begin_place(struct fetch *fetch)
{
    const struct endpoint *hop = hop_of(fetch);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", hop->port);
    hints.ai_flags = hop->is_ip ? AI_NUMERICHOST : 0;
    fetch->address_count = fetch->address_next = 0;
    fetch->was_near = false;
    fetch->state = FETCH_RESOLVING;
    fetch->resolve.data = fetch;
    if (uv_getaddrinfo(fetch->setup.loop, &fetch->resolve, on_resolved, hop->host, port, &hints) <
        0) {
        fetch->state = FETCH_CHANGING;
        (void)uv_timer_start(&fetch->timer, on_no_name, 0, 0); // as above; told from the loop
        return;
    }
    fetch->open_handles++;
}

bool fetch_start(struct fetch *fetch, const struct fetch_setup *setup)
{
    *fetch =
        (struct fetch){.setup = *setup, .place = setup->address, .begun_us = clock_monotonic_us()};
    buffer_init(&fetch->question, FETCH_QUESTION_MAX);
    if (setup->question.len > 0 && !buffer_append(&fetch->question, setup->question)) {
        return false;
    }
    if (setup->via != NULL) {
        fetch->via = *setup->via;
    }
    fetch->timer.data = fetch;
    (void)uv_timer_init(setup->loop, &fetch->timer); // always 0
    (void)uv_timer_start(&fetch->timer, on_timer,
                         (uint64_t)(setup->wait_ms > 0 ? setup->wait_ms : FETCH_MS_MAX), 0);
    fetch->open_handles = 1;
    begin_place(fetch);
    return true;
}

void fetch_close(struct fetch *fetch)
{
    if (fetch->state == FETCH_IDLE || fetch->state == FETCH_CLOSING) {
        return;
    }
    bool resolves = fetch->state == FETCH_RESOLVING;
    fetch->state = FETCH_CLOSING;
    if (resolves) {
        (void)uv_cancel((uv_req_t *)&fetch->resolve); // one at work calls back when it likes
    }
    if (fetch->link.is_open) {
        link_close(&fetch->link);
    }
    uv_close((uv_handle_t *)&fetch->timer, on_timer_closed);
}
