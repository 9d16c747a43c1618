// The proxy around its connections: starting, its limits, reload, drain.
#include "stage.h"

#include <sys/resource.h>

static void start_refuses(struct stage *stage, const char *part)
{
    struct error error = {0};
    struct sink sink = {.name = "none", .render = stage_note, .user = stage, .fd = -1};
    stage->recorder = recorder_new(&sink, 1, &error);
    assert_non_null(stage->recorder);
    assert_null(proxy_start(&stage->settings, &stage->ca, stage->recorder, NULL, &error));
    if (strstr(error.text, part) == NULL) {
        fail_msg("no '%s' in \"%s\"", part, error.text);
    }
}

static void port_that_is_taken(void **state)
{
    struct stage *stage = *state;
    origin_open(stage);
    stage->settings.workers = 4;
    stage->settings.listen[1] = stage->settings.listen[0]; // the first can be had
    stage->settings.listen[1].port = stage->port;
    stage->settings.listen_count = 2;
    start_refuses(stage, "the port is taken");
}

static void host_that_is_not_ours(void **state)
{
    struct stage *stage = *state;
    strcpy(stage->settings.listen[0].host, "192.0.2.1");
    start_refuses(stage, "192.0.2.1");
}

static void certificate_that_is_not_there(void **state)
{
    struct stage *stage = *state;
    strcpy(stage->settings.legs[CLIENT].cert_file, "/nowhere/cert.pem");
    start_refuses(stage, "/nowhere/cert.pem");
}

static void trust_that_is_not_there(void **state)
{
    struct stage *stage = *state;
    strcpy(stage->settings.legs[SERVER].ca_file, "/nowhere/ca.pem");
    start_refuses(stage, "/nowhere/ca.pem");
}

static void many_workers_start_and_stop(void **state)
{
    struct stage *stage = *state;
    stage->settings.workers = 32;
    stage_start(stage);
    origin_open(stage);
    for (int i = 0; i < 40; i++) {
        bridge_open(stage);
        peer_clear(&stage->client);
        peer_clear(&stage->origin);
    }
}

// ---- descriptors

#define FILES       260
#define CLIENTS_MAX 80

// Where descriptors are few, clients wait their turn instead of being closed unheard.
static void clients_wait_when_descriptors_are_few(void **state)
{
    struct stage *stage = *state;
    struct rlimit few = {.rlim_cur = FILES, .rlim_max = FILES}; // for the rest of the program
    int clients[CLIENTS_MAX];
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    stage_start(stage);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        clients[i] = client_open(stage);
        say(clients[i], "CONNECT loc");
    }
    assert_non_null(strstr(stage_wait(stage, EVENT_NOTICE, 1).text, "new ones wait"));
    size_t opened = stage_count(stage, EVENT_OPENED);
    assert_in_range(opened, 1, CLIENTS_MAX - 1);
    for (size_t i = 0; i < CLIENTS_MAX; i++) { // each that ends makes room for one that waits
        (void)stage_wait(stage, EVENT_OPENED, i + 1);
        (void)close(clients[i]);
    }
    (void)stage_wait(stage, EVENT_CLOSED, CLIENTS_MAX);
}

// ---- reload

static void reload_is_for_new_connections(void **state)
{
    struct stage *stage = *state;
    struct error error = {0};
    char text[256];
    stage->settings.workers = 2;
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    assert_int_equal(SSL_version(stage->origin.ssl), TLS1_3_VERSION);
    struct settings next = stage->settings;
    next.legs[SERVER].version_max = VERSION_TLS12;
    assert_true(proxy_reload(stage->proxy, &next, &error));
    assert_true(proxy_reload(stage->proxy, &next, &error)); // the first may still be on its way
    struct peer client = stage->client, origin = stage->origin;
    bridge_open(stage);
    assert_int_equal(SSL_version(stage->origin.ssl), TLS1_2_VERSION);
    peer_say(&client, "still here"); // its contexts live as long as it
    assert_int_equal(peer_hear(&origin, "still here", text, sizeof(text)), HEARD_WANTED);
    peer_clear(&client);
    peer_clear(&origin);
}

static void reload_that_cannot_be_used_changes_nothing(void **state)
{
    struct stage *stage = *state;
    struct error error = {0};
    stage_start(stage);
    origin_open(stage);
    struct settings next = stage->settings;
    strcpy(next.legs[SERVER].ca_file, "/nowhere/ca.pem");
    assert_false(proxy_reload(stage->proxy, &next, &error));
    assert_non_null(strstr(error.text, "/nowhere/ca.pem"));
    bridge_open(stage);
}

// ---- drain

struct draining {
    pthread_t thread;
    struct proxy *proxy;
    int64_t grace_ms;
};

static void *drain(void *user)
{
    struct draining *draining = user;
    proxy_drain(draining->proxy, draining->grace_ms);
    return NULL;
}

static void wait_until_closed(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    for (;;) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int failed = connect(fd, (struct sockaddr *)&address, sizeof(address));
        (void)close(fd);
        if (failed != 0) {
            return;
        }
        (void)poll(NULL, 0, 10);
    }
}

static void drain_lets_open_connections_end(void **state)
{
    struct stage *stage = *state;
    char text[256];
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    int unused = client_open(stage); // has said nothing: closed at once
    struct draining draining = {.proxy = stage->proxy, .grace_ms = 10 * PEER_MS};
    assert_int_equal(pthread_create(&draining.thread, NULL, drain, &draining), 0);
    assert_int_equal(hear(unused, NULL, text, sizeof(text)), 0);
    (void)close(unused);
    wait_until_closed(proxy_endpoint(stage->proxy, 0)->port);
    peer_say(&stage->client, "question");
    assert_int_equal(peer_hear(&stage->origin, "question", text, sizeof(text)), HEARD_WANTED);
    peer_say(&stage->origin, "answer");
    assert_int_equal(peer_hear(&stage->client, "answer", text, sizeof(text)), HEARD_WANTED);
    peer_clear(&stage->client);
    peer_clear(&stage->origin);
    assert_int_equal(pthread_join(draining.thread, NULL), 0);
    assert_int_equal(proxy_open_count(stage->proxy), 0);
}

// What is dropped is reset, in every state that a connection can be in.
static void drain_drops_after_its_grace(void **state)
{
    struct stage *stage = *state;
    char text[256];
    stage_start(stage);
    origin_open(stage);
    bridge_open(stage);
    int tunnel = tunnel_open(stage, "localhost"); // PEEKING; the origin is connected
    int half = client_open(stage);
    say(half, "CONNECT loc"); // INGRESS
    int waiting = tunnel_open(stage, "localhost");
    say_bytes(waiting, "\x16\x03\x01\x02\x00\x01", 6); // PEEKING with a part of a hello
    proxy_drain(stage->proxy, 50);
    assert_int_equal(peer_hear(&stage->client, NULL, text, sizeof(text)), HEARD_RESET);
    assert_int_equal(peer_hear(&stage->origin, NULL, text, sizeof(text)), HEARD_RESET);
    assert_int_equal(proxy_open_count(stage->proxy), 0);
    (void)close(tunnel);
    (void)close(half);
    (void)close(waiting);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(port_that_is_taken),
        STAGE_TEST(host_that_is_not_ours),
        STAGE_TEST(certificate_that_is_not_there),
        STAGE_TEST(trust_that_is_not_there),
        STAGE_TEST(many_workers_start_and_stop),
        STAGE_TEST(reload_is_for_new_connections),
        STAGE_TEST(reload_that_cannot_be_used_changes_nothing),
        STAGE_TEST(drain_lets_open_connections_end),
        STAGE_TEST(drain_drops_after_its_grace),
        STAGE_TEST(clients_wait_when_descriptors_are_few), // last: it lowers the limit for good
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
