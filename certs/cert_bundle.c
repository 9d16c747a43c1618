#include "cert_bundle.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

struct bundle {
    X509 **certificates;
    size_t count;
};

// keep takes the certificate when there is room for it.
static void keep(struct bundle *bundle, X509 *certificate)
{
    if (certificate == NULL || bundle->count == CERT_BUNDLE_MAX) {
        X509_free(certificate);
        return;
    }
    bundle->certificates[bundle->count++] = certificate;
}

static void read_pkcs7(struct bundle *bundle, const uint8_t *data, long len)
{
    const uint8_t *at = data;
    PKCS7 *message = d2i_PKCS7(NULL, &at, len);
    if (message == NULL) {
        return;
    }
    STACK_OF(X509) *held =
        PKCS7_type_is_signed(message) && message->d.sign != NULL ? message->d.sign->cert : NULL;
    for (int i = 0; i < sk_X509_num(held); i++) {
        X509 *certificate = sk_X509_value(held, i);
        keep(bundle, X509_up_ref(certificate) == 1 ? certificate : NULL);
    }
    PKCS7_free(message);
}

static void read_der(struct bundle *bundle, const uint8_t *data, long len)
{
    const uint8_t *at = data;
    X509 *certificate = d2i_X509(NULL, &at, len);
    if (certificate != NULL) {
        keep(bundle, certificate);
    } else {
        read_pkcs7(bundle, data, len);
    }
}

static void read_pem(struct bundle *bundle, struct slice bytes)
{
    BIO *source = BIO_new_mem_buf(bytes.data, (int)bytes.len);
    char *name = NULL, *header = NULL;
    uint8_t *data = NULL;
    long len = 0;
    while (source != NULL && PEM_read_bio(source, &name, &header, &data, &len) == 1) {
        if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0) {
            const uint8_t *at = data;
            keep(bundle, d2i_X509(NULL, &at, len));
        } else if (strcmp(name, PEM_STRING_PKCS7) == 0) {
            read_pkcs7(bundle, data, len);
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    BIO_free(source);
}

size_t cert_bundle_read(struct slice bytes, X509 *out_certificates[CERT_BUNDLE_MAX])
{
    static const char begin[] = "-----BEGIN ";
    struct bundle bundle = {out_certificates, 0};
    if (bytes.len == 0 || bytes.len > CERT_BUNDLE_BYTES_MAX) {
        return 0;
    }
    ERR_clear_error();
    if (memmem(bytes.data, bytes.len, begin, sizeof(begin) - 1) != NULL) {
        read_pem(&bundle, bytes);
    }
    if (bundle.count == 0) { // DER may hold any text
        read_der(&bundle, bytes.data, (long)bytes.len);
    }
    ERR_clear_error();
    return bundle.count;
}

void cert_bundle_clear(X509 **certificates, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        X509_free(certificates[i]);
        certificates[i] = NULL;
    }
}

X509 *cert_bundle_issuer(X509 *const *certificates, size_t count, X509 *certificate)
{
    X509 *found = NULL;
    ERR_clear_error();
    for (size_t i = 0; i < count && found == NULL; i++) {
        EVP_PKEY *key = X509_get0_pubkey(certificates[i]);
        bool is_named = X509_NAME_cmp(X509_get_subject_name(certificates[i]),
                                      X509_get_issuer_name(certificate)) == 0;
        if (is_named && key != NULL && X509_verify(certificate, key) == 1) {
            found = certificates[i];
        }
    }
    ERR_clear_error();
    return found;
}
