// Makes single certificates, CRLs and OCSP responses for the chains of the lab. Not for other
// folders.
#pragma once

#include "lab_recipe.h"

#include <openssl/x509.h>

// A certificate with its key; both counted references, owned.
struct lab_cert {
    X509 *certificate;
    EVP_PKEY *key;
};

void lab_cert_clear(struct lab_cert *cert);

// What a certificate is made from. NULL fields leave the extension out.
struct lab_draft {
    const char *subject; // "O=…/CN=…"
    const char *host;    // what {host} in `names` means
    const char *names;   // as lab_recipe.names; NULL: none
    struct lab_days days;
    bool is_ca;              // basicConstraints and keyUsage
    const char *purpose;     // extendedKeyUsage
    const char *constraints; // nameConstraints
    const char *aia;         // URL of the issuer
    const char *ocsp;        // URL of the responder
    const char *crl;         // URL of the revocation list
    bool must_staple;
    bool is_sha1;
};

// lab_key_make makes a fresh key; NULL when OpenSSL fails.
EVP_PKEY *lab_key_make(enum lab_key key);

// lab_cert_make makes a certificate for `key` (a reference is taken), signed by `issuer` (NULL: by
// itself). False with `error`.
bool lab_cert_make(const struct lab_draft *draft, EVP_PKEY *key, const struct lab_cert *issuer,
                   struct lab_cert *out_cert, struct error *error);

// lab_names_first writes the first name of `names` for `host`, as a common name has it: cut.
void lab_names_first(const char *names, const char *host, char out_name[LAB_SUBJECT_MAX]);

// lab_crl_make makes a CRL of `issuer` that lists `revoked` (NULL: nobody). lab_staple_make makes
// an OCSP response about `leaf`. NULL, or false, when OpenSSL fails.
X509_CRL *lab_crl_make(const struct lab_cert *issuer, X509 *revoked);
bool lab_staple_make(X509 *leaf, const struct lab_cert *issuer, enum lab_staple staple,
                     uint8_t **out_der, size_t *out_len);
