#include "code_points.h"

#include <ctype.h>

#include "recorded.h"

static void upper_case(const char *name, char out_name[128])
{
    size_t len = strlen(name);
    assert_true(len < 128);
    for (size_t i = 0; i <= len; i++) {
        out_name[i] = (char)toupper((unsigned char)name[i]);
    }
}

static void suites_are_a_sound_table(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct suite *suite = suite_at(0); suite != NULL; suite = suite_at(++count)) {
        char upper[128];
        assert_true(count == 0 || suite_at(count - 1)->id < suite->id);
        assert_non_null(suite->iana);
        assert_ptr_equal(suite_find(suite->id), suite);
        assert_ptr_equal(suite_named(slice_of_text(suite->iana)), suite);
        upper_case(suite->iana, upper);
        assert_ptr_equal(suite_named(slice_of_text(upper)), suite);
        assert_true(suite->version_min >= VERSION_SSL30 && suite->version_max <= VERSION_TLS13);
        assert_true(suite->version_min <= suite->version_max);
        assert_true(suite->bits <= 256);
        assert_string_equal(suite_iana_name(suite->id), suite->iana);
        // TLS 1.3's suites name neither key exchange nor certificate, and only they.
        assert_int_equal(suite->kx == KX_ANY, suite->version_min == VERSION_TLS13);
        assert_int_equal(suite->auth == AUTH_ANY, suite->version_min == VERSION_TLS13);
        if (suite->openssl != NULL) {
            assert_ptr_equal(suite_named(slice_of_text(suite->openssl)), suite);
            assert_string_equal(suite_name(suite->id), suite->openssl);
        }
        if (suite->class == SUITE_MODERN) {
            assert_true(suite->is_forward_secret && suite->bits >= 128);
            assert_true(suite->auth != AUTH_NONE);
        }
    }
    assert_int_equal(count, 381);
    assert_null(suite_at(count));
    assert_null(suite_at(SIZE_MAX));
}

static void groups_are_a_sound_table(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct group *group = group_at(0); group != NULL; group = group_at(++count)) {
        char upper[128];
        assert_true(count == 0 || group_at(count - 1)->id < group->id);
        assert_ptr_equal(group_find(group->id), group);
        assert_ptr_equal(group_named(slice_of_text(group->name)), group);
        upper_case(group->name, upper);
        assert_ptr_equal(group_named(slice_of_text(upper)), group);
        assert_string_equal(group_name(group->id), group->name);
        assert_int_equal(group->client_share_len == 0, group->server_share_len == 0);
        assert_true(!group->is_post_quantum || group->in_tls13);
        if (group->openssl != NULL) {
            assert_ptr_equal(group_named(slice_of_text(group->openssl)), group);
        }
    }
    assert_int_equal(count, 63);
    assert_null(group_at(count));
}

static void schemes_are_a_sound_table(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct scheme *scheme = scheme_at(0); scheme != NULL; scheme = scheme_at(++count)) {
        char upper[128];
        assert_true(count == 0 || scheme_at(count - 1)->id < scheme->id);
        assert_ptr_equal(scheme_find(scheme->id), scheme);
        assert_ptr_equal(scheme_named(slice_of_text(scheme->name)), scheme);
        upper_case(scheme->name, upper);
        assert_ptr_equal(scheme_named(slice_of_text(upper)), scheme);
        assert_string_equal(scheme_name(scheme->id), scheme->name);
        assert_true(scheme->in_tls12 || scheme->in_tls13);
        assert_true(!scheme->is_weak || !scheme->in_tls13);
        if (scheme->openssl != NULL) {
            assert_ptr_equal(scheme_named(slice_of_text(scheme->openssl)), scheme);
        }
    }
    assert_int_equal(count, 47);
    assert_null(scheme_at(count));
}

// Every number has a name, and no name is given to two of them.
static void numbers_without_a_row_are_unknown_or_grease(void **state)
{
    (void)state;
    size_t named[3] = {0};
    for (uint32_t id = 0; id <= UINT16_MAX; id++) {
        uint16_t number = (uint16_t)id;
        const char *expected = is_grease(number) ? "GREASE" : "unknown";
        if (suite_find(number) == NULL) {
            assert_string_equal(suite_name(number), expected);
            assert_string_equal(suite_iana_name(number), expected);
        }
        if (group_find(number) == NULL) {
            assert_string_equal(group_name(number), expected);
        }
        if (scheme_find(number) == NULL) {
            assert_string_equal(scheme_name(number), expected);
        }
        named[0] += strcmp(extension_name(number), expected) != 0;
        named[1] += strcmp(version_name(number), expected) != 0;
        named[2] += id <= UINT8_MAX && strcmp(alert_name((uint8_t)id), "unknown") != 0;
    }
    assert_int_equal(named[0], 73);
    assert_int_equal(named[1], 28);
    assert_int_equal(named[2], 37);
}

static void grease_is_sixteen_numbers(void **state)
{
    (void)state;
    size_t count = 0;
    for (uint32_t id = 0; id <= UINT16_MAX; id++) {
        count += is_grease((uint16_t)id);
    }
    assert_int_equal(count, 16);
    assert_true(is_grease(0x0a0a) && is_grease(0x5a5a) && is_grease(0xfafa));
    assert_false(is_grease(0x0a1a) || is_grease(0x0a0b) || is_grease(0));
}

static const struct name_row {
    const char *name; // of the row, and what is looked up
    uint16_t suite, group, scheme, version;
} name_rows[] = {
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xc02f, 0, 0, 0},
    {"ecdhe-rsa-aes128-gcm-sha256", 0xc02f, 0, 0, 0},
    {"0xC02F", 0xc02f, 0, 0, 0},
    {"0Xc02f", 0xc02f, 0, 0, 0},
    {"0x1301", 0x1301, 0, 0, 0},
    {"0xfff0", 0, 0, 0, 0},
    {"0xC02", 0, 0, 0, 0},
    {"0xC02FF", 0, 0, 0, 0},
    {"0xC02G", 0, 0, 0, 0},
    {"AES128-SHA", 0x002f, 0, 0, 0},
    {"DES-CBC3-SHA", 0x000a, 0, 0, 0},
    {"NULL", 0, 0, 0, 0}, // OpenSSL's word for a set of suites
    {"X25519MLKEM768", 0, 0x11ec, 0, 0},
    {"P-256", 0, 23, 0, 0},
    {"secp256r1", 0, 23, 0, 0},
    {"prime256v1", 0, 23, 0, 0},
    {"PRIME192V1", 0, 19, 0, 0},
    {"x25519", 0, 29, 0, 0},
    {"X448", 0, 30, 0, 0},
    {"ffdhe2048", 0, 256, 0, 0},
    {"P-257", 0, 0, 0, 0},
    {"RSA+SHA256", 0, 0, 0x0401, 0},
    {"rsa_pkcs1_sha256", 0, 0, 0x0401, 0},
    {"ecdsa+sha384", 0, 0, 0x0503, 0},
    {"rsa_pss_rsae_sha256", 0, 0, 0x0804, 0},
    {"ed25519", 0, 0, 0x0807, 0},
    {"RSA+MD5", 0, 0, 0, 0},
    {"TLS1.2", 0, 0, 0, VERSION_TLS12},
    {"TLSv1.2", 0, 0, 0, VERSION_TLS12},
    {"TLS 1.2", 0, 0, 0, VERSION_TLS12},
    {"tlsv1.3", 0, 0, 0, VERSION_TLS13},
    {"1.3", 0, 0, 0, VERSION_TLS13},
    {"1.1", 0, 0, 0, VERSION_TLS11},
    {"TLSv1", 0, 0, 0, VERSION_TLS10},
    {"SSL3", 0, 0, 0, VERSION_SSL30},
    {"SSLv3", 0, 0, 0, VERSION_SSL30},
    {"SSL 3.0", 0, 0, 0, VERSION_SSL30},
    {"SSL2", 0, 0, 0, 0},
    {"TLS1.4", 0, 0, 0, 0},
    {"TLS", 0, 0, 0, 0},
    {"v1.2", 0, 0, 0, 0},
    {" 1.2", 0, 0, 0, 0},
    {"TLSvv1.2", 0, 0, 0, 0},
    {"TLS1.2 ", 0, 0, 0, 0},
    {"", 0, 0, 0, 0},
};

static void name_is_found_where_it_belongs(void **state)
{
    const struct name_row *row = *state;
    struct slice name = slice_of_text(row->name);
    const struct suite *suite = suite_named(name);
    const struct group *group = group_named(name);
    const struct scheme *scheme = scheme_named(name);
    assert_int_equal(suite != NULL ? suite->id : 0, row->suite);
    assert_int_equal(group != NULL ? group->id : 0, row->group);
    assert_int_equal(scheme != NULL ? scheme->id : 0, row->scheme);
    assert_int_equal(version_named(name), row->version);
}

static void version_names_are_read_back(void **state)
{
    (void)state;
    for (uint16_t version = VERSION_SSL30; version <= VERSION_TLS13; version++) {
        assert_int_equal(version_named(slice_of_text(version_name(version))), version);
    }
    assert_string_equal(version_name(0x7f1c), "TLS 1.3 draft 28");
    assert_string_equal(version_name(0x0002), "SSL 2.0");
}

static void rows_that_verdicts_lean_on(void **state)
{
    (void)state;
    const struct group *hybrid = group_find(0x11ec);
    assert_true(hybrid->is_post_quantum && hybrid->in_tls13 && !hybrid->is_ffdhe);
    assert_int_equal(hybrid->client_share_len, 1216);
    assert_int_equal(hybrid->server_share_len, 1120);
    assert_null(hybrid->openssl); // 3.0 knows no ML-KEM
    assert_string_equal(group_find(23)->openssl, "P-256");
    assert_string_equal(group_find(29)->openssl, "X25519");
    assert_int_equal(group_find(23)->client_share_len, 65);
    assert_true(group_find(256)->is_ffdhe);
    assert_false(group_find(26)->in_tls13); // brainpool of TLS 1.2; TLS 1.3's has its own numbers

    const struct suite *gcm = suite_find(0xc02b);
    assert_true(gcm->kx == KX_ECDHE && gcm->auth == AUTH_ECDSA && gcm->class == SUITE_MODERN);
    assert_true(gcm->bits == 128 && gcm->is_forward_secret);
    assert_true(suite_find(0x002f)->kx == KX_RSA && suite_find(0x002f)->class == SUITE_LEGACY);
    assert_int_equal(suite_find(0x000a)->class, SUITE_BROKEN); // 3DES
    assert_int_equal(suite_find(0x0005)->class, SUITE_BROKEN); // RC4
    assert_int_equal(suite_find(0x0003)->class, SUITE_BROKEN); // export
    assert_int_equal(suite_find(0x0018)->auth, AUTH_NONE);
    assert_int_equal(suite_find(SCSV_RENEGOTIATION)->class, SUITE_SIGNALLING);
    assert_int_equal(suite_find(SCSV_FALLBACK)->class, SUITE_SIGNALLING);

    assert_true(scheme_find(0x0201)->is_weak && scheme_find(0x0101)->is_weak);
    assert_null(scheme_find(0x0101)->openssl); // 3.0 knows no MD5 signatures
    assert_false(scheme_find(0x0401)->in_tls13);
    assert_int_equal(scheme_find(0x0403)->key, AUTH_ECDSA);
    assert_int_equal(scheme_find(0x0804)->key, AUTH_RSA);
    assert_int_equal(scheme_find(0x0807)->key, AUTH_OTHER); // no EC key of P-256 signs Ed25519

    assert_string_equal(alert_name(ALERT_UNKNOWN_CA), "unknown_ca");
    assert_string_equal(alert_name(ALERT_NO_APPLICATION_PROTOCOL), "no_application_protocol");
    assert_string_equal(alert_name(255), "unknown");
    assert_string_equal(extension_name(EXTENSION_ENCRYPTED_CLIENT_HELLO), "encrypted_client_hello");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suites_are_a_sound_table),
        cmocka_unit_test(groups_are_a_sound_table),
        cmocka_unit_test(schemes_are_a_sound_table),
        cmocka_unit_test(numbers_without_a_row_are_unknown_or_grease),
        cmocka_unit_test(grease_is_sixteen_numbers),
        cmocka_unit_test(version_names_are_read_back),
        cmocka_unit_test(rows_that_verdicts_lean_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) +
           RUN_ROWS(name_rows, name_is_found_where_it_belongs);
}
