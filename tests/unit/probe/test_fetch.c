// One question to a web server: answers, redirects, failures, and no handle left behind. The server
// is a listener on the same loop that says what the row has.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "fetch.h"

#define ANSWERS_MAX 4
#define BODY_48     "................................................"

static const struct row {
    const char *name;
    const char *answers[ANSWERS_MAX]; // one a connection; NULL: the listener is closed before
    const char *question;             // NULL: GET
    bool has_via;
    bool keeps_far;
    const char *host;  // NULL: 127.0.0.1
    const char *route; // a pattern that is led here; NULL: none
    bool is_astray;    // the route leads elsewhere
    size_t body_max;   // 0: as most
    enum fetch_result want;
    const char *body, *asked; // the last request begins so
    bool closes_early;        // fetch_close right after the start
} rows[] = {
    {.name = "an answer",
     .answers = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET /a HTTP/1.1\r\nHost: 127.0.0.1:"},
    {.name = "a question with a body",
     .answers = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
     .question = "tell me",
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "POST /a HTTP/1.1\r\n"},
    {.name = "a redirect on the same host",
     .answers = {"HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.0 200 OK\r\n\r\nhi"},
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET /b HTTP/1.1\r\n"},
    {.name = "round in a circle",
     .answers = {"HTTP/1.1 302 F\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.1 302 F\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
                 "HTTP/1.1 302 F\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n"},
     .want = FETCH_STRAY,
     .asked = "GET /a HTTP/1.1\r\n"},
    {.name = "a redirect to https",
     .answers = {"HTTP/1.1 302 F\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n"},
     .want = FETCH_STRAY,
     .asked = "GET /a HTTP/1.1\r\n"},
    {.name = "no HTTP", .answers = {"220 mail\r\n"}, .want = FETCH_NO_HTTP, .asked = "GET /a"},
    {.name = "an end without an answer", .answers = {""}, .want = FETCH_NO_HTTP, .asked = "GET /a"},
    {.name = "nobody listens", .want = FETCH_NO_CONNECTION, .asked = ""},
    {.name = "a name that has several addresses, of which one answers",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .host = "localhost",
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET /a HTTP/1.1\r\nHost: localhost:"},
    {.name = "for an origin elsewhere, this machine is not asked",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .keeps_far = true,
     .want = FETCH_NEAR,
     .asked = ""},
    {.name = "nor by a name for it",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .host = "localhost",
     .keeps_far = true,
     .want = FETCH_NEAR,
     .asked = ""},
    {.name = "for an origin elsewhere, through an upstream proxy here",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .has_via = true,
     .keeps_far = true,
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET http://127.0.0.1:"},
    {.name = "through an upstream proxy",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .has_via = true,
     .host = "ca.invalid",
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET http://ca.invalid:"},
    {.name = "a host that the user says is here",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .host = "ca.invalid",
     .route = "ca.invalid",
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET /a HTTP/1.1\r\nHost: ca.invalid:"},
    {.name = "for an origin elsewhere, a host that the user says is here",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .keeps_far = true,
     .host = "ca.invalid",
     .route = "*.invalid",
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET /a HTTP/1.1\r\nHost: ca.invalid:"},
    {.name = "a redirect away from it, for an origin elsewhere",
     .answers = {"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:9/b\r\nContent-Length: 0\r\n\r\n"},
     .keeps_far = true,
     .host = "ca.invalid",
     .route = "ca.invalid",
     .want = FETCH_NEAR,
     .asked = "GET /a HTTP/1.1\r\nHost: ca.invalid:"},
    {.name = "an address, which needs no way to it",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .route = "127.0.0.1",
     .is_astray = true,
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET /a"},
    {.name = "where all origins are, which is no word on this host",
     .answers = {"HTTP/1.0 200 OK\r\n\r\nhi"},
     .host = "localhost",
     .route = "*",
     .is_astray = true,
     .want = FETCH_ANSWER,
     .body = "hi",
     .asked = "GET /a"},
    {.name = "an answer as long as it may be",
     .answers = {"HTTP/1.0 200 OK\r\n\r\n" BODY_48},
     .body_max = 48,
     .want = FETCH_ANSWER,
     .body = BODY_48,
     .asked = "GET /a"},
    {.name = "an answer that is longer",
     .answers = {"HTTP/1.0 200 OK\r\n\r\n" BODY_48 "!"},
     .body_max = 48,
     .want = FETCH_NO_HTTP,
     .asked = "GET /a"},
    {.name = "closed at once", .answers = {""}, .closes_early = true, .asked = ""},
};

struct stage {
    const struct row *row;
    uv_loop_t loop;
    uv_tcp_t listener, peers[ANSWERS_MAX];
    uv_write_t writes[ANSWERS_MAX];
    size_t peer_count;
    char asked[2048];
    uint8_t room[4096], fetch_room[4096];
    struct fetch fetch;
    bool is_done, is_closed;
    enum fetch_result result;
    char body[64];
};

static void on_peer_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct stage *stage = handle->data;
    (void)suggested;
    *out = uv_buf_init((char *)stage->room, sizeof(stage->room));
}

static void on_written(uv_write_t *request, int status)
{
    (void)status; // the fetch may be gone by now
    if (!uv_is_closing((uv_handle_t *)request->handle)) {
        uv_close((uv_handle_t *)request->handle, NULL);
    }
}

static void on_peer_read(uv_stream_t *peer, ssize_t got, const uv_buf_t *buf)
{
    struct stage *stage = peer->data;
    size_t i = (size_t)((uv_tcp_t *)peer - stage->peers);
    if (got <= 0) {
        if (got < 0 && !uv_is_closing((uv_handle_t *)peer)) {
            uv_close((uv_handle_t *)peer, NULL);
        }
        return;
    }
    (void)snprintf(stage->asked, sizeof(stage->asked), "%.*s", (int)got, buf->base);
    (void)uv_read_stop(peer);
    const char *text = stage->row->answers[i];
    uv_buf_t answer = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));
    assert_int_equal(uv_write(&stage->writes[i], peer, &answer, 1, on_written), 0);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct stage *stage = listener->data;
    assert_int_equal(status, 0);
    assert_true(stage->peer_count < ANSWERS_MAX && stage->row->answers[stage->peer_count] != NULL);
    uv_tcp_t *peer = &stage->peers[stage->peer_count++];
    assert_int_equal(uv_tcp_init(&stage->loop, peer), 0);
    peer->data = stage;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)peer), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)peer, on_peer_alloc, on_peer_read), 0);
}

static void on_done(void *user)
{
    struct stage *stage = user;
    struct slice body = http_answer_body(&stage->fetch.answer);
    stage->is_done = true;
    stage->result = stage->fetch.result;
    (void)snprintf(stage->body, sizeof(stage->body), "%.*s", (int)body.len,
                   body.len > 0 ? (const char *)body.data : "");
    fetch_close(&stage->fetch);
    fetch_close(&stage->fetch); // once more changes nothing
}

static void on_closed(void *user)
{
    struct stage *stage = user;
    stage->is_closed = true;
    if (!uv_is_closing((uv_handle_t *)&stage->listener)) {
        uv_close((uv_handle_t *)&stage->listener, NULL);
    }
}

static uint16_t listen_here(struct stage *stage)
{
    struct sockaddr_in address;
    int len = sizeof(address);
    assert_int_equal(uv_tcp_init(&stage->loop, &stage->listener), 0);
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_bind(&stage->listener, (struct sockaddr *)&address, 0), 0);
    stage->listener.data = stage;
    assert_int_equal(uv_listen((uv_stream_t *)&stage->listener, 8, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&stage->listener, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void fetches(void **state)
{
    static struct stage stage;
    const struct row *row = *state;
    char text[128];
    struct endpoint via = {.host = "127.0.0.1", .is_ip = true};
    stage = (struct stage){.row = row};
    assert_int_equal(uv_loop_init(&stage.loop), 0);
    uint16_t port = listen_here(&stage);
    if (row->answers[0] == NULL) {
        uv_close((uv_handle_t *)&stage.listener, NULL);
        (void)uv_run(&stage.loop, UV_RUN_DEFAULT);
    }
    via.port = port;
    struct host_route route = {.where = {.host = "127.0.0.1", .is_ip = true, .port = port}};
    route.where.port = row->is_astray ? 1 : port; // nobody listens there
    (void)snprintf(route.pattern, sizeof(route.pattern), "%s",
                   row->route != NULL ? row->route : "");
    struct fetch_setup setup = {
        .loop = &stage.loop,
        .keeps_far = row->keeps_far,
        .routes = &route,
        .route_count = row->route != NULL,
        .body_max = row->body_max,
        .via = row->has_via ? &via : NULL,
        .question = row->question != NULL ? slice_of_text(row->question) : SLICE_EMPTY,
        .question_type = "text/plain",
        .room = {stage.fetch_room, sizeof(stage.fetch_room)},
        .done = on_done,
        .closed = on_closed,
        .user = &stage,
    };
    (void)snprintf(text, sizeof(text), "http://%s:%u/a",
                   row->host != NULL ? row->host : "127.0.0.1", port);
    assert_true(web_address_read(slice_of_text(text), &setup.address));
    assert_true(fetch_start(&stage.fetch, &setup));
    assert_false(stage.is_done);
    if (row->closes_early) {
        fetch_close(&stage.fetch);
    }
    (void)uv_run(&stage.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&stage.loop), 0);
    assert_true(stage.is_closed);
    assert_int_equal(stage.is_done, !row->closes_early);
    assert_int_equal(stage.result, row->want);
    assert_memory_equal(stage.asked, row->asked, strlen(row->asked));
    if (row->body != NULL) {
        assert_string_equal(stage.body, row->body);
    }
}

int main(void)
{
    return RUN_ROWS(rows, fetches);
}
