#include "lab_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "cert_names.h"
#include "cert_tools.h"
#include "lab_mint.h"

#define ROOT_SUBJECT         "O=midspan lab/CN=midspan lab root"
#define OLD_ROOT_SUBJECT     "O=midspan lab/CN=midspan lab old root"
#define STRANGER_SUBJECT     "O=stranger/CN=stranger root"
#define INTERMEDIATE_SUBJECT "O=midspan lab/CN=midspan lab intermediate"
#define LOWER_SUBJECT        "O=midspan lab/CN=midspan lab issuing"
#define OTHER_SUBJECT        "O=midspan lab/CN=midspan lab other intermediate"
// RFC 6761 section 6.4
#define DEAD_AIA  "http://aia.midspan.invalid/intermediate.cer"
#define DEAD_OCSP "http://ocsp.midspan.invalid/"
#define DEAD_CRL  "http://crl.midspan.invalid/list.crl"

// Of certificates that have no word on their days.
static const struct lab_days days_leaf = {-7, 90}, days_intermediate = {-60, 700},
                             days_root = {-400, 3600};

struct lab_ca {
    struct lab_cert root, intermediate;
    EVP_PKEY *leaf_keys[LAB_KEYS]; // made when first asked for
};

// A chain under way: what stands above the leaf, nearest first.
struct draft {
    struct lab_ca *ca;
    const struct lab_recipe *recipe;
    const char *host;
    struct lab_urls urls;
    struct error *error;
    struct lab_cert root, upper, lower; // owned; upper and lower: empty when not wanted
    struct lab_cert leaf;
    struct lab_cert old;   // the end of old: REPLACED, CROSS_SIGNED
    struct lab_cert cross; // the root's name and key, signed by `old`
    struct lab_cert other; // an intermediate that signed nothing here
};

static struct lab_days days_or(struct lab_days days, struct lab_days fallback)
{
    return days.from == 0 && days.to == 0 ? fallback : days;
}

static bool ca_make(const char *subject, struct lab_days days, const struct lab_cert *issuer,
                    const char *constraints, struct lab_cert *out, struct error *error)
{
    struct lab_draft draft = {
        .subject = subject, .days = days, .is_ca = true, .constraints = constraints};
    EVP_PKEY *key = lab_key_make(LAB_KEY_ECDSA);
    bool is_made = lab_cert_make(&draft, key, issuer, out, error);
    EVP_PKEY_free(key);
    return is_made;
}

struct lab_ca *lab_ca_new(struct error *error)
{
    struct lab_ca *ca = calloc(1, sizeof(*ca));
    if (ca == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for the lab's root"); // NULL says it
        return NULL;
    }
    if (!ca_make(ROOT_SUBJECT, days_root, NULL, NULL, &ca->root, error) ||
        !ca_make(INTERMEDIATE_SUBJECT, days_intermediate, &ca->root, NULL, &ca->intermediate,
                 error)) {
        lab_ca_free(ca);
        return NULL;
    }
    return ca;
}

void lab_ca_free(struct lab_ca *ca)
{
    if (ca == NULL) {
        return;
    }
    lab_cert_clear(&ca->root);
    lab_cert_clear(&ca->intermediate);
    for (size_t i = 0; i < LAB_KEYS; i++) {
        EVP_PKEY_free(ca->leaf_keys[i]);
    }
    free(ca);
}

X509 *lab_ca_root(const struct lab_ca *ca)
{
    return ca->root.certificate;
}

static bool share(const struct lab_cert *from, struct lab_cert *to)
{
    if (X509_up_ref(from->certificate) != 1) {
        return false;
    }
    if (EVP_PKEY_up_ref(from->key) != 1) {
        X509_free(from->certificate);
        return false;
    }
    *to = *from;
    return true;
}

// issuer_subject gives the subject of who signs the leaf.
static const char *issuer_subject(const struct draft *draft, const char *fallback)
{
    return draft->recipe->issuer_name[0] != '\0' ? draft->recipe->issuer_name : fallback;
}

static bool has_intermediate(const struct draft *draft)
{
    return draft->recipe->issuer == LAB_ISSUER_INTERMEDIATE ||
           draft->recipe->issuer == LAB_ISSUER_TWO;
}

// wants_own_root: anything that is said of the root, or of what shares its name, makes another.
static bool wants_own_root(const struct draft *draft)
{
    const struct lab_recipe *recipe = draft->recipe;
    return recipe->root.from != 0 || recipe->root.to != 0 || recipe->trust == LAB_TRUST_NONE ||
           recipe->fault == LAB_FAULT_REPLACED || recipe->fault == LAB_FAULT_CROSS_SIGNED ||
           recipe->issuer == LAB_ISSUER_STRANGER ||
           (recipe->issuer_name[0] != '\0' && !has_intermediate(draft));
}

static bool root_make(struct draft *draft)
{
    const struct lab_recipe *recipe = draft->recipe;
    if (!wants_own_root(draft)) {
        return share(&draft->ca->root, &draft->root);
    }
    const char *subject =
        recipe->issuer == LAB_ISSUER_STRANGER ? STRANGER_SUBJECT : ROOT_SUBJECT " of its own";
    if (!has_intermediate(draft)) {
        subject = issuer_subject(draft, subject);
    }
    struct lab_days days = days_or(recipe->root, days_root);
    if (!ca_make(subject, days, NULL, NULL, &draft->root, draft->error)) {
        return false;
    }
    if (recipe->fault == LAB_FAULT_REPLACED) {
        return ca_make(subject, days_root, NULL, NULL, &draft->old, draft->error);
    }
    if (recipe->fault != LAB_FAULT_CROSS_SIGNED) {
        return true;
    }
    struct lab_draft cross = {.subject = subject, .days = days_intermediate, .is_ca = true};
    return ca_make(OLD_ROOT_SUBJECT, (struct lab_days){-4000, -20}, NULL, NULL, &draft->old,
                   draft->error) &&
           lab_cert_make(&cross, draft->root.key, &draft->old, &draft->cross, draft->error);
}

// invalid_make makes an intermediate that is no CA.
static bool invalid_make(struct draft *draft, const char *subject, struct lab_days days,
                         const struct lab_cert *issuer, struct lab_cert *out)
{
    struct lab_draft made = {.subject = subject, .days = days};
    EVP_PKEY *key = lab_key_make(LAB_KEY_ECDSA);
    bool is_made = lab_cert_make(&made, key, issuer, out, draft->error);
    EVP_PKEY_free(key);
    return is_made;
}

// is_shared_intermediate: nothing is said that the lab's own does not have.
static bool is_shared_intermediate(const struct draft *draft)
{
    const struct lab_recipe *recipe = draft->recipe;
    return recipe->issuer == LAB_ISSUER_INTERMEDIATE && !wants_own_root(draft) &&
           recipe->intermediate.from == 0 && recipe->intermediate.to == 0 &&
           recipe->issuer_name[0] == '\0' && recipe->fault != LAB_FAULT_INVALID_CA &&
           recipe->fault != LAB_FAULT_NAME_CONSTRAINTS;
}

static bool intermediates_make(struct draft *draft)
{
    const struct lab_recipe *recipe = draft->recipe;
    if (!has_intermediate(draft)) {
        return true;
    }
    if (is_shared_intermediate(draft)) {
        return share(&draft->ca->intermediate, &draft->lower);
    }
    const struct lab_cert *above = &draft->root;
    const char *subject = issuer_subject(draft, INTERMEDIATE_SUBJECT " of its own");
    struct lab_days days = days_or(recipe->intermediate, days_intermediate);
    if (recipe->issuer == LAB_ISSUER_TWO) {
        if (!ca_make(INTERMEDIATE_SUBJECT " of its own", days_intermediate, &draft->root, NULL,
                     &draft->upper, draft->error)) {
            return false;
        }
        above = &draft->upper;
        subject = issuer_subject(draft, LOWER_SUBJECT);
    }
    if (recipe->fault == LAB_FAULT_INVALID_CA) {
        return invalid_make(draft, subject, days, above, &draft->lower);
    }
    const char *constraints = recipe->fault == LAB_FAULT_NAME_CONSTRAINTS
                                  ? "critical,permitted;DNS:permitted.midspan.test"
                                  : NULL;
    return ca_make(subject, days, above, constraints, &draft->lower, draft->error);
}

// leaf_key borrows a key of the lab's store, but for a certificate that is to have another.
static EVP_PKEY *leaf_key(struct draft *draft)
{
    EVP_PKEY **place = &draft->ca->leaf_keys[draft->recipe->key];
    if (*place == NULL) {
        *place = lab_key_make(draft->recipe->key);
    }
    return *place;
}

static const struct lab_cert *leaf_issuer(const struct draft *draft)
{
    if (draft->recipe->issuer == LAB_ISSUER_SELF) {
        return NULL;
    }
    return has_intermediate(draft) ? &draft->lower : &draft->root;
}

static const char *aia_of(const struct draft *draft)
{
    switch (draft->recipe->aia) {
    case LAB_AIA_NONE:
        return NULL;
    case LAB_AIA_SERVED:
        return draft->urls.issuer != NULL ? draft->urls.issuer : DEAD_AIA;
    case LAB_AIA_DEAD:
    case LAB_AIAS:
        break;
    }
    return DEAD_AIA;
}

// address_of gives where the leaf says that it is told whether it is revoked; `url` NULL is as
// DEAD.
static const char *address_of(enum lab_said said, const char *url, const char *dead)
{
    switch (said) {
    case LAB_SAID_NONE:
        return NULL;
    case LAB_SAID_GOOD:
    case LAB_SAID_REVOKED:
        return url != NULL ? url : dead;
    case LAB_SAID_DEAD:
    case LAB_SAIDS:
        break;
    }
    return dead;
}

static bool leaf_make_all(struct draft *draft)
{
    const struct lab_recipe *recipe = draft->recipe;
    bool is_nameless = strcmp(recipe->names, "none") == 0;
    const char *names = recipe->names[0] != '\0' ? recipe->names : "{host}";
    bool is_for_client = recipe->for_client != (recipe->fault == LAB_FAULT_WRONG_USAGE);
    char name[LAB_SUBJECT_MAX], subject[LAB_SUBJECT_MAX + 4];
    lab_names_first(recipe->common_name[0] != '\0' ? recipe->common_name
                    : is_nameless                  ? "{host}"
                                                   : names,
                    draft->host, name);
    (void)snprintf(subject, sizeof(subject), "CN=%s", name); // fits
    struct lab_draft leaf = {
        .subject = subject,
        .host = draft->host,
        .names = is_nameless ? NULL : names,
        .days = days_or(recipe->leaf, days_leaf),
        .purpose = is_for_client ? "clientAuth" : "serverAuth",
        .aia = aia_of(draft),
        .ocsp = address_of(recipe->ocsp, draft->urls.ocsp, DEAD_OCSP),
        .crl = address_of(recipe->crl, draft->urls.crl, DEAD_CRL),
        .must_staple = recipe->must_staple,
        .is_sha1 = recipe->fault == LAB_FAULT_SHA1,
    };
    if (!lab_cert_make(&leaf, leaf_key(draft), leaf_issuer(draft), &draft->leaf, draft->error)) {
        return false;
    }
    if (recipe->issuer != LAB_ISSUER_SELF || recipe->fault != LAB_FAULT_REPLACED) {
        return true;
    }
    lab_cert_clear(&draft->old);
    leaf.days = (struct lab_days){-300, 60};
    EVP_PKEY *forerunner = lab_key_make(recipe->key);
    bool is_made = lab_cert_make(&leaf, forerunner, NULL, &draft->old, draft->error);
    EVP_PKEY_free(forerunner);
    return is_made;
}

static bool put(X509 **list, size_t *count, X509 *certificate)
{
    if (certificate == NULL) {
        return true;
    }
    if (X509_up_ref(certificate) != 1) {
        return false;
    }
    list[(*count)++] = certificate;
    return true;
}

static bool send(struct lab_chain *chain, X509 *certificate)
{
    return put(chain->sent, &chain->sent_count, certificate);
}

// fill_sent puts the certificates in the order in which they are sent.
static bool fill_sent(const struct draft *draft, struct lab_chain *chain)
{
    X509 *lower = draft->lower.certificate, *upper = draft->upper.certificate;
    X509 *root = draft->recipe->issuer != LAB_ISSUER_SELF ? draft->root.certificate : NULL;
    X509 *cross = draft->cross.certificate;
    bool is_stranger = draft->recipe->issuer == LAB_ISSUER_STRANGER;
    if (!send(chain, draft->leaf.certificate)) {
        return false;
    }
    switch (draft->recipe->sent) {
    case LAB_SENT_LEAF:
        return true;
    case LAB_SENT_MISORDERED:
        // The root stands in when there is nothing else to be in the way.
        return send(chain, upper != NULL ? upper : root) && send(chain, lower) &&
               send(chain, cross);
    case LAB_SENT_WRONG:
        return send(chain, draft->other.certificate);
    case LAB_SENT_WITH_ROOT:
        return send(chain, lower) && send(chain, upper) && send(chain, cross) && send(chain, root);
    case LAB_SENT_WHOLE:
    case LAB_SENTS:
        break;
    }
    return send(chain, lower) && send(chain, upper) && send(chain, cross) &&
           send(chain, is_stranger ? root : NULL);
}

static bool trust(struct lab_chain *chain, const struct lab_cert *cert)
{
    return put(chain->trusted, &chain->trusted_count, cert->certificate);
}

static bool fill_trusted(const struct draft *draft, struct lab_chain *chain)
{
    bool is_self = draft->recipe->issuer == LAB_ISSUER_SELF;
    const struct lab_cert *end = is_self ? &draft->leaf : &draft->root;
    bool is_replaced = draft->recipe->fault == LAB_FAULT_REPLACED;
    switch (draft->recipe->trust) {
    case LAB_TRUST_NONE:
        return true;
    case LAB_TRUST_OLD:
        return trust(chain, &draft->old);
    case LAB_TRUST_BOTH:
        return trust(chain, &draft->old) && trust(chain, end);
    case LAB_TRUST_ROOT:
    case LAB_TRUSTS:
        break;
    }
    if (draft->recipe->issuer == LAB_ISSUER_STRANGER) {
        return true;
    }
    return trust(chain, is_replaced ? &draft->old : end);
}

// fill_list makes what is at the address of the list.
static bool fill_list(const struct draft *draft, const struct lab_cert *issuer,
                      struct lab_chain *chain)
{
    enum lab_said which = draft->recipe->crl;
    if (which != LAB_SAID_GOOD && which != LAB_SAID_REVOKED) {
        return true;
    }
    X509_CRL *crl =
        lab_crl_make(issuer, which == LAB_SAID_REVOKED ? draft->leaf.certificate : NULL);
    int len = crl != NULL ? i2d_X509_CRL(crl, &chain->list) : 0;
    X509_CRL_free(crl);
    chain->list_len = len > 0 ? (size_t)len : 0;
    return len > 0;
}

static bool fill_revocation(const struct draft *draft, struct lab_chain *chain)
{
    const struct lab_cert *issuer = leaf_issuer(draft);
    X509 *leaf = draft->leaf.certificate;
    if (issuer == NULL) {
        issuer = &draft->leaf;
    } else {
        chain->issuer = issuer->certificate;
        if (X509_up_ref(chain->issuer) != 1) {
            chain->issuer = NULL;
            return false;
        }
    }
    if (draft->recipe->revoked_by_crl) {
        chain->crl = lab_crl_make(issuer, leaf);
        if (chain->crl == NULL) {
            return false;
        }
    }
    if (!fill_list(draft, issuer, chain)) {
        return false;
    }
    enum lab_said ocsp = draft->recipe->ocsp;
    enum lab_staple said = ocsp == LAB_SAID_REVOKED ? LAB_STAPLE_REVOKED : LAB_STAPLE_GOOD;
    if ((ocsp == LAB_SAID_GOOD || ocsp == LAB_SAID_REVOKED) &&
        !lab_staple_make(leaf, issuer, said, &chain->ocsp, &chain->ocsp_len)) {
        return false;
    }
    return draft->recipe->staple == LAB_STAPLE_NONE ||
           lab_staple_make(leaf, issuer, draft->recipe->staple, &chain->staple, &chain->staple_len);
}

static bool chain_fill(const struct draft *draft, struct lab_chain *chain)
{
    if (EVP_PKEY_up_ref(draft->leaf.key) != 1) {
        return false;
    }
    chain->key = draft->leaf.key;
    return fill_sent(draft, chain) && fill_trusted(draft, chain) && fill_revocation(draft, chain);
}

bool lab_chain_make(struct lab_ca *ca, const struct lab_recipe *recipe, const char *host,
                    const struct lab_urls *urls, struct lab_chain *out_chain, struct error *error)
{
    struct draft draft = {.ca = ca, .recipe = recipe, .host = host, .error = error};
    struct lab_chain chain = {0};
    draft.urls = urls != NULL ? *urls : (struct lab_urls){NULL, NULL, NULL};
    bool is_made =
        root_make(&draft) && intermediates_make(&draft) && leaf_make_all(&draft) &&
        (recipe->sent != LAB_SENT_WRONG ||
         ca_make(OTHER_SUBJECT, days_intermediate, &draft.root, NULL, &draft.other, error));
    if (is_made && !chain_fill(&draft, &chain)) {
        is_made = crypto_error_set(error, "cannot put a chain of the lab together");
    }
    lab_cert_clear(&draft.root);
    lab_cert_clear(&draft.upper);
    lab_cert_clear(&draft.lower);
    lab_cert_clear(&draft.leaf);
    lab_cert_clear(&draft.old);
    lab_cert_clear(&draft.cross);
    lab_cert_clear(&draft.other);
    if (!is_made) {
        lab_chain_clear(&chain);
        return false;
    }
    *out_chain = chain;
    return true;
}

void lab_chain_clear(struct lab_chain *chain)
{
    for (size_t i = 0; i < chain->sent_count; i++) {
        X509_free(chain->sent[i]);
    }
    for (size_t i = 0; i < chain->trusted_count; i++) {
        X509_free(chain->trusted[i]);
    }
    EVP_PKEY_free(chain->key);
    X509_free(chain->issuer);
    X509_CRL_free(chain->crl);
    OPENSSL_free(chain->staple);
    OPENSSL_free(chain->ocsp);
    OPENSSL_free(chain->list);
    *chain = (struct lab_chain){0};
}

bool lab_authority_make(const char *subject, struct authority *out_ca, struct error *error)
{
    struct lab_cert cert;
    if (!ca_make(subject, (struct lab_days){-7, 365}, NULL, NULL, &cert, error)) {
        return false;
    }
    *out_ca = (struct authority){.certificate = cert.certificate, .key = cert.key};
    return true;
}
