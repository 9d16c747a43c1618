// Dialling: names that resolve slowly, to several addresses, or to midspan itself.
#include <dlfcn.h>
#include <netdb.h>

#include "stage.h"

// ---- a resolver of the test's own: libuv calls this one

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_moved = PTHREAD_COND_INITIALIZER;
static size_t resolver_stuck; // calls for slow.test that wait
static bool resolver_goes;

static struct addrinfo *found_address(uint32_t host, const char *port, struct addrinfo *next)
{
    // As glibc lays it out: freeaddrinfo frees both at once.
    struct addrinfo *found = calloc(1, sizeof(*found) + sizeof(struct sockaddr_in));
    struct sockaddr_in *address = (struct sockaddr_in *)(found + 1);
    *address = loopback((uint16_t)strtoul(port, NULL, 10));
    address->sin_addr.s_addr = htonl(host);
    *found = (struct addrinfo){.ai_family = AF_INET,
                               .ai_socktype = SOCK_STREAM,
                               .ai_addrlen = sizeof(*address),
                               .ai_addr = (struct sockaddr *)address,
                               .ai_next = next};
    return found;
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out_found)
{
    typedef int (*getaddrinfo_fn)(const char *, const char *, const struct addrinfo *,
                                  struct addrinfo **);
    if (node != NULL && strcmp(node, "slow.test") == 0) {
        (void)pthread_mutex_lock(&resolver_lock);
        resolver_stuck++;
        (void)pthread_cond_broadcast(&resolver_moved);
        while (!resolver_goes) {
            (void)pthread_cond_wait(&resolver_moved, &resolver_lock);
        }
        resolver_stuck--;
        (void)pthread_mutex_unlock(&resolver_lock);
        *out_found = found_address(INADDR_LOOPBACK, service, NULL);
        return 0;
    }
    if (node != NULL && strcmp(node, "two.test") == 0) {
        *out_found = found_address(INADDR_LOOPBACK, service, NULL);
        *out_found = found_address(INADDR_LOOPBACK + 1, service, *out_found);
        return 0;
    }
    if (node != NULL && strcmp(node, "self.test") == 0) {
        *out_found = found_address(INADDR_LOOPBACK, service, NULL);
        return 0;
    }
    // A pointer to data is not to be turned into one to a function, but POSIX promises it works.
    getaddrinfo_fn real;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, out_found);
}

static void resolver_wait(size_t stuck)
{
    (void)pthread_mutex_lock(&resolver_lock);
    while (resolver_stuck < stuck) {
        (void)pthread_cond_wait(&resolver_moved, &resolver_lock);
    }
    (void)pthread_mutex_unlock(&resolver_lock);
}

static void resolver_let(bool goes)
{
    (void)pthread_mutex_lock(&resolver_lock);
    resolver_goes = goes;
    (void)pthread_cond_broadcast(&resolver_moved);
    (void)pthread_mutex_unlock(&resolver_lock);
}

static int open_held(void **state)
{
    resolver_let(false);
    return stage_open(state);
}

static int close_held(void **state)
{
    resolver_let(true);
    return stage_close(state);
}

// ---- several addresses

static void next_address_after_a_refusal(void **state)
{
    struct stage *stage = *state;
    char text[1024];
    stage_start(stage);
    origin_open(stage); // on 127.0.0.1; 127.0.0.2 comes first
    int client = tunnel_open(stage, "two.test");
    say(client, "plain words");
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, "plain words", text, sizeof(text)), 0);
    (void)close(origin);
    (void)close(client);
    assert_int_equal(stage_wait(stage, EVENT_CLOSED, 1).addresses_tried, 2);
}

// No resolver knows the name, and none is asked; a dot at its end changes nothing.
static void a_host_is_reached_where_resolve_says(void **state)
{
    struct stage *stage = *state;
    char text[1024], route[64];
    origin_open(stage);
    (void)snprintf(route, sizeof(route), "*.lab.test=127.0.0.1:%u", stage->port);
    stage_set(stage, "resolve", route);
    stage_start(stage);
    stage->port = 443; // the port that the client asks for
    int client = tunnel_open(stage, "any.lab.test.");
    say(client, "plain words");
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, "plain words", text, sizeof(text)), 0);
    (void)close(origin);
    (void)close(client);
}

static void fix_target(struct stage *stage, const char *host, uint16_t port)
{
    struct error error;
    char text[256];
    (void)snprintf(text, sizeof(text), "%s:%u", host, port);
    assert_true(endpoint_parse(slice_of_text(text), 0, "target", &stage->settings.target, &error));
    stage->settings.has_target = true;
}

// The client got its last words while the name was being resolved.
static void nobody_is_dialled_for_a_client_that_failed(void **state)
{
    struct stage *stage = *state;
    char text[1024];
    origin_open(stage);
    fix_target(stage, "slow.test", stage->port);
    stage_start(stage);
    int client = client_open(stage);
    resolver_wait(1);
    say(client, "CONNECT somewhere:443 HTTP/1.1\r\n\r\n");
    assert_string_equal(stage_wait(stage, EVENT_VERDICT, 1).cause, "ingress.proxy-to-tls-port");
    resolver_let(true);
    assert_int_equal(hear(client, NULL, text, sizeof(text)), 0);
    struct note note = stage_wait(stage, EVENT_CLOSED, 1); // two seconds later: it lingers
    struct pollfd listener = {.fd = stage->listener, .events = POLLIN};
    assert_int_equal(note.addresses_tried, 0);
    assert_int_equal(poll(&listener, 1, 0), 0);
    (void)close(client);
}

// The same while the first of two addresses does not answer.
static void no_next_address_for_a_client_that_failed(void **state)
{
    struct stage *stage = *state;
    char text[1024];
    int fillers[4];
    origin_open(stage);
    struct sockaddr_in address = loopback(stage->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    int full = socket(AF_INET, SOCK_STREAM, 0); // its backlog is full: a SYN gets no answer
    assert_int_equal(bind(full, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(full, 0), 0);
    for (size_t i = 0; i < COUNT(fillers); i++) {
        fillers[i] = tune(socket(AF_INET, SOCK_STREAM, 0));
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    fix_target(stage, "two.test", stage->port);
    stage_start(stage);
    int client = client_open(stage);
    say(client, "CONNECT somewhere:443 HTTP/1.1\r\n\r\n");
    assert_string_equal(stage_wait(stage, EVENT_VERDICT, 1).cause, "ingress.proxy-to-tls-port");
    assert_int_equal(hear(client, NULL, text, sizeof(text)), 0);
    struct note note = stage_wait(stage, EVENT_CLOSED, 1);
    struct pollfd listener = {.fd = stage->listener, .events = POLLIN};
    assert_true(note.addresses_tried < 2);
    assert_int_equal(poll(&listener, 1, 0), 0);
    for (size_t i = 0; i < COUNT(fillers); i++) {
        (void)close(fillers[i]);
    }
    (void)close(full);
    (void)close(client);
}

// ---- slow names

static void slow_name_times_out_by_our_clock(void **state)
{
    struct stage *stage = *state;
    char text[4096];
    stage->port = 443;
    stage->settings.connect_timeout_ms = 200;
    stage_set(stage, "on-failure", "alert"); // then CONNECT is answered after the dial
    stage_start(stage);
    int client = client_open(stage);
    say(client, "CONNECT slow.test:443 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_string_equal(stage_wait(stage, EVENT_VERDICT, 1).cause, "transport.dns");
    assert_int_equal(hear(client, NULL, text, sizeof(text)), 0);
    assert_true(strncmp(text, "HTTP/1.1 50", 11) == 0);
    (void)close(client);
}

static void slow_names_hold_up_no_other(void **state)
{
    struct stage *stage = *state;
    int clients[8];
    char text[1024];
    stage_start(stage);
    origin_open(stage);
    for (size_t i = 0; i < COUNT(clients); i++) {
        clients[i] = tunnel_open(stage, "slow.test");
    }
    resolver_wait(1);
    int client = tunnel_open(stage, "self.test");
    say(client, "plain words");
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, "plain words", text, sizeof(text)), 0);
    for (size_t i = 0; i < COUNT(clients); i++) {
        (void)close(clients[i]);
    }
    (void)close(origin);
    (void)close(client);
}

// ---- midspan itself

static void target_is_midspan_under_another_name(void **state)
{
    struct stage *stage = *state;
    char text[1024];
    origin_open(stage); // for a port that is free
    (void)close(stage->listener);
    stage->listener = -1;
    stage->settings.listen[0].port = stage->port;
    fix_target(stage, "self.test", stage->port);
    stage_start(stage);
    int client = client_open(stage);
    say(client, "plain words");
    (void)hear(client, NULL, text, sizeof(text)); // the end, however
    struct note note = stage_wait(stage, EVENT_VERDICT, 1);
    assert_string_equal(note.cause, "ingress.malformed");
    assert_int_equal(note.connection, 1);
    (void)close(client);
    (void)stage_wait(stage, EVENT_CLOSED, 1);
    assert_int_equal(stage_count(stage, EVENT_OPENED), 1);
}

static void upstream_proxy_is_midspan(void **state)
{
    struct stage *stage = *state;
    char text[4096];
    origin_open(stage);
    (void)close(stage->listener);
    stage->listener = -1;
    stage->settings.listen[0].port = stage->port;
    (void)snprintf(text, sizeof(text), "http://127.0.0.1:%u", stage->port);
    stage_set(stage, "via", text);
    stage_set(stage, "on-failure", "alert");
    stage_start(stage);
    int client = client_open(stage);
    say(client, "CONNECT some.test:443 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(hear(client, NULL, text, sizeof(text)), 0);
    assert_true(strncmp(text, "HTTP/1.1 502 ", 13) == 0);
    assert_non_null(strstr(text, "midspan itself"));
    (void)close(client);
    (void)stage_wait(stage, EVENT_CLOSED, 1);
    assert_int_equal(stage_count(stage, EVENT_OPENED), 1);
}

// The same port on another loopback address is somebody else.
static void another_address_with_our_port(void **state)
{
    struct stage *stage = *state;
    char text[1024];
    stage_start(stage);
    stage->port = proxy_endpoint(stage->proxy, 0)->port;
    struct sockaddr_in address = loopback(stage->port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    stage->listener = tune(socket(AF_INET, SOCK_STREAM, 0));
    assert_int_equal(bind(stage->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(stage->listener, 8), 0);
    int client = tunnel_open(stage, "127.0.0.2");
    say(client, "plain words");
    int origin = origin_accept(stage);
    assert_int_equal(hear(origin, "plain words", text, sizeof(text)), 0);
    (void)close(origin);
    (void)close(client);
}

#define HELD_TEST(check) cmocka_unit_test_setup_teardown(check, open_held, close_held)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(next_address_after_a_refusal),
        STAGE_TEST(a_host_is_reached_where_resolve_says),
        HELD_TEST(nobody_is_dialled_for_a_client_that_failed),
        STAGE_TEST(no_next_address_for_a_client_that_failed),
        HELD_TEST(slow_name_times_out_by_our_clock),
        HELD_TEST(slow_names_hold_up_no_other),
        STAGE_TEST(target_is_midspan_under_another_name),
        STAGE_TEST(upstream_proxy_is_midspan),
        STAGE_TEST(another_address_with_our_port),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
