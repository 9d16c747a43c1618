// HTTP/1: what is seen of requests and responses, whole, cut at every byte, and byte by byte.
#include "observe.h"

#include <stdio.h>
#include <string.h>

#include "rows.h"

#define GET      "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define DATE     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define DATE_US  INT64_C(784111777000000)
#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct row {
    const char *name, *requests, *responses;
    int want_status;
    const char *want_host;
    int64_t want_date_us;
    bool want_more; // of responses
    const char *want_words;
} rows[] = {
    {"a plain answer", GET, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 2\r\n\r\nhi", 200, "a.test",
     DATE_US, true, NULL},
    {"421", GET, "HTTP/1.1 421 Misdirected Request\r\n" DATE "\r\n", 421, "a.test", DATE_US, false,
     NULL},
    {"400 without a reason", GET, "HTTP/1.1 400\r\nContent-Length: 0\r\n\r\n", 400, "a.test", 0,
     false, NULL},
    {"400 of nginx for a client certificate", GET,
     "HTTP/1.1 400 Bad Request\r\nContent-Length: 72\r\nConnection: close\r\n\r\n"
     "<title>400 The SSL certificate error</title>\r\n<h1>400 Bad Request</h1>\r\n<hr>",
     400, "a.test", 0, false, "The SSL certificate error"},
    {"400 of nginx for want of one, to the end of the connection", GET,
     "HTTP/1.1 400 Bad Request\r\n\r\n<title>400 No required SSL certificate was sent</title>", 400,
     "a.test", 0, false, "No required SSL certificate"},
    {"403 of Apache, in chunks, and another answer", GET GET,
     "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n"
     "Reason: Cannot perform P\r\n18\r\nost-Handshake "
     "Authentica\r\n8\r\ntion.<br\r\n0\r\n\r\n" OK_EMPTY,
     403, "a.test", 0, true, "Cannot perform Post-Handshake Authentication"},
    {"403 of Node's HTTP/2", GET,
     "HTTP/1.0 403 Forbidden\r\n\r\nMissing ALPN Protocol, expected `h2` to be available.", 403,
     "a.test", 0, true, "ALPN Protocol, expected `h2`"},
    {"403 of Node, which has not waited for a request", "",
     "HTTP/1.0 403 Forbidden\r\n\r\nMissing ALPN Protocol, expected `h2` to be available.", 403, "",
     0, false, "ALPN Protocol, expected `h2`"},
    {"400 of Go to plain HTTP", GET,
     "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n", 400,
     "a.test", 0, false, "sent an HTTP request to an HTTPS server"},
    {"400 of an application", GET, "HTTP/1.1 400 x\r\nContent-Length: 2\r\n\r\n{}", 400, "a.test",
     0, false, NULL},
    {"such words on a good page tell nothing", GET GET,
     "HTTP/1.1 200 x\r\nContent-Length: 25\r\n\r\nThe SSL certificate error" OK_EMPTY, 200,
     "a.test", 0, true, NULL},
    {"nginx's 496", GET, "HTTP/1.1 496 \r\n\r\n", 496, "a.test", 0, false, NULL},
    {"404 tells nothing of TLS", GET, "HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", 404, "a.test",
     0, true, NULL},
    {"421 as the second answer names the second host",
     GET "GET / HTTP/1.1\r\nhOsT:b.test:8443 \r\n\r\n", OK_EMPTY "HTTP/1.1 421 x\r\n\r\n", 421,
     "b.test:8443", 0, false, NULL},
    {"the first status stays when none tells", GET GET, OK_EMPTY "HTTP/1.1 503 x\r\n\r\n", 200,
     "a.test", 0, true, NULL},
    {"the fifth answer is not looked at", GET GET GET GET GET,
     OK_EMPTY OK_EMPTY OK_EMPTY OK_EMPTY "HTTP/1.1 421 x\r\n\r\n", 200, "a.test", 0, false, NULL},
    {"the fourth answer is", GET GET GET GET, OK_EMPTY OK_EMPTY OK_EMPTY "HTTP/1.1 421 x\r\n\r\n",
     421, "a.test", 0, false, NULL},
    {"100 and 103 come before the answer", GET,
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nLink: x\r\n" DATE "\r\nHTTP/1.1 496 x\r\n\r\n",
     496, "a.test", 0, false, NULL},
    {"an answer to HEAD has no body", "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n" GET,
     "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1 421 x\r\n\r\n", 421, "a.test", 0,
     false, NULL},
    {"a chunked body, with a Date in its trailers", GET GET,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHTTP/\r\n0\r\n" DATE
     "\r\nHTTP/1.1 421 x\r\n\r\n",
     421, "a.test", 0, false, NULL},
    {"a body that looks like an answer", GET, "HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 421 x\r\n\r\n", 200,
     "a.test", 0, true, NULL},
    {"a request's body that looks like a request",
     "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 25\r\n\r\nGET /\r\nHost: wrong.test\r\n"
     "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n",
     OK_EMPTY "HTTP/1.1 421 x\r\n\r\n", 421, "b.test", 0, false, NULL},
    {"the first Host counts", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", OK_EMPTY,
     200, "a.test", 0, true, NULL},
    {"other headers are not Host",
     "GET / HTTP/1.1\r\nHosts: c\r\nHos: d\r\nX-Host: e\r\nHost: a.test\r\nHostt: f\r\n\r\n",
     OK_EMPTY, 200, "a.test", 0, true, NULL},
    {"no Host", "GET / HTTP/1.0\r\n\r\n", OK_EMPTY, 200, "", 0, true, NULL},
    {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\nX: y\r\n\r\n", OK_EMPTY, 200, "", 0, true, NULL},
    {"a Host with a blank in it", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", OK_EMPTY, 200, "", 0, true,
     NULL},
    {"a Date that is none", GET, "HTTP/1.1 200 OK\r\nDate: yesterday\r\n\r\n", 200, "a.test", 0,
     true, NULL},
    {"an answer to nobody", "", "HTTP/1.1 408 Request Timeout\r\n\r\n", 408, "", 0, false, NULL},
    {"an answer before the request is whole", "POST / HTTP/1.1\r\nHost: a.test\r\n",
     "HTTP/1.1 400 x\r\nContent-Length: 0\r\n\r\n", 400, "", 0, false, NULL},
    {"WebSocket",
     "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81",
     "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 421 x\r\n\r\n", 0,
     "a.test", 0, false, NULL},
    {"an upgrade that is refused",
     "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
     "HTTP/1.1 421 x\r\n\r\n", 421, "a.test", 0, false, NULL},
    {"not HTTP", "\x10\x0e\x00\x04MQTT", "\x20\x02\x00\x00", 0, "", 0, false, NULL},
    {"not HTTP, the server first", "", "220 mail.test ESMTP\r\n", 0, "", 0, false, NULL},
    {"HTTP/2 where HTTP/1 was agreed", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 x\r\n\r\n",
     0, "", 0, false, NULL},
    {"nothing", "", "", 0, "", 0, true, NULL},
};

static void check(const struct row *row, const struct observer *observer, bool is_more)
{
    const struct observed *seen = observer_seen(observer);
    assert_int_equal(seen->status, row->want_status);
    assert_string_equal(seen->host, row->want_host);
    assert_int_equal(seen->date_us, row->want_date_us);
    assert_int_equal(is_more, row->want_more);
    assert_string_equal(seen->words != NULL ? seen->words : "",
                        row->want_words != NULL ? row->want_words : "");
}

typedef bool (*feed_fn)(struct observer *observer, struct slice bytes);

// The first `cut` bytes, then the rest in pieces of `step`.
static bool feed_cut(feed_fn feed, struct observer *observer, struct slice bytes, size_t cut,
                     size_t step)
{
    bool is_more = feed(observer, slice_part(bytes, 0, cut));
    for (size_t at = cut; at < bytes.len; at += step) {
        is_more = feed(observer, slice_part(bytes, at, step));
    }
    return is_more;
}

static void run(const struct row *row, size_t request_cut, size_t response_cut, size_t step)
{
    struct observer *observer = observer_new(OBSERVE_HTTP1);
    assert_non_null(observer);
    (void)feed_cut(observer_requests, observer, slice_of_text(row->requests), request_cut, step);
    bool is_more =
        feed_cut(observer_responses, observer, slice_of_text(row->responses), response_cut, step);
    check(row, observer, is_more);
    observer_free(observer);
}

static void http1_shows(void **state)
{
    const struct row *row = *state;
    run(row, 0, 0, SIZE_MAX / 2);
    run(row, 0, 0, 1);
    for (size_t cut = 1; cut < strlen(row->requests); cut++) {
        run(row, cut, 0, SIZE_MAX / 2);
    }
    for (size_t cut = 1; cut < strlen(row->responses); cut++) {
        run(row, 0, cut, SIZE_MAX / 2);
    }
}

static void run_with_host(size_t host_len)
{
    char request[1024];
    size_t len = (size_t)sprintf(request, "GET / HTTP/1.1\r\nHost: ");
    memset(request + len, 'h', host_len);
    (void)sprintf(request + len + host_len, "\r\n\r\n");
    struct row row = {"", request, OK_EMPTY, 200, "", 0, true, NULL};
    char host[EXCHANGE_HOST_MAX] = {0};
    if (host_len < EXCHANGE_HOST_MAX) {
        memset(host, 'h', host_len);
    }
    row.want_host = host;
    run(&row, 0, 0, SIZE_MAX / 2);
    run(&row, 0, 0, 1);
}

static void a_host_that_is_too_long_is_left_out(void **state)
{
    (void)state;
    for (size_t len = EXCHANGE_HOST_MAX - 3; len < EXCHANGE_HOST_MAX + 4; len++) {
        run_with_host(len);
    }
}

static const struct alpn_row {
    const char *name, *client, *server;
    bool is_read;
    enum observe_protocol want;
} alpn_rows[] = {
    {"no ALPN is taken for HTTP/1", "", "", true, OBSERVE_HTTP1},
    {"http/1.1", "http/1.1", "http/1.1", true, OBSERVE_HTTP1},
    {"http/1.1 to the server alone", "", "http/1.1", true, OBSERVE_HTTP1},
    {"h2", "h2", "h2", true, OBSERVE_HTTP2},
    {"h2 to the client alone", "h2", "", false, 0},
    {"h2 to the server alone", "http/1.1", "h2", false, 0},
    {"another protocol", "mqtt", "mqtt", false, 0},
};

static void protocol_is_told_by_alpn(void **state)
{
    const struct alpn_row *row = *state;
    enum observe_protocol got = OBSERVE_HTTP1;
    bool is_read =
        observe_protocol_of(slice_of_text(row->client), slice_of_text(row->server), &got);
    assert_int_equal(is_read, row->is_read);
    assert_int_equal(is_read ? got : row->want, row->want);
}

static void nothing_is_read_behind_the_end(void **state)
{
    (void)state;
    struct observer *observer = observer_new(OBSERVE_HTTP1);
    assert_non_null(observer);
    assert_true(observer_requests(observer, slice_of_text(GET)));
    assert_false(observer_responses(observer, slice_of_text("HTTP/1.1 421 x\r\n\r\n")));
    assert_false(observer_requests(observer, slice_of_text(GET)));
    assert_false(observer_responses(observer, slice_of_text("HTTP/1.1 400 x\r\n\r\n")));
    assert_int_equal(observer_seen(observer)->status, 421);
    observer_free(observer);
    observer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_is_too_long_is_left_out),
        cmocka_unit_test(nothing_is_read_behind_the_end),
    };
    int failed = RUN_ROWS(rows, http1_shows);
    failed += RUN_ROWS(alpn_rows, protocol_is_told_by_alpn);
    return failed + cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
