// History: what is remembered of clients, origins and findings, and how it is bounded.
#include "rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "history.h"

static struct evidence of(const char *client, const char *host)
{
    struct evidence evidence = {.client_address = client};
    strcpy(evidence.target.host, host);
    evidence.target.port = 443;
    return evidence;
}

static struct verdict verdict_of(const char *code, enum side leg)
{
    return (struct verdict){.cause = cause_find(code), .leg = leg};
}

static void counts_are_of_the_client_whatever_its_port(void **state)
{
    (void)state;
    struct history *history = history_new();
    struct evidence first = of("192.0.2.1:1000", "a.test");
    struct evidence again = of("192.0.2.1:2000", "b.test");
    struct evidence other = of("192.0.2.2:1000", "a.test");
    history_secured(history, &first);
    history_secured(history, &first);
    history_refused(history, &first);
    history_read(history, &again);
    assert_int_equal(again.client_secured_before, 2);
    assert_int_equal(again.client_failed_before, 1);
    assert_int_equal(again.origin_secured_before, 0);
    history_read(history, &other);
    assert_int_equal(other.client_secured_before, 0);
    assert_int_equal(other.client_failed_before, 0);
    assert_int_equal(other.origin_secured_before, 2);
    history_free(history);
}

static void clients_behind_a_balancer_are_told_apart(void **state)
{
    (void)state;
    struct history *history = history_new();
    struct evidence one = of("192.0.2.9:1", "a.test"), two = of("192.0.2.9:2", "a.test");
    one.proxy_protocol_source = "192.0.2.1:1000";
    two.proxy_protocol_source = "192.0.2.2:1000";
    history_secured(history, &one);
    history_read(history, &two);
    history_read(history, &one);
    assert_int_equal(two.client_secured_before, 0);
    assert_int_equal(one.client_secured_before, 1);
    history_free(history);
}

static void programs_on_one_machine_are_told_apart(void **state)
{
    (void)state;
    static const uint8_t hellos[2][4 + 41] = {
        {1, 0, 0, 41, 3, 3, [38] = 0, 0, 2, 0xc0, 0x2b, 1, 0},
        {1, 0, 0, 41, 3, 3, [38] = 0, 0, 2, 0xc0, 0x2f, 1, 0},
    };
    struct history *history = history_new();
    struct evidence one = of("192.0.2.1:1", "a.test"), two = of("192.0.2.1:2", "a.test");
    struct client_hello hello;
    size_t at;
    one.legs[CLIENT].client_hello = (struct slice){hellos[0], sizeof(hellos[0])};
    two.legs[CLIENT].client_hello = (struct slice){hellos[1], sizeof(hellos[1])};
    assert_int_equal(client_hello_parse(one.legs[CLIENT].client_hello, &hello, &at), PARSE_OK);
    history_refused(history, &one);
    history_read(history, &two);
    assert_int_equal(two.client_failed_before, 0);
    history_read(history, &one);
    assert_int_equal(one.client_failed_before, 1);
    history_free(history);
}

static void ipv6_clients(void **state)
{
    (void)state;
    struct history *history = history_new();
    struct evidence first = of("[2001:db8::1]:1000", "a.test");
    struct evidence again = of("[2001:db8::1]:2000", "a.test");
    struct evidence other = of("[2001:db8::2]:1000", "a.test");
    history_refused(history, &first);
    history_read(history, &again);
    history_read(history, &other);
    assert_int_equal(again.client_failed_before, 1);
    assert_int_equal(other.client_failed_before, 0);
    history_free(history);
}

static void repeats_are_of_client_target_leg_and_cause(void **state)
{
    (void)state;
    struct history *history = history_new();
    struct evidence evidence = of("192.0.2.1:1", "a.test"), elsewhere = of("192.0.2.1:1", "b.test");
    struct evidence other = of("192.0.2.2:1", "a.test");
    struct verdict expired = verdict_of("cert.expired", SERVER);
    struct verdict mine = verdict_of("cert.expired", CLIENT);
    struct verdict dns = verdict_of("transport.dns", SERVER);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(history_repeats(history, &evidence, &expired), i);
    }
    assert_int_equal(history_repeats(history, &evidence, &mine), 0);
    assert_int_equal(history_repeats(history, &evidence, &dns), 0);
    assert_int_equal(history_repeats(history, &elsewhere, &expired), 0);
    assert_int_equal(history_repeats(history, &other, &expired), 0);
    assert_int_equal(history_repeats(history, &evidence, &expired), 4);
    history_free(history);
}

// However many come, memory stays; who came last is known.
static void old_clients_make_room(void **state)
{
    (void)state;
    struct history *history = history_new();
    char client[64];
    size_t known = 0;
    for (unsigned i = 0; i < 4 * HISTORY_ROWS_MAX; i++) {
        (void)snprintf(client, sizeof(client), "10.%u.%u.%u:1", i >> 16, i >> 8 & 255, i & 255);
        struct evidence evidence = of(client, "a.test");
        history_refused(history, &evidence);
        history_read(history, &evidence);
        assert_int_equal(evidence.client_failed_before, 1);
    }
    for (unsigned i = 0; i < 4 * HISTORY_ROWS_MAX; i++) {
        (void)snprintf(client, sizeof(client), "10.%u.%u.%u:1", i >> 16, i >> 8 & 255, i & 255);
        struct evidence evidence = of(client, "a.test");
        history_read(history, &evidence);
        known += evidence.client_failed_before;
    }
    assert_in_range(known, 1, HISTORY_ROWS_MAX);
    history_free(history);
}

static void nothing_is_known_of_nobody(void **state)
{
    (void)state;
    struct history *history = history_new();
    struct evidence evidence = of(NULL, "a.test");
    history_read(history, &evidence);
    assert_int_equal(evidence.client_secured_before, 0);
    history_free(history);
    history_free(NULL);
}

#define THREADS 4
#define ROUNDS  2000

static void *count(void *user)
{
    struct history *history = user;
    struct evidence evidence = of("192.0.2.1:1", "a.test");
    struct verdict verdict = verdict_of("cert.expired", SERVER);
    for (int i = 0; i < ROUNDS; i++) {
        history_secured(history, &evidence);
        history_read(history, &evidence);
        (void)history_repeats(history, &evidence, &verdict); // the count is looked at below
    }
    return NULL;
}

static void many_threads_lose_no_count(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct history *history = history_new();
    struct evidence evidence = of("192.0.2.1:1", "a.test");
    struct verdict verdict = verdict_of("cert.expired", SERVER);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, history), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    history_read(history, &evidence);
    assert_int_equal(evidence.client_secured_before, THREADS * ROUNDS);
    assert_int_equal(history_repeats(history, &evidence, &verdict), THREADS * ROUNDS);
    history_free(history);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_of_the_client_whatever_its_port),
        cmocka_unit_test(clients_behind_a_balancer_are_told_apart),
        cmocka_unit_test(programs_on_one_machine_are_told_apart),
        cmocka_unit_test(ipv6_clients),
        cmocka_unit_test(repeats_are_of_client_target_leg_and_cause),
        cmocka_unit_test(old_clients_make_room),
        cmocka_unit_test(nothing_is_known_of_nobody),
        cmocka_unit_test(many_threads_lose_no_count),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
