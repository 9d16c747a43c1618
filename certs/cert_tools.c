#include "cert_tools.h"

#include <stdio.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/err.h>

// One bit short of 20 octets, so that the encoding never needs a 21st.
#define SERIAL_BITS 159

bool crypto_error_set(struct error *error, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    (void)error_set(error, ERROR_CRYPTO, "%s%s%s", what, reason != NULL ? ": " : "",
                    reason != NULL ? reason : ""); // always false, as we are
    ERR_clear_error();
    return false;
}

int64_t cert_time_us(const ASN1_TIME *time)
{
    struct tm tm;
    if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1) {
        return 0;
    }
    return (int64_t)timegm(&tm) * SECOND_US;
}

bool cert_time_set(ASN1_TIME *time, int64_t wall_us)
{
    return time != NULL && ASN1_TIME_set(time, (time_t)(wall_us / SECOND_US)) != NULL;
}

bool cert_serial_set(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool is_set = number != NULL && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, 0) == 1 &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return is_set;
}

bool cert_extension_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    bool is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

const EVP_MD *cert_digest_for(const EVP_PKEY *key)
{
    int id = EVP_PKEY_get_base_id(key);
    return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448 ? NULL : EVP_sha256();
}

bool cert_fingerprint_hex(const X509 *certificate, char out_text[65])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1 || len != 32) {
        return false;
    }
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(out_text + 2 * i, 3, "%02x", digest[i]); // always fits
    }
    return true;
}
