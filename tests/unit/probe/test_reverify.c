// Each fault of a chain, verified again with the one change that fits it: proven when exactly that
// mends it, and left alone when it does not.
#include "../certs/chain_kit.h"

#include "clock.h"
#include "reverify.h"

#define YEAR_DAYS 365
#define DAY       ((int64_t)86400 * 1000000)
#define SENT_MAX  3

static const struct recipe good_root = {.subject = "root", .is_ca = true};
static const struct recipe good_middle = {.subject = "middle", .is_ca = true};
static const struct recipe good_leaf = {.subject = "leaf", .names = "DNS:app.test"};

static const struct row {
    const char *name;
    struct recipe middle, leaf; // without a subject: the good one
    const char *sent;           // of R(oot), M(iddle), L(eaf), S(elf-signed leaf)
    const char *asked;          // NULL: app.test
    bool trusts_other;          // not the root
    int64_t ahead_us;           // of the bridge's clock
    int64_t origin_date_us;     // 1: now, as the origin's Date header
    const char *cause;
    bool is_ours, is_proven, is_mended; // taken at all; proven; the last row passes
} rows[] = {
    {.name = "a leaf that has expired",
     .leaf = {.subject = "leaf", .names = "DNS:app.test", .from_days = -90, .to_days = -5},
     .sent = "LM",
     .cause = "cert.expired",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "an intermediate that has expired",
     .middle = {.subject = "middle", .is_ca = true, .from_days = -90, .to_days = -1},
     .sent = "LM",
     .cause = "cert.intermediate-expired",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a leaf that is not valid yet, the root too young to have signed it",
     .leaf = {.subject = "leaf", .names = "DNS:app.test", .from_days = 10, .to_days = 90},
     .sent = "LM",
     .cause = "cert.not-yet-valid",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a leaf of another name",
     .sent = "LM",
     .asked = "other.test",
     .cause = "cert.hostname-mismatch",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a leaf without names",
     .leaf = {.subject = "app.test"},
     .sent = "LM",
     .cause = "cert.no-san",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a self-signed leaf",
     .sent = "S",
     .cause = "cert.self-signed",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a root that is not trusted, and sent",
     .sent = "LMR",
     .trusts_other = true,
     .cause = "cert.untrusted-root",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a lone leaf: trust in it mends, and tells nothing of the intermediate",
     .sent = "L",
     .cause = "cert.chain-incomplete",
     .is_ours = true,
     .is_mended = true},
    {.name = "a leaf for clients only",
     .leaf = {.subject = "leaf", .names = "DNS:app.test", .purpose = "clientAuth"},
     .sent = "LM",
     .cause = "cert.wrong-usage",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a bridge whose clock is two years ahead",
     .sent = "LM",
     .ahead_us = 2 * YEAR_DAYS * DAY,
     .origin_date_us = 1,
     .cause = "clock.bridge",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "expired and of another name: the time alone does not mend it",
     .leaf = {.subject = "leaf", .names = "DNS:else.test", .from_days = -90, .to_days = -5},
     .sent = "LM",
     .cause = "cert.expired",
     .is_ours = true},
    {.name = "a chain that verifies when it is tried again",
     .sent = "LM",
     .cause = "cert.expired",
     .is_ours = true,
     .is_mended = true},
    {.name = "a cause that no change here fits", .sent = "LM", .cause = "cert.weak"},
    {.name = "a verdict that is about no certificate",
     .sent = "LM",
     .cause = "cipher.no-common-suite"},
};

struct cast {
    struct kit_cert root, middle, leaf, lone, other;
};

static void make_cast(const struct row *row, struct cast *out)
{
    const struct recipe *middle = row->middle.subject != NULL ? &row->middle : &good_middle;
    const struct recipe *leaf = row->leaf.subject != NULL ? &row->leaf : &good_leaf;
    const struct recipe other = {.subject = "other", .is_ca = true};
    out->root = kit_make(&good_root, NULL);
    out->middle = kit_make(middle, &out->root);
    out->leaf = kit_make(leaf, &out->middle);
    out->lone = kit_make(leaf, NULL);
    out->other = kit_make(&other, NULL);
}

static void clear_cast(struct cast *cast)
{
    kit_clear(&cast->root);
    kit_clear(&cast->middle);
    kit_clear(&cast->leaf);
    kit_clear(&cast->lone);
    kit_clear(&cast->other);
}

static X509 *actor(const struct cast *cast, char letter)
{
    return letter == 'R'   ? cast->root.certificate
           : letter == 'M' ? cast->middle.certificate
           : letter == 'L' ? cast->leaf.certificate
                           : cast->lone.certificate;
}

static void record(const struct row *row, const struct cast *cast, struct arena *arena,
                   struct evidence *out)
{
    struct leg_evidence *leg = &out->legs[SERVER];
    leg->chain = arena_alloc(arena, SENT_MAX * sizeof(*leg->chain));
    for (const char *at = row->sent; *at != '\0'; at++) {
        assert_true(cert_facts_read(actor(cast, *at), arena, &leg->chain[leg->chain_count++]));
    }
    int64_t now_us = clock_wall_us();
    out->opened_us = now_us;
    out->origin_date_us = row->origin_date_us != 0 ? now_us : 0;
    leg->verification = (struct verification){
        .done = true,
        .name = row->asked != NULL ? row->asked : "app.test",
        .at_us = now_us + row->ahead_us,
    };
}

static void the_change_proves(void **state)
{
    const struct row *row = *state;
    struct cast cast;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    make_cast(row, &cast);
    record(row, &cast, &arena, evidence);
    struct trust_store *trust =
        trust_store_only(row->trusts_other ? cast.other.certificate : cast.root.certificate);
    struct verdict verdict = {.cause = cause_find(row->cause),
                              .leg = SERVER,
                              .phase = PHASE_CERTIFICATE,
                              .confidence = CONFIDENCE_DEDUCED};
    assert_non_null(verdict.cause);
    bool is_ours = reverify(evidence, trust, &arena, &verdict);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    size_t count = verdict.proof_count;
    bool is_mended = count > 0 && verdict.proof[count - 1].passed;
    bool has_words = true;
    for (size_t i = 0; i < count; i++) {
        const struct proof_row *proof = &verdict.proof[i];
        has_words = has_words && proof->changed[0] != '\0' && proof->outcome[0] != '\0';
    }
    trust_store_free(trust);
    arena_clear(&arena);
    clear_cast(&cast);
    assert_int_equal(is_ours, row->is_ours);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(is_mended, row->is_mended);
    assert_int_equal(count, row->is_ours ? 2 : 0);
    assert_true(has_words);
}

// What is not about a chain that was verified on the server leg is not touched.
static void other_verdicts_are_left_alone(void **state)
{
    static const struct {
        enum side leg;
        enum phase phase;
        bool was_verified, has_trust;
    } others[] = {
        {CLIENT, PHASE_CERTIFICATE, true, true},
        {SERVER, PHASE_SERVER_HELLO, true, true},
        {SERVER, PHASE_CERTIFICATE, false, true},
        {SERVER, PHASE_CERTIFICATE, true, false},
    };
    struct cast cast;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    (void)state;
    make_cast(&rows[0], &cast);
    record(&rows[0], &cast, &arena, evidence);
    struct trust_store *trust = trust_store_only(cast.root.certificate);
    size_t touched = 0;
    for (size_t i = 0; i < COUNT(others); i++) {
        struct verdict verdict = {
            .cause = cause_find("cert.expired"), .leg = others[i].leg, .phase = others[i].phase};
        evidence->legs[SERVER].verification.done = others[i].was_verified;
        touched += reverify(evidence, others[i].has_trust ? trust : NULL, &arena, &verdict) ||
                   verdict.proof_count > 0;
    }
    trust_store_free(trust);
    arena_clear(&arena);
    clear_cast(&cast);
    assert_int_equal(touched, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(other_verdicts_are_left_alone)};
    int failed = RUN_ROWS(rows, the_change_proves);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
