#include "verify_run.h"

#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>

#include "cert_names.h"

// A label that no name in a certificate has but by its wildcard.
#define STAND_IN "stands-in-for-a-label-with-an-underscore"

// matches_underscored: a wildcard stands for one whole label (RFC 9525 section 6.3), and names with
// an underscore are looked up and asked for every day. OpenSSL lets it stand for letters, digits
// and hyphens alone; curl, Go, Java, GnuTLS and the browsers do not mind.
static bool matches_underscored(X509 *leaf, const char *host, unsigned int flags)
{
    char other[sizeof(STAND_IN) + CERT_HOST_MAX];
    char *name = NULL;
    const char *rest = strchr(host, '.');
    if (rest == NULL || memchr(host, '_', (size_t)(rest - host)) == NULL) {
        return false;
    }
    (void)snprintf(other, sizeof(other), STAND_IN "%s", rest); // it fits
    bool is_match = X509_check_host(leaf, other, 0, flags, &name) == 1 && name != NULL &&
                    strncmp(name, "*.", 2) == 0;
    OPENSSL_free(name);
    return is_match;
}

// matches asks OpenSSL, which takes an IP literal for a host name unless it is told.
static bool matches(X509 *leaf, enum cert_host kind, const char *host, unsigned int flags)
{
    if (kind == CERT_HOST_IP) {
        return X509_check_ip_asc(leaf, host, 0) == 1;
    }
    flags |= X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    return X509_check_host(leaf, host, 0, flags, NULL) == 1 ||
           matches_underscored(leaf, host, flags);
}

void verify_name_judge(struct verify_run *run)
{
    char host[CERT_HOST_MAX + 1] = "";
    X509 *leaf = run->sent[0];
    if (run->spec->name == NULL) {
        return;
    }
    enum cert_host kind = cert_host_read(run->spec->name, host);
    bool has_names = X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1) >= 0;
    if (!has_names) {
        verify_note(run, CERT_FAULT_NO_SAN, 0, leaf, 0);
    }
    // "Implementations MUST NOT" take the common name any more (RFC 9525 section 6.3); where there
    // is nothing else, it still tells whether this is the wrong certificate altogether.
    unsigned int flags =
        has_names ? X509_CHECK_FLAG_NEVER_CHECK_SUBJECT : X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT;
    bool is_match = kind != CERT_HOST_BAD && matches(leaf, kind, host, flags);
    if (!is_match && (has_names || kind == CERT_HOST_NAME)) {
        verify_note(run, CERT_FAULT_HOSTNAME, 0, leaf,
                    kind == CERT_HOST_IP ? X509_V_ERR_IP_ADDRESS_MISMATCH
                                         : X509_V_ERR_HOSTNAME_MISMATCH);
    }
}
