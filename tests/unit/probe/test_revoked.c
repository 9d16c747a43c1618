// What a responder says now of a certificate that was refused as revoked, and what lists do.
#include "../certs/chain_kit.h"

#include "clock.h"
#include "revoked.h"

static const struct row {
    const char *name;
    const char *aia; // of the leaf
    const char *cause;
    int status;
    bool by_stranger, is_garbage;
    bool sends_issuer, is_taken;
    const char *want; // the row's outcome begins so
    bool passes, adds_fact;
    int from_days; // thisUpdate; nextUpdate is a week later. 0: yesterday
} rows[] = {
    {"revoked", "OCSP;URI:http://ocsp.test/", "cert.revoked", V_OCSP_CERTSTATUS_REVOKED, false,
     false, true, true, "revoked since ", false, true, 0},
    {"good by now", "OCSP;URI:http://ocsp.test/", "cert.revoked", V_OCSP_CERTSTATUS_GOOD, false,
     false, true, true, "good", true, true, 0},
    {"good a month ago", "OCSP;URI:http://ocsp.test/", "cert.revoked", V_OCSP_CERTSTATUS_GOOD,
     false, false, true, true, "good, until ", false, false, -30},
    {"revoked a month ago", "OCSP;URI:http://ocsp.test/", "cert.revoked", V_OCSP_CERTSTATUS_REVOKED,
     false, false, true, true, "revoked since ", false, true, -30},
    {"unknown", "OCSP;URI:http://ocsp.test/", "cert.revoked", V_OCSP_CERTSTATUS_UNKNOWN, false,
     false, true, true, "unknown to the responder", false, false, 0},
    {"the issuer is trusted and was not sent", "OCSP;URI:http://ocsp.test/", "cert.revoked",
     V_OCSP_CERTSTATUS_REVOKED, false, false, false, true, "revoked since ", false, true, 0},
    {"good, says a stranger", "OCSP;URI:http://ocsp.test/", "cert.revoked", V_OCSP_CERTSTATUS_GOOD,
     true, false, true, true, "an answer that nobody signed who may", false, false, 0},
    {"no answer of the protocol", "OCSP;URI:http://ocsp.test/", "cert.revoked", 0, false, true,
     true, true, "an answer that can't be read", false, false, 0},
    {"no responder is named", NULL, "cert.revoked", 0, false, false, true, false, NULL, false,
     false, 0},
    {"another verdict", "OCSP;URI:http://ocsp.test/", "cert.expired", 0, false, false, true, false,
     NULL, false, false, 0},
};

static void take(const struct row *row, struct revoked *revoked, const struct kit_cert *issuer,
                 const struct kit_cert *stranger)
{
    uint8_t *der = NULL;
    struct buffer question = {.limit = 4096};
    assert_true(revoked_asks_responder(revoked));
    assert_true(revoked_question(revoked, &question));
    buffer_clear(&question);
    if (row->is_garbage) {
        revoked_take(revoked, slice_of_text("<html>"), 1);
        return;
    }
    int len =
        kit_staple(revoked->certificate, issuer->certificate, row->by_stranger ? stranger : issuer,
                   row->status, EVP_sha1(), row->from_days != 0 ? row->from_days : -1, &der);
    revoked_take(revoked, (struct slice){der, (size_t)len}, 1);
    OPENSSL_free(der);
}

static void says(void **state)
{
    const struct row *row = *state;
    const struct recipe of_root = {.subject = "root", .is_ca = true};
    const struct recipe of_leaf = {.subject = "leaf", .names = "DNS:app.test", .aia = row->aia};
    struct kit_cert root = kit_make(&of_root, NULL), stranger = kit_make(&of_root, NULL);
    struct kit_cert leaf = kit_make(&of_leaf, &root);
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct leg_evidence *leg = &evidence->legs[SERVER];
    struct verdict verdict = {
        .cause = cause_find(row->cause), .leg = SERVER, .phase = PHASE_CERTIFICATE};
    struct trust_store *trust = trust_store_only(root.certificate);
    struct revoked revoked;
    leg->chain = arena_alloc(&arena, 2 * sizeof(*leg->chain));
    assert_true(cert_facts_read(leaf.certificate, &arena, leg->chain));
    assert_true(cert_facts_read(root.certificate, &arena, leg->chain + 1));
    leg->chain_count = row->sends_issuer ? 2 : 1;
    leg->verification = (struct verification){
        .done = true, .fault = CERT_FAULT_REVOKED, .at_us = clock_wall_us(), .name = "app.test"};
    bool is_taken = revoked_open(&revoked, evidence, trust, &arena, &verdict);
    if (is_taken) {
        take(row, &revoked, &root, &stranger);
        revoked_clear(&revoked);
    }
    trust_store_free(trust);
    kit_clear(&leaf);
    kit_clear(&stranger);
    kit_clear(&root);
    char outcome[128] = "";
    (void)snprintf(outcome, sizeof(outcome), "%s", is_taken ? verdict.proof[0].outcome : "");
    bool passed = verdict.proof[0].passed, has_fact = verdict.facts[0] != NULL;
    arena_clear(&arena);
    assert_int_equal(is_taken, row->is_taken);
    if (is_taken) {
        assert_memory_equal(outcome, row->want, strlen(row->want));
        assert_int_equal(passed, row->passes);
        assert_int_equal(has_fact, row->adds_fact);
    }
}

// ---- lists

#define OCSP "OCSP;URI:http://ocsp.test/"
#define LIST "URI:http://crl.test/1"

enum on_list {
    ON_NONE,
    ON_LEAFS, // the list about the leaf has it
    ON_ABOVE  // the list about the intermediate has that
};

enum response {
    RESPONSE_NONE, // it does not answer
    RESPONSE_GOOD,
    RESPONSE_REVOKED
};

// clang-format off
static const struct list_row {
    const char *name;
    const char *aia, *crl, *crl_above; // of the leaf; of the intermediate
    enum response response;
    enum on_list on;
    bool is_passed, by_stranger, is_first_garbage, has_fault;
    bool sends_more; // behind the chain, one of a responder and an unknown issuer
    int to_days; // of the lists; 0: 5
    size_t asked;
    bool is_proven; // before: no
    const char *want, *fact; // in the last outcome of those asked, in the last fact; NULL: no fact
    int depth;
} list_rows[] = {
    {.name = "on the list", .crl = LIST, .on = ON_LEAFS, .asked = 1, .want = ": revoked since ", .fact = "its issuer's list says the same now: "},
    {.name = "not on the list", .crl = LIST, .asked = 1, .want = ": not on the list", .fact = "its issuer's list does not have it now"},
    {.name = "on a list that is over", .crl = LIST, .on = ON_LEAFS, .to_days = -5, .asked = 1, .want = ": revoked since ",
     .fact = "its issuer's list says the same now: "},
    {.name = "not on a list that is over", .crl = LIST, .to_days = -5, .asked = 1, .want = "which is over"},
    {.name = "on a stranger's list", .crl = LIST, .on = ON_LEAFS, .by_stranger = true, .asked = 1, .want = "the issuer did not sign"},
    {.name = "the second list tells", .crl = LIST ",URI:http://crl.test/2", .on = ON_LEAFS, .is_first_garbage = true, .asked = 2,
     .want = ": revoked since ", .fact = "its issuer's list says the same now: "},
    {.name = "a silent responder, then a list", .aia = OCSP, .crl = LIST, .on = ON_LEAFS, .asked = 2, .want = ": revoked since ",
     .fact = "its issuer's list says the same now: "},
    {.name = "a responder that tells, no list", .aia = OCSP, .crl = LIST, .response = RESPONSE_GOOD, .asked = 1, .want = "good",
     .fact = "its responder says \"good\" now"},
    {.name = "no list by http", .crl = "URI:ldap://crl.test/1"},
    {.name = "passed on: on the list", .is_passed = true, .crl = LIST, .on = ON_LEAFS, .asked = 1, .want = ": revoked since ",
     .fact = "its issuer says so as well, of CN=leaf", .is_proven = true},
    {.name = "passed on: on the list of the one above", .is_passed = true, .crl = LIST, .crl_above = LIST, .on = ON_ABOVE, .asked = 2,
     .want = ": revoked since ", .fact = "its issuer says so as well, of CN=middle", .is_proven = true, .depth = 1},
    {.name = "passed on: only the one above has a list", .is_passed = true, .crl_above = LIST, .on = ON_ABOVE, .asked = 1,
     .want = ": revoked since ", .fact = "its issuer says so as well, of CN=middle", .is_proven = true, .depth = 1},
    {.name = "passed on: on no list", .is_passed = true, .crl = LIST, .crl_above = LIST, .asked = 2, .want = ": not on the list",
     .fact = "its issuer does not say so now of CN=middle", .depth = 1},
    {.name = "passed on: one too many is sent", .is_passed = true, .sends_more = true, .crl = LIST, .asked = 1,
     .want = ": not on the list", .fact = "its issuer does not say so now of CN=leaf"},
    {.name = "passed on: a stranger's lists", .is_passed = true, .crl = LIST, .crl_above = LIST, .on = ON_LEAFS, .by_stranger = true,
     .asked = 2, .want = "the issuer did not sign", .depth = 1},
    {.name = "passed on: the responder says revoked", .is_passed = true, .aia = OCSP, .crl = LIST, .response = RESPONSE_REVOKED,
     .asked = 1, .want = "revoked since ", .fact = "its issuer says so as well, of CN=leaf", .is_proven = true},
    {.name = "passed on: midspan has found another fault", .is_passed = true, .crl = LIST, .on = ON_LEAFS, .has_fault = true},
};
// clang-format on

struct list_cast {
    struct kit_cert root, stranger, middle, leaf, more;
    struct evidence *evidence;
    struct arena arena;
    struct verdict verdict;
    struct trust_store *trust;
};

static void make_list_cast(const struct list_row *row, struct list_cast *cast)
{
    const struct recipe root = {.subject = "root", .is_ca = true};
    const struct recipe middle = {.subject = "middle", .is_ca = true, .crl = row->crl_above};
    const struct recipe leaf = {
        .subject = "leaf", .names = "DNS:app.test", .aia = row->aia, .crl = row->crl};
    const struct recipe more = {.subject = "more", .is_ca = true, .aia = OCSP};
    *cast = (struct list_cast){0};
    cast->root = kit_make(&root, NULL);
    cast->stranger = kit_make(&root, NULL);
    cast->middle = kit_make(&middle, &cast->root);
    cast->leaf = kit_make(&leaf, &cast->middle);
    cast->more = kit_make(&more, &cast->stranger);
    cast->trust = trust_store_only(cast->root.certificate);
    cast->evidence = arena_alloc(&cast->arena, sizeof(*cast->evidence));
    cast->evidence->is_passed = row->is_passed;
    struct leg_evidence *leg = &cast->evidence->legs[SERVER];
    leg->chain = arena_alloc(&cast->arena, 3 * sizeof(*leg->chain));
    leg->chain_count = row->sends_more ? 3 : 2;
    assert_true(cert_facts_read(cast->leaf.certificate, &cast->arena, leg->chain));
    assert_true(cert_facts_read(cast->middle.certificate, &cast->arena, leg->chain + 1));
    assert_true(cert_facts_read(cast->more.certificate, &cast->arena, leg->chain + 2));
    leg->verification = (struct verification){
        .done = true,
        .fault = !row->is_passed  ? CERT_FAULT_REVOKED
                 : row->has_fault ? CERT_FAULT_EXPIRED
                                  : CERT_FAULT_NONE,
        .at_us = clock_wall_us(),
        .name = "app.test",
    };
    cast->verdict = (struct verdict){.cause = cause_find("cert.revoked"),
                                     .leg = row->is_passed ? CLIENT : SERVER,
                                     .phase = PHASE_CERTIFICATE,
                                     .confidence = CONFIDENCE_SUSPECTED};
}

static void clear_list_cast(struct list_cast *cast)
{
    trust_store_free(cast->trust);
    arena_clear(&cast->arena);
    kit_clear(&cast->root);
    kit_clear(&cast->stranger);
    kit_clear(&cast->middle);
    kit_clear(&cast->leaf);
    kit_clear(&cast->more);
}

static void respond(const struct list_row *row, const struct list_cast *cast,
                    struct revoked *revoked)
{
    uint8_t *der = NULL;
    int status =
        row->response == RESPONSE_GOOD ? V_OCSP_CERTSTATUS_GOOD : V_OCSP_CERTSTATUS_REVOKED;
    if (row->response == RESPONSE_NONE) {
        revoked_none(revoked, "no answer in time", 1);
        return;
    }
    int len = kit_staple(revoked->certificate, cast->middle.certificate, &cast->middle, status,
                         EVP_sha1(), -1, &der);
    revoked_take(revoked, (struct slice){der, (size_t)len}, 1);
    OPENSSL_free(der);
}

static void give_list(const struct list_row *row, const struct list_cast *cast,
                      struct revoked *revoked)
{
    bool is_leafs = revoked->depth == 0;
    const struct kit_cert *issuer = is_leafs ? &cast->middle : &cast->root;
    bool has_it = row->on == (is_leafs ? ON_LEAFS : ON_ABOVE);
    X509_CRL *crl =
        kit_crl(issuer, row->by_stranger ? &cast->stranger : issuer,
                has_it ? revoked->certificate : NULL, row->to_days != 0 ? row->to_days : 5);
    uint8_t *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    revoked_take(revoked, (struct slice){der, (size_t)len}, 1);
    bool is_kept_long = revoked->keep_us > 0;
    OPENSSL_free(der);
    X509_CRL_free(crl);
    assert_int_equal(is_kept_long, !row->by_stranger && row->to_days == 0);
    assert_true(revoked->keep_us <= REVOKED_LIST_US_MAX);
}

// ask_all answers until nobody is to be asked; gives how many were.
static size_t ask_all(const struct list_row *row, const struct list_cast *cast,
                      struct revoked *revoked)
{
    size_t asked = 0;
    while (revoked_place(revoked) != NULL && asked < 10) {
        if (revoked_asks_responder(revoked)) {
            respond(row, cast, revoked);
        } else if (asked == 0 && row->is_first_garbage) {
            revoked_take(revoked, slice_of_text("<html>"), 1);
        } else {
            give_list(row, cast, revoked);
        }
        asked++;
    }
    struct buffer question = {.limit = 4096};
    assert_false(revoked_question(revoked, &question));
    return asked;
}

static const char *last_asked(const struct verdict *verdict, const char *part)
{
    const char *found = "";
    for (size_t i = 0; i < verdict->proof_count; i++) {
        const struct proof_row *row = &verdict->proof[i];
        bool is_asked = strstr(row->changed, "asked now") != NULL;
        found = is_asked ? (part != NULL ? row->outcome : row->changed) : found;
    }
    return found;
}

static const char *last_fact(const struct verdict *verdict)
{
    const char *found = "";
    for (size_t i = 0; i < COUNT(verdict->facts) && verdict->facts[i] != NULL; i++) {
        found = verdict->facts[i];
    }
    return found;
}

static void says_by_list(void **state)
{
    const struct list_row *row = *state;
    struct list_cast cast;
    struct revoked revoked;
    size_t asked = 0;
    make_list_cast(row, &cast);
    if (revoked_open(&revoked, cast.evidence, cast.trust, &cast.arena, &cast.verdict)) {
        asked = ask_all(row, &cast, &revoked);
        revoked_clear(&revoked);
    }
    const struct verdict *verdict = &cast.verdict;
    bool is_said = row->want == NULL || strstr(last_asked(verdict, "outcome"), row->want) != NULL;
    bool is_about = strstr(last_asked(verdict, NULL), " about CN=middle") != NULL;
    bool is_fact = row->fact == NULL ? last_fact(verdict)[0] == '\0'
                                     : strstr(last_fact(verdict), row->fact) != NULL;
    bool is_proven = verdict->confidence == CONFIDENCE_PROVEN;
    clear_list_cast(&cast);
    assert_int_equal(asked, row->asked);
    assert_true(is_said);
    assert_int_equal(is_about, row->depth == 1);
    assert_true(is_fact);
    assert_int_equal(is_proven, row->is_proven);
}

int main(void)
{
    int failed = RUN_ROWS(rows, says);
    return failed + RUN_ROWS(list_rows, says_by_list);
}
