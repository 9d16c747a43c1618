#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include "pen.h"
#include "rows.h"
#include "samples.h"

static struct buffer shown(const struct event *event, bool colour, int columns)
{
    struct buffer out = {0};
    struct sink sink =
        console_sink(-1, &(struct console_manner){colour, columns, false, LANGUAGE_EN});
    sink.render(sink.user, event, &out);
    console_sink_free(&sink);
    assert_non_null(buffer_text(&out));
    return out;
}

static void shows(const struct event *event, int columns, const char *want)
{
    struct buffer out = shown(event, false, columns);
    assert_string_equal(buffer_text(&out), want);
    buffer_clear(&out);
}

static struct event event_of(enum event_kind kind, const struct evidence *evidence)
{
    return (struct event){.kind = kind,
                          .connection = evidence != NULL ? 17 : 0,
                          .wall_us = SAMPLE_WALL_US,
                          .evidence = evidence};
}

static void both_legs_alike(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    struct event event = event_of(EVENT_SECURED, &evidence);
    shows(&event, 100,
          "14:13:20.123    #17 ✓ example.com:443               TLS 1.3 AES_128_GCM X25519 h2       "
          "       12 ms\n");
    shows(&event, 80,
          "14:13:20    #17 ✓ example.com:443       TLS 1.3 AES_128_GCM X25519 h2      12 ms\n");
}

static void legs_that_differ(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    evidence.legs[SERVER].suite = 0x1302;
    struct event event = event_of(EVENT_SECURED, &evidence);
    shows(&event, 125,
          "14:13:20.123    #17 ✓ example.com:443               TLS 1.3 AES_128_GCM X25519 h2 │ TLS "
          "1.3 AES_256_GCM X25519 h2       12 ms\n");
    shows(&event, 100,
          "14:13:20.123    #17 ✓ example.com:443               client TLS 1.3 AES_128_GCM X25519 h2"
          "       12 ms\n"
          "                                                    server TLS 1.3 AES_256_GCM X25519 "
          "h2\n");
    sample_secured(&evidence.legs[SERVER], VERSION_TLS12, 0xc02f, 23, SLICE_EMPTY, 9000);
    shows(&event, 80,
          "14:13:20    #17 ✓ example.com:443                                          12 ms\n"
          "                  client TLS 1.3 AES_128_GCM X25519 h2\n"
          "                  server TLS 1.2 ECDHE-RSA-AES128-GCM-SHA256 P-256 no ALPN\n");
}

static void a_client_from_elsewhere_is_named(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("a.test", 25);
    evidence.client_address = "192.0.2.1:5";
    struct event event = event_of(EVENT_PLAIN, &evidence);
    shows(&event, 80,
          "14:13:20    #17 → 192.0.2.1:5 → a.test:25 plain, not TLS: relayed as it is\n");
}

static void masked_faults_follow(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    struct verdict masked = sample_verdict();
    masked.cause = cause_find("cert.expired");
    masked.summary = "The origin's certificate has expired, the minted leaf hides it";
    struct event event = event_of(EVENT_SECURED, &evidence);
    event.masked = &masked;
    event.masked_count = 1;
    shows(&event, 80,
          "14:13:20    #17 ⚠ example.com:443       TLS 1.3 AES_128_GCM X25519 h2      12 ms\n"
          "                  ⚠ masked: cert.expired  The origin's certificate has expired,\n"
          "                    the minted leaf hides it\n");
}

static void experiment_is_a_line(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    struct proof_row row = {.changed = "certificate: an RSA key", .outcome = "secured and used"};
    evidence.experiment_of = 12;
    evidence.experiment = row.changed;
    struct event event = event_of(EVENT_EXPERIMENT, &evidence);
    event.row = &row;
    shows(&event, 140,
          "14:13:20.123    #17 ✗ example.com:443               experiment for #12: certificate: an "
          "RSA key → secured and used\n");
    row.passed = true;
    shows(&event, 80,
          "14:13:20    #17 ✓ example.com:443       experiment for #12: certificate: an RSA\n"
          "                  key → secured and used\n");
}

static void an_update_names_what_proved_it(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("app.internal");
    struct verdict verdict = sample_verdict();
    verdict.is_update = true;
    verdict.proven_by = 23;
    verdict.proof[0].connection = 23;
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    struct buffer out = shown(&event, false, 120);
    assert_non_null(strstr(buffer_text(&out), "cipher.no-common-suite  proven by #23\n"));
    assert_non_null(strstr(buffer_text(&out), " ms  #23\n"));
    buffer_clear(&out);
    verdict.proven_by = 0;
    verdict.confidence = CONFIDENCE_SUSPECTED;
    out = shown(&event, false, 120);
    assert_non_null(strstr(buffer_text(&out), "suspected, after experiments\n"));
    buffer_clear(&out);
}

static void verdict_is_a_block(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("app.internal");
    struct verdict verdict = sample_verdict();
    evidence.legs[SERVER].handshake.kind = ENDING_ALERT_RECEIVED;
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    shows(&event, 90,
          "14:13:20    #17 ✗ app.internal:443      cipher.no-common-suite  proven\n"
          "                │ client ━━ TLS 1.3 ━━ midspan ━━ ✗ server-hello ━━ app.internal:443\n"
          "                │ The server leg and the origin share no cipher suite\n"
          "                │ offered   ECDHE-ECDSA-AES128-GCM-SHA256\n"
          "                │ accepted  ECDHE-RSA-AES128-GCM-SHA256\n"
          "                │ because   the origin answered handshake_failure\n"
          "                │           no ServerHello was sent\n"
          "                │ fix       bridge: Offer ECDHE-RSA-AES128-GCM-SHA256\n"
          "                │ proof     ✓ suites: own → the client's  secured, TLS 1.2  3.1 ms\n"
          "                │ direct    without midspan in the middle it would work\n");
}

static void japanese_where_it_is_wanted(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct evidence evidence = sample_good("app.internal");
    struct verdict verdict = sample_verdict();
    verdict.summary = "no connection could be made";
    evidence.legs[SERVER].handshake.kind = ENDING_ALERT_RECEIVED;
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    struct sink sink = console_sink(-1, &(struct console_manner){false, 70, false, LANGUAGE_JA});
    sink.render(sink.user, &event, &out);
    const char *text = buffer_text(&out);
    assert_non_null(strstr(text, "│ クライアント ━━ TLS 1.3 ━━ midspan ━━ ✗ server-hello ━━"));
    assert_non_null(strstr(text, "cipher.no-common-suite  証明済み\n"));
    assert_non_null(strstr(text, "│ 接続できませんでした\n"));
    assert_non_null(strstr(text, "│ 受け入れ  ECDHE-RSA-AES128-GCM-SHA256\n"));
    assert_non_null(strstr(text, "│ 根拠      the origin answered handshake_failure\n"));
    assert_non_null(strstr(text, "│ 対処      ブリッジ："));
    assert_non_null(strstr(text, "│ 直接なら  midspan が間になければ、つながります\n"));
    console_sink_free(&sink);
    buffer_clear(&out);
}

static void legs_below_each_other_in_japanese(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct evidence evidence = sample_good("example.com");
    evidence.legs[SERVER].suite = 0x1302;
    struct event event = event_of(EVENT_SECURED, &evidence);
    struct sink sink = console_sink(-1, &(struct console_manner){false, 80, false, LANGUAGE_JA});
    sink.render(sink.user, &event, &out);
    assert_non_null(strstr(buffer_text(&out),
                           "\n                  クライアント TLS 1.3 AES_128_GCM X25519 h2"
                           "\n                  サーバー     TLS 1.3 AES_256_GCM X25519 h2\n"));
    console_sink_free(&sink);
    buffer_clear(&out);
}

static void verdict_on_the_client_leg(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("app.internal", 443);
    struct verdict verdict = {.cause = cause_find("cert.expired"),
                              .severity = SEVERITY_WARNING,
                              .leg = CLIENT,
                              .confidence = CONFIDENCE_DEDUCED};
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    shows(&event, 90,
          "14:13:20    #17 ⚠ app.internal:443      cert.expired  deduced\n"
          "                │ client ━━ ⚠ ━━ midspan ┄┄ not begun ┄┄ app.internal:443\n");
}

static void proof_that_is_too_wide_takes_two_lines(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("a.test", 443);
    struct verdict verdict = sample_verdict();
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    struct buffer out = shown(&event, false, 70);
    assert_non_null(strstr(buffer_text(&out), "│ proof     ✓ suites: own → the client's\n"
                                              "                │               secured, TLS 1.2"
                                              "  3.1 ms\n"));
    buffer_clear(&out);
}

static void repeats_are_one_line(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("app.internal", 443);
    struct verdict verdict = sample_verdict();
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    event.repeats = 2;
    shows(&event, 80,
          "14:13:20    #17 ✗ app.internal:443      cipher.no-common-suite  again (3×)\n");
}

static void texts(void **state)
{
    (void)state;
    struct event event = event_of(EVENT_LISTENING, NULL);
    event.text = "127.0.0.1:8080";
    shows(&event, 100, "14:13:20.123        ● listening on 127.0.0.1:8080\n");
    event.kind = EVENT_NOTICE;
    event.text = "draining";
    shows(&event, 100, "14:13:20.123        · draining\n");
    event.kind = EVENT_ERROR;
    event.text = "something of ours that takes more words than fit";
    shows(&event, 40,
          "14:13:20        ! something of ours that\n"
          "                  takes more words than\n"
          "                  fit\n");
}

static void passed(void **state)
{
    (void)state;
    struct evidence evidence = sample_evidence("pinned.test", 443);
    evidence.legs[SERVER].version = VERSION_TLS13;
    evidence.legs[SERVER].suite = 0x1302;
    struct event event = event_of(EVENT_PASSED, &evidence);
    shows(&event, 80,
          "14:13:20    #17 → pinned.test:443       passed untouched  TLS 1.3 AES_256_GCM\n");
}

static void what_nobody_waits_for_is_not_shown(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    static const enum event_kind kinds[] = {EVENT_OPENED, EVENT_TARGET, EVENT_CLOSED};
    struct sink sink = console_sink(1, &(struct console_manner){true, 80, false, LANGUAGE_EN});
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct event event = event_of(kinds[i], &evidence);
        shows(&event, 80, "");
        assert_true((sink.events & (1u << kinds[i])) == 0);
    }
    console_sink_free(&sink);
    assert_null(sink.user);
}

static void quiet_wants_verdicts_and_errors(void **state)
{
    (void)state;
    struct sink sink = console_sink(1, &(struct console_manner){true, 80, true, LANGUAGE_EN});
    assert_int_equal(sink.events, 1u << EVENT_VERDICT | 1u << EVENT_ERROR);
    console_sink_free(&sink);
}

static void differences_stand_out(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    evidence.legs[SERVER].suite = 0x1302;
    struct event event = event_of(EVENT_SECURED, &evidence);
    struct buffer out = shown(&event, true, 130);
    assert_non_null(strstr(buffer_text(&out), "\033[33mAES_128_GCM\033[0m"));
    assert_non_null(strstr(buffer_text(&out), "\033[33mAES_256_GCM\033[0m"));
    assert_null(strstr(buffer_text(&out), "\033[33mX25519"));
    buffer_clear(&out);
}

// Nothing that a peer says reaches the terminal as a control character.
static void hostile_bytes_are_escaped(void **state)
{
    (void)state;
    static const char evil[] = "\x1b]0;x\x07\r\n\xc2\x9b\x7f";
    struct evidence evidence = sample_good("example.com");
    evidence.client_address = evil;
    evidence.legs[SERVER].alpn = SLICE_OF(evil);
    struct verdict verdict = sample_verdict();
    verdict.summary = verdict.fix = verdict.offered = verdict.accepted = evil;
    verdict.facts[0] = verdict.proof[0].changed = verdict.proof[0].outcome = evil;
    for (enum event_kind kind = EVENT_LISTENING; kind < EVENTS; kind++) {
        struct event event = event_of(kind, &evidence);
        event.verdict = &verdict;
        event.row = &verdict.proof[0];
        event.masked = &verdict;
        event.masked_count = 1;
        event.text = evil;
        struct buffer out = shown(&event, false, 80);
        for (const char *at = buffer_text(&out); *at != '\0'; at++) {
            assert_true(*at == '\n' || (uint8_t)*at >= 0x20);
            assert_int_not_equal(*at, 0x7f);
        }
        assert_null(strstr(buffer_text(&out), "\xc2\x9b"));
        buffer_clear(&out);
    }
}

// With short words no line is wider than the terminal.
static void lines_keep_within_the_columns(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    struct verdict verdict = sample_verdict();
    verdict.summary = "a few words that go on and on until they have to be broken somewhere, and "
                      "then some more of them";
    verdict.fix = verdict.facts[0] = verdict.summary;
    for (int columns = 76; columns < 200; columns++) {
        for (enum event_kind kind = EVENT_LISTENING; kind < EVENTS; kind++) {
            struct event event = event_of(kind, &evidence);
            event.verdict = &verdict;
            event.row = &verdict.proof[0];
            event.masked = &verdict;
            event.masked_count = 1;
            event.text = verdict.summary;
            struct buffer out = shown(&event, false, columns);
            char *rest = NULL;
            for (char *line = strtok_r((char *)(uintptr_t)buffer_text(&out), "\n", &rest);
                 line != NULL; line = strtok_r(NULL, "\n", &rest)) {
                if (text_columns(line) > columns) {
                    print_error("%d columns: %s\n", columns, line);
                    fail();
                }
            }
            buffer_clear(&out);
        }
    }
}

// Beside a long name the cause has no room; nothing is broken in its middle.
static void a_cause_behind_a_long_name_keeps_within_the_columns(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("edge-shares-no-suite.midspan.test");
    struct verdict verdict = sample_verdict();
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    for (int columns = 76; columns < 130; columns++) {
        struct buffer out = shown(&event, false, columns);
        char *rest = NULL;
        bool has_code = false;
        for (char *line = strtok_r((char *)(uintptr_t)buffer_text(&out), "\n", &rest);
             line != NULL && !has_code; line = strtok_r(NULL, "\n", &rest)) {
            has_code = strstr(line, verdict.cause->code) != NULL;
            assert_true(text_columns(line) <= columns);
        }
        assert_true(has_code);
        buffer_clear(&out);
    }
}

static void without_room_the_loss_is_told(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    struct event event = event_of(EVENT_SECURED, &evidence);
    struct buffer out = {.limit = 60};
    struct sink sink = console_sink(-1, &(struct console_manner){true, 80, false, LANGUAGE_EN});
    sink.render(sink.user, &event, &out);
    assert_string_equal(buffer_text(&out), "an event was left out: no memory to show it\n");
    console_sink_free(&sink);
    buffer_clear(&out);
}

int main(void)
{
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_legs_alike),
        cmocka_unit_test(legs_that_differ),
        cmocka_unit_test(a_client_from_elsewhere_is_named),
        cmocka_unit_test(masked_faults_follow),
        cmocka_unit_test(experiment_is_a_line),
        cmocka_unit_test(an_update_names_what_proved_it),
        cmocka_unit_test(verdict_is_a_block),
        cmocka_unit_test(japanese_where_it_is_wanted),
        cmocka_unit_test(legs_below_each_other_in_japanese),
        cmocka_unit_test(verdict_on_the_client_leg),
        cmocka_unit_test(proof_that_is_too_wide_takes_two_lines),
        cmocka_unit_test(repeats_are_one_line),
        cmocka_unit_test(texts),
        cmocka_unit_test(passed),
        cmocka_unit_test(what_nobody_waits_for_is_not_shown),
        cmocka_unit_test(quiet_wants_verdicts_and_errors),
        cmocka_unit_test(differences_stand_out),
        cmocka_unit_test(hostile_bytes_are_escaped),
        cmocka_unit_test(lines_keep_within_the_columns),
        cmocka_unit_test(a_cause_behind_a_long_name_keeps_within_the_columns),
        cmocka_unit_test(without_room_the_loss_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
