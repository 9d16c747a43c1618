// Whole handshakes as counterfactuals: which are tried, and what their outcomes prove. No socket.
#include "rows.h"

#include <string.h>

#include "full.h"

// How a leg ended: the handshake, and what came behind it.
struct end {
    enum ending_kind handshake;
    uint8_t alert;
    enum ending_kind close; // ENDING_NONE: nothing
    uint8_t close_alert;
    bool no_certificate; // none was sent, whatever the trial
};

#define ALERT(number)                                         \
    {                                                         \
        .handshake = ENDING_ALERT_RECEIVED, .alert = (number) \
    }
#define LATE_ALERT(number)                                        \
    {                                                             \
        ENDING_SECURED, 0, ENDING_ALERT_RECEIVED, (number), false \
    }
#define FINE                        \
    {                               \
        .handshake = ENDING_SECURED \
    }
#define LATE_CLOSE                                 \
    {                                              \
        ENDING_SECURED, 0, ENDING_CLOSED, 0, false \
    }
#define LATE_RESET                                \
    {                                             \
        ENDING_SECURED, 0, ENDING_RESET, 0, false \
    }

static const struct row {
    const char *name, *code;
    struct end broken, same, changed;
    bool is_proven;
    bool comes_and_goes;
} rows[] = {
    {.name = "none, then a made one: other alerts, TLS 1.2",
     .code = "client-auth.required",
     .broken = ALERT(ALERT_HANDSHAKE_FAILURE),
     .same = ALERT(ALERT_HANDSHAKE_FAILURE),
     .changed = ALERT(ALERT_UNKNOWN_CA),
     .is_proven = true},
    {.name = "none, then a made one: other alerts behind the Finished",
     .code = "client-auth.required",
     .broken = LATE_ALERT(ALERT_CERTIFICATE_REQUIRED),
     .same = LATE_ALERT(ALERT_CERTIFICATE_REQUIRED),
     .changed = LATE_ALERT(ALERT_UNKNOWN_CA),
     .is_proven = true},
    {.name = "a made one is taken: the origin only wants some",
     .code = "client-auth.required",
     .broken = ALERT(ALERT_HANDSHAKE_FAILURE),
     .same = ALERT(ALERT_HANDSHAKE_FAILURE),
     .changed = FINE,
     .is_proven = true},
    {.name = "a made one that could not be sent proves nothing",
     .code = "client-auth.required",
     .broken = ALERT(ALERT_HANDSHAKE_FAILURE),
     .same = ALERT(ALERT_HANDSHAKE_FAILURE),
     .changed = {.handshake = ENDING_ALERT_RECEIVED,
                 .alert = ALERT_UNKNOWN_CA,
                 .no_certificate = true}},
    {.name = "the same alert for all proves nothing",
     .code = "client-auth.rejected",
     .broken = ALERT(ALERT_BAD_CERTIFICATE),
     .same = ALERT(ALERT_BAD_CERTIFICATE),
     .changed = ALERT(ALERT_BAD_CERTIFICATE)},
    {.name = "ours, then none: other alerts",
     .code = "client-auth.rejected",
     .broken = LATE_ALERT(ALERT_UNKNOWN_CA),
     .same = LATE_ALERT(ALERT_UNKNOWN_CA),
     .changed = LATE_ALERT(ALERT_CERTIFICATE_REQUIRED),
     .is_proven = true},
    {.name = "ours is cut, none gets an alert, as Node does it",
     .code = "client-auth.rejected",
     .broken = LATE_RESET,
     .same = LATE_CLOSE,
     .changed = LATE_ALERT(ALERT_CERTIFICATE_REQUIRED),
     .is_proven = true},
    {.name = "cut both times proves nothing",
     .code = "client-auth.rejected",
     .broken = LATE_CLOSE,
     .same = LATE_CLOSE,
     .changed = LATE_RESET},
    {.name = "without one it passes",
     .code = "client-auth.rejected",
     .broken = ALERT(ALERT_UNKNOWN_CA),
     .same = ALERT(ALERT_UNKNOWN_CA),
     .changed = FINE,
     .is_proven = true},
    {.name = "silence is no answer",
     .code = "client-auth.rejected",
     .broken = ALERT(ALERT_UNKNOWN_CA),
     .same = ALERT(ALERT_UNKNOWN_CA),
     .changed = {.handshake = ENDING_SILENCE}},
    {.name = "no connection is no answer",
     .code = "client-auth.required",
     .broken = ALERT(ALERT_HANDSHAKE_FAILURE),
     .same = ALERT(ALERT_HANDSHAKE_FAILURE),
     .changed = {.handshake = ENDING_UNREACHABLE}},
    {.name = "another alert at the second try proves nothing",
     .code = "client-auth.required",
     .broken = ALERT(ALERT_HANDSHAKE_FAILURE),
     .same = ALERT(ALERT_INTERNAL_ERROR),
     .changed = ALERT(ALERT_UNKNOWN_CA)},
    {.name = "it passes when it is done again",
     .code = "client-auth.required",
     .broken = ALERT(ALERT_HANDSHAKE_FAILURE),
     .same = FINE,
     .changed = ALERT(ALERT_UNKNOWN_CA),
     .comes_and_goes = true},
    {.name = "a server without secure renegotiation passes when that is not asked for",
     .code = "protocol.legacy-renegotiation",
     .broken = {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .same = {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .changed = FINE,
     .is_proven = true},
    {.name = "a server that fails in another way then proves nothing",
     .code = "protocol.legacy-renegotiation",
     .broken = {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .same = {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .changed = ALERT(ALERT_INTERNAL_ERROR)},
};

static void end_leg(struct leg_evidence *leg, const struct end *end, bool sends_certificate)
{
    leg->version = VERSION_TLS12;
    leg->has_certificate_request = true;
    leg->has_client_certificate = sends_certificate && !end->no_certificate;
    leg_evidence_end(leg, end->handshake, end->alert, 0, 1000, NULL);
    if (end->close != ENDING_NONE) {
        leg_evidence_close(leg, end->close, end->close_alert, 0, 2000, NULL);
    }
}

static void run_trial(struct full_plan *plan, size_t i, const struct end *end)
{
    struct full_trial *trial = &plan->trials[i];
    bool has_own = plan->judge.evidence->legs[SERVER].has_client_certificate;
    bool sends = trial->change == FULL_SAME ? has_own : trial->change == FULL_MADE_CERTIFICATE;
    end_leg(trial->evidence, end, sends);
    trial->was_run = true;
}

static void open_evidence(const char *code, struct evidence *out, struct leg_shape *shape,
                          struct verdict *out_verdict)
{
    memset(out, 0, sizeof(*out));
    memset(shape, 0, sizeof(*shape));
    out->has_target = true;
    out->target = (struct endpoint){.host = "127.0.0.1", .port = 443, .is_ip = true};
    out->legs[SERVER].peer_address = "127.0.0.1:443";
    out->legs[SERVER].shape = shape;
    *out_verdict = (struct verdict){.cause = cause_find(code),
                                    .leg = SERVER,
                                    .severity = SEVERITY_ERROR,
                                    .confidence = CONFIDENCE_DEDUCED};
}

static void trials_prove(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct full_plan plan;
    struct leg_shape shape;
    struct verdict verdict;
    open_evidence(row->code, evidence, &shape, &verdict);
    end_leg(&evidence->legs[SERVER], &row->broken, strcmp(row->code, "client-auth.rejected") == 0);
    assert_true(full_open(&plan, evidence, &verdict, &arena));
    assert_int_equal(plan.count, 2);
    run_trial(&plan, 0, &row->same);
    run_trial(&plan, 1, &row->changed);
    full_conclude(&plan, NULL, &verdict);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    bool says = false;
    for (size_t i = 0; i < COUNT(verdict.facts) && verdict.facts[i] != NULL; i++) {
        says = says || strstr(verdict.facts[i], "comes and goes") != NULL;
    }
    size_t rows_told = verdict.proof_count;
    arena_clear(&arena);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(says, row->comes_and_goes);
    assert_int_equal(rows_told, 2);
}

// ---- connections that were passed on

// The client's alert about a prime; what a strict client of ours says, what a lax one meets.
static const struct prime_row {
    const char *name;
    uint8_t client;
    struct end strict, lax;
    size_t bits;
    bool is_proven;
} prime_rows[] = {
    {"a small prime: the strict fails as the client did, the lax is secured",
     ALERT_HANDSHAKE_FAILURE,
     {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     FINE,
     1024,
     true},
    {"the strict fails in other words",
     ALERT_HANDSHAKE_FAILURE,
     {.handshake = ENDING_ALERT_SENT, .alert = ALERT_INTERNAL_ERROR},
     FINE,
     1024,
     false},
    {"the strict takes it", ALERT_HANDSHAKE_FAILURE, FINE, FINE, 1024, false},
    {"the lax fails as well",
     ALERT_HANDSHAKE_FAILURE,
     {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     ALERT(ALERT_HANDSHAKE_FAILURE),
     1024,
     false},
    {"a prime that is large enough",
     ALERT_HANDSHAKE_FAILURE,
     {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     FINE,
     2048,
     false},
    {"no prime at all",
     ALERT_HANDSHAKE_FAILURE,
     {.handshake = ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     FINE,
     0,
     false},
};

static void open_passed(const char *code, uint8_t alert, struct evidence *out,
                        struct leg_shape *shape, struct verdict *out_verdict)
{
    open_evidence(code, out, shape, out_verdict);
    out->is_passed = true;
    out->legs[SERVER].shape = NULL;
    leg_evidence_end(&out->legs[CLIENT], ENDING_ALERT_RECEIVED, alert, 0, 1000, NULL);
    out_verdict->leg = CLIENT;
    out_verdict->confidence = CONFIDENCE_SUSPECTED;
}

static void primes_prove(void **state)
{
    const struct prime_row *row = *state;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct full_plan plan;
    struct leg_shape shape;
    struct verdict verdict;
    open_passed("dh.too-weak", row->client, evidence, &shape, &verdict);
    assert_true(full_open(&plan, evidence, &verdict, &arena));
    assert_int_equal(plan.trials[0].change, FULL_STRICT_PRIME);
    run_trial(&plan, 0, &row->strict);
    run_trial(&plan, 1, &row->lax);
    plan.trials[1].evidence->dh_bits = row->bits;
    full_conclude(&plan, NULL, &verdict);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    size_t rows_told = verdict.proof_count;
    arena_clear(&arena);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(rows_told, 2);
}

// What midspan takes itself does not tell why the client did not.
static void a_passed_certificate_that_we_take_proves_nothing(void **state)
{
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct full_plan plan;
    struct leg_shape shape;
    struct verdict verdict;
    const struct end fine = FINE,
                     refused = {.handshake = ENDING_REFUSED, .alert = ALERT_UNKNOWN_CA};
    (void)state;
    open_passed("cert.untrusted-root", ALERT_UNKNOWN_CA, evidence, &shape, &verdict);
    assert_true(full_open(&plan, evidence, &verdict, &arena));
    assert_int_equal(plan.count, 1);
    run_trial(&plan, 0, &fine);
    full_conclude(&plan, NULL, &verdict);
    assert_int_equal(verdict.confidence, CONFIDENCE_SUSPECTED);
    assert_true(full_open(&plan, evidence, &verdict, &arena));
    run_trial(&plan, 0, &refused); // and nothing was verified
    full_conclude(&plan, NULL, &verdict);
    assert_int_equal(verdict.confidence, CONFIDENCE_SUSPECTED);
    evidence->is_captured = true;
    assert_false(full_open(&plan, evidence, &verdict, &arena));
    arena_clear(&arena);
}

static void what_was_not_run_proves_nothing(void **state)
{
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct full_plan plan;
    struct leg_shape shape;
    struct verdict verdict;
    (void)state;
    open_evidence(rows[0].code, evidence, &shape, &verdict);
    end_leg(&evidence->legs[SERVER], &rows[0].broken, false);
    assert_true(full_open(&plan, evidence, &verdict, &arena));
    full_conclude(&plan, NULL, &verdict);
    assert_int_equal(verdict.confidence, CONFIDENCE_DEDUCED);
    assert_int_equal(verdict.proof_count, 0);
    run_trial(&plan, 0, &rows[0].same);
    full_conclude(&plan, NULL, &verdict);
    assert_int_equal(verdict.confidence, CONFIDENCE_DEDUCED);
    assert_int_equal(verdict.proof_count, 1);
    arena_clear(&arena);
}

static void some_verdicts_are_left_alone(void **state)
{
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct full_plan plan;
    struct leg_shape shape;
    struct verdict verdict;
    (void)state;
    open_evidence("cipher.no-common-suite", evidence, &shape, &verdict);
    assert_false(full_open(&plan, evidence, &verdict, &arena));
    verdict.cause = cause_find("client-auth.required");
    assert_true(full_open(&plan, evidence, &verdict, &arena));
    evidence->legs[SERVER].http_status = 400;
    assert_false(full_open(&plan, evidence, &verdict, &arena));
    evidence->legs[SERVER].http_status = 0;
    evidence->is_passed = true; // nobody of ours had a certificate to show
    assert_false(full_open(&plan, evidence, &verdict, &arena));
    evidence->is_passed = false;
    verdict.leg = CLIENT;
    assert_false(full_open(&plan, evidence, &verdict, &arena));
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_run_proves_nothing),
        cmocka_unit_test(a_passed_certificate_that_we_take_proves_nothing),
        cmocka_unit_test(some_verdicts_are_left_alone),
    };
    int failed = RUN_ROWS(rows, trials_prove) + RUN_ROWS(prime_rows, primes_prove);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
