#include "lab_mint.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "cert_names.h"
#include "cert_tools.h"

void lab_cert_clear(struct lab_cert *cert)
{
    X509_free(cert->certificate);
    EVP_PKEY_free(cert->key);
    *cert = (struct lab_cert){NULL, NULL};
}

EVP_PKEY *lab_key_make(enum lab_key key)
{
    switch (key) {
    case LAB_KEY_ECDSA:
        return EVP_EC_gen("P-256");
    case LAB_KEY_RSA:
        return EVP_RSA_gen(2048);
    case LAB_KEY_RSA1024:
        return EVP_RSA_gen(1024);
    case LAB_KEY_P384:
        return EVP_EC_gen("P-384");
    case LAB_KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case LAB_KEYS:
        break;
    }
    return NULL;
}

// subject_set reads "O=…/CN=…".
static bool subject_set(X509_NAME *name, const char *text)
{
    char part[LAB_SUBJECT_MAX * 2];
    while (*text != '\0') {
        size_t len = strcspn(text, "/");
        if (len >= sizeof(part)) {
            return false;
        }
        memcpy(part, text, len);
        part[len] = '\0';
        char *value = strchr(part, '=');
        if (value == NULL) {
            return false;
        }
        *value++ = '\0';
        if (X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const uint8_t *)value, -1, -1,
                                       0) != 1) {
            return false;
        }
        text += len + (text[len] == '/');
    }
    return true;
}

static const char *without_labels(const char *host, int count)
{
    for (int i = 0; i < count; i++) {
        const char *dot = strchr(host, '.');
        if (dot == NULL || dot[1] == '\0') {
            break; // there is no more to leave out
        }
        host = dot + 1;
    }
    return host;
}

// word_fill replaces a {word} at `text` by what it means for `host`; it gives the length read, 0
// when none stands there.
static size_t word_fill(const char *text, const char *host, const char **out_value)
{
    static const char *const words[] = {"{host}", "{parent}", "{grandparent}"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strncmp(text, words[i], strlen(words[i])) == 0) {
            *out_value = without_labels(host, (int)i);
            return strlen(words[i]);
        }
    }
    return 0;
}

// name_next writes the next of `*names` with its words filled in; false at the end or when it is
// too long.
static bool name_next(const char **names, const char *host, char out_name[CERT_HOST_MAX + 3])
{
    const char *at = *names;
    size_t len = 0;
    while (*at == ',' || *at == ' ') {
        at++;
    }
    while (*at != '\0' && *at != ',') {
        const char *value = at;
        size_t taken = word_fill(at, host, &value), value_len = taken > 0 ? strlen(value) : 1;
        if (len + value_len > CERT_HOST_MAX + 2) {
            return false;
        }
        memcpy(out_name + len, value, value_len);
        len += value_len;
        at += taken > 0 ? taken : 1;
    }
    out_name[len] = '\0';
    *names = at;
    return len > 0;
}

void lab_names_first(const char *names, const char *host, char out_name[LAB_SUBJECT_MAX])
{
    char name[CERT_HOST_MAX + 3] = "";
    if (!name_next(&names, host, name)) {
        (void)snprintf(name, sizeof(name), "%s", host); // a host is no longer
    }
    (void)snprintf(out_name, LAB_SUBJECT_MAX, "%.64s", name); // ub-common-name: cut
}

static bool name_add(GENERAL_NAMES *list, const char *name, struct error *error)
{
    char host[CERT_HOST_MAX + 1];
    bool is_wildcard = strncmp(name, "*.", 2) == 0;
    enum cert_host kind = cert_host_read(is_wildcard ? name + 2 : name, host);
    if (kind == CERT_HOST_BAD || (is_wildcard && kind == CERT_HOST_IP)) {
        return error_set(error, ERROR_CONFIG,
                         "bad certificate name '%.100s': expected a host name, a wildcard such as "
                         "*.example.test, or an IP literal",
                         name);
    }
    char whole[CERT_HOST_MAX + 3];
    (void)snprintf(whole, sizeof(whole), "%s%s", is_wildcard ? "*." : "", host); // fits
    return cert_names_add(list, kind, whole) || crypto_error_set(error, "cannot add a name");
}

static bool names_set(X509 *made, const struct lab_draft *draft, struct error *error)
{
    char name[CERT_HOST_MAX + 3];
    const char *at = draft->names;
    if (at == NULL) {
        return true;
    }
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    bool is_fine = list != NULL;
    while (is_fine && name_next(&at, draft->host, name)) {
        is_fine = name_add(list, name, error);
    }
    if (is_fine &&
        X509_add1_ext_i2d(made, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT) != 1) {
        is_fine = crypto_error_set(error, "cannot add the names");
    }
    GENERAL_NAMES_free(list);
    return is_fine;
}

static bool extension_set(X509 *made, X509 *issuer, int nid, const char *value)
{
    return value == NULL || cert_extension_add(made, issuer, nid, value);
}

static bool extensions_set(X509 *made, X509 *issuer, EVP_PKEY *key, const struct lab_draft *draft)
{
    char access[512], list[256];
    bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    const char *usage =
        is_rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
    bool has_access = draft->aia != NULL || draft->ocsp != NULL;
    (void)snprintf(access, sizeof(access), "%s%.200s%s%s%.200s", // fits
                   draft->aia != NULL ? "caIssuers;URI:" : "", draft->aia != NULL ? draft->aia : "",
                   draft->aia != NULL && draft->ocsp != NULL ? "," : "",
                   draft->ocsp != NULL ? "OCSP;URI:" : "", draft->ocsp != NULL ? draft->ocsp : "");
    (void)snprintf(list, sizeof(list), "URI:%.200s", draft->crl != NULL ? draft->crl : ""); // fits
    return cert_extension_add(made, issuer, NID_basic_constraints,
                              draft->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
           cert_extension_add(made, issuer, NID_key_usage,
                              draft->is_ca ? "critical,keyCertSign,cRLSign,digitalSignature"
                                           : usage) &&
           cert_extension_add(made, issuer, NID_subject_key_identifier, "hash") &&
           cert_extension_add(made, issuer, NID_authority_key_identifier, "keyid") &&
           extension_set(made, issuer, NID_ext_key_usage, draft->purpose) &&
           extension_set(made, issuer, NID_name_constraints, draft->constraints) &&
           extension_set(made, issuer, NID_info_access, has_access ? access : NULL) &&
           extension_set(made, issuer, NID_crl_distribution_points,
                         draft->crl != NULL ? list : NULL) &&
           extension_set(made, issuer, NID_tlsfeature,
                         draft->must_staple ? "status_request" : NULL);
}

static bool body_set(X509 *made, EVP_PKEY *key, X509 *issuer, const struct lab_draft *draft)
{
    int64_t now_us = clock_wall_us();
    return X509_set_version(made, X509_VERSION_3) == 1 && cert_serial_set(made) &&
           subject_set(X509_get_subject_name(made), draft->subject) &&
           X509_set_issuer_name(made, X509_get_subject_name(issuer)) == 1 &&
           cert_time_set(X509_getm_notBefore(made), now_us + draft->days.from * DAY_US) &&
           cert_time_set(X509_getm_notAfter(made), now_us + draft->days.to * DAY_US) &&
           X509_set_pubkey(made, key) == 1 && extensions_set(made, issuer, key, draft);
}

// decode_anew gives the certificate as a peer would read it: one that was built keeps what OpenSSL
// looked up in it half-built.
static X509 *decode_anew(X509 *built)
{
    uint8_t *der = NULL;
    int len = i2d_X509(built, &der);
    const uint8_t *at = der;
    X509 *decoded = len > 0 ? d2i_X509(NULL, &at, len) : NULL;
    OPENSSL_free(der);
    if (decoded != NULL) {
        (void)X509_check_purpose(decoded, -1, 0); // reads the extensions before it is shared
    }
    return decoded;
}

bool lab_cert_make(const struct lab_draft *draft, EVP_PKEY *key, const struct lab_cert *issuer,
                   struct lab_cert *out_cert, struct error *error)
{
    ERR_clear_error();
    X509 *made = X509_new();
    X509 *above = issuer != NULL ? issuer->certificate : made;
    EVP_PKEY *signer = issuer != NULL ? issuer->key : key;
    struct lab_cert cert = {NULL, NULL};
    bool is_made = made != NULL && key != NULL && body_set(made, key, above, draft);
    if (!is_made) {
        (void)crypto_error_set(error, "cannot make a certificate of the lab"); // false below
    } else if (!names_set(made, draft, error)) {
        is_made = false;
    } else if (X509_sign(made, signer, draft->is_sha1 ? EVP_sha1() : cert_digest_for(signer)) <=
                   0 ||
               (cert.certificate = decode_anew(made)) == NULL || EVP_PKEY_up_ref(key) != 1) {
        is_made = crypto_error_set(error, "cannot sign a certificate of the lab");
    }
    X509_free(made);
    ERR_clear_error();
    if (!is_made) {
        X509_free(cert.certificate);
        return false;
    }
    cert.key = key;
    *out_cert = cert;
    return true;
}

static bool list_entry(X509_CRL *crl, X509 *revoked, ASN1_TIME *since)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
    bool is_added =
        entry != NULL && reason != NULL &&
        X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked)) == 1 &&
        X509_REVOKED_set_revocationDate(entry, since) == 1 &&
        ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE) == 1 &&
        X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, X509V3_ADD_DEFAULT) == 1 &&
        X509_CRL_add0_revoked(crl, entry) == 1;
    ASN1_ENUMERATED_free(reason);
    if (!is_added) {
        X509_REVOKED_free(entry);
    }
    return is_added;
}

X509_CRL *lab_crl_make(const struct lab_cert *issuer, X509 *revoked)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -86400);
    ASN1_TIME *to = X509_gmtime_adj(NULL, 30L * 86400);
    bool is_made = crl != NULL && from != NULL && to != NULL &&
                   X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
                   X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate)) == 1 &&
                   X509_CRL_set1_lastUpdate(crl, from) == 1 &&
                   X509_CRL_set1_nextUpdate(crl, to) == 1 &&
                   (revoked == NULL || list_entry(crl, revoked, from)) &&
                   X509_CRL_sign(crl, issuer->key, cert_digest_for(issuer->key)) > 0;
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    if (!is_made) {
        X509_CRL_free(crl);
        return NULL;
    }
    return crl;
}

static OCSP_BASICRESP *basic_make(X509 *leaf, const struct lab_cert *issuer, enum lab_staple staple)
{
    long from_s = staple == LAB_STAPLE_EXPIRED ? -30L * 86400 : -3600;
    int status = staple == LAB_STAPLE_REVOKED ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), leaf, issuer->certificate);
    ASN1_TIME *from = X509_gmtime_adj(NULL, from_s);
    ASN1_TIME *to = X509_gmtime_adj(NULL, from_s + 7L * 86400);
    bool is_made = basic != NULL && id != NULL && from != NULL && to != NULL &&
                   OCSP_basic_add1_status(basic, id, status, 0,
                                          status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL, from,
                                          to) != NULL &&
                   OCSP_basic_sign(basic, issuer->certificate, issuer->key,
                                   cert_digest_for(issuer->key), NULL, OCSP_NOCERTS) == 1;
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    if (!is_made) {
        OCSP_BASICRESP_free(basic);
        return NULL;
    }
    return basic;
}

bool lab_staple_make(X509 *leaf, const struct lab_cert *issuer, enum lab_staple staple,
                     uint8_t **out_der, size_t *out_len)
{
    ERR_clear_error();
    OCSP_BASICRESP *basic = basic_make(leaf, issuer, staple);
    OCSP_RESPONSE *response =
        basic != NULL ? OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic) : NULL;
    uint8_t *der = NULL;
    int len = response != NULL ? i2d_OCSP_RESPONSE(response, &der) : 0;
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    ERR_clear_error();
    if (len <= 0) {
        return false;
    }
    *out_der = der;
    *out_len = (size_t)len;
    return true;
}
