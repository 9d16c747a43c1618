// The rules, one row of verdict_rows.h after the other.
#include "verdict_rows.h"

#include "judge.h"

static void check_texts(const struct verdict *verdict)
{
    const char *const texts[] = {verdict->summary, verdict->fix, verdict->offered,
                                 verdict->accepted};
    assert_non_null(verdict->summary);
    assert_non_null(verdict->fix);
    for (size_t i = 0; i < COUNT(texts); i++) {
        for (const char *at = texts[i]; at != NULL && *at != '\0'; at++) {
            assert_true(*at >= 0x20 && *at < 0x7f);
        }
    }
    assert_true(verdict->summary[0] != '\0' && strlen(verdict->summary) < 700);
}

static void gives_verdict(void **state)
{
    const struct verdict_row *row = *state;
    static struct kit kit;
    static struct verdict found[VERDICTS_MAX];
    kit_begin(&kit, row->words);
    size_t count = verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX);
    if (row->code == NULL) {
        if (count > 0) {
            print_message("%s: %s\n", found[0].cause->code, found[0].summary);
        }
        assert_int_equal(count, 0);
        kit_clear(&kit);
        return;
    }
    assert_true(count >= 1);
    const struct verdict *verdict = &found[0];
    assert_string_equal(verdict->cause->code, row->code);
    assert_int_equal(verdict->leg, row->leg);
    assert_int_equal(verdict->party, row->party);
    assert_int_equal(verdict->phase, row->phase);
    assert_int_equal(verdict->confidence, row->confidence);
    assert_int_equal(verdict->severity, SEVERITY_ERROR);
    for (size_t i = 0; i < count; i++) {
        check_texts(&found[i]);
    }
    assert_int_equal(count, 1);
    kit_clear(&kit);
}

static void finds_both(void **state)
{
    static struct kit kit;
    static struct verdict found[VERDICTS_MAX];
    (void)state;
    kit_begin(&kit,
              "client=curl_788_openssl3019 s.cert s.chain=expired s.verify=cert.expired s.refused "
              "c.cert c.alert=48");
    assert_int_equal(verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX), 2);
    assert_string_equal(found[0].cause->code, "cert.expired");
    assert_string_equal(found[1].cause->code, "trust.client-rejects-bridge-ca");
    assert_int_equal(verdict_find(&kit.evidence, &kit.arena, found, 1), 1);
    assert_int_equal(verdict_find(&kit.evidence, &kit.arena, found, 0), 0);
    kit_clear(&kit);
}

// A fault that only the TLS library has a name for is told in its words; nobody else refused it.
static void tells_what_the_library_said(void **state)
{
    static struct kit kit;
    struct verdict found[VERDICTS_MAX];
    (void)state;
    kit_begin(&kit, "s.answer=1.2 s.cert s.verify=alert.access-denied s.refused");
    kit.evidence.legs[SERVER].verification.library_says = "unhandled critical extension";
    assert_int_equal(verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX), 1);
    assert_string_equal(found[0].cause->code, "alert.access-denied");
    assert_non_null(strstr(found[0].fix, "unhandled critical extension"));
    kit_clear(&kit);
}

// Without memory for words the cause is the same; the words are short or missing, never wild.
static void judges_without_memory(void **state)
{
    const struct verdict_row *row = *state;
    static struct kit kit;
    static struct verdict found[VERDICTS_MAX];
    kit_begin(&kit, row->words);
    kit.arena.used_bytes = ARENA_BYTES_MAX;
    size_t count = verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX);
    assert_int_equal(count, row->code != NULL ? 1 : 0);
    if (row->code != NULL) {
        assert_string_equal(found[0].cause->code, row->code);
        assert_non_null(found[0].summary);
        assert_non_null(found[0].fix);
    }
    (void)verdict_masked(&kit.evidence, &kit.arena, found, VERDICTS_MAX);
    kit_clear(&kit);
}

// A clock set ten days back is read some milliseconds later, and is ten days slow all the same.
static const struct duration {
    const char *name;
    int64_t us;
    const char *want;
} durations[] = {
    {"a few milliseconds less than ten days", -(10 * 86400 * INT64_C(1000000) - 3000), "10 days"},
    {"two days and a half, less a second", INT64_C(215999000000), "2 days"},
    {"less than two days", INT64_C(129600000000), "36 hours"},
    {"a second", 1200000, "1 second"},
    {"nothing", 0, "0 seconds"},
};

static void a_duration_is_rounded(void **state)
{
    const struct duration *row = *state;
    struct arena arena = {0};
    assert_string_equal(duration_text(&arena, row->us), row->want);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_both),
        cmocka_unit_test(tells_what_the_library_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(verdict_rows, gives_verdict) +
           RUN_ROWS(verdict_rows, judges_without_memory) +
           RUN_ROWS(durations, a_duration_is_rounded);
}
