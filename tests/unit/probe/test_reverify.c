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
    char trusts;                // the root when 0; O(ther); N: another root of the same name;
                                // n: another self-signed leaf of the same name
    size_t proof_rows;          // 2 when 0
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
     .trusts = 'O',
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
    {.name = "a leaf for mail only",
     .leaf = {.subject = "leaf", .names = "DNS:app.test", .purpose = "emailProtection"},
     .sent = "LM",
     .cause = "cert.wrong-usage",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a leaf signed with SHA-1",
     .leaf = {.subject = "leaf", .names = "DNS:app.test", .digest = "SHA1"},
     .sent = "LM",
     .cause = "cert.weak",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a leaf with a key of 1024 bits",
     .leaf = {.subject = "leaf", .names = "DNS:app.test", .rsa_bits = 1024},
     .sent = "LM",
     .cause = "cert.weak",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a weak leaf of another name: strength alone does not mend it",
     .leaf = {.subject = "leaf", .names = "DNS:else.test", .digest = "SHA1"},
     .sent = "LM",
     .cause = "cert.weak",
     .is_ours = true},
    {.name = "an intermediate that is no CA: trust in it does not mend",
     .middle = {.subject = "middle"},
     .sent = "LM",
     .cause = "cert.invalid-ca",
     .proof_rows = 3,
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "an intermediate that may not issue for this name",
     .middle = {.subject = "middle", .is_ca = true, .name_constraints = "permitted;DNS:other.test"},
     .sent = "LM",
     .cause = "cert.name-constraints",
     .proof_rows = 3,
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "an untrusted root is no invalid CA: trust in the CA mends",
     .sent = "LM",
     .trusts = 'O',
     .cause = "cert.invalid-ca",
     .proof_rows = 3,
     .is_ours = true,
     .is_mended = true},
    {.name = "a self-signed leaf made anew, the old one trusted",
     .sent = "S",
     .trusts = 'n',
     .cause = "cert.self-signed-replaced",
     .proof_rows = 3,
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a root made anew, the old one trusted, the new one sent",
     .sent = "LMR",
     .trusts = 'N',
     .cause = "cert.self-signed-replaced",
     .proof_rows = 3,
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a root made anew, the old one trusted, the new one not sent",
     .sent = "LM",
     .trusts = 'N',
     .cause = "cert.self-signed-replaced",
     .proof_rows = 3,
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "nothing of that name is trusted: nothing was replaced",
     .sent = "LMR",
     .trusts = 'O',
     .cause = "cert.self-signed-replaced",
     .is_ours = true,
     .is_mended = true},
    {.name = "an interceptor that sent its root",
     .sent = "LMR",
     .trusts = 'O',
     .cause = "intercept.upstream-interceptor",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "an interceptor that sent the leaf alone",
     .sent = "L",
     .trusts = 'O',
     .cause = "intercept.upstream-interceptor",
     .is_ours = true,
     .is_proven = true,
     .is_mended = true},
    {.name = "a cause that no change here fits", .sent = "LM", .cause = "cipher.no-common-suite"},
    {.name = "a verdict that is about no certificate",
     .sent = "LM",
     .cause = "cipher.no-common-suite"},
};

struct cast {
    struct kit_cert root, middle, leaf, lone, other, old_root, old_lone;
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
    out->old_root = kit_make(&good_root, NULL);
    out->old_lone = kit_make(leaf, NULL);
}

static void clear_cast(struct cast *cast)
{
    kit_clear(&cast->root);
    kit_clear(&cast->middle);
    kit_clear(&cast->leaf);
    kit_clear(&cast->lone);
    kit_clear(&cast->other);
    kit_clear(&cast->old_root);
    kit_clear(&cast->old_lone);
}

static X509 *actor(const struct cast *cast, char letter)
{
    return letter == 'R'   ? cast->root.certificate
           : letter == 'M' ? cast->middle.certificate
           : letter == 'L' ? cast->leaf.certificate
                           : cast->lone.certificate;
}

static X509 *trusted(const struct cast *cast, char letter)
{
    return letter == 'O'   ? cast->other.certificate
           : letter == 'N' ? cast->old_root.certificate
           : letter == 'n' ? cast->old_lone.certificate
                           : cast->root.certificate;
}

// record verifies as the server leg does.
static void record(const struct row *row, const struct cast *cast, struct arena *arena,
                   struct evidence *out)
{
    X509 *chain[SENT_MAX];
    struct trust_store *trust = trust_store_only(trusted(cast, row->trusts));
    struct leg_evidence *leg = &out->legs[SERVER];
    leg->chain = arena_alloc(arena, SENT_MAX * sizeof(*leg->chain));
    for (const char *at = row->sent; *at != '\0'; at++) {
        chain[leg->chain_count] = actor(cast, *at);
        assert_true(cert_facts_read(chain[leg->chain_count], arena, leg->chain + leg->chain_count));
        leg->chain_count++;
    }
    int64_t now_us = clock_wall_us();
    out->opened_us = now_us;
    out->origin_date_us = row->origin_date_us != 0 ? now_us : 0;
    struct verify_spec spec = {
        .name = row->asked != NULL ? row->asked : "app.test",
        .at_us = now_us + row->ahead_us,
    };
    chain_verify(trust, chain, leg->chain_count, &spec, arena, &leg->verification);
    trust_store_free(trust);
}

static void the_change_proves(void **state)
{
    const struct row *row = *state;
    struct cast cast;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    make_cast(row, &cast);
    record(row, &cast, &arena, evidence);
    struct trust_store *trust = trust_store_only(trusted(&cast, row->trusts));
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
    assert_int_equal(count, !row->is_ours ? 0 : row->proof_rows != 0 ? row->proof_rows : 2);
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

// Our own leaf under an authority that has ended: both in date once, or not at the same time.
static void an_authority_that_ended_is_proven(void **state)
{
    static const struct {
        int leaf_from_days, leaf_to_days;
        size_t proof_rows;
    } leaves[] = {{-5, -2, 2}, {-1, 90, 2}};
    const struct recipe old_root = {
        .subject = "midspan", .is_ca = true, .from_days = -90, .to_days = -2};
    size_t proven = 0, rows_seen = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(leaves); i++) {
        const struct recipe leaf = {.subject = "leaf",
                                    .names = "DNS:app.test",
                                    .from_days = leaves[i].leaf_from_days,
                                    .to_days = leaves[i].leaf_to_days};
        struct kit_cert root = kit_make(&old_root, NULL), own = kit_make(&leaf, &root);
        struct arena arena = {0};
        struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
        struct leg_evidence *leg = &evidence->legs[CLIENT];
        struct verdict verdict = {.cause = cause_find("trust.bridge-ca-expired"),
                                  .leg = CLIENT,
                                  .phase = PHASE_CERTIFICATE};
        evidence->opened_us = clock_wall_us();
        leg->chain = arena_alloc(&arena, 2 * sizeof(*leg->chain));
        leg->chain_count = cert_facts_read(own.certificate, &arena, leg->chain) &&
                                   cert_facts_read(root.certificate, &arena, leg->chain + 1)
                               ? 2
                               : 0;
        proven += reverify(evidence, NULL, &arena, &verdict) &&
                  verdict.confidence == CONFIDENCE_PROVEN && !verdict.proof[0].passed;
        rows_seen += verdict.proof_count;
        arena_clear(&arena);
        kit_clear(&own);
        kit_clear(&root);
    }
    assert_int_equal(proven, COUNT(leaves));
    assert_int_equal(rows_seen, leaves[0].proof_rows + leaves[1].proof_rows);
}

// A client's certificate that we refused: for its issuer, or for its time.
static void a_refused_client_is_proven(void **state)
{
    static const struct {
        int from_days, to_days;
        bool trusts_other;
    } clients[] = {{-5, 90, true}, {-5, -2, false}};
    size_t proven = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(clients); i++) {
        const struct recipe of_client = {.subject = "client",
                                         .purpose = "clientAuth",
                                         .from_days = clients[i].from_days,
                                         .to_days = clients[i].to_days};
        const struct recipe stranger = {.subject = "stranger", .is_ca = true};
        struct kit_cert root = kit_make(&good_root, NULL), other = kit_make(&stranger, NULL);
        struct kit_cert client = kit_make(&of_client, &root);
        struct arena arena = {0};
        struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
        struct leg_evidence *leg = &evidence->legs[CLIENT];
        struct verdict verdict = {.cause = cause_find("client-auth.rejected"),
                                  .leg = CLIENT,
                                  .phase = PHASE_CLIENT_CERTIFICATE};
        struct trust_store *trust =
            trust_store_only(clients[i].trusts_other ? other.certificate : root.certificate);
        const struct verify_spec spec = {.for_client = true};
        leg->client_chain = arena_alloc(&arena, sizeof(*leg->client_chain));
        leg->client_chain_count =
            cert_facts_read(client.certificate, &arena, leg->client_chain) ? 1 : 0;
        chain_verify(trust, &client.certificate, 1, &spec, &arena, &leg->verification);
        proven += reverify(evidence, trust, &arena, &verdict) &&
                  verdict.confidence == CONFIDENCE_PROVEN && verdict.proof_count == 2;
        trust_store_free(trust);
        arena_clear(&arena);
        kit_clear(&client);
        kit_clear(&other);
        kit_clear(&root);
    }
    assert_int_equal(proven, COUNT(clients));
}

// A clock that is a year ahead, and a staple made just now: its time is taken, and said.
static void a_staple_is_a_clock(void **state)
{
    const struct row row = {.sent = "LM", .ahead_us = YEAR_DAYS * DAY};
    struct cast cast;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct leg_evidence *leg = &evidence->legs[SERVER];
    struct verdict verdict = {
        .cause = cause_find("clock.bridge"), .leg = SERVER, .phase = PHASE_CERTIFICATE};
    uint8_t *der = NULL;
    (void)state;
    make_cast(&row, &cast);
    record(&row, &cast, &arena, evidence);
    evidence->opened_us = leg->verification.at_us; // the machine itself is ahead
    struct trust_store *trust = trust_store_only(cast.root.certificate);
    int len = kit_staple(cast.leaf.certificate, cast.middle.certificate, &cast.middle,
                         V_OCSP_CERTSTATUS_GOOD, EVP_sha1(), -1, &der);
    leg->staple = (struct slice){der, (size_t)len};
    bool did = reverify(evidence, trust, &arena, &verdict);
    bool is_said = did && strstr(verdict.proof[1].changed, "stapled OCSP answer") != NULL;
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    OPENSSL_free(der);
    trust_store_free(trust);
    arena_clear(&arena);
    clear_cast(&cast);
    assert_true(is_said);
    assert_true(is_proven);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(other_verdicts_are_left_alone),
                                       cmocka_unit_test(an_authority_that_ended_is_proven),
                                       cmocka_unit_test(a_refused_client_is_proven),
                                       cmocka_unit_test(a_staple_is_a_clock)};
    int failed = RUN_ROWS(rows, the_change_proves);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
