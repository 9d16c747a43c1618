// Makes certificates, CRLs and OCSP responses for tests, in memory and relative to now: nothing
// here expires. All-zero fields of a recipe mean what a healthy certificate has.
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "rows.h"

struct recipe {
    const char *subject; // common name
    const char *names;   // subjectAltName as OpenSSL's configuration has it; NULL: none
    int from_days, to_days;
    const char *constraints;      // basicConstraints; NULL: by `is_ca`
    const char *key_usage;        // "" leaves it out
    const char *purpose;          // extendedKeyUsage; NULL: none
    const char *name_constraints; // NULL: none
    const char *aia;              // authorityInfoAccess; NULL: none
    const char *crl;              // crlDistributionPoints; NULL: none
    const char *feature;          // tlsfeature; NULL: none
    const char *curve;            // "P-256" when NULL
    int rsa_bits;                 // an RSA key instead, when not 0
    const char *digest;           // "SHA256" when NULL
    bool has_no_key_ids;          // no subject and authority key identifiers
    bool has_explicit_curve;      // spelled out instead of named (RFC 5480 forbids it)
    bool is_ca;
};

struct kit_cert {
    X509 *certificate;
    EVP_PKEY *key;
};

static inline void kit_clear(struct kit_cert *cert)
{
    X509_free(cert->certificate);
    EVP_PKEY_free(cert->key);
    *cert = (struct kit_cert){NULL, NULL};
}

static inline void kit_extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    if (value == NULL || value[0] == '\0') {
        return;
    }
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void kit_dates(X509 *certificate, int from_days, int to_days)
{
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), (long)from_days * 86400));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), (long)to_days * 86400));
}

static inline void kit_extensions(const struct recipe *recipe, X509 *made, X509 *issuer)
{
    const char *constraints = recipe->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
    const char *usage =
        recipe->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
    kit_extend(made, issuer, NID_basic_constraints,
               recipe->constraints != NULL ? recipe->constraints : constraints);
    kit_extend(made, issuer, NID_key_usage, recipe->key_usage != NULL ? recipe->key_usage : usage);
    if (!recipe->has_no_key_ids) {
        kit_extend(made, issuer, NID_subject_key_identifier, "hash");
        if (X509_get0_subject_key_id(issuer) != NULL) {
            kit_extend(made, issuer, NID_authority_key_identifier, "keyid");
        }
    }
    kit_extend(made, issuer, NID_subject_alt_name, recipe->names);
    kit_extend(made, issuer, NID_ext_key_usage, recipe->purpose);
    kit_extend(made, issuer, NID_name_constraints, recipe->name_constraints);
    kit_extend(made, issuer, NID_info_access, recipe->aia);
    kit_extend(made, issuer, NID_crl_distribution_points, recipe->crl);
    kit_extend(made, issuer, NID_tlsfeature, recipe->feature);
}

// kit_decode_anew gets rid of what OpenSSL looked up while the certificate was half-built.
static inline void kit_decode_anew(struct kit_cert *made)
{
    uint8_t *der = NULL;
    int len = i2d_X509(made->certificate, &der);
    const uint8_t *at = der;
    X509_free(made->certificate);
    made->certificate = d2i_X509(NULL, &at, len);
    assert_non_null(made->certificate);
    OPENSSL_free(der);
}

// kit_reissue makes a certificate for `key` (taken), signed by `issuer`, by itself when NULL.
static inline struct kit_cert kit_reissue(const struct recipe *recipe, EVP_PKEY *key,
                                          const struct kit_cert *issuer)
{
    struct kit_cert made = {X509_new(), key};
    assert_non_null(made.certificate);
    assert_non_null(key);
    const struct kit_cert *signer = issuer != NULL ? issuer : &made;
    X509_NAME *name = X509_get_subject_name(made.certificate);
    uint8_t serial[8];
    assert_int_equal(RAND_bytes(serial, sizeof(serial)), 1);
    uint64_t number = 0;
    memcpy(&number, serial, sizeof(number));
    assert_int_equal(ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.certificate), number), 1);
    assert_int_equal(X509_set_version(made.certificate, X509_VERSION_3), 1);
    if (recipe->subject != NULL) {
        assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                                    (const uint8_t *)recipe->subject, -1, -1, 0),
                         1);
    }
    assert_int_equal(
        X509_set_issuer_name(made.certificate, X509_get_subject_name(signer->certificate)), 1);
    kit_dates(made.certificate, recipe->from_days != 0 ? recipe->from_days : -10,
              recipe->to_days != 0 ? recipe->to_days : 90);
    assert_int_equal(X509_set_pubkey(made.certificate, key), 1);
    kit_extensions(recipe, made.certificate, signer->certificate);
    const EVP_MD *digest = EVP_get_digestbyname(recipe->digest != NULL ? recipe->digest : "SHA256");
    assert_true(X509_sign(made.certificate, signer->key, digest) > 0);
    kit_decode_anew(&made);
    return made;
}

static inline struct kit_cert kit_make(const struct recipe *recipe, const struct kit_cert *issuer)
{
    EVP_PKEY *key = recipe->rsa_bits != 0
                        ? EVP_RSA_gen((size_t)recipe->rsa_bits)
                        : EVP_EC_gen(recipe->curve != NULL ? recipe->curve : "P-256");
    if (recipe->has_explicit_curve) {
        assert_int_equal(
            EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
    }
    return kit_reissue(recipe, key, issuer);
}

// kit_crl makes a CRL of `issuer`, signed by `signer`'s key, that revokes `revoked` (NULL: none).
static inline X509_CRL *kit_crl(const struct kit_cert *issuer, const struct kit_cert *signer,
                                X509 *revoked, int to_days)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -20L * 86400);
    ASN1_TIME *to = X509_gmtime_adj(NULL, (long)to_days * 86400);
    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate)), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, from), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, to), 1);
    if (revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();
        assert_int_equal(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked)), 1);
        assert_int_equal(X509_REVOKED_set_revocationDate(entry, from), 1);
        assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
    }
    assert_true(X509_CRL_sign(crl, signer->key, EVP_sha256()) > 0);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return crl;
}

// kit_staple makes an OCSP response about `leaf` by `signer`; the caller frees it with
// OPENSSL_free. `status` is a V_OCSP_CERTSTATUS_….
static inline int kit_staple(X509 *leaf, X509 *issuer, const struct kit_cert *signer, int status,
                             const EVP_MD *id_digest, int from_days, uint8_t **out_der)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(id_digest, leaf, issuer);
    ASN1_TIME *from = X509_gmtime_adj(NULL, (long)from_days * 86400);
    ASN1_TIME *to = X509_gmtime_adj(NULL, (long)(from_days + 7) * 86400);
    ASN1_TIME *when = status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL;
    assert_non_null(OCSP_basic_add1_status(basic, id, status, 0, when, from, to));
    assert_int_equal(OCSP_basic_sign(basic, signer->certificate, signer->key, EVP_sha256(), NULL,
                                     X509_cmp(signer->certificate, issuer) == 0 ? OCSP_NOCERTS : 0),
                     1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    *out_der = NULL;
    int len = i2d_OCSP_RESPONSE(response, out_der);
    assert_true(len > 0);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return len;
}
