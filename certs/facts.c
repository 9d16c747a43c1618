// Reads certificates, hostile ones too, into plain data.
#include "trust.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "cert_tools.h"
#include "facts_text.h"

// TLS feature 5, status_request: the certificate wants a stapled OCSP response (RFC 7633).
#define FEATURE_STATUS_REQUEST 5

struct reading {
    const X509 *certificate;
    struct arena *arena;
    struct cert_facts *facts;
};

static bool read_subject(struct reading *reading)
{
    const X509_NAME *subject = X509_get_subject_name(reading->certificate);
    reading->facts->subject = facts_text_name(reading->arena, subject);
    reading->facts->issuer =
        facts_text_name(reading->arena, X509_get_issuer_name(reading->certificate));
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) {
        reading->facts->common_name = facts_text_string(
            reading->arena, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    }
    return reading->facts->subject != NULL && reading->facts->issuer != NULL &&
           (at < 0 || reading->facts->common_name != NULL);
}

static bool is_shown(const GENERAL_NAME *name)
{
    return name->type == GEN_DNS || name->type == GEN_IPADD;
}

static bool read_names(struct reading *reading)
{
    struct cert_facts *facts = reading->facts;
    GENERAL_NAMES *names = X509_get_ext_d2i(reading->certificate, NID_subject_alt_name, NULL, NULL);
    int total = sk_GENERAL_NAME_num(names); // -1 for NULL
    size_t slots = total > CERT_NAMES_MAX ? CERT_NAMES_MAX : (size_t)(total > 0 ? total : 0);
    bool is_read = true;
    if (slots > 0) {
        facts->names = arena_alloc(reading->arena, slots * sizeof(*facts->names));
        is_read = facts->names != NULL;
    }
    for (int i = 0; is_read && i < total; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (!is_shown(name)) {
            continue;
        }
        facts->name_total++;
        if (facts->name_count == slots) {
            continue;
        }
        const char *text = facts_text_general_name(reading->arena, name);
        is_read = text != NULL;
        if (is_read) {
            facts->names[facts->name_count++] = text;
        }
    }
    GENERAL_NAMES_free(names);
    return is_read;
}

static bool read_key(struct reading *reading)
{
    EVP_PKEY *key = X509_get0_pubkey(reading->certificate);
    reading->facts->key = facts_text_key(reading->arena, key);
    reading->facts->key_bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;
    return reading->facts->key != NULL;
}

static bool read_signature(struct reading *reading)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    X509_get0_signature(NULL, &algorithm, reading->certificate);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    reading->facts->signature = facts_text_object(reading->arena, object);
    int digest = NID_undef;
    if (X509_get_signature_info((X509 *)reading->certificate, &digest, NULL, NULL, NULL) == 1) {
        reading->facts->is_weak_signature = digest == NID_md2 || digest == NID_md4 ||
                                            digest == NID_md5 || digest == NID_md5_sha1 ||
                                            digest == NID_sha1;
    }
    return reading->facts->signature != NULL;
}

static bool allows(const X509 *certificate, uint32_t usage)
{
    X509 *mutable = (X509 *)certificate; // caches its extensions under its own lock
    return (X509_get_extension_flags(mutable) & EXFLAG_XKUSAGE) == 0 ||
           (X509_get_extended_key_usage(mutable) & (usage | XKU_ANYEKU)) != 0;
}

static void read_flags(struct reading *reading)
{
    X509 *certificate = (X509 *)reading->certificate;
    struct cert_facts *facts = reading->facts;
    uint32_t flags = X509_get_extension_flags(certificate);
    facts->is_ca = (flags & EXFLAG_CA) != 0;
    facts->is_self_issued = (flags & EXFLAG_SI) != 0;
    facts->is_self_signed = facts->is_self_issued && X509_self_signed(certificate, 1) == 1;
    facts->for_server = allows(certificate, XKU_SSL_SERVER);
    facts->for_client = allows(certificate, XKU_SSL_CLIENT);
}

static bool read_access(struct reading *reading)
{
    AUTHORITY_INFO_ACCESS *access =
        X509_get_ext_d2i(reading->certificate, NID_info_access, NULL, NULL);
    bool is_read = true;
    for (int i = 0; is_read && i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *way = sk_ACCESS_DESCRIPTION_value(access, i);
        int method = OBJ_obj2nid(way->method);
        const char **place = method == NID_ad_ca_issuers ? &reading->facts->aia_issuers
                             : method == NID_ad_OCSP     ? &reading->facts->ocsp
                                                         : NULL;
        if (place != NULL) {
            is_read = facts_text_url(reading->arena, way->location, place);
        }
    }
    AUTHORITY_INFO_ACCESS_free(access);
    return is_read;
}

static bool read_crl(struct reading *reading)
{
    CRL_DIST_POINTS *points =
        X509_get_ext_d2i(reading->certificate, NID_crl_distribution_points, NULL, NULL);
    bool is_read = true;
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT_NAME *point = sk_DIST_POINT_value(points, i)->distpoint;
        if (point == NULL || point->type != 0) {
            continue;
        }
        const GENERAL_NAMES *names = point->name.fullname;
        for (int j = 0; is_read && j < sk_GENERAL_NAME_num(names); j++) {
            is_read = facts_text_url(reading->arena, sk_GENERAL_NAME_value(names, j),
                                     &reading->facts->crl);
        }
    }
    CRL_DIST_POINTS_free(points);
    return is_read;
}

static void read_features(struct reading *reading)
{
    TLS_FEATURE *features = X509_get_ext_d2i(reading->certificate, NID_tlsfeature, NULL, NULL);
    for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++) {
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == FEATURE_STATUS_REQUEST) {
            reading->facts->must_staple = true;
        }
    }
    TLS_FEATURE_free(features);
}

static bool read_digests(struct reading *reading)
{
    struct cert_facts *facts = reading->facts;
    uint8_t *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(reading->certificate), &spki);
    bool is_read = len > 0 && SHA256(spki, (size_t)len, facts->spki) != NULL &&
                   SHA256(facts->der.data, facts->der.len, facts->fingerprint) != NULL;
    OPENSSL_free(spki);
    return is_read;
}

// read_all needs facts->der to be set.
static bool read_all(struct reading *reading)
{
    struct cert_facts *facts = reading->facts;
    facts->not_before_us = cert_time_us(X509_get0_notBefore(reading->certificate));
    facts->not_after_us = cert_time_us(X509_get0_notAfter(reading->certificate));
    facts->serial = facts_text_serial(reading->arena, X509_get0_serialNumber(reading->certificate));
    if (facts->serial == NULL || !read_subject(reading) || !read_names(reading) ||
        !read_key(reading) || !read_signature(reading) || !read_access(reading) ||
        !read_crl(reading) || !read_digests(reading)) {
        return false;
    }
    read_flags(reading);
    read_features(reading);
    return true;
}

static bool read_with_der(const X509 *certificate, struct slice der, struct arena *arena,
                          struct cert_facts *out_facts)
{
    struct cert_facts facts = {.der = arena_copy(arena, der)};
    struct reading reading = {.certificate = certificate, .arena = arena, .facts = &facts};
    bool is_read = facts.der.len > 0 && read_all(&reading);
    ERR_clear_error(); // odd extensions leave entries
    if (is_read) {
        *out_facts = facts;
    }
    return is_read;
}

bool cert_facts_read(const X509 *certificate, struct arena *arena, struct cert_facts *out_facts)
{
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);
    bool is_read =
        len > 0 && read_with_der(certificate, (struct slice){der, (size_t)len}, arena, out_facts);
    OPENSSL_free(der);
    ERR_clear_error();
    return is_read;
}

enum parse cert_facts_from_der(struct slice der, struct arena *arena, struct cert_facts *out_facts)
{
    const uint8_t *at = der.data;
    if (der.len == 0 || der.len > CERT_DER_BYTES_MAX) {
        return PARSE_BAD;
    }
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    bool is_read = certificate != NULL && at == der.data + der.len &&
                   read_with_der(certificate, der, arena, out_facts);
    X509_free(certificate);
    ERR_clear_error();
    return is_read ? PARSE_OK : PARSE_BAD;
}
