// The system's certificates with ours: as a PEM bundle, and as a key store for Java.
#pragma once

#include "authority.h"

// bundle_system gives the PEM bundle that programs here trust: $SSL_CERT_FILE when it can be read,
// else the first of the distributions' usual places; NULL when there is none.
const char *bundle_system(void);

// bundle_pem appends the system's bundle (as it is) and then our authority.
bool bundle_pem(const struct authority *ca, struct buffer *out, struct error *error);

// bundle_java appends a JKS key store that trusts every certificate of a PEM bundle. `password`
// (ASCII) is the one Java asks for to check the store; it keeps nothing secret. What in the bundle
// is no certificate is skipped. The format: OpenJDK, sun.security.provider.JavaKeyStore.
bool bundle_java(struct slice pem, const char *password, int64_t now_us, struct buffer *out,
                 struct error *error);

// bundle_has is true if a PEM bundle holds this very certificate.
bool bundle_has(struct slice pem, const X509 *certificate);
