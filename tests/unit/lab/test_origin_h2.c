// HTTP/2 of lab origins: nghttp2's client in memory, and one connection over TLS.
#include <nghttp2/nghttp2.h>

#include "lab_start.h"
#include "origin_h2.h"

struct answers {
    int status[8]; // by stream number / 2
    char text[8][64];
};

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)session, (void)flags;
    struct answers *answers = user;
    if (slice_equals_text((struct slice){name, name_len}, ":status") && value_len == 3) {
        answers->status[frame->hd.stream_id / 2] = atoi((const char *)value);
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *user)
{
    (void)session, (void)flags;
    struct answers *answers = user;
    char *text = answers->text[id / 2];
    size_t held = strlen(text);
    assert_true(held + len < sizeof(answers->text[0]));
    memcpy(text + held, data, len);
    text[held + len] = '\0';
    return 0;
}

static nghttp2_session *client_new(struct answers *answers)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    assert_int_equal(nghttp2_session_client_new(&session, callbacks, answers), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(session, 0, NULL, 0), 0);
    return session;
}

static void ask(nghttp2_session *session, const char *authority)
{
    const nghttp2_nv fields[] = {
        {(uint8_t *)":method", (uint8_t *)"GET", 7, 3, 0},
        {(uint8_t *)":scheme", (uint8_t *)"https", 7, 5, 0},
        {(uint8_t *)":path", (uint8_t *)"/", 5, 1, 0},
        {(uint8_t *)":authority", (uint8_t *)(uintptr_t)authority, 10, strlen(authority), 0},
    };
    assert_true(nghttp2_submit_request(session, NULL, fields, COUNT(fields), NULL, NULL) > 0);
}

static void take(nghttp2_session *session, struct buffer *out)
{
    const uint8_t *data;
    for (ssize_t len; (len = nghttp2_session_mem_send(session, &data)) > 0;) {
        assert_true(buffer_append(out, (struct slice){data, (size_t)len}));
    }
}

static uint16_t by_name(void *user, struct slice authority, struct buffer *out_body)
{
    (void)user;
    assert_true(buffer_append(out_body, authority));
    return slice_equals_text(authority, "one.test") ? 200 : 421;
}

// feed hands bytes over, cut into pieces.
static bool feed(struct origin_h2 *h2, struct slice bytes, size_t piece, struct buffer *out)
{
    bool is_over;
    while (bytes.len > 0) {
        struct slice part = slice_part(bytes, 0, piece);
        if (!origin_h2_feed(h2, part, out, &is_over)) {
            return false;
        }
        bytes = slice_part(bytes, part.len, bytes.len);
    }
    return true;
}

static void requests_are_answered(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 100000};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct answers answers = {.status = {0}};
        struct buffer to_server = {0}, to_client = {0};
        const struct origin_h2_hooks hooks = {by_name, NULL};
        struct origin_h2 *h2 = origin_h2_new(&hooks);
        nghttp2_session *client = client_new(&answers);
        ask(client, "one.test");
        ask(client, "two.test");
        take(client, &to_server);
        assert_true(feed(h2, buffer_slice(&to_server), pieces[i], &to_client));
        assert_int_equal(nghttp2_session_mem_recv(client, to_client.data, to_client.len),
                         to_client.len);
        assert_int_equal(answers.status[0], 200);
        assert_string_equal(answers.text[0], "one.test");
        assert_int_equal(answers.status[1], 421);
        nghttp2_session_del(client);
        origin_h2_free(h2);
        buffer_clear(&to_server);
        buffer_clear(&to_client);
    }
}

static void what_is_no_h2_is_refused(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\nHost: one.test\r\n\r\n";
    const struct origin_h2_hooks hooks = {by_name, NULL};
    struct origin_h2 *h2 = origin_h2_new(&hooks);
    struct buffer out = {0};
    assert_false(feed(h2, slice_of_text(request), 1000, &out));
    origin_h2_free(h2);
    buffer_clear(&out);
}

// exchange sends what the client has to say and reads until all streams are answered.
static void exchange(SSL *ssl, nghttp2_session *client, const int *status)
{
    struct buffer out = {0};
    uint8_t data[4096];
    take(client, &out);
    assert_int_equal(SSL_write(ssl, out.data, (int)out.len), out.len);
    buffer_clear(&out);
    while (*status == 0) {
        int got = SSL_read(ssl, data, sizeof(data));
        assert_true(got > 0);
        assert_int_equal(nghttp2_session_mem_recv(client, data, (size_t)got), got);
    }
}

// RFC 9113 section 9.1.1: a browser sends a second name's requests on the first one's connection.
static void coalesced_name_is_misdirected(void **state)
{
    (void)state;
    struct origins *origins = origins_new(NULL);
    struct client_result result = {.alert = -1};
    struct answers answers = {.status = {0}};
    uint16_t port = start(origins, "alpn=h2:http/1.1;check-host=on");
    int fd = client_socket(port);
    SSL *ssl = client_ssl(&(struct client_offer){.alpn = "h2"}, &result);
    SSL_set_fd(ssl, fd);
    assert_int_equal(SSL_connect(ssl), 1);
    nghttp2_session *client = client_new(&answers);
    ask(client, CLIENT_HOST);
    exchange(ssl, client, &answers.status[0]);
    ask(client, "other.midspan.test");
    exchange(ssl, client, &answers.status[1]);
    assert_int_equal(answers.status[0], 200);
    assert_int_equal(answers.status[1], 421);
    nghttp2_session_del(client);
    SSL_free(ssl);
    client_clear(&result);
    close(fd);
    origins_free(origins);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(what_is_no_h2_is_refused),
        cmocka_unit_test(coalesced_name_is_misdirected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
