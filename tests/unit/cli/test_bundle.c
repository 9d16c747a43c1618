// PEM bundles and Java key stores, made and looked into.
#include "rows.h"

#include <stdlib.h>

#include <openssl/sha.h>

#include "bundle.h"
#include "scratch.h"

struct fixture {
    struct scratch scratch;
    struct authority first, second;
    struct buffer pem, store;
};

static int set_up(void **state)
{
    struct fixture *fixture = *state;
    char folder[FILE_PATH_MAX];
    struct error error;
    return scratch_make(&fixture->scratch, &error) &&
                   file_join(fixture->scratch.path, "first", folder, &error) &&
                   authority_open(folder, &fixture->first, NULL, &error) &&
                   file_join(fixture->scratch.path, "second", folder, &error) &&
                   authority_open(folder, &fixture->second, NULL, &error)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    authority_clear(&fixture->first);
    authority_clear(&fixture->second);
    buffer_clear(&fixture->pem);
    buffer_clear(&fixture->store);
    return scratch_remove(&fixture->scratch, NULL) && unsetenv("SSL_CERT_FILE") == 0 ? 0 : -1;
}

static void a_bundle_is_the_system_s_and_ours(void **state)
{
    struct fixture *fixture = *state;
    struct buffer system = {0};
    char path[FILE_PATH_MAX];
    assert_true(authority_pem(&fixture->second, &system));
    system.len--; // a file without a last newline
    bool is_written =
        scratch_file(&fixture->scratch, "system.pem", buffer_slice(&system), path, NULL);
    buffer_clear(&system);
    assert_true(is_written);
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
    assert_string_equal(bundle_system(), path);
    assert_true(bundle_pem(&fixture->first, &fixture->pem, NULL));
    assert_true(bundle_has(buffer_slice(&fixture->pem), fixture->first.certificate));
    assert_true(bundle_has(buffer_slice(&fixture->pem), fixture->second.certificate));
}

static void what_is_not_in_it_is_not_found(void **state)
{
    struct fixture *fixture = *state;
    assert_true(authority_pem(&fixture->first, &fixture->pem));
    assert_false(bundle_has(buffer_slice(&fixture->pem), fixture->second.certificate));
    assert_false(bundle_has(SLICE_EMPTY, fixture->second.certificate));
}

static void rubbish_between_certificates_is_skipped(void **state)
{
    struct fixture *fixture = *state;
    assert_true(authority_pem(&fixture->first, &fixture->pem));
    assert_true(buffer_append_text(&fixture->pem, "# a comment\n-----BEGIN CERTIFICATE-----\nAAAA\n"
                                                  "-----END CERTIFICATE-----\n"));
    assert_true(authority_pem(&fixture->second, &fixture->pem));
    assert_true(bundle_has(buffer_slice(&fixture->pem), fixture->second.certificate));
}

static void skip_utf(struct cursor *cursor, const char *want)
{
    struct slice text;
    assert_true(cursor_vector16(cursor, &text));
    assert_true(want == NULL || slice_equals_text(text, want));
}

static void check_entry(struct cursor *cursor, const struct authority *ca)
{
    uint32_t tag = 0, high = 0, low = 0, der_len = 0;
    struct slice der = SLICE_EMPTY;
    struct buffer want = {0};
    assert_true(cursor_u32(cursor, &tag));
    assert_int_equal(tag, 2);
    skip_utf(cursor, NULL);
    assert_true(cursor_u32(cursor, &high) && cursor_u32(cursor, &low));
    assert_int_equal(((uint64_t)high << 32) + low, 1234567890123);
    skip_utf(cursor, "X.509");
    assert_true(cursor_u32(cursor, &der_len) && cursor_take(cursor, der_len, &der));
    assert_true(authority_der(ca, &want));
    bool is_same = slice_equals(der, buffer_slice(&want));
    buffer_clear(&want);
    assert_true(is_same);
}

static void a_java_store_has_every_certificate(void **state)
{
    struct fixture *fixture = *state;
    assert_true(authority_pem(&fixture->first, &fixture->pem));
    assert_true(authority_pem(&fixture->second, &fixture->pem));
    assert_true(bundle_java(buffer_slice(&fixture->pem), "changeit", 1234567890123456,
                            &fixture->store, NULL));
    struct slice store = buffer_slice(&fixture->store);
    struct cursor cursor = cursor_over(store);
    uint32_t magic = 0, version = 0, count = 0;
    assert_true(cursor_u32(&cursor, &magic) && cursor_u32(&cursor, &version) &&
                cursor_u32(&cursor, &count));
    assert_int_equal(magic, 0xfeedfeed);
    assert_int_equal(version, 2);
    assert_int_equal(count, 2);
    check_entry(&cursor, &fixture->first);
    check_entry(&cursor, &fixture->second);
    assert_int_equal(cursor.left.len, SHA_DIGEST_LENGTH);

    static const char salt[] = "\0c\0h\0a\0n\0g\0e\0i\0tMighty Aphrodite";
    uint8_t digest[SHA_DIGEST_LENGTH];
    struct buffer text = {0};
    assert_true(buffer_append(&text, (struct slice){(const uint8_t *)salt, sizeof(salt) - 1}));
    assert_true(buffer_append(&text, slice_part(store, 0, store.len - SHA_DIGEST_LENGTH)));
    (void)SHA1(buffer_slice(&text).data, buffer_slice(&text).len, digest);
    buffer_clear(&text);
    assert_memory_equal(cursor.left.data, digest, sizeof(digest));
}

int main(void)
{
    static struct fixture fixtures[4];
#define BUNDLE_TEST(check, i) \
    cmocka_unit_test_prestate_setup_teardown(check, set_up, tear_down, &fixtures[i])
    const struct CMUnitTest tests[] = {
        BUNDLE_TEST(a_bundle_is_the_system_s_and_ours, 0),
        BUNDLE_TEST(what_is_not_in_it_is_not_found, 1),
        BUNDLE_TEST(rubbish_between_certificates_is_skipped, 2),
        BUNDLE_TEST(a_java_store_has_every_certificate, 3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
