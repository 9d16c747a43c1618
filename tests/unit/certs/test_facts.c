// What is read from certificates, well-formed and hostile.
#include "chain_kit.h"

#include <stdio.h>

#include "certs.h"

static struct cert_facts read_made(const struct recipe *recipe, struct arena *arena)
{
    struct cert_facts facts = {0};
    struct kit_cert made = kit_make(recipe, NULL);
    assert_true(cert_facts_read(made.certificate, arena, &facts));
    kit_clear(&made);
    assert_int_equal(ERR_peek_error(), 0);
    return facts;
}

static void everything_is_read(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct cert_facts facts = read_made(
        &(struct recipe){
            .subject = "b\xC3\xBC"
                       "cher, \"und\" mehr",
            .names = "DNS:a.test,email:b@c.test,IP:192.0.2.1,IP:2001:db8::1,DNS:*.d.test",
            .purpose = "clientAuth",
            .aia = "OCSP;URI:http://ocsp.test/,caIssuers;URI:ldap://ca.test/,"
                   "caIssuers;URI:http://ca.test/i.cer,caIssuers;URI:http://second.test/",
            .crl = "URI:http://crl.test/r.crl",
            .feature = "status_request",
        },
        &arena);
    assert_string_equal(facts.subject, "CN=b\xC3\xBC"
                                       "cher\\, \\\"und\\\" mehr");
    assert_string_equal(facts.issuer, facts.subject);
    assert_string_equal(facts.common_name, "b\xC3\xBC"
                                           "cher, \"und\" mehr");
    assert_int_equal(facts.name_count, 4);
    assert_int_equal(facts.name_total, 4);
    assert_string_equal(facts.names[0], "dns:a.test");
    assert_string_equal(facts.names[1], "ip:192.0.2.1");
    assert_string_equal(facts.names[2], "ip:2001:db8::1");
    assert_string_equal(facts.names[3], "dns:*.d.test");
    assert_true(!facts.for_server && facts.for_client);
    assert_true(!facts.is_ca && facts.is_self_issued && facts.is_self_signed);
    assert_string_equal(facts.aia_issuers, "http://ca.test/i.cer");
    assert_string_equal(facts.ocsp, "http://ocsp.test/");
    assert_string_equal(facts.crl, "http://crl.test/r.crl");
    assert_true(facts.must_staple);
    assert_int_equal((facts.not_after_us - facts.not_before_us) / 1000000, 100 * 86400);
    arena_clear(&arena);
}

static void what_is_not_there_is_null(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct recipe bare = {.constraints = "", .key_usage = "", .has_no_key_ids = true};
    struct cert_facts facts = read_made(&bare, &arena);
    assert_string_equal(facts.subject, "");
    assert_null(facts.common_name);
    assert_int_equal(facts.name_count, 0);
    assert_null(facts.aia_issuers);
    assert_null(facts.ocsp);
    assert_null(facts.crl);
    assert_false(facts.must_staple);
    assert_true(facts.for_server && facts.for_client);
    arena_clear(&arena);
}

static const struct key_row {
    const char *name;
    struct recipe recipe;
    const char *want_key;
    int want_bits;
    const char *want_signature;
    bool want_weak;
} key_rows[] = {
    {"P-256", {.subject = "k"}, "EC P-256", 256, "ecdsa-with-SHA256", false},
    {"P-384", {.curve = "P-384", .digest = "SHA384"}, "EC P-384", 384, "ecdsa-with-SHA384", false},
    {"secp256k1", {.curve = "secp256k1"}, "EC secp256k1", 256, "ecdsa-with-SHA256", false},
    {"a curve spelled out",
     {.has_explicit_curve = true},
     "EC with explicit parameters",
     256,
     "ecdsa-with-SHA256",
     false},
    {"RSA", {.rsa_bits = 2048}, "RSA 2048", 2048, "sha256WithRSAEncryption", false},
    {"SHA-1", {.digest = "SHA1"}, "EC P-256", 256, "ecdsa-with-SHA1", true},
    {"MD5", {.rsa_bits = 1024, .digest = "MD5"}, "RSA 1024", 1024, "md5WithRSAEncryption", true},
};

static void key_and_signature_are_read(void **state)
{
    const struct key_row *row = *state;
    struct arena arena = {0};
    struct cert_facts facts = read_made(&row->recipe, &arena);
    assert_string_equal(facts.key, row->want_key);
    assert_int_equal(facts.key_bits, row->want_bits);
    assert_string_equal(facts.signature, row->want_signature);
    assert_int_equal(facts.is_weak_signature, row->want_weak);
    arena_clear(&arena);
}

// with_san makes a certificate whose one dNSName has these bytes.
static struct kit_cert with_san(const char *bytes, size_t len)
{
    struct kit_cert made = kit_make(&(struct recipe){.subject = "s"}, NULL);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    assert_int_equal(ASN1_STRING_set(text, bytes, (int)len), 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    assert_true(sk_GENERAL_NAME_push(names, name) > 0);
    assert_int_equal(
        X509_add1_ext_i2d(made.certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT), 1);
    assert_true(X509_sign(made.certificate, made.key, EVP_sha256()) > 0);
    kit_decode_anew(&made);
    GENERAL_NAMES_free(names);
    return made;
}

#define LOST        "\xEF\xBF\xBD"
#define BYTES(text) text, sizeof(text) - 1

static const struct san_row {
    const char *name, *bytes;
    size_t len;
    const char *want;
} san_rows[] = {
    {"plain", BYTES("a.test"), "dns:a.test"},
    {"a NUL does not end the name", BYTES("good.test\0.evil.test"),
     "dns:good.test" LOST ".evil.test"},
    {"UTF-8 stays", BYTES("b\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"),
     "dns:b\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"},
    {"Latin-1", BYTES("b\xFC.test"), "dns:b" LOST ".test"},
    {"overlong", BYTES("\xC0\xAF\xE0\x80\xAF"), "dns:" LOST LOST LOST LOST LOST},
    {"a surrogate", BYTES("\xED\xA0\x80"), "dns:" LOST LOST LOST},
    {"cut UTF-8", BYTES("a\xE2\x82"), "dns:a" LOST LOST},
    {"a third byte that is none",
     BYTES("\xE2\x82"
           "A"),
     "dns:" LOST LOST "A"},
    {"past U+10FFFF", BYTES("\xF4\x90\x80\x80"), "dns:" LOST LOST LOST LOST},
    {"control characters are the sinks' business", BYTES("a\x1b[2J\n"), "dns:a\x1b[2J\n"},
    {"empty", BYTES(""), "dns:"},
};

static void odd_names_are_made_valid_text(void **state)
{
    const struct san_row *row = *state;
    struct arena arena = {0};
    struct cert_facts facts;
    struct kit_cert made = with_san(row->bytes, row->len);
    assert_true(cert_facts_read(made.certificate, &arena, &facts));
    assert_int_equal(facts.name_count, 1);
    assert_string_equal(facts.names[0], row->want);
    kit_clear(&made);
    arena_clear(&arena);
}

static void long_names_are_cut_between_characters(void **state)
{
    (void)state;
    static char bytes[6000];
    struct arena arena = {0};
    struct cert_facts facts;
    for (size_t i = 0; i < sizeof(bytes); i += 3) {
        memcpy(bytes + i, "\xE2\x82\xAC", 3);
    }
    struct kit_cert made = with_san(bytes, sizeof(bytes));
    assert_true(cert_facts_read(made.certificate, &arena, &facts));
    assert_int_equal(strlen(facts.names[0]), strlen("dns:") + 1024 / 3 * 3);
    kit_clear(&made);
    arena_clear(&arena);
}

static struct kit_cert full_certificate(void)
{
    const struct recipe recipe = {
        .subject = "full",
        .names = "DNS:a.test,IP:192.0.2.1",
        .aia = "OCSP;URI:http://ocsp.test/,caIssuers;URI:http://ca.test/",
        .crl = "URI:http://crl.test/",
        .feature = "status_request",
    };
    return kit_make(&recipe, NULL);
}

static void der_and_its_every_prefix(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct cert_facts facts, again;
    struct kit_cert made = full_certificate();
    assert_true(cert_facts_read(made.certificate, &arena, &facts));
    assert_int_equal(cert_facts_from_der(facts.der, &arena, &again), PARSE_OK);
    assert_memory_equal(facts.fingerprint, again.fingerprint, 32);
    assert_memory_equal(facts.spki, again.spki, 32);
    assert_true(slice_equals(facts.der, again.der));
    assert_true(facts.der.data != again.der.data);
    for (size_t len = 0; len < facts.der.len; len++) {
        struct slice prefix = slice_part(facts.der, 0, len);
        assert_int_equal(cert_facts_from_der(prefix, &arena, &again), PARSE_BAD);
    }
    uint8_t *longer = malloc(facts.der.len + 1);
    memcpy(longer, facts.der.data, facts.der.len);
    longer[facts.der.len] = 0;
    assert_int_equal(cert_facts_from_der((struct slice){longer, facts.der.len + 1}, &arena, &again),
                     PARSE_BAD);
    free(longer);
    kit_clear(&made);
    arena_clear(&arena);
}

// Each byte changed three ways: never a crash, and what is read is whole.
static void every_byte_changed(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80, 0xFF};
    struct arena arena = {0};
    struct cert_facts facts;
    size_t still_read = 0;
    struct kit_cert made = full_certificate();
    assert_true(cert_facts_read(made.certificate, &arena, &facts));
    uint8_t *der = malloc(facts.der.len);
    for (size_t i = 0; i < facts.der.len * COUNT(changes); i++) {
        struct arena one = {0};
        struct cert_facts changed;
        memcpy(der, facts.der.data, facts.der.len);
        der[i / COUNT(changes)] ^= changes[i % COUNT(changes)];
        if (cert_facts_from_der((struct slice){der, facts.der.len}, &one, &changed) == PARSE_OK) {
            assert_true(changed.subject != NULL && changed.key != NULL && changed.serial != NULL);
            assert_memory_not_equal(changed.fingerprint, facts.fingerprint, 32);
            still_read++;
        }
        arena_clear(&one);
    }
    assert_true(still_read > 0);
    free(der);
    kit_clear(&made);
    arena_clear(&arena);
}

static void a_full_arena_is_said(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct cert_facts facts;
    struct kit_cert made = full_certificate();
    while (arena_alloc(&arena, 64 * 1024) != NULL) {
    }
    size_t refused = 0;
    for (size_t left = 0; !cert_facts_read(made.certificate, &arena, &facts); left += 16) {
        arena_clear(&arena);
        assert_non_null(arena_alloc(&arena, ARENA_BYTES_MAX - left));
        refused++;
    }
    assert_true(refused > 10);
    kit_clear(&made);
    arena_clear(&arena);
}

static void serials_are_hex(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct cert_facts facts;
    struct kit_cert made = kit_make(&(struct recipe){.subject = "s"}, NULL);
    assert_int_equal(ASN1_INTEGER_set_int64(X509_get_serialNumber(made.certificate), 0x0A0B), 1);
    assert_true(cert_facts_read(made.certificate, &arena, &facts));
    assert_string_equal(facts.serial, "0a0b");
    assert_int_equal(ASN1_INTEGER_set_int64(X509_get_serialNumber(made.certificate), -1), 1);
    assert_true(cert_facts_read(made.certificate, &arena, &facts));
    assert_string_equal(facts.serial, "-01");
    kit_clear(&made);
    arena_clear(&arena);
}

static void each_fault_has_a_code_and_words(void **state)
{
    (void)state;
    for (int i = 0; i < CERT_FAULTS; i++) {
        assert_true(strlen(cert_fault_words((enum cert_fault)i)) > 0);
        assert_int_equal(strlen(cert_fault_code((enum cert_fault)i)) == 0, i == CERT_FAULT_NONE);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(cert_fault_code((enum cert_fault)i),
                                    cert_fault_code((enum cert_fault)j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_is_not_there_is_null),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(der_and_its_every_prefix),
        cmocka_unit_test(every_byte_changed),
        cmocka_unit_test(a_full_arena_is_said),
        cmocka_unit_test(serials_are_hex),
        cmocka_unit_test(each_fault_has_a_code_and_words),
    };
    int failed = RUN_ROWS(key_rows, key_and_signature_are_read);
    failed += RUN_ROWS(san_rows, odd_names_are_made_valid_text);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
