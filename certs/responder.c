#include "responder.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "cert_tools.h"

// ---- the question

bool responder_question(X509 *leaf, X509 *issuer, struct buffer *out)
{
    uint8_t *der = NULL;
    ERR_clear_error();
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), leaf, issuer);
    bool is_named = request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL;
    if (!is_named) {
        OCSP_CERTID_free(id);
    }
    int len = is_named ? i2d_OCSP_REQUEST(request, &der) : -1;
    bool is_made = len > 0 && buffer_append(out, (struct slice){der, (size_t)len});
    OPENSSL_free(der);
    OCSP_REQUEST_free(request);
    ERR_clear_error();
    return is_made;
}

// ---- the answer

struct reading {
    X509 *leaf, *issuer;
    int64_t at_us;
    OCSP_BASICRESP *basic;
};

// is_delegate: "the issuer of the certificate in question […] includes a value of
// id-kp-OCSPSigning in an extendedKeyUsage" of a certificate that it issued itself (RFC 6960
// section 4.2.2.2).
static bool is_delegate(const struct reading *reading, X509 *signer)
{
    EVP_PKEY *key = X509_get0_pubkey(reading->issuer);
    return key != NULL && X509_check_issued(reading->issuer, signer) == X509_V_OK &&
           X509_verify(signer, key) == 1 &&
           (X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) != 0 &&
           cert_time_us(X509_get0_notBefore(signer)) <= reading->at_us &&
           cert_time_us(X509_get0_notAfter(signer)) >= reading->at_us;
}

// is_signed_rightly checks the response's signature and its signer's right to it, at our clock,
// which OCSP_basic_verify alone can't be told.
static bool is_signed_rightly(const struct reading *reading)
{
    STACK_OF(X509) *candidates = sk_X509_new_null();
    X509 *signer = NULL;
    bool is_right = candidates != NULL && sk_X509_push(candidates, reading->issuer) > 0 &&
                    OCSP_basic_verify(reading->basic, candidates, NULL, OCSP_NOVERIFY) == 1 &&
                    OCSP_resp_get0_signer(reading->basic, &signer, candidates) == 1 &&
                    (X509_cmp(signer, reading->issuer) == 0 || is_delegate(reading, signer));
    sk_X509_free(candidates);
    return is_right;
}

static bool is_for(const struct reading *reading, OCSP_SINGLERESP *single)
{
    const OCSP_CERTID *theirs = OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *digest = NULL;
    if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)theirs) != 1) {
        return false;
    }
    const EVP_MD *algorithm = EVP_get_digestbyobj(digest);
    OCSP_CERTID *ours =
        algorithm != NULL ? OCSP_cert_to_id(algorithm, reading->leaf, reading->issuer) : NULL;
    bool is_same = ours != NULL && OCSP_id_cmp(ours, theirs) == 0;
    OCSP_CERTID_free(ours);
    return is_same;
}

static enum responder_says says_of(int status)
{
    return status == V_OCSP_CERTSTATUS_GOOD      ? RESPONDER_GOOD
           : status == V_OCSP_CERTSTATUS_REVOKED ? RESPONDER_REVOKED
                                                 : RESPONDER_UNKNOWN;
}

static int64_t time_or_0(const ASN1_GENERALIZEDTIME *time)
{
    return time != NULL ? cert_time_us(time) : 0;
}

static void read_single(OCSP_SINGLERESP *single, struct responder_answer *out)
{
    int reason = -1;
    ASN1_GENERALIZEDTIME *since = NULL, *from = NULL, *until = NULL;
    out->says = says_of(OCSP_single_get0_status(single, &reason, &since, &from, &until));
    out->from_us = time_or_0(from);
    out->until_us = time_or_0(until);
    if (out->says == RESPONDER_REVOKED) {
        out->revoked_us = time_or_0(since);
        out->reason = reason >= 0 ? OCSP_crl_reason_str(reason) : NULL;
    }
}

// find looks for the answer about the leaf; of several, one that says "revoked" is taken.
static bool find(const struct reading *reading, struct responder_answer *out)
{
    bool is_found = false;
    for (int i = 0; i < OCSP_resp_count(reading->basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(reading->basic, i);
        if (is_for(reading, single) && out->says != RESPONDER_REVOKED) {
            read_single(single, out);
            is_found = true;
        }
    }
    return is_found;
}

static void read_basic(const struct reading *reading, struct responder_answer *out)
{
    out->produced_us = time_or_0(OCSP_resp_get0_produced_at(reading->basic));
    if (!find(reading, out)) {
        out->says = RESPONDER_FOREIGN;
    } else if (!is_signed_rightly(reading)) {
        *out =
            (struct responder_answer){.says = RESPONDER_UNSIGNED, .produced_us = out->produced_us};
    }
}

void responder_read(struct slice der, X509 *leaf, X509 *issuer, int64_t at_us,
                    struct responder_answer *out_answer)
{
    struct responder_answer answer = {.says = RESPONDER_UNREADABLE};
    struct reading reading = {.leaf = leaf, .issuer = issuer, .at_us = at_us};
    const uint8_t *at = der.data;
    ERR_clear_error();
    OCSP_RESPONSE *response = der.len > 0 && der.len <= RESPONDER_BYTES_MAX
                                  ? d2i_OCSP_RESPONSE(NULL, &at, (long)der.len)
                                  : NULL;
    if (response != NULL && OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        answer.says = RESPONDER_DECLINED;
    } else if (response != NULL) {
        reading.basic = OCSP_response_get1_basic(response);
    }
    if (reading.basic != NULL) {
        read_basic(&reading, &answer);
    }
    OCSP_BASICRESP_free(reading.basic);
    OCSP_RESPONSE_free(response);
    ERR_clear_error();
    *out_answer = answer;
}

const char *responder_words(enum responder_says says)
{
    static const char *const words[] = {
#define XX(name, text) [RESPONDER_##name] = text,
        RESPONDER_MAP(XX)
#undef XX
    };
    return words[says];
}
