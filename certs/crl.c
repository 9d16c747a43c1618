// Walks a list in place: a decoded one takes memory and time many times its length.
#include "crl.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cert_tools.h"
#include "crl_scope.h"
#include "der.h"

#define SKEW_US        (300 * SECOND_US) // between the issuer's clock and ours
#define NAME_BYTES_MAX ((size_t)64 * 1024)

// The last byte of what midspan knows of id-ce, 2.5.29.
enum known {
    KNOWN_NUMBER = 20,
    KNOWN_REASON = 21,
    KNOWN_INVALIDITY = 24,
    KNOWN_DELTA = 27,
    KNOWN_POINT = 28,
    KNOWN_ENTRY_ISSUER = 29,
    KNOWN_AUTHORITY_KEY = 35,
    KNOWN_FRESHEST = 46
};

struct list {
    struct slice tbs;                         // as it was signed
    struct slice algorithm, outer, signature; // DER, whole
    struct slice issuer, from, until;         // DER, whole; no `until`: empty
    struct slice entries, extensions;         // content
    struct slice point;                       // issuingDistributionPoint; empty: none
    bool is_delta, is_indirect, is_odd, has_delta;
    struct slice found, reason; // the certificate's entry: its date, whole; the extension's value
};

// ---- extensions

struct extension {
    int known; // KNOWN_…, or some other number of id-ce; -1: of elsewhere
    bool is_critical;
    struct slice value;
};

static bool read_extension(struct slice *left, struct extension *out)
{
    struct der extension, name, critical, value;
    if (!der_take(left, DER_SEQUENCE, &extension)) {
        return false;
    }
    struct slice rest = extension.content;
    if (!der_take(&rest, DER_OID, &name)) {
        return false;
    }
    bool has_flag = der_take(&rest, DER_BOOLEAN, &critical);
    if (!der_take(&rest, DER_OCTETS, &value) || rest.len > 0) {
        return false;
    }
    bool is_ce = name.content.len == 3 && memcmp(name.content.data, "\x55\x1d", 2) == 0;
    out->known = is_ce ? name.content.data[2] : -1;
    out->is_critical = has_flag && critical.content.len == 1 && critical.content.data[0] != 0;
    out->value = value.content;
    return true;
}

// "If a CRL contains a critical extension that the application cannot process, then the
// application MUST NOT use that CRL to determine the status of certificates" (RFC 5280 section
// 5.2); of entries section 5.3 says the same.
static bool read_list_extensions(struct list *list)
{
    struct slice left = list->extensions;
    struct extension extension;
    while (left.len > 0) {
        if (!read_extension(&left, &extension)) {
            return false;
        }
        switch (extension.known) {
        case KNOWN_DELTA:
            list->is_delta = true;
            break;
        case KNOWN_POINT:
            list->point = extension.value;
            list->is_odd = list->is_odd || extension.value.len == 0;
            break;
        case KNOWN_FRESHEST:
            list->has_delta = true;
            break;
        case KNOWN_NUMBER:
        case KNOWN_AUTHORITY_KEY:
            break;
        default:
            list->is_odd = list->is_odd || extension.is_critical;
        }
    }
    return true;
}

static bool read_entry_extensions(struct list *list, struct slice left, struct slice *out_reason)
{
    struct extension extension;
    while (left.len > 0) {
        if (!read_extension(&left, &extension)) {
            return false;
        }
        switch (extension.known) {
        case KNOWN_REASON:
            *out_reason = extension.value;
            break;
        case KNOWN_ENTRY_ISSUER:
            list->is_indirect = true;
            break;
        case KNOWN_INVALIDITY:
            break;
        default:
            list->is_odd = list->is_odd || extension.is_critical;
        }
    }
    return true;
}

// ---- the list

static bool take_time(struct slice *left, struct der *out)
{
    return der_take(left, DER_UTC_TIME, out) || der_take(left, DER_GENERAL_TIME, out);
}

static bool read_entry(struct list *list, struct slice entry, struct slice serial)
{
    struct der number, date, extensions = {0};
    struct slice reason = SLICE_EMPTY;
    if (!der_take(&entry, DER_INTEGER, &number) || !take_time(&entry, &date)) {
        return false;
    }
    if (der_take(&entry, DER_SEQUENCE, &extensions) &&
        !read_entry_extensions(list, extensions.content, &reason)) {
        return false;
    }
    if (list->found.len == 0 && slice_equals(number.content, serial)) {
        list->found = date.whole;
        list->reason = reason;
    }
    return entry.len == 0;
}

static bool read_entries(struct list *list, struct slice serial)
{
    struct slice left = list->entries;
    struct der entry;
    while (left.len > 0) {
        if (!der_take(&left, DER_SEQUENCE, &entry) || !read_entry(list, entry.content, serial)) {
            return false;
        }
    }
    return true;
}

// read_fields reads TBSCertList up to its entries (RFC 5280 section 5.1).
static bool read_fields(struct list *list, struct slice left)
{
    struct der version, algorithm, issuer, from, until = {0}, entries = {0};
    struct der extensions = {0}, inner;
    (void)der_take(&left, DER_INTEGER, &version); // version 1 has none, and no extensions
    if (!der_take(&left, DER_SEQUENCE, &algorithm) || !der_take(&left, DER_SEQUENCE, &issuer) ||
        !take_time(&left, &from)) {
        return false;
    }
    (void)take_time(&left, &until); // "This profile requires inclusion", old lists have none
    (void)der_take(&left, DER_SEQUENCE, &entries); // none when nothing is revoked
    if (der_take(&left, DER_EXPLICIT_0, &extensions)) {
        struct slice content = extensions.content;
        if (!der_take(&content, DER_SEQUENCE, &inner) || content.len > 0) {
            return false;
        }
        list->extensions = inner.content;
    }
    list->algorithm = algorithm.whole;
    list->issuer = issuer.whole;
    list->from = from.whole;
    list->until = until.whole;
    list->entries = entries.content;
    return left.len == 0;
}

static bool read_list(struct slice der, struct slice serial, struct list *list)
{
    struct der all, tbs, algorithm, signature;
    if (!der_take(&der, DER_SEQUENCE, &all)) {
        return false;
    }
    struct slice left = all.content;
    if (!der_take(&left, DER_SEQUENCE, &tbs) || !der_take(&left, DER_SEQUENCE, &algorithm) ||
        !der_take(&left, DER_BITS, &signature) || left.len > 0) {
        return false;
    }
    list->tbs = tbs.whole;
    list->outer = algorithm.whole;
    list->signature = signature.whole;
    return read_fields(list, tbs.content) && read_list_extensions(list) &&
           read_entries(list, serial);
}

// ---- what it means

static bool is_of_issuer(const struct list *list, X509 *issuer)
{
    const uint8_t *at = list->issuer.data;
    X509_NAME *name = list->issuer.len <= NAME_BYTES_MAX
                          ? d2i_X509_NAME(NULL, &at, (long)list->issuer.len)
                          : NULL;
    bool is_its = name != NULL && X509_NAME_cmp(name, X509_get_subject_name(issuer)) == 0;
    X509_NAME_free(name);
    return is_its;
}

static bool is_sound(const X509_ALGOR *algorithm)
{
    int digest = NID_undef;
    bool is_known = OBJ_find_sigid_algs(OBJ_obj2nid(algorithm->algorithm), &digest, NULL) == 1;
    return is_known && digest != NID_md2 && digest != NID_md4 && digest != NID_md5;
}

// is_signed checks the signature over the bytes as they came. "If a key usage extension is present
// in the CRL issuer's certificate, verify that the cRLSign bit is set" (RFC 5280 section 6.3.3
// (f)).
static bool is_signed(const struct list *list, X509 *issuer)
{
    const uint8_t *algorithm_at = list->outer.data, *signature_at = list->signature.data;
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    if (key == NULL || (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0 ||
        !slice_equals(list->algorithm, list->outer) || list->outer.len > NAME_BYTES_MAX ||
        list->signature.len > NAME_BYTES_MAX) {
        return false;
    }
    X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &algorithm_at, (long)list->outer.len);
    ASN1_BIT_STRING *signature =
        d2i_ASN1_BIT_STRING(NULL, &signature_at, (long)list->signature.len);
    ASN1_STRING *tbs = ASN1_STRING_type_new(V_ASN1_SEQUENCE); // encoded as it is, header included
    bool is_right =
        algorithm != NULL && signature != NULL && tbs != NULL && is_sound(algorithm) &&
        ASN1_STRING_set(tbs, list->tbs.data, (int)list->tbs.len) == 1 &&
        ASN1_item_verify(ASN1_ITEM_rptr(ASN1_SEQUENCE), algorithm, signature, tbs, key) == 1;
    ASN1_STRING_free(tbs);
    ASN1_BIT_STRING_free(signature);
    X509_ALGOR_free(algorithm);
    return is_right;
}

static int64_t time_of(struct slice der)
{
    const uint8_t *at = der.data;
    ASN1_TIME *time = der.len > 0 ? d2i_ASN1_TIME(NULL, &at, (long)der.len) : NULL;
    int64_t time_us = cert_time_us(time);
    ASN1_TIME_free(time);
    return time_us;
}

static const char *reason_of(struct slice value)
{
    struct der number;
    bool is_told = der_take(&value, DER_ENUMERATED, &number) && number.content.len == 1 &&
                   number.content.data[0] <= 10 && number.content.data[0] != 7; // 7 is not used
    return is_told ? OCSP_crl_reason_str(number.content.data[0]) : NULL;
}

static enum crl_says says_of(const struct list *list, X509 *certificate, X509 *issuer,
                             bool *out_partial)
{
    if (list->is_indirect) {
        return CRL_INDIRECT;
    }
    if (!is_of_issuer(list, issuer)) {
        return CRL_FOREIGN;
    }
    if (list->is_delta || list->is_odd) {
        return list->is_delta ? CRL_DELTA : CRL_ODD;
    }
    enum crl_says scope = crl_scope(list->point, certificate, out_partial);
    if (scope != CRL_ABSENT) {
        return scope;
    }
    return is_signed(list, issuer) ? CRL_ABSENT : CRL_UNSIGNED;
}

static void judge(const struct list *list, X509 *certificate, X509 *issuer, int64_t at_us,
                  struct crl_answer *out)
{
    bool is_partial = false;
    out->says = says_of(list, certificate, issuer, &is_partial);
    if (out->says != CRL_ABSENT) {
        return;
    }
    out->from_us = time_of(list->from);
    out->until_us = time_of(list->until);
    out->is_partial = is_partial;
    out->has_delta = list->has_delta;
    if (out->from_us > at_us + SKEW_US) {
        out->says = CRL_EARLY;
    } else if (list->found.len > 0) {
        out->says = CRL_REVOKED;
        out->revoked_us = time_of(list->found);
        out->reason = reason_of(list->reason);
    }
}

static void read_der(struct slice der, X509 *certificate, X509 *issuer, int64_t at_us,
                     struct crl_answer *out)
{
    struct list list = {0};
    struct der serial;
    uint8_t *number = NULL;
    int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &number);
    struct slice encoded = {number, len > 0 ? (size_t)len : 0};
    if (der_take(&encoded, DER_INTEGER, &serial) && read_list(der, serial.content, &list)) {
        judge(&list, certificate, issuer, at_us, out);
    }
    OPENSSL_free(number);
}

// pem_open gives the DER of the first list in PEM (OPENSSL_free); NULL: there is none.
static uint8_t *pem_open(struct slice bytes, size_t *out_len)
{
    BIO *source = BIO_new_mem_buf(bytes.data, (int)bytes.len);
    char *name = NULL, *header = NULL;
    uint8_t *data = NULL, *der = NULL;
    long len = 0;
    while (source != NULL && der == NULL &&
           PEM_read_bio(source, &name, &header, &data, &len) == 1) {
        if (strcmp(name, PEM_STRING_X509_CRL) == 0) {
            der = data;
            data = NULL;
            *out_len = (size_t)len;
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    BIO_free(source);
    return der;
}

void crl_read(struct slice bytes, X509 *certificate, X509 *issuer, int64_t at_us,
              struct crl_answer *out_answer)
{
    struct crl_answer answer = {.says = CRL_UNREADABLE};
    size_t len = 0;
    ERR_clear_error();
    if (bytes.len > 0 && bytes.len <= CRL_BYTES_MAX) {
        read_der(bytes, certificate, issuer, at_us, &answer);
        uint8_t *pem = answer.says == CRL_UNREADABLE ? pem_open(bytes, &len) : NULL;
        if (pem != NULL) {
            read_der((struct slice){pem, len}, certificate, issuer, at_us, &answer);
        }
        OPENSSL_free(pem);
    }
    ERR_clear_error();
    *out_answer = answer;
}

const char *crl_words(enum crl_says says)
{
    static const char *const words[] = {
#define XX(name, text) [CRL_##name] = text,
        CRL_MAP(XX)
#undef XX
    };
    return words[says];
}
