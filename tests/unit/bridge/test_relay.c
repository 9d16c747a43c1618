// What passes a relay unchanged, and what the handshakes' own messages do amid it.
#include "stage.h"

#define BULK_LEN 400000

static char bulk[BULK_LEN + 1], heard[BULK_LEN + 4096];

static void fill_bulk(void)
{
    for (size_t i = 0; i < BULK_LEN; i++) {
        bulk[i] = (char)('!' + i * 31 % 90);
    }
}

// An end marker lets the reader know that all has come.
static void say_bulk(struct peer *from, struct peer *to)
{
    peer_say(from, bulk);
    peer_say(from, "\n.\n");
    assert_int_equal(peer_hear(to, "\n.\n", heard, sizeof(heard)), HEARD_WANTED);
    assert_int_equal(strlen(heard), BULK_LEN + 3);
    assert_memory_equal(heard, bulk, BULK_LEN);
}

static void bulk_passes_both_ways(void **state)
{
    struct stage *stage = *state;
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    say_bulk(&stage->client, &stage->origin);
    say_bulk(&stage->origin, &stage->client);
}

// RFC 8446 section 4.6.3.
static void key_updates_amid_data(void **state)
{
    struct stage *stage = *state;
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    struct peer *peers[] = {&stage->client, &stage->origin};
    for (int i = 0; i < 20; i++) {
        struct peer *from = peers[i % 2], *to = peers[1 - i % 2];
        int kind = i % 4 < 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
        assert_int_equal(SSL_key_update(from->ssl, kind), 1);
        say_bulk(from, to);
    }
}

// We renegotiate with nobody: whoever asks hears so and gives up, as OpenSSL does; others go on.
static void renegotiation_is_refused(void **state)
{
    struct stage *stage = *state;
    char text[256];
    stage_set(stage, "client-leg", "max=TLS1.2");
    stage_set(stage, "server-leg", "max=TLS1.2");
    stage_start(stage);
    origin_open(stage);
    struct peer *peers[] = {&stage->client, &stage->origin};
    for (size_t i = 0; i < COUNT(peers); i++) {
        bridge_open(stage);
        assert_int_equal(SSL_version(peers[i]->ssl), TLS1_2_VERSION);
        assert_int_equal(SSL_renegotiate(peers[i]->ssl), 1);
        (void)SSL_do_handshake(peers[i]->ssl); // sends what asks for it
        peer_flush(peers[i]);
        assert_int_equal(peer_hear(peers[i], NULL, text, sizeof(text)), HEARD_BROKEN);
        peer_clear(peers[0]);
        peer_clear(peers[1]);
        (void)stage_wait(stage, EVENT_CLOSED, i + 1);
    }
    bridge_open(stage);
    say_bulk(&stage->client, &stage->origin);
}

static void many_small_records(void **state)
{
    struct stage *stage = *state;
    char byte[2] = "x";
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(SSL_write(stage->client.ssl, byte, 1), 1);
    }
    peer_flush(&stage->client); // in as few segments as they fit
    peer_say(&stage->client, "\n.\n");
    assert_int_equal(peer_hear(&stage->origin, "\n.\n", heard, sizeof(heard)), HEARD_WANTED);
    assert_int_equal(strlen(heard), 5003);
}

// push_some sends what the kernel takes of a peer's records.
static void push_some(struct peer *peer, size_t *at)
{
    char *records;
    size_t len = (size_t)BIO_get_mem_data(peer->out, &records);
    ssize_t sent = len > *at ? send(peer->fd, records + *at, len - *at, MSG_NOSIGNAL) : 0;
    *at += sent > 0 ? (size_t)sent : 0;
}

// More than the four sockets on the way hold: 6 MiB each at most, by Linux's defaults.
#define FLOOD_LEN ((size_t)40 << 20)

// A reader that stops holds up the sender: nothing piles up in between, and nothing is lost.
static void slow_reader_holds_up_the_sender(void **state)
{
    struct stage *stage = *state;
    size_t at = 0, sent = 0, got = 0;
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    for (; sent < FLOOD_LEN; sent += BULK_LEN) {
        assert_int_equal(SSL_write(stage->origin.ssl, bulk, BULK_LEN), BULK_LEN);
    }
    struct pollfd writable = {.fd = stage->origin.fd, .events = POLLOUT};
    while (at < sent && poll(&writable, 1, 500) == 1) {
        push_some(&stage->origin, &at);
    }
    assert_true(at < sent);
    while (got < sent) {
        push_some(&stage->origin, &at);
        peer_receive(&stage->client);
        int len = SSL_read(stage->client.ssl, heard, sizeof(heard));
        if (len > 0) {
            size_t rest = BULK_LEN - got % BULK_LEN;
            assert_memory_equal(heard, bulk + got % BULK_LEN,
                                (size_t)len < rest ? (size_t)len : rest);
            got += (size_t)len;
        } else {
            assert_int_equal(wait_for(stage->client.fd, POLLIN), 1);
        }
    }
    assert_int_equal(got, sent);
}

// ---- plain HTTP

static void body_follows_the_head(void **state)
{
    struct stage *stage = *state;
    char text[8192];
    stage_start(stage);
    origin_open(stage);
    int client = client_open(stage);
    (void)snprintf(text, sizeof(text),
                   "POST http://127.0.0.1:%u/path?q HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                   "Proxy-Connection: keep-alive\r\nContent-Length: 9\r\n\r\nfirst",
                   stage->port, stage->port);
    say(client, text);
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, "\r\n\r\nfirst", text, sizeof(text)), 0);
    assert_true(strncmp(text, "POST /path?q HTTP/1.1\r\n", 23) == 0);
    assert_null(strstr(text, "Proxy-"));
    say(client, "rest");
    assert_int_equal(hear(origin, "rest", text, sizeof(text)), 0);
    say(origin, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    (void)close(origin);
    assert_int_equal(hear(client, NULL, text, sizeof(text)), 0);
    assert_non_null(strstr(text, "\r\n\r\nok"));
    (void)close(client);
}

// An upstream proxy gets the absolute-form again, and no CONNECT.
static void plain_request_through_an_upstream_proxy(void **state)
{
    struct stage *stage = *state;
    char text[8192];
    origin_open(stage); // the upstream proxy
    (void)snprintf(text, sizeof(text), "http://127.0.0.1:%u", stage->port);
    stage_set(stage, "via", text);
    stage_start(stage);
    int client = client_open(stage);
    say(client, "GET http://some.test/path HTTP/1.1\r\nHost: some.test\r\n\r\n");
    int via = origin_accept(stage);
    assert_int_equal(hear(via, "\r\n\r\n", text, sizeof(text)), 0);
    assert_true(strncmp(text, "GET http://some.test:80/path HTTP/1.1\r\n", 39) == 0 ||
                strncmp(text, "GET http://some.test/path HTTP/1.1\r\n", 36) == 0);
    (void)close(via);
    (void)close(client);
}

// ---- an origin that speaks first

static void hear_bytes(int fd, const uint8_t *want, size_t len)
{
    uint8_t got[512];
    size_t at = 0;
    assert_true(len <= sizeof(got));
    while (at < len) {
        assert_int_equal(wait_for(fd, POLLIN), 1);
        ssize_t count = recv(fd, got + at, len - at, 0);
        assert_true(count > 0);
        at += (size_t)count;
    }
    assert_memory_equal(got, want, len);
}

// The client does not wait for its tunnel; the greeting comes with the upstream proxy's answer,
// amid the client's hello of two records.
static void greeting_amid_a_hello(void **state)
{
    enum {
        FIRST_LEN = 205,
        SECOND_LEN = 65
    };
    static const char connect[] = "CONNECT some.test:25 HTTP/1.1\r\nHost: x\r\n\r\n";
    struct stage *stage = *state;
    uint8_t said[sizeof(connect) - 1 + FIRST_LEN], second[SECOND_LEN];
    uint8_t *first = said + sizeof(connect) - 1;
    char text[1024];
    memcpy(said, connect, sizeof(connect) - 1);
    memset(first, 'x', FIRST_LEN);
    memset(second, 'y', SECOND_LEN);
    memcpy(first, "\x16\x03\x01\x00\xc8\x01\x00\x01\x00", 9); // 256 bytes of hello
    memcpy(second, "\x16\x03\x01\x00\x3c", 5);
    origin_open(stage); // the upstream proxy
    (void)snprintf(text, sizeof(text), "http://127.0.0.1:%u", stage->port);
    stage_set(stage, "via", text);
    stage_start(stage);
    int client = client_open(stage);
    say_bytes(client, said, sizeof(said));
    int via = origin_accept(stage);
    assert_int_equal(hear(via, "\r\n\r\n", text, sizeof(text)), 0);
    say(via, "HTTP/1.1 200 OK\r\n\r\n220 greetings\r\n");
    assert_int_equal(hear(client, "220 greetings\r\n", text, sizeof(text)), 0);
    hear_bytes(via, first, FIRST_LEN);
    say_bytes(client, second, SECOND_LEN);
    hear_bytes(via, second, SECOND_LEN);
    (void)close(via);
    (void)close(client);
    struct note note = stage_wait(stage, EVENT_VERDICT, 1);
    assert_string_equal(note.cause, "transport.not-tls");
    assert_int_equal(note.leg, SERVER);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(bulk_passes_both_ways),
        STAGE_TEST(key_updates_amid_data),
        STAGE_TEST(renegotiation_is_refused),
        STAGE_TEST(many_small_records),
        STAGE_TEST(slow_reader_holds_up_the_sender),
        STAGE_TEST(body_follows_the_head),
        STAGE_TEST(plain_request_through_an_upstream_proxy),
        STAGE_TEST(greeting_amid_a_hello),
    };
    fill_bulk();
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
