// Chains with one thing wrong, or several, and what chain_verify finds. A chain is written as
// letters: L the leaf, I its intermediate, R the root above; and beside them
//   N  a root of R's subject with another key      O  a root of its own
//   J  an intermediate of I's subject with another key, also signed by R
//   X  I's subject and key, signed by O            D  a leaf of L's subject, self-signed
//   E  a self-signed leaf of D's subject           F  D's subject and key, issued anew
//   C  R's subject and key, signed by O, expired
#include "chain_kit.h"

#include "certs.h"

#define HOST "www.example.test"

static const struct row {
    const char *name;
    struct recipe leaf, intermediate, root;
    const char *sent, *trusted, *host;
    enum cert_fault want;
    uint32_t want_also; // faults beside `want`
    int want_depth;
    const char *want_subject, *want_missing;
    bool for_client;
    int days_on; // verified this many days from now
} rows[] = {
#define BIT(fault) (1u << CERT_FAULT_##fault)
    // clang-format off
    {"a healthy chain", .sent = "LI", .trusted = "R"},
    {"a healthy chain with its root sent", .sent = "LIR", .trusted = "R"},
    {"no name asked for", .sent = "LI", .trusted = "R", .host = ""},
    {"a wildcard for one label", .leaf = {.names = "DNS:*.example.test"}, .sent = "LI", .trusted = "R"},
    {"a wildcard for a label with an underscore", .leaf = {.names = "DNS:*.example.test"}, .sent = "LI", .trusted = "R",
     .host = "my_app.example.test"},
    {"a name in another case and with a trailing dot", .sent = "LI", .trusted = "R", .host = "WWW.Example.TEST."},
    {"an IPv4 literal", .leaf = {.names = "IP:192.0.2.1"}, .sent = "LI", .trusted = "R", .host = "192.0.2.1"},
    {"an IPv6 literal with a zone", .leaf = {.names = "IP:fe80::1"}, .sent = "LI", .trusted = "R", .host = "fe80::1%eth0"},
    {"an intermediate as the anchor", .sent = "L", .trusted = "I"},
    {"a leaf as its own anchor", .sent = "LI", .trusted = "L"},
    {"a self-signed leaf as its own anchor", .sent = "D", .trusted = "D"},
    {"a cross-signed intermediate beside its twin", .sent = "LXI", .trusted = "O"},
    {"an expired root sent, its twin trusted", .root = {.from_days = -20, .to_days = -5}, .sent = "LIR", .trusted = "I"},
    {"an expired cross-sign sent, its root trusted", .sent = "LIC", .trusted = "R"},
    {"an expired cross-sign sent, both roots trusted", .sent = "LIC", .trusted = "OR"},
    {"an unrelated certificate after the path", .sent = "LIO", .trusted = "R"},

    {"a wildcard does not stand for two labels", .leaf = {.names = "DNS:*.test"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=leaf"},
    {"a wildcard does not stand for part of a label", .leaf = {.names = "DNS:w*.example.test"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=leaf"},
    {"a wildcard does not stand for no label", .leaf = {.names = "DNS:*.www.example.test"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=leaf"},
    {"a wildcard for two labels, one with an underscore", .leaf = {.names = "DNS:*.example.test"}, .sent = "LI", .trusted = "R",
     .host = "my_app.www.example.test", .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=leaf"},
    {"a name with an underscore is not another one", .leaf = {.names = "DNS:my-app.example.test"}, .sent = "LI", .trusted = "R",
     .host = "my_app.example.test", .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=leaf"},
    {"another name", .leaf = {.names = "DNS:example.test"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=leaf"},
    {"a common name beside a subjectAltName does not count", .leaf = {.subject = HOST, .names = "DNS:other.test"},
     .sent = "LI", .trusted = "R", .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=" HOST},
    {"a common name beside an address does not count", .leaf = {.subject = HOST, .names = "IP:192.0.2.9"},
     .sent = "LI", .trusted = "R", .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=" HOST},
    {"an IP literal as a dNSName does not count", .leaf = {.names = "DNS:192.0.2.1"}, .sent = "LI", .trusted = "R",
     .host = "192.0.2.1", .want = CERT_FAULT_HOSTNAME, .want_subject = "CN=leaf"},
    {"a common name alone", .leaf = {.subject = HOST, .names = ""}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_NO_SAN, .want_subject = "CN=" HOST},
    {"another common name alone", .leaf = {.subject = "other.test", .names = ""}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_NO_SAN, .want_also = BIT(HOSTNAME), .want_subject = "CN=other.test"},

    {"an expired leaf", .leaf = {.to_days = -1}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_EXPIRED, .want_subject = "CN=leaf"},
    {"an expired intermediate", .intermediate = {.to_days = -1}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_INTERMEDIATE_EXPIRED, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"an expired root", .root = {.to_days = -1}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_INTERMEDIATE_EXPIRED, .want_depth = 2, .want_subject = "CN=root"},
    {"an expired cross-sign that the chain needs", .sent = "LIC", .trusted = "O",
     .want = CERT_FAULT_INTERMEDIATE_EXPIRED, .want_depth = 2, .want_subject = "CN=root"},
    {"leaf and intermediate expired", .leaf = {.to_days = -1}, .intermediate = {.to_days = -2}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_EXPIRED, .want_also = BIT(INTERMEDIATE_EXPIRED), .want_subject = "CN=leaf"},
    {"a leaf of the future", .leaf = {.from_days = 5}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_NOT_YET_VALID, .want_subject = "CN=leaf"},
    {"an intermediate of the future", .intermediate = {.from_days = 5}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_NOT_YET_VALID, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"a leaf of the future, our clock set on", .leaf = {.from_days = 5}, .sent = "LI", .trusted = "R", .days_on = 6},
    {"an expired leaf, our clock set back", .leaf = {.to_days = -1}, .sent = "LI", .trusted = "R", .days_on = -2},
    {"our clock far ahead", .sent = "LI", .trusted = "R", .days_on = 100,
     .want = CERT_FAULT_EXPIRED, .want_also = BIT(INTERMEDIATE_EXPIRED), .want_subject = "CN=leaf"},
    {"our clock far behind", .sent = "LI", .trusted = "R", .days_on = -100,
     .want = CERT_FAULT_NOT_YET_VALID, .want_subject = "CN=leaf"},

    {"no intermediate, and the leaf says where it is", .leaf = {.aia = "caIssuers;URI:http://ca.test/i.cer"},
     .sent = "L", .trusted = "R", .want = CERT_FAULT_CHAIN_INCOMPLETE, .want_subject = "CN=leaf", .want_missing = "CN=intermediate"},
    {"no intermediate, and nothing says where it is", .sent = "L", .trusted = "R", .want = CERT_FAULT_UNTRUSTED_ROOT,
     .want_also = BIT(CHAIN_INCOMPLETE), .want_subject = "CN=leaf", .want_missing = "CN=intermediate"},
    {"the intermediate of another", .leaf = {.aia = "caIssuers;URI:http://ca.test/i.cer"}, .sent = "LO", .trusted = "R",
     .want = CERT_FAULT_CHAIN_INCOMPLETE, .want_subject = "CN=leaf", .want_missing = "CN=intermediate"},
    {"an intermediate of the right name with another key",  .leaf = {.aia = "caIssuers;URI:http://ca.test/i.cer"},
     .sent = "LJ", .trusted = "R", .want = CERT_FAULT_CHAIN_INCOMPLETE, .want_subject = "CN=leaf", .want_missing = "CN=intermediate"},
    {"the same without key identifiers", .leaf = {.has_no_key_ids = true}, .intermediate = {.has_no_key_ids = true},
     .sent = "LJ", .trusted = "R", .want = CERT_FAULT_CHAIN_INCOMPLETE, .want_subject = "CN=leaf", .want_missing = "CN=intermediate"},
    {"an untrusted root that was sent", .sent = "LIR", .trusted = "O",
     .want = CERT_FAULT_UNTRUSTED_ROOT, .want_depth = 2, .want_subject = "CN=root", .want_missing = "CN=root"},
    {"an untrusted root that was not sent", .sent = "LI", .trusted = "O", .want = CERT_FAULT_UNTRUSTED_ROOT,
     .want_also = BIT(CHAIN_INCOMPLETE), .want_depth = 1, .want_subject = "CN=intermediate", .want_missing = "CN=root"},
    {"the same, and the intermediate says where its issuer is", .intermediate = {.aia = "caIssuers;URI:http://ca.test/r.cer"},
     .sent = "LI", .trusted = "O", .want = CERT_FAULT_UNTRUSTED_ROOT,
     .want_also = BIT(CHAIN_INCOMPLETE), .want_depth = 1, .want_subject = "CN=intermediate", .want_missing = "CN=root"},
    {"nothing trusted at all", .sent = "LIR", .trusted = "",
     .want = CERT_FAULT_UNTRUSTED_ROOT, .want_depth = 2, .want_subject = "CN=root", .want_missing = "CN=root"},
    {"an untrusted root, another name, and expired", .leaf = {.names = "DNS:other.test", .to_days = -1}, .sent = "LIR", .trusted = "O",
     .want = CERT_FAULT_UNTRUSTED_ROOT, .want_also = BIT(HOSTNAME) | BIT(EXPIRED), .want_depth = 2, .want_subject = "CN=root",
     .want_missing = "CN=root"},

    {"a self-signed leaf", .sent = "D", .trusted = "R", .want = CERT_FAULT_SELF_SIGNED, .want_subject = "CN=leaf"},
    {"a self-signed leaf for another name", .leaf = {.names = "DNS:other.test"}, .sent = "D", .trusted = "R",
     .want = CERT_FAULT_SELF_SIGNED, .want_also = BIT(HOSTNAME), .want_subject = "CN=leaf"},
    {"a self-signed leaf whose forerunner is trusted", .sent = "D", .trusted = "RE",
     .want = CERT_FAULT_SELF_SIGNED_REPLACED, .want_subject = "CN=leaf"},
    {"the same without key identifiers", .leaf = {.has_no_key_ids = true}, .sent = "D", .trusted = "RE",
     .want = CERT_FAULT_SELF_SIGNED_REPLACED, .want_subject = "CN=leaf"},
    {"a self-signed leaf issued anew with its key", .sent = "F", .trusted = "D",
     .want = CERT_FAULT_SELF_SIGNED_REPLACED, .want_subject = "CN=leaf"},
    {"a root replaced, the new one sent", .sent = "LIR", .trusted = "N",
     .want = CERT_FAULT_SELF_SIGNED_REPLACED, .want_depth = 2, .want_subject = "CN=root"},
    {"a root replaced, the new one not sent", .sent = "LI", .trusted = "N",
     .want = CERT_FAULT_SELF_SIGNED_REPLACED, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"a root replaced, no key identifiers, the new one sent", .intermediate = {.has_no_key_ids = true},
     .root = {.has_no_key_ids = true}, .sent = "LIR", .trusted = "N",
     .want = CERT_FAULT_SELF_SIGNED_REPLACED, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"a root replaced, no key identifiers, the new one not sent", .intermediate = {.has_no_key_ids = true},
     .root = {.has_no_key_ids = true}, .sent = "LI", .trusted = "N",
     .want = CERT_FAULT_SELF_SIGNED_REPLACED, .want_depth = 1, .want_subject = "CN=intermediate"},

    {"root before intermediate", .sent = "LRI", .trusted = "R", .want_also = BIT(CHAIN_MISORDERED)},
    {"an unrelated certificate in between", .sent = "LOI", .trusted = "R", .want_also = BIT(CHAIN_MISORDERED)},
    {"the leaf sent twice", .sent = "LLI", .trusted = "R", .want_also = BIT(CHAIN_MISORDERED)},
    {"in the wrong order and expired", .leaf = {.to_days = -1}, .sent = "LRI", .trusted = "R",
     .want = CERT_FAULT_EXPIRED, .want_also = BIT(CHAIN_MISORDERED), .want_subject = "CN=leaf"},

    {"an RSA key of 1024 bits", .leaf = {.rsa_bits = 1024}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_WEAK, .want_subject = "CN=leaf"},
    {"an RSA key of 2048 bits", .leaf = {.rsa_bits = 2048}, .sent = "LI", .trusted = "R"},
    {"a curve of 192 bits", .leaf = {.curve = "P-192"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_WEAK, .want_subject = "CN=leaf"},
    {"a curve that is spelled out", .leaf = {.has_explicit_curve = true}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_WEAK, .want_subject = "CN=leaf"},
    {"a leaf signed with SHA-1", .leaf = {.digest = "SHA1"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_WEAK, .want_subject = "CN=leaf"},
    {"an intermediate signed with SHA-1", .intermediate = {.digest = "SHA1"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_WEAK, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"a root signed with SHA-1", .root = {.digest = "SHA1"}, .sent = "LIR", .trusted = "R"},
    {"a leaf signed with MD5, its issuer unknown", .leaf = {.digest = "MD5", .rsa_bits = 2048}, .intermediate = {.rsa_bits = 2048}, .sent = "L", .trusted = "R",
     .want = CERT_FAULT_UNTRUSTED_ROOT, .want_also = BIT(CHAIN_INCOMPLETE) | BIT(WEAK), .want_subject = "CN=leaf",
     .want_missing = "CN=intermediate"},

    {"a client's certificate on a server", .leaf = {.purpose = "clientAuth"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_WRONG_USAGE, .want_subject = "CN=leaf"},
    {"a client's certificate on a client", .leaf = {.purpose = "clientAuth"}, .sent = "LI", .trusted = "R", .host = "",
     .for_client = true},
    {"a server's certificate on a client", .leaf = {.purpose = "serverAuth"}, .sent = "LI", .trusted = "R", .host = "",
     .for_client = true, .want = CERT_FAULT_WRONG_USAGE, .want_subject = "CN=leaf"},
    {"an intermediate for mail only", .intermediate = {.purpose = "emailProtection"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_WRONG_USAGE, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"an intermediate that is no CA", .intermediate = {.constraints = "critical,CA:FALSE"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_INVALID_CA, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"an intermediate that may not sign certificates", .intermediate = {.key_usage = "critical,digitalSignature"},
     .sent = "LI", .trusted = "R", .want = CERT_FAULT_INVALID_CA, .want_depth = 1, .want_subject = "CN=intermediate"},
    {"a root that allows no intermediate", .root = {.constraints = "critical,CA:TRUE,pathlen:0"}, .sent = "LI", .trusted = "R",
     .want = CERT_FAULT_INVALID_CA, .want_depth = 2, .want_subject = "CN=root"},
    {"a name that the intermediate may not issue for", .intermediate = {.name_constraints = "critical,permitted;DNS:other.test"},
     .sent = "LI", .trusted = "R", .want = CERT_FAULT_NAME_CONSTRAINTS, .want_subject = "CN=leaf"},
    {"a name that the root excludes", .root = {.name_constraints = "critical,excluded;DNS:example.test"},
     .sent = "LI", .trusted = "R", .want = CERT_FAULT_NAME_CONSTRAINTS, .want_subject = "CN=leaf"},
    {"a name that the intermediate may issue for", .intermediate = {.name_constraints = "critical,permitted;DNS:example.test"},
     .sent = "LI", .trusted = "R"},
    // clang-format on
};

struct cast {
    struct kit_cert of['Z' + 1];
};

static struct recipe with_defaults(struct recipe recipe, const char *subject, bool is_ca)
{
    recipe.subject = recipe.subject != NULL ? recipe.subject : subject;
    recipe.is_ca = is_ca;
    if (!is_ca && recipe.names == NULL) {
        recipe.names = "DNS:" HOST;
    }
    return recipe;
}

static struct cast cast_make(const struct row *row)
{
    struct cast cast = {0};
    struct recipe root = with_defaults(row->root, "root", true);
    struct recipe intermediate = with_defaults(row->intermediate, "intermediate", true);
    struct recipe leaf = with_defaults(row->leaf, "leaf", false);
    struct recipe other = {.subject = "other root", .is_ca = true};
    cast.of['R'] = kit_make(&root, NULL);
    cast.of['N'] = kit_make(&root, NULL);
    cast.of['O'] = kit_make(&other, NULL);
    cast.of['I'] = kit_make(&intermediate, &cast.of['R']);
    cast.of['J'] = kit_make(&intermediate, &cast.of['R']);
    EVP_PKEY_up_ref(cast.of['I'].key);
    cast.of['X'] = kit_reissue(&intermediate, cast.of['I'].key, &cast.of['O']);
    EVP_PKEY_up_ref(cast.of['R'].key);
    cast.of['C'] = kit_reissue(&(struct recipe){.subject = "root", .to_days = -2, .is_ca = true},
                               cast.of['R'].key, &cast.of['O']);
    cast.of['L'] = kit_make(&leaf, &cast.of['I']);
    cast.of['D'] = kit_make(&leaf, NULL);
    cast.of['E'] = kit_make(&leaf, NULL);
    EVP_PKEY_up_ref(cast.of['D'].key);
    cast.of['F'] = kit_reissue(&leaf, cast.of['D'].key, NULL);
    return cast;
}

static void cast_clear(struct cast *cast)
{
    for (size_t i = 0; i < COUNT(cast->of); i++) {
        kit_clear(&cast->of[i]);
    }
}

static struct trust_store *store_of(const struct cast *cast, const char *letters)
{
    // An empty bundle is refused, and the system's store must not meddle: a temporary one instead.
    struct trust_store *store = NULL;
    struct error error;
    assert_int_equal(setenv("SSL_CERT_FILE", "/nonexistent", 1), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", "/nonexistent", 1), 0);
    store = trust_store_new(NULL, NULL, &error);
    assert_non_null(store);
    for (const char *c = letters; *c != '\0'; c++) {
        assert_true(trust_store_add(store, cast->of[(unsigned char)*c].certificate));
    }
    return store;
}

static void chain_verify_finds(void **state)
{
    const struct row *row = *state;
    struct cast cast = cast_make(row);
    struct trust_store *store = store_of(&cast, row->trusted);
    X509 *chain[CERT_CHAIN_MAX];
    size_t count = strlen(row->sent);
    for (size_t i = 0; i < count; i++) {
        chain[i] = cast.of[(unsigned char)row->sent[i]].certificate;
    }
    const char *host = row->host != NULL ? row->host : HOST;
    struct verify_spec spec = {
        .name = host[0] != '\0' ? host : NULL,
        .for_client = row->for_client,
        .clock_offset_us = (int64_t)row->days_on * 86400 * 1000000,
    };
    struct arena arena = {0};
    struct verification result;
    chain_verify(store, chain, count, &spec, &arena, &result);
    trust_store_free(store);
    cast_clear(&cast);

    uint32_t want_faults = row->want_also | (row->want != CERT_FAULT_NONE ? 1u << row->want : 0);
    assert_true(result.done);
    assert_string_equal(cert_fault_words(result.fault), cert_fault_words(row->want));
    assert_int_equal(result.faults, want_faults);
    assert_int_equal(result.depth, row->want_depth);
    assert_string_equal(result.subject != NULL ? result.subject : "",
                        row->want_subject != NULL ? row->want_subject : "");
    assert_string_equal(result.missing_issuer != NULL ? result.missing_issuer : "",
                        row->want_missing != NULL ? row->want_missing : "");
    assert_int_equal(result.trusted_fingerprint != NULL,
                     row->want == CERT_FAULT_SELF_SIGNED_REPLACED);
    assert_int_equal(ERR_peek_error(), 0);
    arena_clear(&arena);
}

int main(void)
{
    return RUN_ROWS(rows, chain_verify_finds);
}
