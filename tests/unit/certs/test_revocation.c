// Revocation by CRL file, by a list at hand and by stapled OCSP response: believed only from who
// may say it.
#include "chain_kit.h"

#include <stdio.h>
#include <unistd.h>

#include "certs.h"

enum crl {
    LIST_NONE,
    LIST_CLEAN,
    LIST_REVOKED,
    LIST_REVOKED_OVER,        // revoked in a CRL whose nextUpdate has passed
    LIST_REVOKED_BY_STRANGER, // the issuer's name, another key
    LIST_REVOKED_ISSUER       // the root's, revoking the intermediate
};

enum signer {
    SIGNER_NONE, // no staple
    SIGNER_ISSUER,
    SIGNER_DELEGATE,
    SIGNER_DELEGATE_WITHOUT_USAGE,
    SIGNER_DELEGATE_EXPIRED,
    SIGNER_STRANGER,
    SIGNERS
};

static const struct row {
    const char *name;
    enum crl crl;
    enum signer signer;
    int status;
    int from_days;   // thisUpdate
    bool is_at_hand; // the CRL is no file of the store's
    bool with_sha256_id, is_about_other, is_cut, is_tampered;
    enum cert_fault want;
    int want_depth;
} rows[] = {
    // clang-format off
    {"no CRL, no staple", .crl = LIST_NONE},
    {"a CRL without the leaf", .crl = LIST_CLEAN},
    {"a CRL with the leaf", .crl = LIST_REVOKED, .want = CERT_FAULT_REVOKED},
    {"an outdated CRL with the leaf", .crl = LIST_REVOKED_OVER, .want = CERT_FAULT_REVOKED},
    {"a CRL with the leaf that the issuer did not sign", .crl = LIST_REVOKED_BY_STRANGER},
    {"a CRL with the intermediate", .crl = LIST_REVOKED_ISSUER, .want = CERT_FAULT_REVOKED, .want_depth = 1},
    {"a list at hand without the leaf", .crl = LIST_CLEAN, .is_at_hand = true},
    {"a list at hand with the leaf", .crl = LIST_REVOKED, .is_at_hand = true, .want = CERT_FAULT_REVOKED},
    {"an outdated list at hand with the leaf", .crl = LIST_REVOKED_OVER, .is_at_hand = true, .want = CERT_FAULT_REVOKED},
    {"a list at hand that the issuer did not sign", .crl = LIST_REVOKED_BY_STRANGER, .is_at_hand = true},
    {"a list at hand with the intermediate", .crl = LIST_REVOKED_ISSUER, .is_at_hand = true, .want = CERT_FAULT_REVOKED,
     .want_depth = 1},
    {"a staple: good", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_GOOD, .from_days = -1},
    {"a staple: unknown", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_UNKNOWN, .from_days = -1},
    {"a staple: revoked", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -1,
     .want = CERT_FAULT_REVOKED},
    {"a staple: revoked, its id by SHA-256", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -1,
     .with_sha256_id = true, .want = CERT_FAULT_REVOKED},
    {"a staple: revoked, its time over", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -30,
     .want = CERT_FAULT_REVOKED},
    {"a staple: revoked, from the future", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = 2},
    {"a staple: revoked, about another certificate", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_REVOKED,
     .from_days = -1, .is_about_other = true},
    {"a staple: revoked, by a delegate", .signer = SIGNER_DELEGATE, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -1,
     .want = CERT_FAULT_REVOKED},
    {"a staple: revoked, by one without the delegate's usage", .signer = SIGNER_DELEGATE_WITHOUT_USAGE,
     .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -1},
    {"a staple: revoked, by an expired delegate", .signer = SIGNER_DELEGATE_EXPIRED, .status = V_OCSP_CERTSTATUS_REVOKED,
     .from_days = -1},
    {"a staple: revoked, by a stranger", .signer = SIGNER_STRANGER, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -1},
    {"a staple cut short", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -1, .is_cut = true},
    {"a staple whose signature was changed", .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_REVOKED, .from_days = -1,
     .is_tampered = true},
    {"a staple: good, and a CRL with the leaf", .crl = LIST_REVOKED, .signer = SIGNER_ISSUER, .status = V_OCSP_CERTSTATUS_GOOD,
     .from_days = -1, .want = CERT_FAULT_REVOKED},
    // clang-format on
};

struct cast {
    struct kit_cert root, intermediate, leaf, other_leaf, stranger;
    struct kit_cert signers[SIGNERS];
};

static struct cast cast_make(void)
{
    struct cast cast = {0};
    struct recipe responder = {.subject = "responder", .purpose = "OCSPSigning"};
    struct recipe expired = {.subject = "responder", .purpose = "OCSPSigning", .to_days = -5};
    struct recipe useless = {.subject = "responder", .purpose = "serverAuth"};
    struct recipe leaf = {.subject = "leaf", .names = "DNS:www.example.test"};
    cast.root = kit_make(&(struct recipe){.subject = "root", .is_ca = true}, NULL);
    cast.intermediate =
        kit_make(&(struct recipe){.subject = "intermediate", .is_ca = true}, &cast.root);
    cast.stranger = kit_make(&(struct recipe){.subject = "intermediate", .is_ca = true}, NULL);
    cast.leaf = kit_make(&leaf, &cast.intermediate);
    cast.other_leaf = kit_make(&leaf, &cast.intermediate);
    X509_up_ref(cast.intermediate.certificate);
    EVP_PKEY_up_ref(cast.intermediate.key);
    cast.signers[SIGNER_ISSUER] = cast.intermediate;
    cast.signers[SIGNER_DELEGATE] = kit_make(&responder, &cast.intermediate);
    cast.signers[SIGNER_DELEGATE_WITHOUT_USAGE] = kit_make(&useless, &cast.intermediate);
    cast.signers[SIGNER_DELEGATE_EXPIRED] = kit_make(&expired, &cast.intermediate);
    responder.has_no_key_ids = true; // so that only its signature gives it away
    cast.signers[SIGNER_STRANGER] = kit_make(&responder, &cast.stranger);
    return cast;
}

static void cast_clear(struct cast *cast)
{
    struct kit_cert *all = (struct kit_cert *)cast;
    for (size_t i = 0; i < sizeof(*cast) / sizeof(*all); i++) {
        kit_clear(&all[i]);
    }
}

static X509_CRL *crl_of(const struct cast *cast, enum crl which)
{
    X509 *leaf = cast->leaf.certificate;
    switch (which) {
    case LIST_NONE:
        return NULL;
    case LIST_CLEAN:
        return kit_crl(&cast->intermediate, &cast->intermediate, NULL, 5);
    case LIST_REVOKED:
        return kit_crl(&cast->intermediate, &cast->intermediate, leaf, 5);
    case LIST_REVOKED_OVER:
        return kit_crl(&cast->intermediate, &cast->intermediate, leaf, -5);
    case LIST_REVOKED_BY_STRANGER:
        return kit_crl(&cast->intermediate, &cast->stranger, leaf, 5);
    case LIST_REVOKED_ISSUER:
        return kit_crl(&cast->root, &cast->root, cast->intermediate.certificate, 5);
    }
    return NULL;
}

static void write_pem(char path[32], X509 *certificate, X509_CRL *crl)
{
    (void)snprintf(path, 32, "/tmp/midspan-test-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    if (certificate != NULL) {
        assert_int_equal(PEM_write_X509(file, certificate), 1);
    }
    if (crl != NULL) {
        assert_int_equal(PEM_write_X509_CRL(file, crl), 1);
    }
    assert_int_equal(fclose(file), 0);
}

static struct trust_store *store_of(const struct cast *cast, enum crl which)
{
    char bundle_path[32], crl_path[32];
    struct error error = {0};
    X509_CRL *crl = crl_of(cast, which);
    write_pem(bundle_path, cast->root.certificate, NULL);
    write_pem(crl_path, NULL, crl);
    struct trust_store *store = trust_store_new(bundle_path, crl != NULL ? crl_path : NULL, &error);
    X509_CRL_free(crl);
    (void)unlink(bundle_path);
    (void)unlink(crl_path);
    assert_string_equal(error.text, "");
    return store;
}

static void chain_verify_finds_revocation(void **state)
{
    const struct row *row = *state;
    struct cast cast = cast_make();
    struct trust_store *store = store_of(&cast, row->is_at_hand ? LIST_NONE : row->crl);
    X509_CRL *at_hand = row->is_at_hand ? crl_of(&cast, row->crl) : NULL;
    uint8_t *list = NULL;
    int list_len = at_hand != NULL ? i2d_X509_CRL(at_hand, &list) : 0;
    X509 *chain[] = {cast.leaf.certificate, cast.intermediate.certificate};
    uint8_t *staple = NULL;
    int staple_len = 0;
    if (row->signer != SIGNER_NONE) {
        X509 *about = row->is_about_other ? cast.other_leaf.certificate : chain[0];
        staple_len =
            kit_staple(about, chain[1], &cast.signers[row->signer], row->status,
                       row->with_sha256_id ? EVP_sha256() : EVP_sha1(), row->from_days, &staple);
    }
    if (row->is_tampered) {
        staple[staple_len - 1] ^= 1; // without certificates, the signature is last
    }
    struct verify_spec spec = {
        .name = "www.example.test",
        .staple = staple,
        .staple_len = (size_t)staple_len - (row->is_cut ? 1 : 0),
        .list = list,
        .list_len = (size_t)list_len,
    };
    struct arena arena = {0};
    struct verification result;
    chain_verify(store, chain, COUNT(chain), &spec, &arena, &result);
    OPENSSL_free(staple);
    OPENSSL_free(list);
    X509_CRL_free(at_hand);
    trust_store_free(store);
    cast_clear(&cast);

    assert_true(result.done);
    assert_string_equal(cert_fault_words(result.fault), cert_fault_words(row->want));
    assert_int_equal(result.faults, row->want != CERT_FAULT_NONE ? 1u << row->want : 0);
    assert_int_equal(result.depth, row->want_depth);
    assert_int_equal(ERR_peek_error(), 0);
    arena_clear(&arena);
}

// The list that a proof makes in memory is believed, and names that leaf alone.
static void a_list_of_the_authority_names_one_leaf(void **state)
{
    const struct recipe ca = {.subject = "root", .is_ca = true};
    const struct recipe one = {.subject = "one", .names = "DNS:one.test"};
    struct kit_cert root = kit_make(&ca, NULL);
    struct kit_cert leaf = kit_make(&one, &root), other = kit_make(&one, &root);
    const struct authority authority = {.certificate = root.certificate, .key = root.key};
    const struct verify_spec spec = {.name = "one.test"};
    struct verification found, clean;
    struct arena arena = {0};
    (void)state;
    struct trust_store *store = trust_store_revoking(&authority, leaf.certificate, clock_wall_us());
    assert_non_null(store);
    chain_verify(store, &leaf.certificate, 1, &spec, &arena, &found);
    chain_verify(store, &other.certificate, 1, &spec, &arena, &clean);
    trust_store_free(store);
    arena_clear(&arena);
    kit_clear(&root);
    kit_clear(&leaf);
    kit_clear(&other);
    assert_int_equal(found.fault, CERT_FAULT_REVOKED);
    assert_true(clean.done);
    assert_int_equal(clean.fault, CERT_FAULT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_list_of_the_authority_names_one_leaf)};
    return RUN_ROWS(rows, chain_verify_finds_revocation) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
