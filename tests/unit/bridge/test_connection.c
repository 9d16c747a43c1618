// Whole connections through a running proxy: what a state machine with two legs can get wrong.
#include "stage.h"

static void bytes_pass_both_ways(void **state)
{
    struct stage *stage = *state;
    char text[256];
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    peer_say(&stage->client, "ping");
    assert_int_equal(peer_hear(&stage->origin, "ping", text, sizeof(text)), HEARD_WANTED);
    peer_say(&stage->origin, "pong");
    (void)SSL_shutdown(stage->origin.ssl);
    peer_flush(&stage->origin);
    assert_int_equal(peer_hear(&stage->client, NULL, text, sizeof(text)), HEARD_NOTIFY);
    assert_string_equal(text, "pong");
    peer_clear(&stage->client);
    peer_clear(&stage->origin);
    struct note note = stage_wait(stage, EVENT_CLOSED, 1);
    assert_int_equal(note.app_bytes_received[CLIENT], 4);
    assert_int_equal(note.app_bytes_received[SERVER], 4);
}

// ---- a proxy port that speaks TLS

static void outer_handshake_fails_and_more_comes(void **state)
{
    struct stage *stage = *state;
    char text[1024];
    stage_start(stage);
    int fd = client_open(stage);
    say_bytes(fd, "\x16\x03\x01\x00\x05\x01\xff\xff\xff\x03", 10);
    (void)stage_wait(stage, EVENT_VERDICT, 1);
    say(fd, "and more of it");
    (void)shutdown(fd, SHUT_WR);
    (void)hear(fd, NULL, text, sizeof(text)); // an alert, however it ends
    (void)close(fd);
    assert_true(stage_wait(stage, EVENT_CLOSED, 1).was_tls_to_proxy);
}

static void outer_open(struct stage *stage, const char *host)
{
    char text[1024];
    peer_init(&stage->outer, client_open(stage), client_context(stage, true), false);
    assert_true(peers_shake(&stage->outer, NULL));
    (void)snprintf(text, sizeof(text), "CONNECT %s:%u HTTP/1.1\r\nHost: x\r\n\r\n", host,
                   stage->port);
    peer_say(&stage->outer, text);
    assert_int_equal(peer_hear(&stage->outer, "\r\n\r\n", text, sizeof(text)), HEARD_WANTED);
}

static void outer_close_notify_ends_what_is_inside(void **state)
{
    struct stage *stage = *state;
    char text[1024];
    stage_start(stage);
    origin_open(stage);
    outer_open(stage, "127.0.0.1");
    peer_say(&stage->outer, "plain words");
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, "plain words", text, sizeof(text)), 0);
    (void)SSL_shutdown(stage->outer.ssl); // and no FIN: it still listens
    peer_flush(&stage->outer);
    assert_int_equal(hear(origin, NULL, text, sizeof(text)), 0);
    say(origin, "answer");
    (void)close(origin);
    assert_int_equal(peer_hear(&stage->outer, NULL, text, sizeof(text)), HEARD_NOTIFY);
    assert_string_equal(text, "answer");
    peer_clear(&stage->outer);
    (void)stage_wait(stage, EVENT_CLOSED, 1);
}

// The client's Finished and its first data come in two outer records of one segment, before the
// origin is dialled.
static void data_behind_finished_in_an_outer_record(void **state)
{
    struct stage *stage = *state;
    struct peer *client = &stage->client, *outer = &stage->outer;
    char text[1024], finished[4096];
    stage_set(stage, "order", "client-first");
    stage_start(stage);
    origin_open(stage);
    outer_open(stage, "localhost");
    peer_init(client, outer->fd, client_context(stage, true), false);
    client->outer = outer;
    shake_alone(client);
    size_t len = peer_take(client, finished, sizeof(finished));
    assert_int_equal(SSL_write(outer->ssl, finished, (int)len), (int)len);
    assert_int_equal(SSL_write(client->ssl, "early", 5), 5);
    len = peer_take(client, finished, sizeof(finished));
    assert_int_equal(SSL_write(outer->ssl, finished, (int)len), (int)len);
    peer_flush(outer); // both records in one segment
    peer_init(&stage->origin, origin_accept(stage), origin_context(stage, "localhost"), true);
    assert_true(peers_shake(&stage->origin, NULL));
    assert_int_equal(peer_hear(&stage->origin, "early", text, sizeof(text)), HEARD_WANTED);
}

// ---- pages

// In client-first order the request may have come behind the client's Finished.
static void page_for_a_request_behind_finished(void **state)
{
    struct stage *stage = *state;
    struct peer *client = &stage->client;
    char text[65536];
    stage_set(stage, "order", "client-first");
    stage->settings.handshake_timeout_ms = 10 * PEER_MS; // the page comes before any timeout
    stage_start(stage);
    origin_open(stage);
    (void)close(stage->listener); // nobody listens
    stage->listener = -1;
    peer_init(client, tunnel_open(stage, "localhost"), client_context(stage, true), false);
    shake_alone(client);
    peer_say(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); // goes with the Finished
    assert_int_equal(peer_hear(client, NULL, text, sizeof(text)), HEARD_NOTIFY);
    assert_true(strncmp(text, "HTTP/1.1 502 ", 13) == 0);
}

// An upstream proxy refuses the tunnel in two pieces; meanwhile the client leg is made for a page.
static void upstream_proxy_goes_on_after_its_refusal(void **state)
{
    struct stage *stage = *state;
    struct peer *client = &stage->client;
    char text[65536];
    origin_open(stage);
    (void)snprintf(text, sizeof(text), "http://127.0.0.1:%u", stage->port);
    stage_set(stage, "via", text);
    stage_start(stage);
    peer_init(client, tunnel_open(stage, "localhost"), client_context(stage, true), false);
    int via = origin_accept(stage);
    assert_int_equal(hear(via, "\r\n\r\n", text, sizeof(text)), 0);
    say(via, "HTTP/1.1 407 No\r\nContent-Length: 4\r\n\r\n");
    (void)SSL_do_handshake(client->ssl);
    peer_flush(client);
    assert_int_equal(wait_for(client->fd, POLLIN), 1); // the client leg is under way
    say(via, "body");
    assert_int_equal(stage_wait(stage, EVENT_VERDICT, 1).leg, SERVER);
    assert_true(peers_shake(client, NULL));
    peer_say(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_int_equal(peer_hear(client, NULL, text, sizeof(text)), HEARD_NOTIFY);
    assert_true(strncmp(text, "HTTP/1.1 502 ", 13) == 0);
    (void)close(via);
}

// ---- a client that half closes, does not read, and resets

static void reset_after_fin_with_bytes_queued(void **state)
{
    static const char bulk[1 << 16];
    struct stage *stage = *state;
    char text[1024];
    stage_start(stage);
    origin_open(stage);
    int client = tunnel_open(stage, "127.0.0.1");
    say(client, "plain words");
    (void)shutdown(client, SHUT_WR);
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, NULL, text, sizeof(text)), 0); // words and FIN
    struct pollfd writable = {.fd = origin, .events = POLLOUT};
    while (poll(&writable, 1, 500) == 1) { // until nobody takes any more
        (void)send(origin, bulk, sizeof(bulk), MSG_NOSIGNAL);
    }
    reset(client);
    (void)stage_wait(stage, EVENT_CLOSED, 1);
    (void)close(origin);
}

// ---- what a relay must not take or tell

static void bytes_after_close_notify_are_dropped(void **state)
{
    static const char junk[1 << 20];
    struct stage *stage = *state;
    char text[256];
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    peer_say(&stage->client, "question");
    (void)SSL_shutdown(stage->client.ssl);
    peer_flush(&stage->client);
    for (int i = 0; i < 16; i++) { // more than sockets and engines hold
        say_bytes(stage->client.fd, junk, sizeof(junk));
    }
    assert_int_equal(peer_hear(&stage->origin, NULL, text, sizeof(text)), HEARD_NOTIFY);
    assert_string_equal(text, "question");
    peer_say(&stage->origin, "answer");
    assert_int_equal(peer_hear(&stage->client, "answer", text, sizeof(text)), HEARD_WANTED);
}

static void idle_connection_is_reset(void **state)
{
    struct stage *stage = *state;
    char text[256];
    stage->settings.idle_timeout_ms = 200;
    stage_start(stage);
    origin_open(stage);
    int client = tunnel_open(stage, "127.0.0.1");
    say(client, "plain words");
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, "plain words", text, sizeof(text)), 0);
    say(origin, "half an ans");
    assert_int_equal(hear(client, NULL, text, sizeof(text)), ECONNRESET);
    assert_string_equal(text, "half an ans");
    assert_int_equal(hear(origin, NULL, text, sizeof(text)), ECONNRESET);
    (void)close(origin);
    (void)close(client);
}

static void reset_right_behind_bytes_stays_a_reset(void **state)
{
    struct stage *stage = *state;
    char text[256];
    stage_start(stage);
    origin_open(stage);
    for (int i = 0; i < 20; i++) {
        int client = tunnel_open(stage, "127.0.0.1");
        say(client, "plain words");
        int origin = origin_accept(stage);
        assert_int_equal(hear(origin, "plain words", text, sizeof(text)), 0);
        say(origin, "half an ans");
        reset(origin);
        assert_int_equal(hear(client, NULL, text, sizeof(text)), ECONNRESET);
        (void)close(client);
    }
}

static void passed_hello_is_told_once(void **state)
{
    // RFC 8446: a ServerHello of TLS 1.3, as short as can be.
    static const char hello[] = "\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03"
                                "0123456789abcdef0123456789abcdef"
                                "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04";
    struct stage *stage = *state;
    struct peer *client = &stage->client;
    stage_set(stage, "pass", "localhost");
    stage_start(stage);
    origin_open(stage);
    peer_init(client, tunnel_open(stage, "localhost"), client_context(stage, true), false);
    (void)SSL_do_handshake(client->ssl);
    peer_flush(client);
    int origin = origin_accept(stage);
    assert_int_equal(wait_for(origin, POLLIN), 1);
    for (int i = 0; i < 10; i++) {
        say_bytes(origin, hello, sizeof(hello) - 1);
    }
    (void)close(origin); // with the hello unread: a reset
    (void)stage_wait(stage, EVENT_CLOSED, 1);
    assert_int_equal(stage_count(stage, EVENT_PASSED), 1);
}

// A client that looks at the certificate after its Finished and leaves has refused it; the next
// connection knows.
static void silent_refusal_goes_into_history(void **state)
{
    struct stage *stage = *state;
    stage_start(stage);
    origin_open(stage);
    for (size_t i = 0; i < 3; i++) {
        bridge_open(stage);
        peer_clear(&stage->client);
        peer_clear(&stage->origin);
        assert_int_equal(stage_wait(stage, EVENT_CLOSED, i + 1).failed_before, i);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(bytes_pass_both_ways),
        STAGE_TEST(outer_handshake_fails_and_more_comes),
        STAGE_TEST(outer_close_notify_ends_what_is_inside),
        STAGE_TEST(data_behind_finished_in_an_outer_record),
        STAGE_TEST(page_for_a_request_behind_finished),
        STAGE_TEST(upstream_proxy_goes_on_after_its_refusal),
        STAGE_TEST(reset_after_fin_with_bytes_queued),
        STAGE_TEST(bytes_after_close_notify_are_dropped),
        STAGE_TEST(idle_connection_is_reset),
        STAGE_TEST(reset_right_behind_bytes_stays_a_reset),
        STAGE_TEST(passed_hello_is_told_once),
        STAGE_TEST(silent_refusal_goes_into_history),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
