// Chains of the lab: certificates with a fault on purpose, minted fresh, in memory, under a root of
// the lab's own. The user's authority has no part in it, and nothing expires in a repository.
#pragma once

#include "authority.h"
#include "lab_recipe.h"

#define LAB_CHAIN_SENT_MAX    6
#define LAB_CHAIN_TRUSTED_MAX 3

struct lab_ca;

// lab_ca_new makes the lab's root and intermediate, and keeps the keys of leaves that it made (RSA
// takes long). Not thread-safe. NULL with `error`.
struct lab_ca *lab_ca_new(struct error *error);
void lab_ca_free(struct lab_ca *ca); // NULL does nothing

// lab_ca_root borrows the root that recipes without a word on roots end in.
X509 *lab_ca_root(const struct lab_ca *ca);

// One chain. Everything is owned; all-zero is a valid empty one.
struct lab_chain {
    X509 *sent[LAB_CHAIN_SENT_MAX]; // leaf first
    size_t sent_count;
    EVP_PKEY *key;
    X509 *trusted[LAB_CHAIN_TRUSTED_MAX]; // what the bridge is to trust, and nothing else
    size_t trusted_count;
    X509 *issuer;    // of the leaf: what its AIA address gives; NULL when self-signed
    X509_CRL *crl;   // for the bridge; NULL: none
    uint8_t *staple; // OCSP response, DER (OPENSSL_free); NULL: none
    size_t staple_len;
    uint8_t *ocsp; // what the responder says, likewise
    size_t ocsp_len;
    uint8_t *list; // what is at the list's address, likewise
    size_t list_len;
};

// Addresses that go into the leaf: of its issuer (LAB_AIA_SERVED), of its responder (LAB_SAID_GOOD,
// LAB_SAID_REVOKED) and of its issuer's list (LAB_SAID_GOOD, LAB_SAID_REVOKED). NULL is as DEAD.
struct lab_urls {
    const char *issuer, *ocsp, *crl;
};

// lab_chain_make makes the chain of `recipe` for `host` (a name or IP literal). `urls` may be
// NULL. False with `error` when a name is none
// (ERROR_CONFIG) or OpenSSL fails.
bool lab_chain_make(struct lab_ca *ca, const struct lab_recipe *recipe, const char *host,
                    const struct lab_urls *urls, struct lab_chain *out_chain, struct error *error);
void lab_chain_clear(struct lab_chain *chain);

// PEM, appended: the certificates sent, the key, what is to be trusted, the CRL (nothing when there
// is none). False when memory is out.
bool lab_chain_pem(const struct lab_chain *chain, struct buffer *out);
bool lab_chain_key_pem(const struct lab_chain *chain, struct buffer *out);
bool lab_chain_trusted_pem(const struct lab_chain *chain, struct buffer *out);
bool lab_chain_crl_pem(const struct lab_chain *chain, struct buffer *out);

// lab_authority_make makes an authority in memory, valid for a year, of that subject ("O=…/CN=…"):
// the lab's bridges and interceptors sign with one. The caller clears it.
bool lab_authority_make(const char *subject, struct authority *out_ca, struct error *error);
