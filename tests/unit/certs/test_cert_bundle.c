// Certificates as web servers give them out: every form is read, nothing else is.
#include "chain_kit.h"

#include <openssl/pkcs7.h>

#include "certs.h"

enum form {
    FORM_DER,
    FORM_PEM,
    FORM_PKCS7,
    FORM_PKCS7_PEM,
    FORM_KEY, // a PEM file without a certificate
    FORM_TEXT
};

static const struct row {
    const char *name;
    enum form form;
    size_t certificates; // put in
    size_t want;
    bool has_text_before; // the notes that people leave above PEM
    size_t tail;          // bytes after
} rows[] = {
    {"one certificate in DER", FORM_DER, 1, 1, false, 0},
    {"one certificate in PEM", FORM_PEM, 1, 1, false, 0},
    {"two certificates in PEM, with notes above", FORM_PEM, 2, 2, true, 0},
    {"a message of PKCS#7 with one", FORM_PKCS7, 1, 1, false, 0},
    {"a message of PKCS#7 with three", FORM_PKCS7, 3, 3, false, 0},
    {"a message of PKCS#7 with none", FORM_PKCS7, 0, 0, false, 0},
    {"a message of PKCS#7 in PEM", FORM_PKCS7_PEM, 2, 2, false, 0},
    {"more than are kept", FORM_PKCS7, CERT_BUNDLE_MAX + 3, CERT_BUNDLE_MAX, false, 0},
    {"a key and no certificate", FORM_KEY, 0, 0, false, 0},
    {"a page of text", FORM_TEXT, 0, 0, false, 0},
    {"more bytes than are read", FORM_DER, 1, 0, false, CERT_BUNDLE_BYTES_MAX},
};

static const struct recipe plain = {.subject = "ca", .is_ca = true};

static void put_pkcs7(BIO *out, X509 *certificate, size_t count, bool as_pem)
{
    PKCS7 *message = PKCS7_new();
    assert_int_equal(PKCS7_set_type(message, NID_pkcs7_signed), 1);
    assert_int_equal(PKCS7_content_new(message, NID_pkcs7_data), 1);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(PKCS7_add_certificate(message, certificate), 1);
    }
    assert_int_equal(as_pem ? PEM_write_bio_PKCS7(out, message) : i2d_PKCS7_bio(out, message), 1);
    PKCS7_free(message);
}

static BIO *written(const struct row *row, const struct kit_cert *cert)
{
    BIO *out = BIO_new(BIO_s_mem());
    if (row->has_text_before) {
        (void)BIO_puts(out, "the intermediate of our authority\n\n");
    }
    if (row->form == FORM_PKCS7 || row->form == FORM_PKCS7_PEM) {
        put_pkcs7(out, cert->certificate, row->certificates, row->form == FORM_PKCS7_PEM);
    } else if (row->form == FORM_KEY) {
        assert_int_equal(
            PEM_write_bio_PrivateKey(out, cert->key, NULL, NULL, 0, NULL, (void *)(uintptr_t) "x"),
            1);
    } else if (row->form == FORM_TEXT) {
        (void)BIO_puts(out, "<html>404 not found</html>");
    }
    for (size_t i = 0; i < row->certificates; i++) {
        if (row->form == FORM_DER) {
            assert_int_equal(i2d_X509_bio(out, cert->certificate), 1);
        } else if (row->form == FORM_PEM) {
            assert_int_equal(PEM_write_bio_X509(out, cert->certificate), 1);
        }
    }
    for (size_t i = 0; i < row->tail; i++) {
        (void)BIO_write(out, "", 1);
    }
    return out;
}

static struct slice bytes_of(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    return (struct slice){(const uint8_t *)data, (size_t)len};
}

static void reads(void **state)
{
    const struct row *row = *state;
    struct kit_cert cert = kit_make(&plain, NULL);
    BIO *bio = written(row, &cert);
    X509 *found[CERT_BUNDLE_MAX];
    ERR_clear_error();
    size_t count = cert_bundle_read(bytes_of(bio), found);
    bool are_same = true;
    for (size_t i = 0; i < count; i++) {
        are_same = are_same && X509_cmp(found[i], cert.certificate) == 0;
    }
    cert_bundle_clear(found, count);
    BIO_free(bio);
    kit_clear(&cert);
    assert_int_equal(count, row->want);
    assert_true(are_same);
    assert_int_equal(ERR_peek_error(), 0);
}

// What is cut short, or has one byte changed, may be read or not; it is never taken for more.
static void survives_damage(void **state)
{
    static const enum form forms[] = {FORM_DER, FORM_PEM, FORM_PKCS7};
    size_t most = 0;
    (void)state;
    for (size_t k = 0; k < COUNT(forms); k++) {
        const struct row whole = {.form = forms[k], .certificates = 1};
        struct kit_cert cert = kit_make(&plain, NULL);
        BIO *bio = written(&whole, &cert);
        struct slice bytes = bytes_of(bio);
        uint8_t *copy = malloc(bytes.len);
        assert_non_null(copy);
        for (size_t i = 0; i < bytes.len; i++) {
            X509 *found[CERT_BUNDLE_MAX];
            size_t count = cert_bundle_read(slice_part(bytes, 0, i), found);
            most = count > most ? count : most;
            cert_bundle_clear(found, count);
            memcpy(copy, bytes.data, bytes.len);
            copy[i] ^= 0x41;
            count = cert_bundle_read((struct slice){copy, bytes.len}, found);
            most = count > most ? count : most;
            cert_bundle_clear(found, count);
        }
        free(copy);
        BIO_free(bio);
        kit_clear(&cert);
    }
    assert_in_range(most, 0, 1);
}

// The issuer is the one whose key signed; its name alone is not enough.
static void finds_the_issuer_by_its_key(void **state)
{
    const struct recipe of_leaf = {.subject = "leaf"};
    struct kit_cert issuer = kit_make(&plain, NULL), twin = kit_make(&plain, NULL);
    struct kit_cert leaf = kit_make(&of_leaf, &issuer);
    X509 *both[] = {twin.certificate, issuer.certificate};
    (void)state;
    bool is_found = cert_bundle_issuer(both, 2, leaf.certificate) == issuer.certificate;
    bool is_no_twin = cert_bundle_issuer(both, 1, leaf.certificate) == NULL;
    bool is_own = cert_bundle_issuer(both, 2, issuer.certificate) == issuer.certificate;
    kit_clear(&leaf);
    kit_clear(&twin);
    kit_clear(&issuer);
    assert_true(is_found);
    assert_true(is_no_twin);
    assert_true(is_own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(survives_damage),
                                       cmocka_unit_test(finds_the_issuer_by_its_key)};
    return RUN_ROWS(rows, reads) + cmocka_run_group_tests(tests, NULL, NULL);
}
