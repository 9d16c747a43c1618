// What certificates say and what verification found, as plain data: no OpenSSL here, so that
// evidence can keep it and verdicts can be pure.
#pragma once

#include "slice.h"

// Text and slices in these structs live in the arena they were read into.
struct cert_facts {
    const char *subject, *issuer; // RFC 2253 one-line text, UTF-8
    const char *common_name;      // NULL when the subject has none
    const char **names;           // subjectAltName: "dns:…", "ip:…"; at most CERT_NAMES_MAX
    size_t name_count;            // stored
    size_t name_total;            // in the certificate
    int64_t not_before_us, not_after_us; // UTC
    const char *serial;                  // hex
    const char *key;                     // "RSA 2048", "EC P-256", "Ed25519"
    int key_bits;
    const char *signature;  // "ecdsa-with-SHA256"
    bool is_weak_signature; // MD5 or SHA-1
    bool is_ca, is_self_issued, is_self_signed;
    bool for_server, for_client; // extended key usage allows it (absent: both)
    const char *aia_issuers;     // first caIssuers URL, NULL when none
    const char *ocsp;            // first OCSP URL, NULL when none
    const char *crl;             // first CRL URL, NULL when none
    bool must_staple;            // RFC 7633
    uint8_t fingerprint[32];     // SHA-256 of the DER
    uint8_t spki[32];            // SHA-256 of the SubjectPublicKeyInfo
    struct slice der;
};

#define CERT_NAMES_MAX 100
#define CERT_CHAIN_MAX 16

// What verification can find wrong: name, cause code, words.
#define CERT_FAULT_MAP(XX)                                                                         \
    XX(NONE, "", "no fault")                                                                       \
    XX(HOSTNAME, "cert.hostname-mismatch", "no name in the certificate matches")                   \
    XX(NO_SAN, "cert.no-san", "the certificate has no subjectAltName")                             \
    XX(CHAIN_INCOMPLETE, "cert.chain-incomplete", "an intermediate certificate is missing")        \
    XX(CHAIN_MISORDERED, "cert.chain-misordered", "the certificates were sent in the wrong order") \
    XX(EXPIRED, "cert.expired", "the certificate has expired")                                     \
    XX(INTERMEDIATE_EXPIRED, "cert.intermediate-expired",                                          \
       "a certificate above the leaf has expired")                                                 \
    XX(NOT_YET_VALID, "cert.not-yet-valid", "the certificate is not valid yet")                    \
    XX(REVOKED, "cert.revoked", "the certificate was revoked")                                     \
    XX(SELF_SIGNED, "cert.self-signed", "the certificate is signed by its own key")                \
    XX(SELF_SIGNED_REPLACED, "cert.self-signed-replaced",                                          \
       "another certificate of this subject is trusted, not the one that signed")                  \
    XX(UNTRUSTED_ROOT, "cert.untrusted-root", "the chain ends at a root that is not trusted")      \
    XX(WEAK, "cert.weak", "a key or signature is too weak")                                        \
    XX(WRONG_USAGE, "cert.wrong-usage", "the certificate is not for this use")                     \
    XX(NAME_CONSTRAINTS, "cert.name-constraints", "a CA above may not issue for this name")        \
    XX(INVALID_CA, "cert.invalid-ca", "a certificate above the leaf is not a CA's")                \
    XX(OTHER, "alert.access-denied", "verification failed")

enum cert_fault {
#define XX(name, code, words) CERT_FAULT_##name,
    CERT_FAULT_MAP(XX)
#undef XX
    CERT_FAULTS
};

// The result of verifying one chain. `done` false: nothing was verified.
struct verification {
    bool done;
    enum cert_fault fault;      // the first that matters; CERT_FAULT_NONE: it verifies
    uint32_t faults;            // bit (1 << fault) for every fault found
    int depth;                  // of the certificate at fault, 0 the leaf
    const char *subject;        // its subject, NULL when none is at fault
    const char *missing_issuer; // CHAIN_INCOMPLETE, UNTRUSTED_ROOT: the issuer that was not found
    const char *name;           // the name asked for, NULL when none was
    int64_t at_us;              // the time it was verified at
    const char *trusted_fingerprint; // SELF_SIGNED_REPLACED: SHA-256 of the old one, hex
    const char *library_says;        // OpenSSL's wording, to show; nothing decides on it
};
