// The recipes that have a name.
#include "lab_recipe.h"

#include <string.h>

// An empty field is a healthy one; so a row says only what is wrong.
static const struct lab_recipe_row rows[] = {
    // clang-format off
    {"good", "nothing wrong", {.names = ""}, CERT_FAULT_NONE},
    {"good-rsa", "nothing wrong, RSA key", {.key = LAB_KEY_RSA}, CERT_FAULT_NONE},
    {"good-p384", "nothing wrong, P-384 key", {.key = LAB_KEY_P384}, CERT_FAULT_NONE},
    {"good-ed25519", "nothing wrong, Ed25519 key", {.key = LAB_KEY_ED25519}, CERT_FAULT_NONE},
    {"good-two-intermediates", "nothing wrong, a chain of four", {.issuer = LAB_ISSUER_TWO}, CERT_FAULT_NONE},
    {"good-with-root", "nothing wrong, the root sent as well", {.sent = LAB_SENT_WITH_ROOT}, CERT_FAULT_NONE},

    {"expired", "the leaf has expired", {.leaf = {-400, -30}}, CERT_FAULT_EXPIRED},
    {"not-yet-valid", "the leaf is of the future", {.leaf = {30, 400}}, CERT_FAULT_NOT_YET_VALID},
    {"expired-intermediate", "the intermediate has expired", {.intermediate = {-800, -10}}, CERT_FAULT_INTERMEDIATE_EXPIRED},
    {"expired-root", "the root has expired", {.root = {-4000, -10}}, CERT_FAULT_INTERMEDIATE_EXPIRED},
    {"expired-root-cross-sign", "the younger root is sent as signed by an older one that has expired, and only that is trusted",
     {.fault = LAB_FAULT_CROSS_SIGNED, .trust = LAB_TRUST_OLD}, CERT_FAULT_INTERMEDIATE_EXPIRED},
    {"cross-sign-both-trusted", "the same, and the younger root is trusted as well",
     {.fault = LAB_FAULT_CROSS_SIGNED, .trust = LAB_TRUST_BOTH}, CERT_FAULT_NONE},

    {"self-signed", "signed by its own key", {.issuer = LAB_ISSUER_SELF, .trust = LAB_TRUST_NONE}, CERT_FAULT_SELF_SIGNED},
    {"self-signed-trusted", "signed by its own key, and trusted", {.issuer = LAB_ISSUER_SELF}, CERT_FAULT_NONE},
    {"self-signed-replaced", "signed by its own key; trusted is its forerunner, of the same name with another key",
     {.issuer = LAB_ISSUER_SELF, .fault = LAB_FAULT_REPLACED}, CERT_FAULT_SELF_SIGNED_REPLACED},
    {"replaced-root", "its root was made anew; trusted is the old one, of the same name with another key",
     {.fault = LAB_FAULT_REPLACED, .sent = LAB_SENT_WITH_ROOT}, CERT_FAULT_SELF_SIGNED_REPLACED},
    {"untrusted-root", "a root that nobody trusts", {.issuer = LAB_ISSUER_STRANGER}, CERT_FAULT_UNTRUSTED_ROOT},
    {"interceptor", "signed by a corporate interceptor that nobody told us to trust",
     {.issuer = LAB_ISSUER_STRANGER, .issuer_name = "C=US/O=Zscaler Inc./OU=Zscaler Inc./CN=Zscaler Intermediate Root CA"},
     CERT_FAULT_UNTRUSTED_ROOT},

    {"missing-intermediate", "the intermediate is not sent; the leaf says where it can be had",
     {.sent = LAB_SENT_LEAF, .aia = LAB_AIA_SERVED}, CERT_FAULT_CHAIN_INCOMPLETE},
    {"missing-intermediate-dead-aia", "the intermediate is not sent, and nobody answers where it is said to be",
     {.sent = LAB_SENT_LEAF, .aia = LAB_AIA_DEAD}, CERT_FAULT_CHAIN_INCOMPLETE},
    {"misordered", "the certificates are sent in the wrong order",
     {.issuer = LAB_ISSUER_TWO, .sent = LAB_SENT_MISORDERED}, CERT_FAULT_NONE},
    {"wrong-intermediate", "the intermediate of another is sent",
     {.sent = LAB_SENT_WRONG, .aia = LAB_AIA_SERVED}, CERT_FAULT_CHAIN_INCOMPLETE},

    {"revoked-staple", "revoked, by the response that is stapled", {.staple = LAB_STAPLE_REVOKED, .is_revoked = true}, CERT_FAULT_REVOKED},
    {"revoked-responder", "revoked, by the response that is stapled, and its responder says so as well",
     {.staple = LAB_STAPLE_REVOKED, .ocsp = LAB_SAID_REVOKED, .is_revoked = true}, CERT_FAULT_REVOKED},
    {"revoked-crl", "revoked, by a CRL that the bridge has, and by the one that the certificate names",
     {.revoked_by_crl = true, .crl = LAB_SAID_REVOKED, .is_revoked = true}, CERT_FAULT_REVOKED},
    {"must-staple", "wants a stapled response and gets none", {.must_staple = true}, CERT_FAULT_NONE},
    {"must-staple-stapled", "wants a stapled response and gets it", {.must_staple = true, .staple = LAB_STAPLE_GOOD}, CERT_FAULT_NONE},

    {"wrong-usage", "a client's certificate on a server", {.fault = LAB_FAULT_WRONG_USAGE}, CERT_FAULT_WRONG_USAGE},
    {"name-constraints", "its CA may not issue for this name", {.fault = LAB_FAULT_NAME_CONSTRAINTS}, CERT_FAULT_NAME_CONSTRAINTS},
    {"invalid-ca", "issued by a certificate that is no CA's", {.fault = LAB_FAULT_INVALID_CA}, CERT_FAULT_INVALID_CA},
    {"weak-key", "an RSA key of 1024 bits", {.key = LAB_KEY_RSA1024}, CERT_FAULT_WEAK},
    {"sha1", "signed with SHA-1", {.fault = LAB_FAULT_SHA1}, CERT_FAULT_WEAK},

    {"no-san", "the name stands in the common name only", {.names = "none"}, CERT_FAULT_NO_SAN},
    {"wrong-name", "for another name", {.names = "other.midspan.test"}, CERT_FAULT_HOSTNAME},
    {"wildcard", "for every name beside this one", {.names = "*.{parent}"}, CERT_FAULT_NONE},
    {"wildcard-depth", "a wildcard one level too high", {.names = "*.{grandparent}"}, CERT_FAULT_HOSTNAME},
    {"bare-name", "for the name without its first label (www)", {.names = "{parent}"}, CERT_FAULT_HOSTNAME},
    {"www-name", "for the name with www in front only", {.names = "www.{host}"}, CERT_FAULT_HOSTNAME},
    {"ip", "for the address 127.0.0.1", {.names = "127.0.0.1"}, CERT_FAULT_HOSTNAME},

    {"client", "a client's certificate, of the lab's root", {.for_client = true}, CERT_FAULT_NONE},
    {"client-expired", "a client's certificate that has expired", {.for_client = true, .leaf = {-400, -30}}, CERT_FAULT_EXPIRED},
    {"client-stranger", "a client's certificate of another root", {.for_client = true, .issuer = LAB_ISSUER_STRANGER}, CERT_FAULT_UNTRUSTED_ROOT},
    // clang-format on
};

const struct lab_recipe_row *lab_recipe_at(size_t i)
{
    return i < COUNT_OF(rows) ? &rows[i] : NULL;
}

const struct lab_recipe_row *lab_recipe_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}
