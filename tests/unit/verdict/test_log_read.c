// Lines of the log, read back.
#include "rows.h"

#include <string.h>

#include "log_read.h"

#define VERDICT                                                                                   \
    "{\"v\":1,\"connection\":17,\"event\":\"verdict\",\"severity\":\"error\",\"leg\":\"server\"," \
    "\"cause\":\"sni.required\",\"party\":\"bridge\",\"phase\":\"server-hello\","                 \
    "\"confidence\":\"proven\",\"summary\":\"the origin wants a name\",\"fix\":\"send one\","     \
    "\"direct\":\"would-succeed\",\"update\":true,\"proven_by\":23,\"facts\":[\"no name was "     \
    "sent\"],"                                                                                    \
    "\"proof\":[{\"changed\":\"SNI\",\"outcome\":\"secured\",\"passed\":true,\"ms\":3.1,"         \
    "\"connection\":23}]}"

static const struct row {
    const char *name, *line;
    bool is_read;
    enum log_kind kind;
    const char *says; // in the error
} rows[] = {
    {"a proven verdict", VERDICT, true, LOG_VERDICT, NULL},
    {"a verdict that says its cause only", "{\"event\":\"verdict\",\"cause\":\"clock.client\"}",
     true, LOG_VERDICT, NULL},
    {"another event", "{\"event\":\"opened\",\"cause\":7}", true, LOG_OTHER, NULL},
    {"no event at all", "{\"evidence\":1}", true, LOG_BARE, NULL},
    {"an event that is no text", "{\"event\":1}", true, LOG_BARE, NULL},
    {"a list", "[1]", true, LOG_BARE, NULL},
    {"no JSON", "{\"event\":", false, LOG_OTHER, "not JSON: line 1"},
    {"an empty line", "", false, LOG_OTHER, "not JSON"},
    {"a verdict without a cause", "{\"event\":\"verdict\"}", false, LOG_OTHER, "'cause'"},
    {"a cause of no catalogue", "{\"event\":\"verdict\",\"cause\":\"x.y\"}", false, LOG_OTHER,
     "'cause'"},
    {"a leg that is none", "{\"event\":\"verdict\",\"cause\":\"clock.client\",\"leg\":\"left\"}",
     false, LOG_OTHER, "'leg'"},
    {"facts that are no texts", "{\"event\":\"verdict\",\"cause\":\"clock.client\",\"facts\":[{}]}",
     false, LOG_OTHER, "'facts'"},
    {"more facts than a verdict has",
     "{\"event\":\"verdict\",\"cause\":\"clock.client\",\"facts\":[\"\",\"\",\"\",\"\",\"\",\"\","
     "\"\",\"\",\"\"]}",
     false, LOG_OTHER, "'facts'"},
    {"a proof that is no object",
     "{\"event\":\"verdict\",\"cause\":\"clock.client\",\"proof\":[1]}", false, LOG_OTHER,
     "'proof'"},
};

static void reads(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    struct verdict verdict = {0};
    struct error error = {0};
    enum log_kind kind = LOG_OTHER;
    bool is_read = log_read(slice_of_text(row->line), &arena, &kind, &verdict, &error);
    assert_int_equal(is_read, row->is_read);
    if (is_read) {
        assert_int_equal(kind, row->kind);
        assert_true(kind != LOG_VERDICT || (verdict.cause != NULL && verdict.summary != NULL));
    } else {
        assert_non_null(strstr(error.text, row->says));
    }
    arena_clear(&arena);
}

static void all_of_it_comes_back(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct verdict verdict;
    struct error error;
    enum log_kind kind;
    assert_true(log_read(slice_of_text(VERDICT), &arena, &kind, &verdict, &error));
    assert_string_equal(verdict.cause->code, "sni.required");
    assert_int_equal(verdict.severity, SEVERITY_ERROR);
    assert_int_equal(verdict.leg, SERVER);
    assert_int_equal(verdict.party, PARTY_BRIDGE);
    assert_int_equal(verdict.phase, PHASE_SERVER_HELLO);
    assert_int_equal(verdict.confidence, CONFIDENCE_PROVEN);
    assert_int_equal(verdict.direct, DIRECT_WOULD_SUCCEED);
    assert_string_equal(verdict.summary, "the origin wants a name");
    assert_string_equal(verdict.fix, "send one");
    assert_string_equal(verdict.facts[0], "no name was sent");
    assert_null(verdict.facts[1]);
    assert_int_equal(verdict.proof_count, 1);
    assert_string_equal(verdict.proof[0].changed, "SNI");
    assert_string_equal(verdict.proof[0].outcome, "secured");
    assert_true(verdict.is_update);
    assert_int_equal(verdict.proven_by, 23);
    assert_int_equal(verdict.proof[0].connection, 23);
    assert_true(verdict.proof[0].passed && verdict.proof[0].ms > 3.0);
    arena_clear(&arena);
}

// Every beginning of a line is refused, none is a crash.
static void a_cut_line_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(VERDICT); len++) {
        struct arena arena = {0};
        struct verdict verdict;
        struct error error;
        enum log_kind kind;
        struct slice line = {(const uint8_t *)VERDICT, len};
        assert_false(log_read(line, &arena, &kind, &verdict, &error));
        arena_clear(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_comes_back),
        cmocka_unit_test(a_cut_line_is_refused),
    };
    return RUN_ROWS(rows, reads) + cmocka_run_group_tests(tests, NULL, NULL);
}
