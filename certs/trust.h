// Trust stores and verification: which certificate of a chain is at fault, by what. Results are
// data (cert_facts.h); nothing here decides what becomes of a connection.
#pragma once

#include <openssl/x509.h>

#include "base.h"
#include "cert_facts.h"

struct trust_store;

// trust_store_new loads the system's store (`file` NULL) or the PEM bundle `file` instead, and
// the CRLs of `crl_file` when not NULL (revocation is then checked where a CRL of the issuer is
// there). Blocks on disk. Immutable afterwards, usable from all threads.
struct trust_store *trust_store_new(const char *file, const char *crl_file, struct error *error);
void trust_store_free(struct trust_store *store);
// trust_store_add adds one anchor (before the store is shared).
bool trust_store_add(struct trust_store *store, X509 *anchor);

// For verifying again with one thing changed. trust_store_only trusts `anchor` and nothing else
// (NULL: nothing at all);
// trust_store_without_crls shares the anchors of `store` and checks no CRL. NULL when memory is
// out.
struct trust_store *trust_store_only(X509 *anchor);
struct trust_store *trust_store_without_crls(const struct trust_store *store);

// trust_store_named gives the first anchor of that subject, the caller's to free; NULL: none.
X509 *trust_store_named(const struct trust_store *store, const X509_NAME *subject);

struct verify_spec {
    const char *name;        // DNS name or IP literal that the leaf must carry; NULL: not checked
    bool for_client;         // purpose: client certificate, else server
    int64_t clock_offset_us; // added to the wall clock
    int64_t at_us;           // when not 0: this time instead of the clock
    const uint8_t *staple;   // stapled OCSP response (DER), NULL when none
    size_t staple_len;
    // For verifying again only; no connection is ever judged so.
    const uint8_t
        *list; // a revocation list (crl.h), believed as far as its issuer reaches; or NULL
    size_t list_len;
    bool allows_weak; // keys and signatures of any strength
    bool any_use;     // whatever the certificates are for
};

// chain_verify verifies chain[0] with the rest as untrusted helpers, in the order sent, and finds
// every fault (not only OpenSSL's first). Text in *out_result lives in `arena`.
void chain_verify(const struct trust_store *store, X509 *const *chain, size_t count,
                  const struct verify_spec *spec, struct arena *arena,
                  struct verification *out_result);

// cert_facts_read reads a certificate's facts into `arena`; false when memory is out.
bool cert_facts_read(const X509 *certificate, struct arena *arena, struct cert_facts *out_facts);

// cert_facts_from_der likewise from DER as sent on the wire; PARSE_BAD when it is no certificate,
// has bytes after it, is longer than CERT_DER_BYTES_MAX, or memory is out. Never PARSE_MORE.
#define CERT_DER_BYTES_MAX ((size_t)1 << 20)
enum parse cert_facts_from_der(struct slice der, struct arena *arena, struct cert_facts *out_facts);

// cert_fault_code and cert_fault_words give static text: the cause code, and what it means.
const char *cert_fault_code(enum cert_fault fault);
const char *cert_fault_words(enum cert_fault fault);
