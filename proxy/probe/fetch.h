// One question to a web server that a certificate names: GET, or POST with a body. Follows a few
// redirects to http, waits a second at most unless it is told otherwise, keeps what http_answer.h
// allows, sends no cookie, no name of the client's. One loop's thread.
#pragma once

#include <uv.h>

#include "host_route.h"
#include "http_answer.h"
#include "link.h"
#include "web_address.h"

#define FETCH_MS_MAX        1000
#define FETCH_REDIRECTS_MAX 2
#define FETCH_ADDRESSES_MAX 4
#define FETCH_QUESTION_MAX  ((size_t)4 * 1024)

#define FETCH_RESULT_MAP(XX)                                          \
    XX(NONE, "not asked")                                             \
    XX(ANSWER, "an answer came")                                      \
    XX(NO_NAME, "its name has no address")                            \
    XX(NO_CONNECTION, "no connection")                                \
    XX(NO_HTTP, "what came is no HTTP, or too much")                  \
    XX(NEAR, "it is in midspan's own network, and the origin is not") \
    XX(STRAY, "it sends elsewhere, or round in a circle")             \
    XX(LATE, "no answer in time")

enum fetch_result {
#define XX(name, words) FETCH_##name,
    FETCH_RESULT_MAP(XX)
#undef XX
};

struct fetch;

struct fetch_setup {
    uv_loop_t *loop;
    struct web_address address;
    bool keeps_far; // addresses that only midspan's own network reaches are not dialled; with `via`
                    // the proxy decides
    const struct endpoint *via; // an upstream proxy to ask instead, NULL: none; copied
    // Where the user says that hosts are (--resolve), their own network included; borrowed until
    // `closed`.
    const struct host_route *routes;
    size_t route_count;
    struct slice question;      // body of a POST, copied; empty: GET
    const char *question_type;  // its Content-Type; static text
    size_t body_max;            // of the answer; 0: HTTP_ANSWER_BODY_MAX
    int64_t wait_ms;            // for the answer; 0: FETCH_MS_MAX
    struct slice room;          // where to read; used inside callbacks only
    void (*done)(void *user);   // result, status and body are there; once, not within start
    void (*closed)(void *user); // after fetch_close: its memory may go; once
    void *user;
};

enum fetch_state {
    FETCH_IDLE,
    FETCH_RESOLVING,
    FETCH_CONNECTING,
    FETCH_CHANGING, // the socket is closing; the next address, or the next place, follows
    FETCH_ASKING,   // the question is out
    FETCH_DONE,
    FETCH_CLOSING
};

// All-zero is a fetch that was not started.
struct fetch {
    enum fetch_state state;
    struct fetch_setup setup;
    struct endpoint via;
    struct buffer question;
    struct web_address place; // asked now
    bool is_routed;           // it is where the user says
    bool moves;               // FETCH_CHANGING: to `place`, not to the next address
    struct sockaddr_storage addresses[FETCH_ADDRESSES_MAX];
    size_t address_count, address_next;
    bool was_near; // an address was left out
    size_t redirects;
    int open_handles;
    uv_timer_t timer;
    uv_getaddrinfo_t resolve;
    uv_connect_t connect;
    struct link link;
    int64_t begun_us;

    enum fetch_result result;
    struct http_answer answer; // FETCH_ANSWER: whole
    double ms;
};

// fetch_start begins; false when that can't be: no hook is called then.
bool fetch_start(struct fetch *fetch, const struct fetch_setup *setup);

// fetch_close ends it from any state but IDLE, without `done`; `closed` follows from the loop.
// Idempotent.
void fetch_close(struct fetch *fetch);

// fetch_result_words gives static text: "no answer in time".
const char *fetch_result_words(enum fetch_result result);
