#include "leaf_make.h"

#include <string.h>

#include <openssl/err.h>

#include "cert_facts.h"
#include "cert_names.h"
#include "cert_tools.h"

// Backdated for clients whose clock is behind; under the 200 days that the CA/Browser Forum allows
// from March 2026 (ballot SC-081) and Apple enforces.
#define BACKDATE_US (2 * DAY_US)
#define LIFETIME_US (198 * DAY_US)

// A client whose clock has fallen back to its maker's date is within this of ours.
#define EARLIER_US (3652 * DAY_US)

#define COMMON_NAME_MAX 64 // RFC 5280 appendix A, ub-common-name
#define WRONG_NAME      "wrong-name.midspan.invalid"

struct draft {
    const struct authority *ca;
    const struct leaf_spec *spec;
    const struct leaf_key_pair *pair;
    X509 *made;
    int64_t now_us;
    enum cert_host kind;
    char host[CERT_HOST_MAX + 1];
};

static bool is_self_signed(const struct draft *draft)
{
    return draft->spec->fault == LEAF_FAULT_SELF_SIGNED;
}

static bool is_mirror(const struct draft *draft)
{
    return draft->spec->mirrors_faults && draft->spec->origin != NULL;
}

// set_form_validity moves one end of a validity that is there, as an experiment wants it.
static bool set_form_validity(struct draft *draft)
{
    switch (draft->spec->form) {
    case LEAF_FORM_EARLIER:
        return cert_time_set(X509_getm_notBefore(draft->made), draft->now_us - EARLIER_US);
    case LEAF_FORM_LATER:
        return X509_set1_notAfter(draft->made, X509_get0_notAfter(draft->ca->certificate)) == 1;
    case LEAF_FORM_SHORT: {
        int64_t short_us = draft->now_us - BACKDATE_US + LEAF_SHORT_DAYS * DAY_US;
        int64_t usual_us = cert_time_us(X509_get0_notAfter(draft->made));
        return short_us >= usual_us || cert_time_set(X509_getm_notAfter(draft->made), short_us);
    }
    case LEAF_FORM_USUAL:
    case LEAF_FORM_ANEW:
    case LEAF_FORM_ANY_PURPOSE:
        break;
    }
    return true;
}

static bool set_validity(struct draft *draft)
{
    int64_t from_us = draft->now_us - BACKDATE_US;
    int64_t to_us = from_us + LIFETIME_US;
    if (draft->spec->fault == LEAF_FAULT_EXPIRED) {
        from_us = draft->now_us - 90 * DAY_US;
        to_us = draft->now_us - DAY_US;
    } else if (draft->spec->fault == LEAF_FAULT_NOT_YET_VALID) {
        from_us = draft->now_us + 30 * DAY_US;
        to_us = from_us + 90 * DAY_US;
    } else if (is_mirror(draft)) {
        return X509_set1_notBefore(draft->made, X509_get0_notBefore(draft->spec->origin)) == 1 &&
               X509_set1_notAfter(draft->made, X509_get0_notAfter(draft->spec->origin)) == 1;
    }
    int64_t ca_end_us = cert_time_us(X509_get0_notAfter(draft->ca->certificate));
    if (to_us > ca_end_us && ca_end_us > from_us) {
        to_us = ca_end_us;
    }
    return cert_time_set(X509_getm_notBefore(draft->made), from_us) &&
           cert_time_set(X509_getm_notAfter(draft->made), to_us);
}

// is_fit_for_subject is false for a common name with control characters in it, the NUL of old
// attacks among them.
static bool is_fit_for_subject(const uint8_t *text, int len)
{
    for (int i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return len > 0;
}

static bool copy_common_name(struct draft *draft, bool *out_copied)
{
    X509_NAME *theirs = X509_get_subject_name(draft->spec->origin);
    int at = X509_NAME_get_index_by_NID(theirs, NID_commonName, -1);
    *out_copied = false;
    if (at < 0) {
        return true;
    }
    uint8_t *text = NULL;
    int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(theirs, at)));
    bool is_fine = true;
    if (len <= COMMON_NAME_MAX && is_fit_for_subject(text, len)) {
        is_fine = X509_NAME_add_entry_by_NID(X509_get_subject_name(draft->made), NID_commonName,
                                             V_ASN1_UTF8STRING, text, len, -1, 0) == 1;
        *out_copied = is_fine;
    }
    OPENSSL_free(text);
    return is_fine;
}

static bool add_common_name(struct draft *draft, const char *name)
{
    // Without a common name the subject is empty, and the subjectAltName is critical instead.
    return strlen(name) > COMMON_NAME_MAX ||
           X509_NAME_add_entry_by_NID(X509_get_subject_name(draft->made), NID_commonName,
                                      V_ASN1_UTF8STRING, (const uint8_t *)name, -1, -1, 0) == 1;
}

static bool set_subject(struct draft *draft)
{
    if (draft->spec->fault == LEAF_FAULT_WRONG_NAME) {
        return add_common_name(draft, WRONG_NAME);
    }
    if (is_mirror(draft)) {
        return X509_set_subject_name(draft->made, X509_get_subject_name(draft->spec->origin)) == 1;
    }
    bool is_copied = false;
    if (draft->spec->origin != NULL && !copy_common_name(draft, &is_copied)) {
        return false;
    }
    return is_copied || add_common_name(draft, draft->host);
}

// mirror_names takes the origin's extension over as it is, its faults, or its absence, included.
static bool mirror_names(struct draft *draft)
{
    int at = X509_get_ext_by_NID(draft->spec->origin, NID_subject_alt_name, -1);
    return at < 0 || X509_add_ext(draft->made, X509_get_ext(draft->spec->origin, at), -1) == 1;
}

static bool add_names(struct draft *draft, GENERAL_NAMES *names)
{
    if (draft->spec->fault == LEAF_FAULT_WRONG_NAME) {
        return cert_names_add(names, CERT_HOST_NAME, WRONG_NAME);
    }
    return cert_names_add(names, draft->kind, draft->host) &&
           (draft->spec->origin == NULL || cert_names_copy(names, draft->spec->origin));
}

static bool set_names(struct draft *draft)
{
    if (draft->spec->fault == LEAF_FAULT_NO_SAN) {
        return true;
    }
    if (is_mirror(draft) && draft->spec->fault != LEAF_FAULT_WRONG_NAME) {
        return mirror_names(draft);
    }
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool is_critical = X509_NAME_entry_count(X509_get_subject_name(draft->made)) == 0;
    bool is_set = names != NULL && add_names(draft, names) &&
                  X509_add1_ext_i2d(draft->made, NID_subject_alt_name, names, is_critical,
                                    X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(names);
    return is_set;
}

static bool set_extensions(struct draft *draft)
{
    X509 *issuer = is_self_signed(draft) ? draft->made : draft->ca->certificate;
    bool is_rsa = EVP_PKEY_get_base_id(draft->pair->key) == EVP_PKEY_RSA;
    // keyEncipherment is what the RSA key exchange of TLS 1.2 and below needs.
    const char *key_usage =
        is_rsa ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature";
    const char *purpose =
        draft->spec->fault == LEAF_FAULT_WRONG_USAGE ? "clientAuth" : "serverAuth";
    bool names_purpose = draft->spec->form != LEAF_FORM_ANY_PURPOSE;
    if (!cert_extension_add(draft->made, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
        !cert_extension_add(draft->made, issuer, NID_key_usage, key_usage) ||
        (names_purpose && !cert_extension_add(draft->made, issuer, NID_ext_key_usage, purpose)) ||
        !cert_extension_add(draft->made, issuer, NID_subject_key_identifier, "hash")) {
        return false;
    }
    // An authority of the user's own may lack the identifier that ours has.
    if (!is_self_signed(draft) && X509_get0_subject_key_id(issuer) != NULL &&
        !cert_extension_add(draft->made, issuer, NID_authority_key_identifier, "keyid")) {
        return false;
    }
    return set_names(draft);
}

// set_key copies what is encoded already. Its parameters are a curve's name (EC) or NULL (RSA).
static bool set_key(struct draft *draft)
{
    ASN1_OBJECT *algorithm = NULL;
    const uint8_t *bits = NULL;
    int bits_len = 0, type = 0;
    X509_ALGOR *parameters = NULL;
    const void *value = NULL;
    if (X509_PUBKEY_get0_param(&algorithm, &bits, &bits_len, &parameters, draft->pair->encoded) !=
        1) {
        return false;
    }
    X509_ALGOR_get0(NULL, &type, &value, parameters);
    ASN1_OBJECT *curve = type == V_ASN1_OBJECT ? OBJ_dup(value) : NULL;
    uint8_t *copy = OPENSSL_memdup(bits, (size_t)bits_len);
    ASN1_OBJECT *name = OBJ_dup(algorithm);
    if (copy != NULL && name != NULL && (curve != NULL || type != V_ASN1_OBJECT) &&
        X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(draft->made), name, type, curve, copy,
                               bits_len) == 1) {
        return true;
    }
    ASN1_OBJECT_free(name);
    ASN1_OBJECT_free(curve);
    OPENSSL_free(copy);
    return false;
}

static bool fill_and_sign(struct draft *draft)
{
    X509_NAME *issuer_name =
        X509_get_subject_name(is_self_signed(draft) ? draft->made : draft->ca->certificate);
    EVP_PKEY *signer = is_self_signed(draft) ? draft->pair->key : draft->ca->key;
    const EVP_MD *digest =
        draft->spec->fault == LEAF_FAULT_WEAK_SIGNATURE ? EVP_sha1() : cert_digest_for(signer);
    return X509_set_version(draft->made, X509_VERSION_3) == 1 && cert_serial_set(draft->made) &&
           set_validity(draft) && set_form_validity(draft) && set_subject(draft) &&
           X509_set_issuer_name(draft->made, issuer_name) == 1 && set_key(draft) &&
           set_extensions(draft) && X509_sign(draft->made, signer, digest) > 0;
}

// decoded_anew gives the certificate as a peer would read it. One that was built keeps what OpenSSL
// looked up in it half-built, and is encoded again for each handshake; a decoded one does neither.
static X509 *decoded_anew(X509 *built)
{
    uint8_t *der = NULL;
    int len = i2d_X509(built, &der);
    const uint8_t *at = der;
    X509 *decoded = len > 0 ? d2i_X509(NULL, &at, len) : NULL;
    OPENSSL_free(der);
    // Reads the extensions before the leaf is shared. Out of memory, OpenSSL decodes a certificate
    // without them or without its key, and leaves it so.
    if (decoded != NULL &&
        (X509_check_purpose(decoded, -1, 0) != 1 || X509_get0_pubkey(decoded) == NULL)) {
        X509_free(decoded);
        return NULL;
    }
    return decoded;
}

bool leaf_name_refuse(const char *name, struct error *error)
{
    struct buffer shown = {0};
    (void)text_escape(&shown, slice_part(slice_of_text(name), 0, 100)); // else it shows less
    const char *text = buffer_text(&shown);
    (void)error_set(error, ERROR_CRYPTO, "no leaf for '%s': expected a host name or an IP literal",
                    text != NULL ? text : "");
    buffer_clear(&shown);
    return false;
}

X509 *leaf_make(const struct authority *ca, const struct leaf_key_pair *pair,
                const struct leaf_spec *spec, int64_t now_us, struct error *error)
{
    struct draft draft = {.ca = ca, .spec = spec, .pair = pair, .now_us = now_us};
    draft.kind = cert_host_read(spec->name, draft.host);
    if (draft.kind == CERT_HOST_BAD) {
        (void)leaf_name_refuse(spec->name, error); // NULL says it
        return NULL;
    }
    ERR_clear_error();
    draft.made = X509_new();
    X509 *leaf = draft.made != NULL && fill_and_sign(&draft) ? decoded_anew(draft.made) : NULL;
    if (leaf == NULL) {
        (void)crypto_error_set(error, "cannot make a leaf"); // NULL says it
    }
    X509_free(draft.made);
    ERR_clear_error(); // OpenSSL leaves entries where it gets by without memory, too
    return leaf;
}
