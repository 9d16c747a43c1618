// What sets each quirk off, and what does not: decisions on hellos alone.
#include <stdio.h>
#include <string.h>

#include "code_points.h"
#include "quirk.h"
#include "rows.h"

#define SUITES_13 "\x13\x01"
#define SUITES_12 "\xc0\x2b"
#define GREASED   "\x1a\x1a\xc0\x2b"

struct sent {
    const char *suites, *sni;
    bool is_tls13, has_no_session_id, has_ems, has_scsv;
    size_t padding;
    const char *more; // hex-free: extensions as bytes
    size_t more_len;
    uint16_t record_version; // 0: 0x0301
    bool came_in_two, is_second, has_foreign_ticket, is_below_tls13;
};

// clang-format off
static const struct row {
    const char *name;
    const char *quirk;
    struct sent sent;
    enum manner want;
    uint8_t want_alert;
    uint32_t limit;
} rows[] = {
    {"none lets all pass", "none", {.is_tls13 = true}, .want = MANNER_NONE},
    {"refused decides nothing on hellos", "refused", {0}, .want = MANNER_NONE},
    {"closes", "closes", {0}, .want = MANNER_CLOSE},
    {"silent", "silent", {0}, .want = MANNER_SILENCE},
    {"alert", "alert", {0}, .want = MANNER_ALERT, .want_alert = 80},
    {"a hello of 256 bytes and more", "hello-256-511", {.padding = 200}, .want = MANNER_SILENCE},
    {"a hello below 256 bytes", "hello-256-511", {0}, .want = MANNER_NONE},
    {"a hello above 511 bytes", "hello-256-511", {.padding = 500}, .want = MANNER_NONE},
    {"a hello over the usual segment", "hello-over", {.padding = 1400}, .want = MANNER_CLOSE},
    {"a hello below it", "hello-over", {.padding = 1200}, .want = MANNER_NONE},
    {"a hello over a size of one's own", "hello-over", {.padding = 100}, .want = MANNER_CLOSE, .limit = 150},
    {"a hello in two segments", "first-segment", {.came_in_two = true}, .want = MANNER_RESET},
    {"a hello that would not fit one", "first-segment", {.padding = 1400}, .want = MANNER_RESET},
    {"a hello in one", "first-segment", {0}, .want = MANNER_NONE},
    {"TLS 1.3 for one of TLS 1.2", "version-intolerant", {.is_tls13 = true}, .want = MANNER_ALERT, .want_alert = 70},
    {"TLS 1.2 for one of TLS 1.2", "version-intolerant", {0}, .want = MANNER_NONE},
    {"TLS 1.2 for one of TLS 1.0", "version-intolerant", {0}, .want = MANNER_ALERT, .want_alert = 70, .limit = 0x0301},
    {"record version 3.3", "record-version-intolerant", {.record_version = 0x0303}, .want = MANNER_ALERT, .want_alert = 70},
    {"record version 3.1", "record-version-intolerant", {0}, .want = MANNER_NONE},
    {"GREASE among suites", "grease-intolerant", {.suites = GREASED}, .want = MANNER_ALERT, .want_alert = 47},
    {"GREASE among extensions", "grease-intolerant", {.more = "\x2a\x2a\0\0", .more_len = 4}, .want = MANNER_ALERT, .want_alert = 47},
    {"no GREASE", "grease-intolerant", {0}, .want = MANNER_NONE},
    {"an extension that is there", "extension-intolerant", {.has_ems = true}, .want = MANNER_ALERT, .want_alert = 50, .limit = 23},
    {"an extension that is not", "extension-intolerant", {.has_ems = true}, .want = MANNER_NONE, .limit = 24},
    {"a session id in TLS 1.3", "session-id-intolerant", {.is_tls13 = true}, .want = MANNER_ALERT, .want_alert = 47},
    {"a session id in TLS 1.2", "session-id-intolerant", {0}, .want = MANNER_NONE},
    {"no session id in TLS 1.3", "session-id-intolerant", {.is_tls13 = true, .has_no_session_id = true}, .want = MANNER_NONE},
    {"TLS 1.3 without a session id", "needs-session-id", {.is_tls13 = true, .has_no_session_id = true}, .want = MANNER_RESET},
    {"TLS 1.3 with one", "needs-session-id", {.is_tls13 = true}, .want = MANNER_NONE},
    {"TLS 1.2 without one", "needs-session-id", {.has_no_session_id = true}, .want = MANNER_NONE},
    {"a second hello", "retry-intolerant", {.is_tls13 = true, .is_second = true}, .want = MANNER_RESET},
    {"a first hello", "retry-intolerant", {.is_tls13 = true}, .want = MANNER_NONE},
    {"TLS 1.2 without extended_master_secret", "ems-required", {0}, .want = MANNER_ALERT, .want_alert = 40},
    {"TLS 1.2 with it", "ems-required", {.has_ems = true}, .want = MANNER_NONE},
    {"TLS 1.3 without it", "ems-required", {.is_tls13 = true}, .want = MANNER_NONE},
    {"TLS 1.3 without it, where it is not agreed", "ems-required", {.is_tls13 = true, .is_below_tls13 = true}, .want = MANNER_ALERT, .want_alert = 40},
    {"a ticket of another node", "ticket-keys-fail", {.has_foreign_ticket = true}, .want = MANNER_ALERT, .want_alert = 51},
    {"a ticket of its own", "ticket-keys-fail", {0}, .want = MANNER_NONE},
    {"a foreign ticket where nodes only differ", "ticket-keys-differ", {.has_foreign_ticket = true}, .want = MANNER_NONE},
    {"an underscore", "strict-name", {.sni = "a_b.test"}, .want = MANNER_ALERT, .want_alert = 47},
    {"a port", "strict-name", {.sni = "a.test:443"}, .want = MANNER_ALERT, .want_alert = 47},
    {"a final dot", "strict-name", {.sni = "a.test."}, .want = MANNER_ALERT, .want_alert = 47},
    {"an IPv4 address", "strict-name", {.sni = "192.0.2.1"}, .want = MANNER_ALERT, .want_alert = 47},
    {"an IPv6 address", "strict-name", {.sni = "2001:db8::1"}, .want = MANNER_ALERT, .want_alert = 47},
    {"a plain name", "strict-name", {.sni = "a-b.test"}, .want = MANNER_NONE},
    {"no name at all, strictly", "strict-name", {.sni = ""}, .want = MANNER_NONE},
    {"capitals", "name-case", {.sni = "A.test"}, .want = MANNER_ALERT, .want_alert = 112},
    {"small letters", "name-case", {.sni = "a.test"}, .want = MANNER_NONE},
    {"no name", "needs-name", {.sni = ""}, .want = MANNER_ALERT, .want_alert = 112},
    {"a name", "needs-name", {.sni = "a.test"}, .want = MANNER_NONE},
    {"TLS_FALLBACK_SCSV", "fallback-intolerant", {.has_scsv = true}, .want = MANNER_ALERT, .want_alert = 86},
    {"no TLS_FALLBACK_SCSV", "fallback-intolerant", {0}, .want = MANNER_NONE},
};
// clang-format on

static struct slice bytes(const char *text, size_t len)
{
    return (struct slice){(const uint8_t *)text, len};
}

static void encode(const struct sent *sent, struct buffer *out)
{
    static const uint8_t random[32] = {1}, session[32] = {2};
    uint8_t suites[8];
    const char *named = sent->suites != NULL ? sent->suites
                        : sent->is_tls13     ? SUITES_13
                                             : SUITES_12;
    size_t len = strlen(named);
    memcpy(suites, named, len);
    if (sent->has_scsv) {
        memcpy(suites + len, "\x56\x00", 2);
        len += 2;
    }
    struct hello_spec spec = {
        .legacy_version = 0x0303,
        .random = {random, sizeof(random)},
        .session_id = {session, sent->has_no_session_id ? 0 : sizeof(session)},
        .cipher_suites = {suites, len},
        .versions = sent->is_tls13 ? bytes("\x03\x04\x03\x03", 4) : SLICE_EMPTY,
        .sni = slice_of_text(sent->sni != NULL ? sent->sni : "www.lab.test"),
        .ems = sent->has_ems,
        .padding_len = sent->padding,
        .more = bytes(sent->more, sent->more_len),
    };
    assert_true(client_hello_encode(out, &spec));
}

static void quirk_decides(void **state)
{
    const struct row *row = *state;
    struct buffer message = {0};
    struct client_hello hello;
    struct quirk quirk = {.limit = row->limit};
    size_t at;
    assert_true(quirk_set(&quirk, "quirk", row->quirk, NULL));
    encode(&row->sent, &message);
    assert_int_equal(client_hello_parse(buffer_slice(&message), &hello, &at), PARSE_OK);
    struct quirk_view view = {
        .hello = &hello,
        .hello_len = message.len,
        .record_version = row->sent.record_version != 0 ? row->sent.record_version : 0x0301,
        .came_in_one = !row->sent.came_in_two,
        .is_second = row->sent.is_second,
        .has_foreign_ticket = row->sent.has_foreign_ticket,
        .is_below_tls13 = row->sent.is_below_tls13,
    };
    struct quirk_step step = quirk_on_hello(&quirk, &view);
    assert_int_equal(step.manner, row->want);
    if (row->want_alert != 0) {
        assert_int_equal(step.alert, row->want_alert);
    }
    if (step.manner != MANNER_NONE) { // said otherwise, it fails otherwise
        quirk.manner = MANNER_SILENCE;
        quirk.alert = 42;
        step = quirk_on_hello(&quirk, &view);
        assert_int_equal(step.manner, MANNER_SILENCE);
        assert_int_equal(step.alert, 42);
    }
    buffer_clear(&message);
}

static void every_quirk_has_its_words(void **state)
{
    (void)state;
    for (int i = 0; i < QUIRKS; i++) {
        struct quirk quirk = {0};
        assert_true(quirk_set(&quirk, "quirk", quirk_word((enum quirk_kind)i), NULL));
        assert_int_equal(quirk.kind, i); // words are unique
    }
}

static void the_documentation_has_them_all(void **state)
{
    static const char *const lines[] = {
#define XX(name, word, manner, what) "\n| `" word "` | " what " |\n",
        QUIRK_MAP(XX)
#undef XX
    };
    (void)state;
    char text[65536];
    FILE *file = fopen(TEST_UNITS "/../../docs/scenarios.md", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < COUNT(lines); i++) {
        if (strstr(text, lines[i]) == NULL) {
            fail_msg("docs/scenarios.md lacks:%s", lines[i]);
        }
    }
}

static void change_cipher_spec(void **state)
{
    (void)state;
    struct quirk quirk = {.kind = QUIRK_CHANGE_CIPHER_SPEC}, other = {.kind = QUIRK_RETRY};
    assert_int_equal(quirk_on_change_cipher_spec(&quirk, true).manner, MANNER_RESET);
    assert_int_equal(quirk_on_change_cipher_spec(&quirk, false).manner, MANNER_NONE);
    assert_int_equal(quirk_on_change_cipher_spec(&other, true).manner, MANNER_NONE);
}

static void unreadable_hellos(void **state)
{
    (void)state;
    for (int i = 0; i < QUIRKS; i++) {
        struct quirk quirk = {.kind = (enum quirk_kind)i};
        enum manner manner = quirk_on_hello(&quirk, &(struct quirk_view){0}).manner;
        bool is_blind = i == QUIRK_ALERT || i == QUIRK_CLOSES || i == QUIRK_SILENT;
        assert_int_equal(manner != MANNER_NONE, is_blind);
    }
}

static void tickets_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        size_t len;
        const char *want;
    } cases[] = {
        {"", 0, ""},
        {"\0\x23\0\0", 4, ""},                                     // asks for one
        {"\0\x23\0\3abc", 7, "abc"},                               // session_ticket
        {"\0\x29\0\x11\0\x09\0\3abc\0\0\0\0\0\4\3xyz", 21, "abc"}, // pre_shared_key
        {"\0\x29\0\1\0", 5, ""},                                   // cut
        {"\0\x29\0\4\0\2\0\x09", 8, ""},                           // cut inside
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sent sent = {.more = cases[i].more, .more_len = cases[i].len};
        struct buffer message = {0};
        struct client_hello hello;
        size_t at;
        encode(&sent, &message);
        assert_int_equal(client_hello_parse(buffer_slice(&message), &hello, &at), PARSE_OK);
        assert_true(slice_equals_text(quirk_ticket(&hello), cases[i].want));
        buffer_clear(&message);
    }
}

static void keys_are_set(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
        bool is_fine;
    } sets[] = {
        {"quirk", "silent", true}, {"quirk", "loud", false},
        {"manner", "reset", true}, {"manner", "politely", false},
        {"alert", "112", true},    {"alert", "unrecognized_name", true},
        {"alert", "0", false},     {"alert", "256", false},
        {"alert", "noise", false}, {"limit", "0x0303", true},
        {"limit", "1400", true},   {"limit", "0", false},
        {"limit", "0x", false},    {"limit", "0xzz", false},
        {"limit", "-1", false},    {"limit", "99999999999", false},
        {"size", "1", false},
    };
    struct quirk quirk = {0};
    for (size_t i = 0; i < COUNT(sets); i++) {
        struct error error = {.text = ""};
        assert_int_equal(quirk_set(&quirk, sets[i].key, sets[i].value, &error), sets[i].is_fine);
        assert_int_equal(error.text[0] == '\0', sets[i].is_fine);
    }
    assert_int_equal(quirk.kind, QUIRK_SILENT);
    assert_int_equal(quirk.manner, MANNER_RESET);
    assert_int_equal(quirk.alert, 112);
    assert_int_equal(quirk.limit, 1400);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(every_quirk_has_its_words),
        cmocka_unit_test(the_documentation_has_them_all),
        cmocka_unit_test(change_cipher_spec),
        cmocka_unit_test(unreadable_hellos),
        cmocka_unit_test(tickets_are_found),
        cmocka_unit_test(keys_are_set),
    };
    int failed = RUN_ROWS(rows, quirk_decides);
    return failed + cmocka_run_group_tests(others, NULL, NULL);
}
