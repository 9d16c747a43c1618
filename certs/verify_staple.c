#include "verify_run.h"

#include <openssl/ocsp.h>

#include "cert_tools.h"

#define SKEW_SECONDS 300 // between the responder's clock and ours

// issuer_of gives the leaf's issuer from the path built; NULL when it is not known.
static X509 *issuer_of(const struct verify_run *run)
{
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(run->context);
    if (sk_X509_num(path) > 1 && run->bad_signature_depth != 0) {
        return sk_X509_value(path, 1);
    }
    return NULL;
}

// is_delegate: "the issuer of the certificate in question […] includes a value of
// id-kp-OCSPSigning in an extendedKeyUsage" of a certificate that it issued itself (RFC 6960
// section 4.2.2.2).
static bool is_delegate(const struct verify_run *run, X509 *signer, X509 *issuer)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    return key != NULL && X509_check_issued(issuer, signer) == X509_V_OK &&
           X509_verify(signer, key) == 1 &&
           (X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) != 0 &&
           cert_time_us(X509_get0_notBefore(signer)) <= run->at_us &&
           cert_time_us(X509_get0_notAfter(signer)) >= run->at_us;
}

// is_signed_rightly checks the response's signature and its signer's right to it, at our clock,
// which OCSP_basic_verify alone can't be told.
static bool is_signed_rightly(const struct verify_run *run, OCSP_BASICRESP *basic, X509 *issuer)
{
    STACK_OF(X509) *candidates = sk_X509_new_null();
    X509 *signer = NULL;
    bool is_right = candidates != NULL && sk_X509_push(candidates, issuer) > 0 &&
                    OCSP_basic_verify(basic, candidates, NULL, OCSP_NOVERIFY) == 1 &&
                    OCSP_resp_get0_signer(basic, &signer, candidates) == 1 &&
                    (X509_cmp(signer, issuer) == 0 || is_delegate(run, signer, issuer));
    sk_X509_free(candidates);
    return is_right;
}

static bool is_for(OCSP_SINGLERESP *single, X509 *leaf, X509 *issuer)
{
    const OCSP_CERTID *theirs = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *digest = NULL;
    if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)theirs) != 1) {
        return false;
    }
    const EVP_MD *algorithm = EVP_get_digestbyobj(digest);
    OCSP_CERTID *ours = algorithm != NULL ? OCSP_cert_to_id(algorithm, leaf, issuer) : NULL;
    bool is_same = ours != NULL && OCSP_id_cmp(ours, theirs) == 0;
    OCSP_CERTID_free(ours);
    return is_same;
}

// says_revoked looks for the leaf's answer. One whose time is over still counts: what is revoked
// stays so; one from the future does not.
static bool says_revoked(const struct verify_run *run, OCSP_BASICRESP *basic, X509 *issuer)
{
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        ASN1_GENERALIZEDTIME *from = NULL;
        if (OCSP_single_get0_status(single, NULL, NULL, &from, NULL) == V_OCSP_CERTSTATUS_REVOKED &&
            cert_time_us(from) <= run->at_us + SKEW_SECONDS * SECOND_US &&
            is_for(single, run->sent[0], issuer)) {
            return true;
        }
    }
    return false;
}

void verify_staple_judge(struct verify_run *run)
{
    const uint8_t *at = run->spec->staple;
    X509 *issuer = issuer_of(run);
    if (at == NULL || issuer == NULL) {
        return;
    }
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)run->spec->staple_len);
    OCSP_BASICRESP *basic = NULL;
    if (response != NULL && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        basic = OCSP_response_get1_basic(response);
    }
    if (basic != NULL && says_revoked(run, basic, issuer) &&
        is_signed_rightly(run, basic, issuer)) {
        verify_note(run, CERT_FAULT_REVOKED, 0, run->sent[0], X509_V_ERR_CERT_REVOKED);
    }
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
}
