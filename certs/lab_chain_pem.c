#include "lab_chain.h"

#include <openssl/pem.h>

// bio_take appends what `pem` holds and frees it.
static bool bio_take(BIO *pem, bool is_written, struct buffer *out)
{
    uint8_t *data = NULL;
    long len = pem != NULL ? BIO_get_mem_data(pem, &data) : 0;
    bool is_taken = is_written && buffer_append(out, (struct slice){data, (size_t)len});
    BIO_free(pem);
    return is_taken;
}

static bool certificates_pem(X509 *const *list, size_t count, struct buffer *out)
{
    BIO *pem = BIO_new(BIO_s_mem());
    bool is_written = pem != NULL;
    for (size_t i = 0; is_written && i < count; i++) {
        is_written = PEM_write_bio_X509(pem, list[i]) == 1;
    }
    return bio_take(pem, is_written, out);
}

bool lab_chain_pem(const struct lab_chain *chain, struct buffer *out)
{
    return certificates_pem(chain->sent, chain->sent_count, out);
}

bool lab_chain_trusted_pem(const struct lab_chain *chain, struct buffer *out)
{
    return certificates_pem(chain->trusted, chain->trusted_count, out);
}

bool lab_chain_key_pem(const struct lab_chain *chain, struct buffer *out)
{
    BIO *pem = BIO_new(BIO_s_mem());
    bool is_written =
        pem != NULL && PEM_write_bio_PrivateKey(pem, chain->key, NULL, NULL, 0, NULL, NULL) == 1;
    return bio_take(pem, is_written, out);
}

bool lab_chain_crl_pem(const struct lab_chain *chain, struct buffer *out)
{
    if (chain->crl == NULL) {
        return true;
    }
    BIO *pem = BIO_new(BIO_s_mem());
    bool is_written = pem != NULL && PEM_write_bio_X509_CRL(pem, chain->crl) == 1;
    return bio_take(pem, is_written, out);
}
