// What the bridge is given to trust: the ends of all chains, and their CRLs.
#include <stdlib.h>

#include <openssl/pem.h>

#include "origins_inside.h"

static bool has_certificate(const struct origins *origins, const X509 *certificate)
{
    for (size_t i = 0; i < origins->trusted_count; i++) {
        if (X509_cmp(origins->trusted[i], certificate) == 0) {
            return true;
        }
    }
    return false;
}

static bool keep_certificate(struct origins *origins, X509 *certificate)
{
    if (has_certificate(origins, certificate)) {
        return true;
    }
    X509 **grown =
        realloc(origins->trusted, (origins->trusted_count + 1) * sizeof(*origins->trusted));
    if (grown == NULL) {
        return false;
    }
    origins->trusted = grown;
    if (X509_up_ref(certificate) != 1) {
        return false;
    }
    origins->trusted[origins->trusted_count++] = certificate;
    return true;
}

static bool keep_crl(struct origins *origins, X509_CRL *crl)
{
    X509_CRL **grown = realloc(origins->crls, (origins->crl_count + 1) * sizeof(*origins->crls));
    if (grown == NULL) {
        return false;
    }
    origins->crls = grown;
    if (X509_CRL_up_ref(crl) != 1) {
        return false;
    }
    origins->crls[origins->crl_count++] = crl;
    return true;
}

bool origins_trust(struct origins *origins, const struct lab_chain *chain)
{
    for (size_t i = 0; i < chain->trusted_count; i++) {
        if (!keep_certificate(origins, chain->trusted[i])) {
            return false;
        }
    }
    return chain->crl == NULL || keep_crl(origins, chain->crl);
}

// take appends what `pem` holds and frees it.
static bool take(BIO *pem, bool is_written, struct buffer *out)
{
    uint8_t *data = NULL;
    long len = pem != NULL ? BIO_get_mem_data(pem, &data) : 0;
    bool is_taken = is_written && buffer_append(out, (struct slice){data, (size_t)len});
    BIO_free(pem);
    return is_taken;
}

bool origins_trusted_pem(const struct origins *origins, struct buffer *out)
{
    BIO *pem = BIO_new(BIO_s_mem());
    // The lab's own root always: a bundle must not be empty, and clients' certificates end there.
    bool is_written = pem != NULL && PEM_write_bio_X509(pem, lab_ca_root(origins->ca)) == 1;
    for (size_t i = 0; is_written && i < origins->trusted_count; i++) {
        if (X509_cmp(origins->trusted[i], lab_ca_root(origins->ca)) != 0) {
            is_written = PEM_write_bio_X509(pem, origins->trusted[i]) == 1;
        }
    }
    return take(pem, is_written, out);
}

bool origins_crl_pem(const struct origins *origins, struct buffer *out)
{
    BIO *pem = BIO_new(BIO_s_mem());
    bool is_written = pem != NULL;
    for (size_t i = 0; is_written && i < origins->crl_count; i++) {
        is_written = PEM_write_bio_X509_CRL(pem, origins->crls[i]) == 1;
    }
    return take(pem, is_written, out);
}
