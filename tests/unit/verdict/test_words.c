// What midspan says about a connection, in Japanese.
#include <stdio.h>
#include <string.h>

#include "japanese.h"
#include "rows.h"
#include "verdict_rows.h"

static const struct row {
    const char *name, *english, *want;
} rows[] = {
    {"a label", "because", "根拠"},
    {"a text with places", "cannot write to 'console' any more: Broken pipe",
     "'console' にはもう書き込めません：Broken pipe"},
    {"places that are said again", "experiment for #12: secured → certificate",
     "#12 の実験：確立 → 証明書"},
    {"a place that is said again only where it has a row", "experiment for #12: x → secured",
     "#12 の実験：x → 確立"},
    {"a place that stays although it has a row", "cannot write to 'secured' any more: proven",
     "'secured' にはもう書き込めません：proven"},
    {"a place left out in Japanese",
     "draining: 1 connection open, up to 5 s to end; once more stops now",
     "接続の終了待ち：残り 1 本、最長 5 秒。もう一度の操作で直ちに停止します"},
    {"a list", "cipher suites: + 78 more; groups: + x25519, P-256; ALPN: none",
     "暗号スイート：78 個追加; グループ：x25519, P-256 を追加; ALPN：なし"},
    {"a list of which a part has no row", "SNI: none; x", "SNI: none; x"},
    {"a sentence that looks like a list",
     "the same hello sent again ended in another way: reset; the failure comes and goes",
     "同じ hello "
     "をもう一度送ると別の終わり方をしました：リセット。失敗は起きたり起きなかったりします"},
    {"dates", "2025-10-25 01:44Z to 2026-10-30 01:44Z", "2025-10-25 01:44Z～2026-10-30 01:44Z"},
    {"a place before a sentence", "alert handshake_failure (40) after ServerHello",
     "ServerHello の後にアラート handshake_failure (40)"},
    {"words where a number is due", "experiment for #many: x → y", "experiment for #many: x → y"},
    {"more behind the end", "because of that", "because of that"},
    {"what has no row", "no such text", "no such text"},
    {"Japanese", "根拠", "根拠"},
    {"nothing", "", ""},
};

static void words_give(void **state)
{
    const struct row *row = *state;
    struct arena arena = {0};
    assert_string_equal(words_in(row->english, LANGUAGE_JA, &arena), row->want);
    assert_ptr_equal(words_in(row->english, LANGUAGE_EN, &arena), row->english);
    arena_clear(&arena);
}

static void nothing_is_said_of_nothing(void **state)
{
    (void)state;
    assert_null(words_in(NULL, LANGUAGE_JA, NULL));
    const char *text = "experiment for #12: x → y";
    assert_ptr_equal(words_in(text, LANGUAGE_JA, NULL), text); // no room for its places
}

// A peer's text that fits rows at every step, and at none in the end, must not be tried in all
// ways.
static void hostile_text_is_soon_done(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[1024] = "";
    for (int i = 0; i < 40; i++) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "#1 x: #1 x: revoked; ");
    }
    assert_non_null(words_in(text, LANGUAGE_JA, &arena));
    assert_in_range(arena.used_bytes, 0, (size_t)256 << 10);
    arena_clear(&arena);
}

// sample fills each place of a row's English: a number with 7, a text with "Xn".
static void sample(const char *format, char *out, size_t size)
{
    size_t len = 0;
    int place = 0;
    while (*format != '\0' && len + 8 < size) {
        if (*format != '%') {
            out[len++] = *format++;
            continue;
        }
        format += 1 + strspn(format + 1, "-+ #0123456789.*lhzj");
        len += (size_t)snprintf(out + len, size - len,
                                *format == 's' || *format == 'S' ? "X%d" : "7", ++place);
        format++;
    }
    out[len] = '\0';
}

// A row that a closer one hides would never be used; one that loses a place would lose a fact.
static void every_row_is_reached(void **state)
{
    (void)state;
    for (size_t i = 0; words_at(i) != NULL; i++) {
        const struct words_row *row = words_at(i);
        struct arena arena = {0};
        char english[1024], want[16], number[16];
        sample(row->english, english, sizeof(english));
        const char *said = words_in(english, LANGUAGE_JA, &arena);
        if (strchr(row->english, '%') == NULL) {
            assert_string_equal(said, row->japanese);
        }
        if (strcmp(said, english) == 0 && strchr(row->japanese, '!') == NULL) {
            fail_msg("no row fits '%s'", english);
        }
        for (int place = 1; place <= WORDS_PLACES_MAX; place++) {
            (void)snprintf(want, sizeof(want), "X%d", place);
            (void)snprintf(number, sizeof(number), "{%d", place);
            if (strstr(english, want) != NULL && strstr(row->japanese, number) != NULL &&
                strstr(said, want) == NULL) {
                fail_msg("'%s' loses %s: '%s'", english, want, said);
            }
        }
        assert_null(strchr(said, '{'));
        arena_clear(&arena);
    }
}

static void verdict_falls_back_to_the_catalogue(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct cause *cause = cause_find("cert.expired");
    struct verdict verdict = {.cause = cause,
                              .severity = SEVERITY_ERROR,
                              .summary = "said by no row",
                              .fix = "nor this",
                              .facts = {"no connection could be made", "unheard of"},
                              .proof = {{.changed = "certificate", .outcome = "secured"}},
                              .proof_count = 1};
    struct verdict shown = verdict_in(&verdict, LANGUAGE_JA, &arena);
    assert_non_null(strstr(shown.summary, cause->text[LANGUAGE_JA].title));
    assert_string_equal(shown.fix, cause->text[LANGUAGE_JA].fix);
    assert_string_equal(shown.facts[0], "接続できませんでした");
    assert_string_equal(shown.facts[1], "unheard of");
    assert_null(shown.facts[2]);
    assert_string_equal(shown.proof[0].changed, "証明書");
    assert_string_equal(shown.proof[0].outcome, "確立");
    verdict.severity = SEVERITY_WARNING; // a masked fault: a line
    shown = verdict_in(&verdict, LANGUAGE_JA, &arena);
    assert_string_equal(shown.summary, cause->text[LANGUAGE_JA].title);
    shown = verdict_in(&verdict, LANGUAGE_EN, &arena);
    assert_ptr_equal(shown.summary, verdict.summary);
    arena_clear(&arena);
}

// What the rules say, said again.
static void facts_of_the_rules(void **state)
{
    static struct kit kit;
    static struct verdict found[2 * VERDICTS_MAX];
    (void)state;
    for (size_t row = 0; row < COUNT(verdict_rows); row++) {
        kit_begin(&kit, verdict_rows[row].words);
        size_t count = verdict_find(&kit.evidence, &kit.arena, found, VERDICTS_MAX);
        count += verdict_masked(&kit.evidence, &kit.arena, &found[count], VERDICTS_MAX);
        for (size_t i = 0; i < count; i++) {
            assert_facts_in_japanese(&found[i]);
        }
        kit_clear(&kit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_nothing),
        cmocka_unit_test(every_row_is_reached),
        cmocka_unit_test(hostile_text_is_soon_done),
        cmocka_unit_test(facts_of_the_rules),
        cmocka_unit_test(verdict_falls_back_to_the_catalogue),
    };
    int failed = RUN_ROWS(rows, words_give);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
