#include "cert_names.h"

#include <arpa/inet.h>
#include <string.h>

#include "cert_facts.h"

#define LABEL_MAX 63

static bool is_ip(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_host_name(const char *host)
{
    size_t label_len = 0;
    for (const char *c = host; *c != '\0'; c++) {
        if (*c == '.') {
            if (label_len == 0) {
                return false;
            }
            label_len = 0;
            continue;
        }
        label_len++;
        // '_' is no letter of RFC 952, but of names in use.
        if (label_len > LABEL_MAX || (!is_alphanumeric(*c) && *c != '-' && *c != '_')) {
            return false;
        }
    }
    return label_len > 0;
}

enum cert_host cert_host_read(const char *text, char out_host[CERT_HOST_MAX + 1])
{
    size_t len = strlen(text);
    if (len > 1 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    const char *zone = memchr(text, '%', len);
    bool has_zone = zone != NULL;
    if (has_zone) {
        len = (size_t)(zone - text);
    } else if (len > 1 && text[len - 1] == '.') {
        len--;
    }
    if (len == 0 || len > CERT_HOST_MAX) {
        return CERT_HOST_BAD;
    }
    memcpy(out_host, text, len);
    out_host[len] = '\0';
    text_lower(out_host);
    if (is_ip(out_host)) {
        return CERT_HOST_IP;
    }
    return !has_zone && is_host_name(out_host) ? CERT_HOST_NAME : CERT_HOST_BAD;
}

static bool names_push(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (name == NULL || value == NULL) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

bool cert_names_add(GENERAL_NAMES *names, enum cert_host kind, const char *host)
{
    if (kind == CERT_HOST_IP) {
        return names_push(names, GEN_IPADD, a2i_IPADDRESS(host));
    }
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    if (text == NULL || ASN1_STRING_set(text, host, -1) != 1) {
        ASN1_IA5STRING_free(text);
        return false;
    }
    return names_push(names, GEN_DNS, text);
}

// has_plain_labels is stricter than is_host_name: Java drops a whole subjectAltName for one label
// that does not begin with a letter or digit.
static bool has_plain_labels(const char *host)
{
    for (const char *label = host; label != NULL; label = strchr(label, '.')) {
        label += *label == '.' ? 1 : 0;
        if (!is_alphanumeric(*label)) {
            return false;
        }
    }
    return true;
}

static bool is_fit_to_copy(const GENERAL_NAME *name)
{
    char text[CERT_HOST_MAX + 1], host[CERT_HOST_MAX + 1];
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    size_t len = (size_t)ASN1_STRING_length(value);
    const uint8_t *bytes = ASN1_STRING_get0_data(value);
    if (type == GEN_IPADD) {
        return len == 4 || len == 16;
    }
    if (len == 0 || len > CERT_HOST_MAX || memchr(bytes, '\0', len) != NULL) {
        return false;
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
    const char *below = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
    return cert_host_read(below, host) == CERT_HOST_NAME && strlen(host) == strlen(below) &&
           has_plain_labels(host);
}

static bool is_among(const GENERAL_NAMES *names, const GENERAL_NAME *name)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), (GENERAL_NAME *)name) == 0) {
            return true;
        }
    }
    return false;
}

bool cert_names_copy(GENERAL_NAMES *names, const X509 *origin)
{
    GENERAL_NAMES *theirs = X509_get_ext_d2i(origin, NID_subject_alt_name, NULL, NULL);
    bool is_copied = true;
    for (int i = 0; is_copied && i < sk_GENERAL_NAME_num(theirs); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(theirs, i);
        if (sk_GENERAL_NAME_num(names) >= CERT_NAMES_MAX) {
            break;
        }
        if ((name->type != GEN_DNS && name->type != GEN_IPADD) || !is_fit_to_copy(name) ||
            is_among(names, name)) {
            continue;
        }
        GENERAL_NAME *copy = GENERAL_NAME_dup(name);
        is_copied = copy != NULL && sk_GENERAL_NAME_push(names, copy) > 0;
        if (!is_copied) {
            GENERAL_NAME_free(copy);
        }
    }
    GENERAL_NAMES_free(theirs);
    return is_copied;
}
