// The table of findings that are being proven: whose they are, one question at a time, bounded.
#include "rows.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "experiments.h"

static const uint8_t hellos[2][4 + 41] = {
    {1, 0, 0, 41, 3, 3, [38] = 0, 0, 2, 0xc0, 0x2b, 1, 0},
    {1, 0, 0, 41, 3, 3, [38] = 0, 0, 2, 0xc0, 0x2f, 1, 0},
};

static struct cert_facts minted = {.subject = "CN=a.test", .key = "EC P-256", .key_bits = 256};

// evidence_of is of a client leg that was refused with unknown_ca.
static struct evidence evidence_of(uint64_t connection, const char *client, const char *host)
{
    struct evidence evidence = {.connection = connection, .client_address = client};
    struct leg_evidence *leg = &evidence.legs[CLIENT];
    strcpy(evidence.target.host, host);
    evidence.target.port = 443;
    evidence.has_target = true;
    leg->is_started = true;
    leg->client_hello = (struct slice){hellos[0], sizeof(hellos[0])};
    leg->server_hello = leg->client_hello;
    leg->chain = &minted;
    leg->chain_count = 1;
    leg_evidence_moment(leg, (struct moment){.sent = true,
                                             .content_type = CONTENT_HANDSHAKE,
                                             .type = HANDSHAKE_CERTIFICATE});
    leg_evidence_end(leg, ENDING_ALERT_RECEIVED, ALERT_UNKNOWN_CA, 0, 5, NULL);
    return evidence;
}

static struct verdict verdict_of(struct evidence *evidence)
{
    (void)evidence;
    return (struct verdict){
        .cause = cause_find("trust.client-rejects-bridge-ca"),
        .leg = CLIENT,
        .summary = "a summary",
        .fix = "a fix",
        .facts = {"a fact"},
    };
}

static bool open_finding(struct experiments *experiments, uint64_t connection, const char *client,
                         const char *host, int64_t now_us)
{
    struct evidence evidence = evidence_of(connection, client, host);
    struct verdict verdict = verdict_of(&evidence);
    return experiments_open(experiments, &evidence, &verdict, now_us);
}

static bool next(struct experiments *experiments, uint64_t connection, const char *client,
                 const char *host, int64_t now_us, struct asking *out)
{
    struct evidence evidence = evidence_of(connection, client, host);
    return experiments_next(experiments, &evidence, now_us, out);
}

static struct finding *answer(struct experiments *experiments, const struct asking *asking,
                              uint64_t connection, enum experiment_result result)
{
    struct experiment_row row = {.change = asking->change, .connection = connection};
    row.answer.result = result;
    if (result == EXPERIMENT_REFUSED) {
        row.answer.refusal = (struct refusal){REFUSAL_ALERT, ALERT_UNKNOWN_CA, PHASE_CERTIFICATE};
    }
    return experiments_answer(experiments, asking, &row, 0);
}

static void only_that_client_and_name_are_asked(void **state)
{
    (void)state;
    struct experiments *experiments = experiments_new();
    struct asking asking;
    assert_true(open_finding(experiments, 1, "192.0.2.1:1000", "a.test", 0));
    assert_false(open_finding(experiments, 2, "192.0.2.1:1001", "a.test", 0)); // it is there
    assert_false(next(experiments, 3, "192.0.2.2:1000", "a.test", 0, &asking));
    assert_false(next(experiments, 3, "192.0.2.1:1000", "b.test", 0, &asking));
    struct evidence other = evidence_of(3, "192.0.2.1:1000", "a.test");
    other.legs[CLIENT].client_hello = (struct slice){hellos[1], sizeof(hellos[1])};
    assert_false(experiments_next(experiments, &other, 0, &asking)); // another program
    other = evidence_of(3, "192.0.2.1:1000", "a.test");
    other.legs[CLIENT].sni_sent = "b.test";
    assert_false(experiments_next(experiments, &other, 0, &asking)); // another name
    other = evidence_of(3, "192.0.2.1:1000", "a.test");
    other.proxy_protocol_source = "192.0.2.9:1000"; // somebody else behind the same balancer
    assert_false(experiments_next(experiments, &other, 0, &asking));
    assert_true(next(experiments, 3, "192.0.2.1:2000", "a.test", 0, &asking));
    assert_int_equal(asking.of, 1);
    assert_int_equal(asking.change, EXPERIMENT_STRANGER);
    experiments_free(experiments);
}

static void one_connection_is_asked_at_a_time(void **state)
{
    (void)state;
    struct experiments *experiments = experiments_new();
    struct asking first, second;
    assert_true(open_finding(experiments, 1, "192.0.2.1:1", "a.test", 0));
    assert_true(next(experiments, 2, "192.0.2.1:2", "a.test", 0, &first));
    assert_false(next(experiments, 3, "192.0.2.1:3", "a.test", 0, &second));
    struct asking forged = {.is_open = true, .of = 1};
    assert_null(answer(experiments, &forged, 3, EXPERIMENT_PASSED)); // was not asked
    assert_false(next(experiments, 3, "192.0.2.1:3", "a.test", 0, &second));
    assert_null(answer(experiments, &first, 2, EXPERIMENT_REFUSED));
    assert_true(next(experiments, 3, "192.0.2.1:3", "a.test", 0, &second));
    assert_int_equal(second.change, EXPERIMENT_UNTOUCHED);
    experiments_free(experiments);
}

static void a_finding_is_given_once_and_its_client_left_in_peace(void **state)
{
    (void)state;
    struct experiments *experiments = experiments_new();
    struct asking asking;
    const char *client = "192.0.2.1:1", *host = "a.test";
    assert_true(open_finding(experiments, 1, client, host, 0));
    assert_true(next(experiments, 2, client, host, 0, &asking));
    assert_null(answer(experiments, &asking, 2, EXPERIMENT_REFUSED));
    assert_true(next(experiments, 3, client, host, 0, &asking));
    assert_null(answer(experiments, &asking, 3, EXPERIMENT_PASSED));
    assert_true(next(experiments, 4, client, host, 0, &asking));
    assert_int_equal(asking.change, EXPERIMENT_AGAIN);
    struct finding *finding = answer(experiments, &asking, 4, EXPERIMENT_REFUSED);
    assert_non_null(finding);
    assert_int_equal(finding->evidence.connection, 1);
    assert_int_equal(finding->evidence.legs[CLIENT].handshake.alert, ALERT_UNKNOWN_CA);
    assert_string_equal(finding->verdict.summary, "a summary");
    assert_string_equal(finding->verdict.facts[0], "a fact");
    assert_int_equal(finding->experiment.row_count, 3);
    finding_free(finding);
    assert_false(next(experiments, 5, client, host, 0, &asking));
    assert_false(open_finding(experiments, 6, client, host, EXPERIMENTS_REST_US));
    assert_true(open_finding(experiments, 7, client, host, EXPERIMENTS_REST_US + 1));
    experiments_free(experiments);
}

static void a_client_that_stays_away_is_forgotten(void **state)
{
    (void)state;
    struct experiments *experiments = experiments_new();
    struct asking asking;
    assert_true(open_finding(experiments, 1, "192.0.2.1:1", "a.test", 0));
    assert_true(next(experiments, 2, "192.0.2.1:1", "a.test", 5, &asking));
    assert_false(next(experiments, 3, "192.0.2.1:1", "a.test", EXPERIMENTS_IDLE_US + 6, &asking));
    assert_null(answer(experiments, &asking, 2, EXPERIMENT_PASSED)); // too late
    assert_true(open_finding(experiments, 4, "192.0.2.1:1", "a.test", EXPERIMENTS_IDLE_US + 6));
    experiments_free(experiments);
}

static void what_cannot_be_asked_is_not_kept(void **state)
{
    (void)state;
    struct experiments *experiments = experiments_new();
    struct evidence evidence = evidence_of(1, "192.0.2.1:1", "a.test");
    struct verdict verdict = verdict_of(&evidence);
    verdict.confidence = CONFIDENCE_PROVEN;
    assert_false(experiments_open(experiments, &evidence, &verdict, 0));
    verdict = verdict_of(&evidence);
    evidence.legs[CLIENT].client_hello = SLICE_EMPTY; // nobody could be told apart
    assert_false(experiments_open(experiments, &evidence, &verdict, 0));
    evidence = evidence_of(1, NULL, "a.test");
    assert_false(experiments_open(experiments, &evidence, &verdict, 0));
    experiments_free(experiments);
}

static void the_oldest_makes_room(void **state)
{
    (void)state;
    struct experiments *experiments = experiments_new();
    struct asking asking;
    char host[32];
    for (int i = 0; i <= EXPERIMENTS_FINDINGS_MAX; i++) {
        (void)snprintf(host, sizeof(host), "host-%d.test", i);
        assert_true(open_finding(experiments, 1 + (uint64_t)i, "192.0.2.1:1", host, i));
    }
    assert_false(next(experiments, 100, "192.0.2.1:1", "host-0.test", 100, &asking));
    assert_true(next(experiments, 100, "192.0.2.1:1", "host-1.test", 100, &asking));
    experiments_free(experiments);
}

static void *asks_and_answers(void *user)
{
    struct experiments *experiments = user;
    for (uint64_t i = 0; i < 200; i++) {
        struct asking asking;
        char host[32];
        uint64_t number = 1000 + i + 1000 * ((uintptr_t)pthread_self() % 97);
        (void)snprintf(host, sizeof(host), "host-%d.test", (int)(i % 5));
        (void)open_finding(experiments, number, "192.0.2.1:1", host, 0);
        if (next(experiments, number, "192.0.2.1:1", host, 0, &asking)) {
            finding_free(answer(experiments, &asking, number, EXPERIMENT_REFUSED));
        }
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    struct experiments *experiments = experiments_new();
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, asks_and_answers, experiments), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    experiments_free(experiments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_that_client_and_name_are_asked),
        cmocka_unit_test(one_connection_is_asked_at_a_time),
        cmocka_unit_test(a_finding_is_given_once_and_its_client_left_in_peace),
        cmocka_unit_test(a_client_that_stays_away_is_forgotten),
        cmocka_unit_test(what_cannot_be_asked_is_not_kept),
        cmocka_unit_test(the_oldest_makes_room),
        cmocka_unit_test(threads_share_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
