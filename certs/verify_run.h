// One verification under way: what OpenSSL's callback noted, and what is added to it afterwards.
// Not for other folders.
#pragma once

#include "trust.h"

struct finding {
    int depth;
    X509 *certificate; // borrowed from the chain
    int library_error; // X509_V_ERR_…, 0 when OpenSSL did not say it
};

struct verify_run {
    X509_STORE_CTX *context;
    X509 *const *sent;
    size_t sent_count;
    const struct verify_spec *spec;
    int64_t at_us;

    uint32_t faults;
    struct finding findings[CERT_FAULTS]; // the first of each kind, the one nearest to the leaf

    bool is_unanchored;        // OpenSSL found no way to an anchor
    int unanchored_error;      // its first word for that
    int bad_signature_depth;   // of the certificate whose signature fails, -1 when none
    int untrusted_crl_depth;   // of a certificate whose CRL could not be believed, -1 when none
    X509 *replaced_by_trusted; // owned: SELF_SIGNED_REPLACED's old one
};

// verify_note records a fault at a depth; the first, or the one nearer to the leaf, is kept.
void verify_note(struct verify_run *run, enum cert_fault fault, int depth, X509 *certificate,
                 int library_error);

// verify_path_judge tells, after OpenSSL has run, why no anchor was reached (incomplete,
// untrusted, self-signed, replaced), and whether the certificates were sent in order.
void verify_path_judge(struct verify_run *run);

// verify_name_judge compares the leaf's names with the one asked for (RFC 6125; no common name).
void verify_name_judge(struct verify_run *run);

// verify_staple_judge notes REVOKED when a stapled OCSP response, signed by the leaf's issuer or
// its delegate, says so (RFC 6960). Whatever can't be verified says nothing.
void verify_staple_judge(struct verify_run *run);

// verify_list_judge notes REVOKED for each certificate of the path that the list of verify_spec
// names, when it is the list of that certificate's issuer, in or out of date.
void verify_list_judge(struct verify_run *run);
