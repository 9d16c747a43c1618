// Small tools over OpenSSL that the other files here share; not for other folders.
#pragma once

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base.h"

#define SECOND_US ((int64_t)1000000)
#define HOUR_US   (3600 * SECOND_US)
#define DAY_US    (24 * HOUR_US)

// crypto_error_set fills `error` with `what` and OpenSSL's newest reason, and empties the thread's
// error queue: an entry left there would turn a healthy SSL_read into a failure. Always false.
bool crypto_error_set(struct error *error, const char *what);

// cert_time_us reads an ASN.1 time; 0 when it is not a time. cert_time_set writes one, cut to whole
// seconds.
int64_t cert_time_us(const ASN1_TIME *time);
bool cert_time_set(ASN1_TIME *time, int64_t wall_us);

// cert_serial_set gives a random positive serial of 20 octets (RFC 5280 section 4.1.2.2).
bool cert_serial_set(X509 *certificate);

// cert_extension_add adds one extension; `value` is OpenSSL's configuration text and must be ours,
// never a peer's. `issuer` is the certificate that will sign (itself for a self-signed one).
bool cert_extension_add(X509 *certificate, X509 *issuer, int nid, const char *value);

// cert_digest_for gives the digest to sign with `key`: SHA-256, or NULL for keys that have their
// own (Ed25519).
const EVP_MD *cert_digest_for(const EVP_PKEY *key);

// cert_fingerprint_hex writes SHA-256 of the DER as 64 lower-case digits; false when it can't.
bool cert_fingerprint_hex(const X509 *certificate, char out_text[65]);
