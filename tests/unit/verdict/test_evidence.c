// The helpers by which evidence is noted, and the names in it.
#include <ctype.h>
#include <string.h>

#include "../rows.h"
#include "verdict.h"

static const struct ending_row {
    const char *name;
    enum ending_kind first, second, want;
} ending_rows[] = {
    {"the first ending wins", ENDING_ALERT_SENT, ENDING_RESET, ENDING_ALERT_SENT},
    {"a secured handshake stays secured", ENDING_SECURED, ENDING_ALERT_RECEIVED, ENDING_SECURED},
    {"an alert read after a reset outranks it", ENDING_RESET, ENDING_ALERT_RECEIVED,
     ENDING_ALERT_RECEIVED},
    {"an alert read after a close outranks it", ENDING_CLOSED, ENDING_ALERT_RECEIVED,
     ENDING_ALERT_RECEIVED},
    {"a reset after an alert changes nothing", ENDING_ALERT_RECEIVED, ENDING_RESET,
     ENDING_ALERT_RECEIVED},
    {"a close after a reset changes nothing", ENDING_RESET, ENDING_CLOSED, ENDING_RESET},
    {"our alert after a reset changes nothing", ENDING_RESET, ENDING_ALERT_SENT, ENDING_RESET},
    {"silence stays silence", ENDING_SILENCE, ENDING_ALERT_RECEIVED, ENDING_SILENCE},
};

static void keeps_ending(void **state)
{
    const struct ending_row *row = *state;
    struct leg_evidence leg = {0};
    leg_evidence_end(&leg, row->first, 1, 2, 3, "first");
    leg_evidence_end(&leg, row->second, 48, 5, 6, "second");
    assert_int_equal(leg.handshake.kind, row->want);
    bool is_second = row->want != row->first;
    assert_string_equal(leg.handshake.detail, is_second ? "second" : "first");
    assert_int_equal(leg.handshake.alert, is_second ? 48 : 1);
    assert_int_equal(leg.handshake.at_us, is_second ? 6 : 3);
    assert_int_equal(leg.close.kind, ENDING_NONE);
    leg_evidence_close(&leg, row->first, 0, 104, 7, NULL);
    leg_evidence_close(&leg, row->second, 0, 104, 8, NULL);
    assert_int_equal(leg.close.kind, row->want);
}

static void keeps_moments_bounded(void **state)
{
    struct leg_evidence leg = {0};
    (void)state;
    for (uint32_t i = 0; i < MOMENTS_MAX + 5; i++) {
        leg_evidence_moment(&leg, (struct moment){.content_type = CONTENT_HANDSHAKE,
                                                  .type = HANDSHAKE_KEY_UPDATE,
                                                  .len = i});
    }
    assert_int_equal(leg.moment_count, MOMENTS_MAX);
    assert_int_equal(leg.moment_total, MOMENTS_MAX + 5);
    assert_int_equal(leg.moments[MOMENTS_MAX - 1].len, MOMENTS_MAX - 1);
}

static void sees_messages_by_direction(void **state)
{
    struct leg_evidence leg = {0};
    (void)state;
    leg_evidence_moment(&leg, (struct moment){.sent = true,
                                              .content_type = CONTENT_HANDSHAKE,
                                              .type = HANDSHAKE_CERTIFICATE});
    // An alert of the same number is no handshake message.
    leg_evidence_moment(&leg, (struct moment){.content_type = CONTENT_ALERT, .type = 20});
    assert_true(leg_evidence_saw(&leg, HANDSHAKE_CERTIFICATE, true));
    assert_false(leg_evidence_saw(&leg, HANDSHAKE_CERTIFICATE, false));
    assert_false(leg_evidence_saw(&leg, HANDSHAKE_FINISHED, false));
}

// The name in JSON is the enumerator in lower case, with dashes.
static void endings_are_named(void **state)
{
    static const char *const enumerators[] = {
#define XX(name, text) #name,
        ENDING_MAP(XX)
#undef XX
    };
    (void)state;
    for (size_t kind = 0; kind < COUNT(enumerators); kind++) {
        char want[32];
        size_t len = strlen(enumerators[kind]);
        assert_true(len < sizeof(want));
        for (size_t i = 0; i <= len; i++) {
            char letter = enumerators[kind][i];
            want[i] = letter == '_' ? '-' : (char)tolower((unsigned char)letter);
        }
        assert_string_equal(ending_kind_name((enum ending_kind)kind), want);
        assert_true(ending_kind_words((enum ending_kind)kind)[0] != '\0');
    }
}

static void all_is_named(void **state)
{
    (void)state;
    assert_string_equal(ingress_kind_name(INGRESS_ABSOLUTE), "absolute-form");
    assert_string_equal(phase_name(PHASE_CLIENT_CERTIFICATE), "client-certificate");
    assert_string_equal(party_name(PARTY_CLIENT), "client");
    assert_string_equal(party_name(PARTY_SERVER), "server");
    assert_string_equal(party_name(PARTY_BRIDGE), "bridge");
    assert_string_equal(party_name(PARTY_NETWORK), "network");
    assert_string_equal(confidence_name(CONFIDENCE_SUSPECTED), "suspected");
    assert_string_equal(confidence_name(CONFIDENCE_DEDUCED), "deduced");
    assert_string_equal(confidence_name(CONFIDENCE_PROVEN), "proven");
    assert_string_equal(severity_name(SEVERITY_ERROR), "error");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
    assert_string_equal(direct_name(DIRECT_UNKNOWN), "unknown");
    assert_string_equal(direct_name(DIRECT_WOULD_SUCCEED), "would-succeed");
    assert_string_equal(direct_name(DIRECT_WOULD_FAIL), "would-fail");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_moments_bounded),
        cmocka_unit_test(sees_messages_by_direction),
        cmocka_unit_test(endings_are_named),
        cmocka_unit_test(all_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(ending_rows, keeps_ending);
}
