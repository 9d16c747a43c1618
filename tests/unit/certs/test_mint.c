// Leaves as the mint makes them: healthy ones that strict verifiers take, lab faults, and what is
// taken over from an origin.
#include "chain_kit.h"

#include <openssl/bn.h>

#include "certs.h"
#include "scratch_folder.h"

#define DAY_US    ((int64_t)86400 * 1000000)
#define LONG_HOST "a-label-that-takes-its-time.another-one-of-that-kind.example-of-length.test"

static struct scratch scratch;
static struct authority ca;
static struct mint *mint;

static const struct row {
    const char *name, *host;
    enum leaf_fault fault;
    struct recipe origin; // none when its subject is NULL
    bool mirrors;
    const char *want_names, *want_common; // NULL: no common name
    enum cert_fault want;                 // what verification for the host finds
    uint32_t want_also;
} rows[] = {
#define BIT(fault) (1u << CERT_FAULT_##fault)
    // clang-format off
    {"a host name", "www.example.test", .want_names = "dns:www.example.test", .want_common = "www.example.test"},
    {"a host name in upper case with a dot", "WWW.Example.Test.", .want_names = "dns:www.example.test", .want_common = "www.example.test"},
    {"an A-label", "xn--bcher-kva.test", .want_names = "dns:xn--bcher-kva.test", .want_common = "xn--bcher-kva.test"},
    {"an IPv4 literal", "192.0.2.1", .want_names = "ip:192.0.2.1", .want_common = "192.0.2.1"},
    {"an IPv6 literal", "2001:db8::1", .want_names = "ip:2001:db8::1", .want_common = "2001:db8::1"},
    {"a name too long for a common name", LONG_HOST, .want_names = "dns:" LONG_HOST},

    {"expired", "a.test", LEAF_FAULT_EXPIRED, .want_names = "dns:a.test", .want_common = "a.test", .want = CERT_FAULT_EXPIRED},
    {"not yet valid", "a.test", LEAF_FAULT_NOT_YET_VALID, .want_names = "dns:a.test", .want_common = "a.test",
     .want = CERT_FAULT_NOT_YET_VALID},
    {"wrong name", "a.test", LEAF_FAULT_WRONG_NAME, .want_names = "dns:wrong-name.midspan.invalid",
     .want_common = "wrong-name.midspan.invalid", .want = CERT_FAULT_HOSTNAME},
    {"self-signed", "a.test", LEAF_FAULT_SELF_SIGNED, .want_names = "dns:a.test", .want_common = "a.test",
     .want = CERT_FAULT_SELF_SIGNED},
    {"no subjectAltName", "a.test", LEAF_FAULT_NO_SAN, .want_names = "", .want_common = "a.test", .want = CERT_FAULT_NO_SAN},
    {"SHA-1", "a.test", LEAF_FAULT_WEAK_SIGNATURE, .want_names = "dns:a.test", .want_common = "a.test", .want = CERT_FAULT_WEAK},
    {"wrong usage", "a.test", LEAF_FAULT_WRONG_USAGE, .want_names = "dns:a.test", .want_common = "a.test",
     .want = CERT_FAULT_WRONG_USAGE},

    {"an origin's names are taken over", "a.test", .origin = {.subject = "The A Site", .names = "DNS:b.test,DNS:*.c.test,IP:192.0.2.7"},
     .want_names = "dns:a.test dns:b.test dns:*.c.test ip:192.0.2.7", .want_common = "The A Site"},
    {"a name that is there already is not doubled", "a.test", .origin = {.subject = "a", .names = "DNS:b.test,DNS:a.test"},
     .want_names = "dns:a.test dns:b.test", .want_common = "a"},
    {"names of other kinds, and broken ones, are left out", "a.test",
     .origin = {.subject = "a", .names = "DNS:_b.test,email:c@d.test,URI:http://e.test/,DNS:f..test,DNS:g h.test,DNS:*,DNS:ok.test"},
     .want_names = "dns:a.test dns:ok.test", .want_common = "a"},
    {"an origin without names", "a.test", .origin = {.subject = "only"}, .want_names = "dns:a.test", .want_common = "only"},
    {"an expired origin's dates are not taken over", "a.test", .origin = {.subject = "a", .names = "DNS:a.test", .to_days = -3},
     .want_names = "dns:a.test", .want_common = "a"},
    {"a common name with a control character is not taken over", "a.test", .origin = {.subject = "a\x1b[2J", .names = "DNS:a.test"},
     .want_names = "dns:a.test", .want_common = "a.test"},

    {"mirrored: another name stays another name", "a.test", .origin = {.subject = "b", .names = "DNS:b.test"}, .mirrors = true,
     .want_names = "dns:b.test", .want_common = "b", .want = CERT_FAULT_HOSTNAME},
    {"mirrored: expired stays expired", "a.test", .origin = {.subject = "a", .names = "DNS:a.test", .to_days = -3}, .mirrors = true,
     .want_names = "dns:a.test", .want_common = "a", .want = CERT_FAULT_EXPIRED},
    {"mirrored: not yet valid stays so", "a.test", .origin = {.subject = "a", .names = "DNS:a.test", .from_days = 9}, .mirrors = true,
     .want_names = "dns:a.test", .want_common = "a", .want = CERT_FAULT_NOT_YET_VALID},
    {"mirrored: no subjectAltName stays none", "a.test", .origin = {.subject = "a.test"}, .mirrors = true,
     .want_names = "", .want_common = "a.test", .want = CERT_FAULT_NO_SAN},
    {"mirrored, and a lab fault on top", "a.test", LEAF_FAULT_WRONG_NAME, .origin = {.subject = "a", .names = "DNS:a.test", .to_days = -3},
     .mirrors = true, .want_names = "dns:wrong-name.midspan.invalid", .want_common = "wrong-name.midspan.invalid",
     .want = CERT_FAULT_EXPIRED, .want_also = BIT(HOSTNAME)},
    // clang-format on
};

static int group_set_up(void **state)
{
    (void)state;
    struct error error = {0};
    scratch_make(&scratch);
    assert_true(authority_open(scratch.path, &ca, NULL, &error));
    mint = mint_new(&ca, 0, &error);
    assert_non_null(mint);
    return 0;
}

static int group_tear_down(void **state)
{
    (void)state;
    mint_free(mint);
    authority_clear(&ca);
    scratch_remove_path(scratch.path);
    return 0;
}

static void verify_with_authority(const struct leaf *leaf, const char *host, struct arena *arena,
                                  struct verification *out_result)
{
    char path[SCRATCH_PATH_MAX];
    struct trust_store *store = trust_store_new(scratch_join(&scratch, "ca.pem", path), NULL, NULL);
    X509 *chain[] = {leaf->certificate};
    assert_non_null(store);
    chain_verify(store, chain, 1, &(struct verify_spec){.name = host}, arena, out_result);
    trust_store_free(store);
}

// is_strictly_fine asks OpenSSL's X509_STRICT, which Python 3.13 sets by default.
static int strict_error(const struct leaf *leaf)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, ca.certificate), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf->certificate, NULL), 1);
    assert_int_equal(X509_STORE_CTX_set_default(context, "ssl_server"), 1);
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
    (void)X509_verify_cert(context); // the error tells
    int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
}

static void assert_names(const struct cert_facts *facts, const char *want)
{
    char got[1024] = "";
    size_t len = 0;
    for (size_t i = 0; i < facts->name_count; i++) {
        len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s", i > 0 ? " " : "",
                                facts->names[i]);
    }
    assert_string_equal(got, want);
}

static void assert_healthy_dates(const struct cert_facts *facts)
{
    int64_t now_us = clock_wall_us();
    assert_true(now_us - facts->not_before_us > 1 * DAY_US);
    assert_true(now_us - facts->not_before_us < 3 * DAY_US);
    assert_true(facts->not_after_us - facts->not_before_us < 200 * DAY_US);
    assert_true(facts->not_after_us - now_us > 100 * DAY_US);
}

static void assert_leaf(const struct row *row, const struct leaf *leaf, enum leaf_key key)
{
    struct arena arena = {0};
    struct verification result;
    struct cert_facts facts;
    bool is_self_signed = row->fault == LEAF_FAULT_SELF_SIGNED;
    verify_with_authority(leaf, row->host, &arena, &result);
    assert_true(cert_facts_read(leaf->certificate, &arena, &facts));
    assert_string_equal(cert_fault_words(result.fault), cert_fault_words(row->want));
    assert_int_equal(result.faults,
                     row->want_also | (row->want != CERT_FAULT_NONE ? 1u << row->want : 0));
    assert_names(&facts, row->want_names);
    assert_string_equal(facts.common_name != NULL ? facts.common_name : "(none)",
                        row->want_common != NULL ? row->want_common : "(none)");
    assert_string_equal(facts.key, key == LEAF_RSA ? "RSA 2048" : "EC P-256");
    assert_int_equal(X509_check_private_key(leaf->certificate, leaf->key), 1);
    assert_int_equal(leaf->issuer == NULL, is_self_signed);
    assert_int_equal(facts.is_self_signed, is_self_signed);
    if (row->want == CERT_FAULT_NONE) {
        assert_string_equal(X509_verify_cert_error_string(strict_error(leaf)),
                            X509_verify_cert_error_string(X509_V_OK));
        assert_healthy_dates(&facts);
        assert_non_null(X509_get0_subject_key_id(leaf->certificate));
        assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf->certificate),
                                               X509_get0_subject_key_id(ca.certificate)),
                         0);
        assert_true(facts.for_server && !facts.for_client);
    }
    arena_clear(&arena);
}

static void mint_leaf_gives(void **state)
{
    const struct row *row = *state;
    struct kit_cert origin = {NULL, NULL};
    if (row->origin.subject != NULL) {
        origin = kit_make(&row->origin, NULL);
    }
    for (int key = 0; key < LEAF_KEYS; key++) {
        struct error error = {0};
        struct leaf_spec spec = {
            .name = row->host,
            .key = (enum leaf_key)key,
            .fault = row->fault,
            .origin = origin.certificate,
            .mirrors_faults = row->mirrors,
        };
        struct leaf *leaf = mint_leaf(mint, &spec, &error);
        assert_string_equal(error.text, "");
        assert_leaf(row, leaf, (enum leaf_key)key);
        assert_ptr_equal(mint_leaf(mint, &spec, &error), leaf);
        leaf_release(leaf);
        leaf_release(leaf);
        assert_int_equal(ERR_peek_error(), 0);
    }
    kit_clear(&origin);
}

static void serials_are_random_positive_and_long(void **state)
{
    (void)state;
    enum {
        MADE = 200
    };
    static char serials[MADE][64];
    for (size_t i = 0; i < MADE; i++) {
        char host[64];
        (void)snprintf(host, sizeof(host), "serial-%zu.test", i);
        struct leaf *leaf = mint_leaf(mint, &(struct leaf_spec){.name = host}, NULL);
        BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(leaf->certificate), NULL);
        assert_false(BN_is_negative(serial));
        assert_in_range(BN_num_bits(serial), 128, 159);
        char *hex = BN_bn2hex(serial);
        (void)snprintf(serials[i], sizeof(serials[i]), "%s", hex);
        OPENSSL_free(hex);
        BN_free(serial);
        leaf_release(leaf);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(serials[i], serials[j]);
        }
    }
}

static void a_critical_name_stands_for_an_empty_subject(void **state)
{
    (void)state;
    struct leaf *leaf = mint_leaf(mint, &(struct leaf_spec){.name = LONG_HOST}, NULL);
    int critical = 0;
    GENERAL_NAMES_free(X509_get_ext_d2i(leaf->certificate, NID_subject_alt_name, &critical, NULL));
    assert_int_equal(critical, 1);
    assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(leaf->certificate)), 0);
    leaf_release(leaf);
}

static void names_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", ".", "a b.test", "a\n.test", "b\xC3\xBC.test", "*.a.test", "a,DNS:b.test"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct error error = {0};
        assert_null(mint_leaf(mint, &(struct leaf_spec){.name = bad[i]}, &error));
        assert_non_null(strstr(error.text, "expected a host name"));
        assert_null(strchr(error.text, '\n')); // what a peer said is escaped
    }
    char endless[2048];
    memset(endless, 'a', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_null(mint_leaf(mint, &(struct leaf_spec){.name = endless}, NULL));
}

static void an_origin_with_many_names_is_bounded(void **state)
{
    (void)state;
    static char names[300 * 20];
    size_t len = 0;
    for (int i = 0; i < 300; i++) {
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%sDNS:n%d.test",
                                i > 0 ? "," : "", i);
    }
    struct kit_cert origin = kit_make(&(struct recipe){.subject = "o", .names = names}, NULL);
    struct leaf_spec spec = {.name = "a.test", .origin = origin.certificate};
    struct leaf *leaf = mint_leaf(mint, &spec, NULL);
    struct arena arena = {0};
    struct cert_facts facts;
    assert_true(cert_facts_read(leaf->certificate, &arena, &facts));
    assert_int_equal(facts.name_total, CERT_NAMES_MAX);
    assert_string_equal(facts.names[0], "dns:a.test");
    assert_true(cert_facts_read(origin.certificate, &arena, &facts));
    assert_int_equal(facts.name_total, 300);
    assert_int_equal(facts.name_count, CERT_NAMES_MAX);
    arena_clear(&arena);
    leaf_release(leaf);
    kit_clear(&origin);
}

static void each_difference_makes_another_leaf(void **state)
{
    (void)state;
    struct kit_cert one = kit_make(&(struct recipe){.subject = "o"}, NULL);
    struct kit_cert two = kit_make(&(struct recipe){.subject = "o"}, NULL);
    const struct leaf_spec specs[] = {
        {.name = "d.test"},
        {.name = "e.test"},
        {.name = "d.test", .key = LEAF_RSA},
        {.name = "d.test", .fault = LEAF_FAULT_EXPIRED},
        {.name = "d.test", .origin = one.certificate},
        {.name = "d.test", .origin = two.certificate},
        {.name = "d.test", .origin = two.certificate, .mirrors_faults = true},
    };
    struct leaf *leaves[COUNT(specs)];
    for (size_t i = 0; i < COUNT(specs); i++) {
        leaves[i] = mint_leaf(mint, &specs[i], NULL);
        for (size_t j = 0; j < i; j++) {
            assert_ptr_not_equal(leaves[i], leaves[j]);
        }
    }
    for (size_t i = 0; i < COUNT(specs); i++) {
        leaf_release(leaves[i]);
    }
    kit_clear(&one);
    kit_clear(&two);
}

static void a_leaf_outlives_the_cache_and_the_mint(void **state)
{
    (void)state;
    struct mint *small = mint_new(&ca, 2, NULL);
    struct leaf *first = mint_leaf(small, &(struct leaf_spec){.name = "one.test"}, NULL);
    struct leaf *again = NULL;
    for (int i = 0; i < 5; i++) {
        char host[32];
        (void)snprintf(host, sizeof(host), "other-%d.test", i);
        leaf_release(mint_leaf(small, &(struct leaf_spec){.name = host}, NULL));
    }
    again = mint_leaf(small, &(struct leaf_spec){.name = "one.test"}, NULL);
    assert_ptr_not_equal(first, again);
    mint_free(small);
    assert_int_equal(X509_check_private_key(first->certificate, first->key), 1);
    leaf_release(first);
    leaf_release(again);
}

static void other_authorities_sign_as_well(void **state)
{
    (void)state;
    const struct recipe recipes[] = {
        {.subject = "company RSA", .is_ca = true, .rsa_bits = 2048},
        {.subject = "company P-384", .is_ca = true, .curve = "P-384"},
        {.subject = "company without identifiers", .is_ca = true, .has_no_key_ids = true},
        {.subject = "company near its end", .is_ca = true, .to_days = 3},
    };
    for (size_t i = 0; i < COUNT(recipes); i++) {
        struct kit_cert own = kit_make(&recipes[i], NULL);
        struct authority company = {own.certificate, own.key, NULL};
        struct mint *theirs = mint_new(&company, 4, NULL);
        struct leaf *leaf = mint_leaf(theirs, &(struct leaf_spec){.name = "a.test"}, NULL);
        assert_non_null(leaf);
        assert_int_equal(X509_verify(leaf->certificate, own.key), 1);
        assert_true(ASN1_TIME_compare(X509_get0_notAfter(leaf->certificate),
                                      X509_get0_notAfter(own.certificate)) <= 0);
        leaf_release(leaf);
        mint_free(theirs);
        kit_clear(&own);
    }
}

// ---- forms, as experiments want them

static struct cert_facts facts_of_form(struct mint *with, enum leaf_form form, struct arena *arena)
{
    struct cert_facts facts;
    struct error error = {0};
    const struct leaf_spec spec = {.name = "forms.test", .form = form};
    struct leaf *leaf = mint_leaf(with, &spec, &error);
    assert_non_null(leaf);
    assert_true(cert_facts_read(leaf->certificate, arena, &facts));
    leaf_release(leaf);
    return facts;
}

static void a_form_changes_one_thing(void **state)
{
    (void)state;
    struct arena arena = {0};
    const int64_t minute_us = (int64_t)60 * 1000000;
    struct cert_facts usual = facts_of_form(mint, LEAF_FORM_USUAL, &arena);
    struct cert_facts authority;
    assert_true(cert_facts_read(ca.certificate, &arena, &authority));
    for (enum leaf_form form = LEAF_FORM_USUAL; form <= LEAF_FORM_ANY_PURPOSE; form++) {
        struct cert_facts facts = facts_of_form(mint, form, &arena);
        bool is_earlier = form == LEAF_FORM_EARLIER, is_later = form == LEAF_FORM_LATER;
        bool is_short = form == LEAF_FORM_SHORT;
        assert_int_equal(strcmp(facts.serial, usual.serial) == 0, form == LEAF_FORM_USUAL);
        assert_string_equal(facts.key, usual.key);
        assert_string_equal(facts.issuer, usual.issuer);
        assert_string_equal(facts.subject, usual.subject);
        assert_true(facts.for_server);
        assert_int_equal(facts.for_client, form == LEAF_FORM_ANY_PURPOSE);
        int64_t from_us = usual.not_before_us - (is_earlier ? 3650 * DAY_US : 0);
        int64_t to_us = is_short ? usual.not_before_us + 47 * DAY_US : usual.not_after_us;
        to_us = is_later ? authority.not_after_us : to_us;
        assert_true(llabs(facts.not_before_us - from_us) < minute_us);
        assert_true(llabs(facts.not_after_us - to_us) < minute_us);
    }
    // The authority is there before the earliest leaf that a client behind could take.
    assert_true(authority.not_before_us < usual.not_before_us - 3000 * DAY_US);
    arena_clear(&arena);
}

static void a_stranger_signs_the_same_leaves(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct error error = {0};
    struct authority stranger, other;
    assert_true(authority_of_stranger(&stranger, &error));
    assert_true(authority_of_stranger(&other, &error));
    assert_null(stranger.folder);
    assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(stranger.certificate),
                                       X509_get_subject_name(ca.certificate)),
                         0);
    assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(stranger.certificate),
                                       X509_get_subject_name(other.certificate)),
                         0);
    struct mint *theirs = mint_new(&stranger, 0, &error);
    authority_clear(&stranger);
    authority_clear(&other);
    assert_non_null(theirs);
    struct cert_facts ours = facts_of_form(mint, LEAF_FORM_USUAL, &arena);
    struct cert_facts facts = facts_of_form(theirs, LEAF_FORM_USUAL, &arena);
    assert_string_equal(facts.subject, ours.subject);
    assert_string_equal(facts.key, ours.key);
    assert_string_not_equal(facts.issuer, ours.issuer);
    mint_free(theirs);
    arena_clear(&arena);
}

static void faults_have_names(void **state)
{
    (void)state;
    enum leaf_fault fault = LEAF_FAULT_NONE;
    assert_true(leaf_fault_named("sha1", &fault));
    assert_int_equal(fault, LEAF_FAULT_WEAK_SIGNATURE);
    assert_false(leaf_fault_named("SHA1", &fault));
    assert_false(leaf_fault_named("", &fault));
    leaf_release(NULL);
    mint_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serials_are_random_positive_and_long),
        cmocka_unit_test(a_critical_name_stands_for_an_empty_subject),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(an_origin_with_many_names_is_bounded),
        cmocka_unit_test(each_difference_makes_another_leaf),
        cmocka_unit_test(a_leaf_outlives_the_cache_and_the_mint),
        cmocka_unit_test(other_authorities_sign_as_well),
        cmocka_unit_test(a_form_changes_one_thing),
        cmocka_unit_test(a_stranger_signs_the_same_leaves),
        cmocka_unit_test(faults_have_names),
    };
    (void)group_set_up(NULL);
    int failed = RUN_ROWS(rows, mint_leaf_gives);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    (void)group_tear_down(NULL);
    return failed;
}
