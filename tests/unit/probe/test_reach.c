// Names and addresses tried again: what their outcomes prove. No network.
#include "rows.h"

#include <errno.h>
#include <string.h>

#include "reach.h"

#define NO_NAME "unknown node or service"
#define LATE    "?" // no answer in time
#define FOUND   "!" // it passed

static const struct row {
    const char *name, *code;
    const char *detail; // what the resolver said at first
    int os_error;       // of the dial at first
    int64_t lasted_us;
    const char *hop;        // the name; NULL: none to ask
    const char *answers[4]; // to the names, in order of the trials
    int errors[3];          // of the addresses; -1: connected, -2: late
    size_t count;           // of trials
    bool is_proven, comes_and_goes;
} rows[] = {
    {.name = "a name without an address, whichever way it is asked",
     .code = "transport.dns",
     .detail = NO_NAME,
     .hop = "no.test",
     .answers = {NO_NAME, NO_NAME, NO_NAME, NO_NAME},
     .count = 4,
     .is_proven = true},
    {.name = "a name that ends with a dot is asked three times",
     .code = "transport.dns",
     .detail = NO_NAME,
     .hop = "no.test.",
     .answers = {NO_NAME, NO_NAME, NO_NAME},
     .count = 3,
     .is_proven = true},
    {.name = "a name with an IPv4 address, which a broken answer for IPv6 hides",
     .code = "transport.dns",
     .detail = "temporary failure",
     .hop = "half.test",
     .answers = {"temporary failure", FOUND, "temporary failure", "temporary failure"},
     .count = 4,
     .is_proven = true},
    {.name = "two ways that pass prove neither",
     .code = "transport.dns",
     .detail = NO_NAME,
     .hop = "half.test",
     .answers = {NO_NAME, FOUND, FOUND, NO_NAME},
     .count = 4},
    {.name = "a name that is found when it is asked again",
     .code = "transport.dns",
     .detail = NO_NAME,
     .hop = "moody.test",
     .answers = {FOUND, FOUND, NO_NAME, FOUND},
     .count = 4,
     .comes_and_goes = true},
    {.name = "another answer of the resolver proves nothing",
     .code = "transport.dns",
     .detail = NO_NAME,
     .hop = "no.test",
     .answers = {"temporary failure", NO_NAME, NO_NAME, NO_NAME},
     .count = 4},
    {.name = "a resolver that never answers",
     .code = "transport.dns",
     .detail = "the resolver did not answer in time",
     .lasted_us = 5000000,
     .hop = "no.test",
     .answers = {LATE, LATE, LATE, LATE},
     .count = 4,
     .is_proven = true},
    {.name = "a resolver that answered at first and is late now proves nothing",
     .code = "transport.dns",
     .detail = NO_NAME,
     .lasted_us = 1000,
     .hop = "no.test",
     .answers = {LATE, NO_NAME, NO_NAME, NO_NAME},
     .count = 4},
    {.name = "one address that refuses",
     .code = "transport.refused",
     .os_error = ECONNREFUSED,
     .errors = {ECONNREFUSED},
     .count = 1,
     .is_proven = true},
    {.name = "two addresses, the last of which is the one that stands",
     .code = "transport.refused",
     .os_error = ECONNREFUSED,
     .errors = {ENETUNREACH, ECONNREFUSED},
     .count = 2,
     .is_proven = true},
    {.name = "an address that is taken again",
     .code = "transport.refused",
     .os_error = ECONNREFUSED,
     .errors = {ECONNREFUSED, -1},
     .count = 2,
     .comes_and_goes = true},
    {.name = "another error proves nothing",
     .code = "transport.refused",
     .os_error = ECONNREFUSED,
     .errors = {ENETUNREACH},
     .count = 1},
    {.name = "an address that never answers",
     .code = "transport.timeout",
     .os_error = ETIMEDOUT,
     .errors = {-2},
     .count = 1,
     .is_proven = true},
    {.name = "one that refused and is late now proves nothing",
     .code = "transport.refused",
     .os_error = ECONNREFUSED,
     .errors = {-2},
     .count = 1},
};

static void open_evidence(const struct row *row, struct evidence *out, struct verdict *out_verdict)
{
    memset(out, 0, sizeof(*out));
    leg_evidence_end(&out->legs[SERVER], ENDING_UNREACHABLE, 0, row->os_error, row->lasted_us,
                     row->detail);
    *out_verdict = (struct verdict){.cause = cause_find(row->code),
                                    .leg = SERVER,
                                    .severity = SEVERITY_ERROR,
                                    .confidence = CONFIDENCE_DEDUCED};
}

static bool open_plan(const struct row *row, const struct evidence *evidence,
                      const struct verdict *verdict, struct arena *arena, struct reach_plan *plan)
{
    static const char *const addresses[] = {"192.0.2.1:443", "192.0.2.2:443", "192.0.2.3:443"};
    return reach_open(plan, evidence, verdict, row->hop, addresses,
                      row->hop != NULL ? 0 : row->count, arena);
}

static void run_trial(const struct row *row, struct reach_plan *plan, size_t i)
{
    struct reach_trial *trial = &plan->trials[i];
    trial->was_run = true;
    if (plan->is_name) {
        trial->passed = strcmp(row->answers[i], FOUND) == 0;
        trial->is_late = strcmp(row->answers[i], LATE) == 0;
        trial->detail = trial->passed || trial->is_late ? NULL : row->answers[i];
        return;
    }
    trial->passed = row->errors[i] == -1;
    trial->is_late = row->errors[i] == -2;
    trial->os_error = row->errors[i] > 0 ? row->errors[i] : 0;
}

static bool says(const struct verdict *verdict, const char *words)
{
    for (size_t i = 0; i < COUNT(verdict->facts) && verdict->facts[i] != NULL; i++) {
        if (strstr(verdict->facts[i], words) != NULL) {
            return true;
        }
    }
    return false;
}

static void trials_prove(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct reach_plan plan;
    struct verdict verdict;
    open_evidence(row, evidence, &verdict);
    assert_true(open_plan(row, evidence, &verdict, &arena, &plan));
    size_t count = plan.count;
    for (size_t i = 0; i < plan.count; i++) {
        run_trial(row, &plan, i);
    }
    reach_conclude(&plan, &verdict);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    bool comes_and_goes = says(&verdict, "comes and goes");
    size_t rows_told = verdict.proof_count;
    arena_clear(&arena);
    assert_int_equal(count, row->count);
    assert_int_equal(rows_told, row->count);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(comes_and_goes, row->comes_and_goes);
}

static void what_was_not_run_proves_nothing(void **state)
{
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct reach_plan plan;
    struct verdict verdict;
    (void)state;
    open_evidence(&rows[0], evidence, &verdict);
    assert_true(open_plan(&rows[0], evidence, &verdict, &arena, &plan));
    run_trial(&rows[0], &plan, 0);
    reach_conclude(&plan, &verdict);
    assert_int_equal(verdict.confidence, CONFIDENCE_DEDUCED);
    assert_int_equal(verdict.proof_count, 1);
    arena_clear(&arena);
}

static void some_verdicts_are_left_alone(void **state)
{
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct reach_plan plan;
    struct verdict verdict;
    const struct row refused = {.code = "transport.refused", .os_error = ECONNREFUSED, .count = 1};
    const struct row other = {.code = "transport.reset", .count = 1};
    (void)state;
    open_evidence(&refused, evidence, &verdict);
    assert_true(open_plan(&refused, evidence, &verdict, &arena, &plan));
    evidence->via_status = 403; // the upstream proxy's own word
    assert_false(open_plan(&refused, evidence, &verdict, &arena, &plan));
    open_evidence(&refused, evidence, &verdict);
    evidence->via = "proxy.test:3128";
    assert_true(open_plan(&refused, evidence, &verdict, &arena, &plan));
    evidence->legs[SERVER].peer_address = "192.0.2.9:3128"; // reached, and then it hung up
    assert_false(open_plan(&refused, evidence, &verdict, &arena, &plan));
    open_evidence(&other, evidence, &verdict);
    assert_false(open_plan(&other, evidence, &verdict, &arena, &plan));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_run_proves_nothing),
        cmocka_unit_test(some_verdicts_are_left_alone),
    };
    int failed = RUN_ROWS(rows, trials_prove);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
