// Certificates as web servers give them out: one in DER, several in PEM, or a PKCS#7 message that
// holds nothing but certificates.
#pragma once

#include <openssl/x509.h>

#include "base.h"

#define CERT_BUNDLE_MAX       16
#define CERT_BUNDLE_BYTES_MAX ((size_t)64 * 1024)

// cert_bundle_read reads what an address of caIssuers brought: "a single DER encoded certificate
// […] or a collection of certificates in a BER or DER encoded "certs-only" CMS message" (RFC 5280
// section 4.2.2.1); PEM is seen as well. Gives how many it found, those past CERT_BUNDLE_MAX left
// out; they are the caller's. 0: there is none, or the bytes are more than CERT_BUNDLE_BYTES_MAX.
size_t cert_bundle_read(struct slice bytes, X509 *out_certificates[CERT_BUNDLE_MAX]);
void cert_bundle_clear(X509 **certificates, size_t count);

// cert_bundle_issuer finds the certificate that issued `certificate`: its subject and
// its key fit. Borrowed from the bundle; NULL when none does.
X509 *cert_bundle_issuer(X509 *const *certificates, size_t count, X509 *certificate);
