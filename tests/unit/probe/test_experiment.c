// Experiments: what is asked of a client, in which order, and what its answers prove.
#include "../verdict/evidence_kit.h"

#include "experiment.h"

#define BIT(change) (1u << EXPERIMENT_##change)
// Letters of the changes in the order of EXPERIMENT_MAP.
#define LETTERS "ASCELRD4PXUK"

// A client that is asked: what it takes, and how it refuses the rest.
static const struct row {
    const char *name;
    const char *words; // the finding's evidence; its first verdict is the finding
    unsigned takes;    // BIT of each change that it takes
    unsigned mute;     // BIT of each change that it leaves untold
    uint8_t stranger;  // the alert for a stranger's leaf; 0: as for ours
    uint8_t again;     // the alert when it is asked the same again; 0: as at first
    bool comes_and_goes;
    bool took_another, refused_another;
    const char *want_asked; // a letter a connection; NULL: it can't be asked
    const char *want_cause;
    enum confidence want;
    enum party want_party;
    enum direct want_direct;
    const char *want_says; // in the summary, the fix or a fact
} rows[] = {
    // clang-format off
    {"an authority that the client says not to know", "c.cert c.alert=48", BIT(UNTOUCHED),
     .want_asked = "XUA", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED, .want_says = "like a stranger's"},
    {"a client that knows neither authority", "c.cert c.alert=48", 0,
     .want_asked = "XU", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_DEDUCED,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_FAIL, .want_says = "the origin's own certificate as well"},
    {"one answer for all: a pin looks the same", "c.cert c.alert=46", BIT(UNTOUCHED),
     .want_asked = "XUSELR4PA", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_DEDUCED,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED, .want_says = "a pin for this name would look the same"},
    {"one answer for all, and another name refused", "c.cert c.alert=46", BIT(UNTOUCHED), .refused_another = true,
     .want_asked = "XUSELR4PA", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_DEDUCED,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED, .want_says = "another name too"},
    {"one answer for all, and another name taken", "c.cert c.alert=46", BIT(UNTOUCHED), .refused_another = true, .took_another = true,
     .want_asked = "XUSELR4PA", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_SUSPECTED,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED, .want_says = "which of the two it is"},
    {"a pin: a stranger is refused in another way", "secured-before=3 c.cert c.secured c.close=closed", BIT(UNTOUCHED), .stranger = 48,
     .took_another = true, .want_asked = "XUSR4PELA", .want_cause = "trust.pinned", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_BRIDGE, .want_direct = DIRECT_WOULD_SUCCEED, .want_says = "the origin's own certificate only"},
    {"a pin to a key that the origin does not have", "secured-before=3 c.cert c.secured c.close=closed", 0, .stranger = 48,
     .want_asked = "XUSR4PEL", .want_cause = "trust.pinned", .want = CONFIDENCE_SUSPECTED,
     .want_party = PARTY_BRIDGE, .want_direct = DIRECT_WOULD_FAIL},
    {"not a pin: an earlier date is taken", "secured-before=3 c.cert c.alert=42", BIT(UNTOUCHED) | BIT(EARLIER), .stranger = 48,
     .want_asked = "XUSR4PEA", .want_cause = "clock.client", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED, .want_says = "clock is behind"},
    {"a certificate on a list: another serial number is taken", "secured-before=3 c.cert c.alert=44", ~0u,
     .want_asked = "SA", .want_cause = "trust.leaf-refused", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_BRIDGE, .want_says = "another serial number is taken"},
    {"a lifetime that is too long", "secured-before=3 c.cert c.alert=43", BIT(SHORT), .stranger = 48,
     .want_asked = "SR4A", .want_cause = "trust.leaf-refused", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_BRIDGE, .want_says = "at most 47 days"},
    {"a purpose that is not a server's", "secured-before=3 c.cert c.alert=43", BIT(PURPOSE), .stranger = 48,
     .want_asked = "SR4PA", .want_cause = "trust.leaf-refused", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_BRIDGE, .want_says = "another purpose"},
    {"a key that it does not take", "c.schemes=403+804+401 ours.schemes=403+804+401 secured-before=3 c.cert c.alert=43",
     BIT(RSA), .stranger = 48, .want_asked = "SRA", .want_cause = "trust.leaf-refused", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_BRIDGE, .want_says = "sigalgs=rsa_pss_rsae_sha256"},
    {"a clock that is ahead", "c.cert c.alert=45", BIT(LATER) | BIT(UNTOUCHED), .stranger = 48,
     .want_asked = "SLA", .want_cause = "clock.client", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_CLIENT, .want_says = "clock is ahead"},
    {"a fault of the leaf", "c.chain=expired c.cert c.alert=45", BIT(CLEAN),
     .want_asked = "SCA", .want_cause = "cert.expired", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_BRIDGE, .want_says = "does not have this fault"},
    {"a clock, though another serial number brought no answer", "c.cert c.alert=45", BIT(LATER) | BIT(UNTOUCHED), .stranger = 48,
     .mute = BIT(SERIAL), .want_asked = "SSLA", .want_cause = "clock.client", .want = CONFIDENCE_SUSPECTED,
     .want_party = PARTY_CLIENT, .want_says = "of that alone it did not tell"},
    {"a fault of the leaf is not all that it minds", "c.chain=expired c.cert c.alert=45", 0,
     .want_asked = "SC", .want_cause = "cert.expired", .want = CONFIDENCE_DEDUCED, .want_party = PARTY_BRIDGE},
    {"a client certificate that is demanded", "c.cert c.request c.sent=116", BIT(ASK),
     .want_asked = "KA", .want_cause = "client-auth.required", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_CLIENT, .want_says = "does not insist"},

    {"a key that the client has no signature scheme for", "c.schemes=403 ours.schemes=403+804 secured-before=3 c.cert c.alert=43", BIT(SHORT),
     .stranger = 48, .want_asked = "S4A", .want_cause = "trust.leaf-refused", .want = CONFIDENCE_PROVEN,
     .want_party = PARTY_BRIDGE},
    {"the failure comes and goes", "c.chain=expired c.cert c.alert=45", BIT(CLEAN), .comes_and_goes = true,
     .want_asked = "SCA", .want_cause = "cert.expired", .want = CONFIDENCE_DEDUCED,
     .want_party = PARTY_BRIDGE, .want_says = "comes and goes"},
    {"another refusal than at first is no proof", "c.cert c.alert=48", BIT(UNTOUCHED), .again = 42,
     .want_asked = "XUA", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_DEDUCED,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED, .want_says = "comes and goes"},
    {"a stack that now and then leaves without its alert", "client=java_17021 c.cert c.reset", BIT(UNTOUCHED), .again = 46,
     .refused_another = true, .want_asked = "XUSELR4PA", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_DEDUCED,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED},
    {"a configured certificate is shown as it is", "c.keys=rsa c.cert c.alert=48", BIT(UNTOUCHED),
     .want_asked = "UA", .want_cause = "trust.client-rejects-bridge-ca", .want = CONFIDENCE_DEDUCED,
     .want_party = PARTY_CLIENT, .want_direct = DIRECT_WOULD_SUCCEED},

    {"the server leg is not asked about", "s.alert=40", .want_asked = NULL},
    {"nor a cause before any certificate", "c.versions=1.1 c.sent=70", .want_asked = NULL},
    {"nor our authority's end", "c.cert c.chain=ca-expired c.alert=45", .want_asked = NULL},
    // clang-format on
};

static bool find(struct kit *kit, struct verdict *out)
{
    struct verdict found[VERDICTS_MAX];
    if (verdict_find(&kit->evidence, &kit->arena, found, VERDICTS_MAX) == 0) {
        return false;
    }
    *out = found[0];
    return true;
}

static struct experiment_answer
answer_to(const struct row *row, const struct experiment *experiment, enum experiment_change change)
{
    struct experiment_answer answer = experiment->first;
    if ((row->mute & (1u << change)) != 0) {
        return (struct experiment_answer){.result = EXPERIMENT_UNTOLD};
    }
    if (change == EXPERIMENT_AGAIN ? row->comes_and_goes : (row->takes & (1u << change)) != 0) {
        return (struct experiment_answer){.result = EXPERIMENT_PASSED};
    }
    uint8_t alert = change == EXPERIMENT_STRANGER ? row->stranger : 0;
    alert = change == EXPERIMENT_AGAIN ? row->again : alert;
    if (alert != 0) {
        answer.refusal = (struct refusal){REFUSAL_ALERT, alert, PHASE_CERTIFICATE};
    }
    return answer;
}

static bool says(const struct verdict *verdict, const char *words)
{
    bool found = strstr(verdict->summary, words) != NULL || strstr(verdict->fix, words) != NULL;
    for (size_t i = 0; i < COUNT(verdict->facts) && verdict->facts[i] != NULL; i++) {
        found = found || strstr(verdict->facts[i], words) != NULL;
    }
    return found;
}

static void play(struct experiment *experiment, const struct row *row, char out_asked[16])
{
    enum experiment_change change;
    size_t count = 0;
    while (experiment_next(experiment, &change)) {
        assert_true(count < EXPERIMENT_ROWS_MAX);
        out_asked[count] = LETTERS[change];
        struct experiment_row asked = {.change = change, .connection = 100 + count, .ms = 1};
        asked.answer = answer_to(row, experiment, change);
        experiment_note(experiment, &asked);
        count++;
    }
    out_asked[count] = '\0';
}

static void client_is_asked(void **state)
{
    const struct row *row = *state;
    const struct experiment_history history = {row->took_another, row->refused_another};
    struct kit kit;
    struct experiment experiment;
    struct verdict verdict;
    char asked[16];
    kit_begin(&kit, row->words);
    assert_true(find(&kit, &verdict));
    bool is_open = experiment_open(&experiment, &kit.evidence, &verdict);
    assert_int_equal(is_open, row->want_asked != NULL);
    if (is_open) {
        play(&experiment, row, asked);
        assert_string_equal(asked, row->want_asked);
        enum experiment_change unused;
        assert_false(experiment_next(&experiment, &unused)); // it is over
        experiment_conclude(&experiment, &kit.evidence, &history, &kit.arena, &verdict);
        assert_string_equal(verdict.cause->code, row->want_cause);
        assert_int_equal(verdict.confidence, row->want);
        assert_int_equal(verdict.party, row->want_party);
        if (row->want_direct != DIRECT_UNKNOWN) {
            assert_int_equal(verdict.direct, row->want_direct);
        }
        assert_true(verdict.is_update);
        assert_int_equal(verdict.proven_by != 0, verdict.confidence == CONFIDENCE_PROVEN);
        assert_int_equal(verdict.proof_count, strlen(asked));
        assert_true(row->want_says == NULL || says(&verdict, row->want_says));
        assert_false(experiment_open(&experiment, &kit.evidence, &verdict) &&
                     verdict.confidence == CONFIDENCE_PROVEN);
    }
    kit_clear(&kit);
}

// ---- what is read of the asked connection

static const struct answer_row {
    const char *name, *words;
    bool finished, used; // passed
    int64_t alert_us;    // passed
    enum experiment_result want;
    enum refusal_kind want_kind;
    uint8_t want_alert;
} answer_rows[] = {
    // clang-format off
    {"secured and used", "c.cert c.secured c.in=80 s.cert s.secured c.close=closed", .want = EXPERIMENT_PASSED},
    {"secured and left", "c.cert c.secured s.cert s.secured c.close=closed", .want = EXPERIMENT_REFUSED, .want_kind = REFUSAL_SILENT},
    {"secured and kept for later", "c.cert c.secured s.cert s.secured c.wait=5 c.close=closed", .want = EXPERIMENT_UNTOLD},
    {"an alert", "c.cert c.alert=42", .want = EXPERIMENT_REFUSED, .want_kind = REFUSAL_ALERT, .want_alert = 42},
    {"a reset in mid-handshake", "c.cert c.reset", .want = EXPERIMENT_REFUSED, .want_kind = REFUSAL_CUT},
    {"gone before our certificate", "c.closed", .want = EXPERIMENT_UNTOLD},
    {"silence", "c.cert c.silence", .want = EXPERIMENT_UNTOLD},
    {"refused by midspan", "c.cert c.request c.sent=116", .want = EXPERIMENT_REFUSED},
    {"another refusal of midspan's", "c.answer=1.3 c.sent=40", .want = EXPERIMENT_UNTOLD},
    {"relayed and used", "passed s.answer=1.3 c.close=closed", true, true, .want = EXPERIMENT_PASSED},
    {"relayed, finished, and left", "passed s.answer=1.3 c.close=closed", true, .want = EXPERIMENT_REFUSED, .want_kind = REFUSAL_SILENT},
    {"relayed, finished, and left by a browser", "client=chromium_156 passed s.answer=1.3 c.close=closed", true, .want = EXPERIMENT_UNTOLD},
    {"left unused by a browser", "client=chromium_156 c.cert c.secured s.cert s.secured c.close=closed", .want = EXPERIMENT_UNTOLD},
    {"relayed and refused in TLS 1.3: its alert is sealed", "passed s.answer=1.3 c.close=closed", .want = EXPERIMENT_REFUSED,
     .want_kind = REFUSAL_ALERT},
    {"relayed and refused in TLS 1.2", "passed s.answer=1.2 c.alert=48 c.close=closed", .want = EXPERIMENT_REFUSED,
     .want_kind = REFUSAL_ALERT, .want_alert = 48},
    {"relayed, and the origin left first", "passed s.answer=1.3 s.close=closed c.wait=1 c.close=closed", .want = EXPERIMENT_UNTOLD},
    {"relayed, finished and left, and the origin's FIN overtakes the client's", "passed s.answer=1.3 s.close=closed c.wait=1 c.close=closed",
     true, .alert_us = 1, .want = EXPERIMENT_REFUSED, .want_kind = REFUSAL_SILENT},
    {"relayed, refused by a sealed alert, and the origin's FIN overtakes", "passed s.answer=1.3 s.close=closed c.wait=1 c.close=closed",
     .alert_us = 1, .want = EXPERIMENT_REFUSED, .want_kind = REFUSAL_ALERT},
    {"relayed without an answer", "passed c.close=closed", .want = EXPERIMENT_UNTOLD},
    {"relayed, and still open", "passed s.answer=1.3", true, .want = EXPERIMENT_UNTOLD},
    // clang-format on
};

static void answer_is_read(void **state)
{
    const struct answer_row *row = *state;
    struct kit kit;
    kit_begin(&kit, row->words);
    kit.evidence.passed_finished = row->finished;
    kit.evidence.passed_used = row->used;
    kit.evidence.passed_alert_us = row->alert_us;
    struct experiment_answer answer = experiment_answer_of(&kit.evidence);
    assert_int_equal(answer.result, row->want);
    assert_int_equal(answer.refusal.kind, row->want_kind);
    assert_int_equal(answer.refusal.alert, row->want_alert);
    kit_clear(&kit);
}

static void a_change_that_brings_no_answer_is_left_out(void **state)
{
    (void)state;
    struct kit kit;
    struct experiment experiment;
    struct verdict verdict;
    enum experiment_change change;
    size_t count = 0;
    kit_begin(&kit, "c.cert c.alert=46");
    assert_true(find(&kit, &verdict));
    assert_true(experiment_open(&experiment, &kit.evidence, &verdict));
    while (experiment_next(&experiment, &change)) {
        const struct experiment_row row = {.change = change, .connection = ++count};
        assert_int_equal(change, experiment.order[(count - 1) / EXPERIMENT_UNTOLD_MAX]);
        experiment_note(&experiment, &row);
    }
    assert_int_equal(count, EXPERIMENT_ROWS_MAX);
    experiment_conclude(&experiment, &kit.evidence, &(struct experiment_history){0}, &kit.arena,
                        &verdict);
    assert_int_equal(verdict.confidence, CONFIDENCE_SUSPECTED);
    kit_clear(&kit);
}

// The answer of a connection that was asked is the finding's proof, not a finding of its own.
static void an_asked_connection_has_no_verdict_of_its_own(void **state)
{
    (void)state;
    struct kit kit;
    struct verdict verdict;
    kit_begin(&kit, "c.cert c.alert=48");
    assert_true(find(&kit, &verdict));
    kit.evidence.experiment = experiment_text(EXPERIMENT_STRANGER);
    kit.evidence.experiment_of = 3;
    assert_false(find(&kit, &verdict));
    kit_clear(&kit);
    kit_begin(&kit, "s.alert=40");
    kit.evidence.experiment = experiment_text(EXPERIMENT_STRANGER);
    assert_true(find(&kit, &verdict)); // the server leg's is
    kit_clear(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_that_brings_no_answer_is_left_out),
        cmocka_unit_test(an_asked_connection_has_no_verdict_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(rows, client_is_asked) +
           RUN_ROWS(answer_rows, answer_is_read);
}
