// Names that a certificate carries or is asked for: host names and IP literals, made safe and put
// into a subjectAltName. Not for other folders.
#pragma once

#include <openssl/x509v3.h>

#include "base.h"

#define CERT_HOST_MAX 253 // RFC 1035 section 3.1

enum cert_host {
    CERT_HOST_BAD,
    CERT_HOST_NAME,
    CERT_HOST_IP
};

// cert_host_read writes `text` as certificates have it: lower case, without a trailing dot, an
// IPv6 zone or brackets. BAD when a label is empty or longer than 63, or a character is none that
// host names have; IDNs arrive as A-labels.
enum cert_host cert_host_read(const char *text, char out_host[CERT_HOST_MAX + 1]);

// cert_names_add appends one dNSName or iPAddress; false when memory is out.
bool cert_names_add(GENERAL_NAMES *names, enum cert_host kind, const char *host);

// cert_names_copy appends the dNSNames and iPAddresses of `origin` that are well-formed and not yet
// there, until `names` has CERT_NAMES_MAX; false when memory is out.
bool cert_names_copy(GENERAL_NAMES *names, const X509 *origin);
