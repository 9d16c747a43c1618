// OCSP: what is asked, and what an answer comes to. Only who may say it is believed.
#include "chain_kit.h"

#include "certs.h"
#include "clock.h"

enum signer {
    SIGNER_ISSUER,
    SIGNER_DELEGATE,
    SIGNER_STRANGER
};

static const struct row {
    const char *name;
    enum signer signer;
    int status;
    bool is_about_other, is_cut, is_declined;
    enum responder_says want;
} rows[] = {
    {.name = "good", .status = V_OCSP_CERTSTATUS_GOOD, .want = RESPONDER_GOOD},
    {.name = "revoked", .status = V_OCSP_CERTSTATUS_REVOKED, .want = RESPONDER_REVOKED},
    {.name = "unknown", .status = V_OCSP_CERTSTATUS_UNKNOWN, .want = RESPONDER_UNKNOWN},
    {.name = "revoked, by a delegate",
     .signer = SIGNER_DELEGATE,
     .status = V_OCSP_CERTSTATUS_REVOKED,
     .want = RESPONDER_REVOKED},
    {.name = "revoked, says a stranger",
     .signer = SIGNER_STRANGER,
     .status = V_OCSP_CERTSTATUS_REVOKED,
     .want = RESPONDER_UNSIGNED},
    {.name = "good, says a stranger",
     .signer = SIGNER_STRANGER,
     .status = V_OCSP_CERTSTATUS_GOOD,
     .want = RESPONDER_UNSIGNED},
    {.name = "about another certificate", .is_about_other = true, .want = RESPONDER_FOREIGN},
    {.name = "cut short", .is_cut = true, .want = RESPONDER_UNREADABLE},
    {.name = "try later", .is_declined = true, .want = RESPONDER_DECLINED},
};

struct cast {
    struct kit_cert root, leaf, other, delegate, stranger;
};

static void make_cast(struct cast *out)
{
    const struct recipe root = {.subject = "root", .is_ca = true};
    const struct recipe leaf = {.subject = "leaf", .names = "DNS:app.test"};
    const struct recipe delegate = {.subject = "delegate", .purpose = "OCSPSigning"};
    out->root = kit_make(&root, NULL);
    out->stranger = kit_make(&root, NULL);
    out->leaf = kit_make(&leaf, &out->root);
    out->other = kit_make(&leaf, &out->root);
    out->delegate = kit_make(&delegate, &out->root);
}

static void clear_cast(struct cast *cast)
{
    kit_clear(&cast->root);
    kit_clear(&cast->stranger);
    kit_clear(&cast->leaf);
    kit_clear(&cast->other);
    kit_clear(&cast->delegate);
}

static int answer_of(const struct row *row, const struct cast *cast, uint8_t **out_der)
{
    const struct kit_cert *signer = row->signer == SIGNER_DELEGATE   ? &cast->delegate
                                    : row->signer == SIGNER_STRANGER ? &cast->stranger
                                                                     : &cast->root;
    if (row->is_declined) {
        OCSP_RESPONSE *later = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL);
        *out_der = NULL;
        int len = i2d_OCSP_RESPONSE(later, out_der);
        OCSP_RESPONSE_free(later);
        return len;
    }
    X509 *about = row->is_about_other ? cast->other.certificate : cast->leaf.certificate;
    return kit_staple(about, cast->root.certificate, signer, row->status, EVP_sha1(), -1, out_der);
}

static void comes_to(void **state)
{
    const struct row *row = *state;
    struct cast cast;
    struct responder_answer answer;
    uint8_t *der = NULL;
    make_cast(&cast);
    int len = answer_of(row, &cast, &der);
    responder_read((struct slice){der, (size_t)len - (row->is_cut ? 20 : 0)}, cast.leaf.certificate,
                   cast.root.certificate, clock_wall_us(), &answer);
    OPENSSL_free(der);
    clear_cast(&cast);
    bool is_told = answer.says == RESPONDER_GOOD || answer.says == RESPONDER_REVOKED ||
                   answer.says == RESPONDER_UNKNOWN;
    assert_int_equal(answer.says, row->want);
    assert_int_equal(answer.from_us != 0 && answer.produced_us != 0, is_told);
    assert_int_equal(answer.revoked_us != 0, answer.says == RESPONDER_REVOKED);
    assert_int_equal(ERR_peek_error(), 0);
}

static void survives_damage(void **state)
{
    struct cast cast;
    struct responder_answer answer;
    uint8_t *der = NULL;
    size_t forged = 0;
    (void)state;
    make_cast(&cast);
    int len = answer_of(&rows[0], &cast, &der);
    for (int i = 0; i < len; i++) {
        responder_read((struct slice){der, (size_t)i}, cast.leaf.certificate, cast.root.certificate,
                       clock_wall_us(), &answer);
        forged += answer.says != RESPONDER_UNREADABLE;
        der[i] ^= 0x01;
        responder_read((struct slice){der, (size_t)len}, cast.leaf.certificate,
                       cast.root.certificate, clock_wall_us(), &answer);
        forged += answer.says == RESPONDER_REVOKED;
        der[i] ^= 0x01;
    }
    OPENSSL_free(der);
    clear_cast(&cast);
    assert_int_equal(forged, 0);
}

static void asks_about_the_leaf(void **state)
{
    struct cast cast;
    struct buffer out = {.limit = 4096}, small = {.limit = 8};
    (void)state;
    make_cast(&cast);
    bool is_made = responder_question(cast.leaf.certificate, cast.root.certificate, &out);
    bool is_refused = !responder_question(cast.leaf.certificate, cast.root.certificate, &small);
    const uint8_t *at = buffer_slice(&out).data;
    OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &at, (long)out.len);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cast.leaf.certificate, cast.root.certificate);
    bool is_leafs = request != NULL && OCSP_request_onereq_count(request) == 1 &&
                    OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)), id) == 0;
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    buffer_clear(&out);
    buffer_clear(&small);
    clear_cast(&cast);
    assert_true(is_made);
    assert_true(is_refused);
    assert_true(is_leafs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(survives_damage),
                                       cmocka_unit_test(asks_about_the_leaf)};
    return RUN_ROWS(rows, comes_to) + cmocka_run_group_tests(tests, NULL, NULL);
}
