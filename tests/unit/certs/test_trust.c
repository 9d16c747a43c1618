// Trust stores: where they come from, and what they refuse.
#include "chain_kit.h"

#include "certs.h"
#include "scratch_folder.h"

static struct scratch scratch;
static struct kit_cert root, leaf;

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    assert_int_equal(setenv("SSL_CERT_FILE", "/nonexistent", 1), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", "/nonexistent", 1), 0);
    root = kit_make(&(struct recipe){.subject = "root", .is_ca = true}, NULL);
    leaf = kit_make(&(struct recipe){.subject = "leaf", .names = "DNS:a.test"}, &root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_clear(&root);
    kit_clear(&leaf);
    scratch_remove_path(scratch.path);
    return 0;
}

static void write_root(const char *path, const char *before, const char *after)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(before, file);
    assert_int_equal(PEM_write_X509(file, root.certificate), 1);
    (void)fputs(after, file);
    assert_int_equal(fclose(file), 0);
}

static enum cert_fault fault_with(struct trust_store *store)
{
    struct arena arena = {0};
    struct verification result;
    struct verify_spec spec = {.name = "a.test"};
    assert_non_null(store);
    chain_verify(store, &leaf.certificate, 1, &spec, &arena, &result);
    assert_true(result.done);
    assert_string_equal(result.name, "a.test");
    arena_clear(&arena);
    trust_store_free(store);
    return result.fault;
}

static void a_bundle_with_text_around(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_MAX];
    struct error error = {0};
    write_root(scratch_join(&scratch, "ca.pem", path), "# my CA\n", "\nthe end\n");
    assert_int_equal(fault_with(trust_store_new(path, NULL, &error)), CERT_FAULT_NONE);
}

static void a_bundle_stands_instead_of_the_system(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_MAX], other_path[SCRATCH_PATH_MAX];
    struct kit_cert other = kit_make(&(struct recipe){.subject = "other", .is_ca = true}, NULL);
    write_root(scratch_join(&scratch, "system.pem", path), "", "");
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
    FILE *file = fopen(scratch_join(&scratch, "other.pem", other_path), "w");
    assert_int_equal(PEM_write_X509(file, other.certificate), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(fault_with(trust_store_new(NULL, NULL, NULL)), CERT_FAULT_NONE);
    assert_int_equal(fault_with(trust_store_new(other_path, NULL, NULL)),
                     CERT_FAULT_UNTRUSTED_ROOT);
    kit_clear(&other);
}

static void the_systems_folder_by_hash(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_MAX], name[32];
    int is_hashed = 0;
    (void)snprintf(
        name, sizeof(name), "%08lx.0",
        X509_NAME_hash_ex(X509_get_subject_name(root.certificate), NULL, NULL, &is_hashed));
    write_root(scratch_join(&scratch, name, path), "", "");
    assert_int_equal(fault_with(trust_store_new(NULL, NULL, NULL)), CERT_FAULT_UNTRUSTED_ROOT);
    assert_int_equal(setenv("SSL_CERT_DIR", scratch.path, 1), 0);
    assert_int_equal(fault_with(trust_store_new(NULL, NULL, NULL)), CERT_FAULT_NONE);
}

static void an_anchor_added_beside(void **state)
{
    (void)state;
    struct trust_store *store = trust_store_new(NULL, NULL, NULL);
    assert_true(trust_store_add(store, root.certificate));
    assert_true(trust_store_add(store, root.certificate));
    assert_int_equal(fault_with(store), CERT_FAULT_NONE);
    trust_store_free(NULL);
}

static void refuse(const char *file, const char *crl_file, const char *why)
{
    struct error error = {0};
    assert_null(trust_store_new(file, crl_file, &error));
    assert_non_null(strstr(error.text, why));
    assert_int_equal(error.kind, ERROR_FILE);
    assert_int_equal(ERR_peek_error(), 0);
}

static void files_that_are_no_bundle_are_said(void **state)
{
    (void)state;
    char path[SCRATCH_PATH_MAX], good[SCRATCH_PATH_MAX];
    write_root(scratch_join(&scratch, "good.pem", good), "", "");
    (void)scratch_join(&scratch, "bad.pem", path);
    refuse(path, NULL, "No such file");
    scratch_write(path, "", 0, 0600);
    refuse(path, NULL, "no certificate in");
    scratch_write(path, "hello\n", 6, 0600);
    refuse(path, NULL, "no certificate in");
    const char *cut = "-----BEGIN CERTIFICATE-----\nMIIB\n";
    scratch_write(path, cut, strlen(cut), 0600);
    refuse(path, NULL, "broken PEM in");
    refuse(good, path, "broken PEM in");
    refuse(good, good, "no CRL in");
}

static void an_empty_chain_is_not_verified(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct verification result = {.done = true};
    struct trust_store *store = trust_store_new(NULL, NULL, NULL);
    chain_verify(store, NULL, 0, &(struct verify_spec){.name = "a.test"}, &arena, &result);
    assert_false(result.done);
    trust_store_free(store);
    arena_clear(&arena);
}

static void a_changed_signature_is_another_fault(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct verification result;
    struct trust_store *store = trust_store_new(NULL, NULL, NULL);
    assert_true(trust_store_add(store, root.certificate));
    uint8_t *der = NULL;
    int len = i2d_X509(leaf.certificate, &der);
    der[len - 1] ^= 1;
    const uint8_t *at = der;
    X509 *changed = d2i_X509(NULL, &at, len);
    OPENSSL_free(der);
    chain_verify(store, &changed, 1, &(struct verify_spec){.name = "a.test"}, &arena, &result);
    assert_int_equal(result.fault, CERT_FAULT_OTHER);
    assert_int_equal(result.faults, 1u << CERT_FAULT_OTHER);
    assert_string_equal(result.library_says, "certificate signature failure");
    X509_free(changed);
    trust_store_free(store);
    arena_clear(&arena);
}

static void a_given_time_stands_instead_of_the_clock(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct verification result;
    struct trust_store *store = trust_store_new(NULL, NULL, NULL);
    assert_true(trust_store_add(store, root.certificate));
    struct verify_spec spec = {.at_us = (int64_t)86400 * 1000000, .clock_offset_us = 5};
    chain_verify(store, &leaf.certificate, 1, &spec, &arena, &result);
    assert_int_equal(result.at_us, spec.at_us);
    assert_int_equal(result.fault, CERT_FAULT_NOT_YET_VALID);
    assert_null(result.name);
    trust_store_free(store);
    arena_clear(&arena);
}

int main(void)
{
#define TEST(check) cmocka_unit_test_setup_teardown(check, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_with_text_around),
        TEST(a_bundle_stands_instead_of_the_system),
        TEST(the_systems_folder_by_hash),
        TEST(an_anchor_added_beside),
        TEST(files_that_are_no_bundle_are_said),
        TEST(an_empty_chain_is_not_verified),
        TEST(a_changed_signature_is_another_fault),
        TEST(a_given_time_stands_instead_of_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
