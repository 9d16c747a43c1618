// What a responder says now of a certificate that was refused as revoked.
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

int main(void)
{
    return RUN_ROWS(rows, says);
}
