// The authority's first run, its later runs, and what it refuses to use.
#include "chain_kit.h"

#include <sys/wait.h>

#include "certs.h"
#include "scratch_folder.h"

#define RACERS 8

static struct scratch scratch;
static char folder[SCRATCH_PATH_MAX], ca_path[SCRATCH_PATH_MAX], key_path[SCRATCH_PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    scratch_make(&scratch);
    (void)scratch_join(&scratch, "data/midspan", folder);
    (void)scratch_join(&scratch, "data/midspan/ca.pem", ca_path);
    (void)scratch_join(&scratch, "data/midspan/ca-key.pem", key_path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove_path(scratch.path);
    return 0;
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void open_new(struct authority *out_ca)
{
    struct error error = {0};
    bool is_new = false;
    (void)authority_open(folder, out_ca, &is_new, &error);
    assert_string_equal(error.text, "");
    assert_true(is_new);
}

static void refuse(const char *why)
{
    struct authority ca = {0};
    struct error error = {0};
    assert_false(authority_open(folder, &ca, NULL, &error));
    assert_null(ca.certificate);
    assert_non_null(strstr(error.text, why));
    assert_int_equal(ERR_peek_error(), 0);
}

static void first_run_makes_it(void **state)
{
    (void)state;
    struct authority ca;
    open_new(&ca);
    assert_int_equal(mode_of(key_path), 0600);
    assert_int_equal(mode_of(folder), 0700);
    assert_int_equal(mode_of(ca_path), 0644);
    assert_string_equal(ca.folder, folder);

    struct arena arena = {0};
    struct cert_facts facts;
    assert_true(cert_facts_read(ca.certificate, &arena, &facts));
    assert_string_equal(facts.key, "EC P-256");
    assert_true(facts.is_ca && facts.is_self_signed);
    assert_non_null(strstr(facts.subject, "CN=midspan local authority on "));
    assert_int_equal(X509_get_pathlen(ca.certificate), 0);
    assert_int_equal(X509_get_key_usage(ca.certificate), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_non_null(X509_get0_subject_key_id(ca.certificate));
    int critical = 0;
    BASIC_CONSTRAINTS_free(
        X509_get_ext_d2i(ca.certificate, NID_basic_constraints, &critical, NULL));
    assert_int_equal(critical, 1);
    ASN1_BIT_STRING_free(X509_get_ext_d2i(ca.certificate, NID_key_usage, &critical, NULL));
    assert_int_equal(critical, 1);
    arena_clear(&arena);
    authority_clear(&ca);
    authority_clear(&ca); // twice does no harm
}

static void later_runs_load_it(void **state)
{
    (void)state;
    struct authority made, loaded;
    char made_text[96], loaded_text[96];
    bool is_new = true;
    open_new(&made);
    assert_true(authority_open(folder, &loaded, &is_new, NULL));
    assert_false(is_new);
    assert_string_equal(authority_fingerprint(&made, made_text),
                        authority_fingerprint(&loaded, loaded_text));
    assert_int_equal(strlen(made_text), 95);
    authority_clear(&made);
    authority_clear(&loaded);
}

static void two_machines_differ(void **state)
{
    (void)state;
    struct authority here, there;
    open_new(&here);
    (void)scratch_join(&scratch, "elsewhere", folder);
    open_new(&there);
    assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(here.certificate),
                                       X509_get_subject_name(there.certificate)),
                         0);
    assert_int_not_equal(EVP_PKEY_eq(here.key, there.key), 1);
    authority_clear(&here);
    authority_clear(&there);
}

static void pem_and_der_hold_the_certificate_only(void **state)
{
    (void)state;
    struct authority ca;
    struct buffer pem = {0}, der = {0};
    char file[4096];
    open_new(&ca);
    assert_true(authority_pem(&ca, &pem));
    assert_true(authority_der(&ca, &der));
    (void)scratch_read(ca_path, file, sizeof(file));
    assert_string_equal(buffer_text(&pem), file);
    assert_null(strstr(buffer_text(&pem), "PRIVATE"));
    const uint8_t *at = buffer_slice(&der).data;
    X509 *read = d2i_X509(NULL, &at, (long)buffer_slice(&der).len);
    assert_int_equal(X509_cmp(read, ca.certificate), 0);
    X509_free(read);
    buffer_clear(&pem);
    buffer_clear(&der);
    authority_clear(&ca);
}

// race_once opens the authority and tells its parent what it got.
static void race_once(int start, int result)
{
    char go, line[128], text[96];
    struct authority ca = {0};
    bool is_new = false;
    (void)!read(start, &go, 1); // the pipe's end is the starting shot
    bool is_open = authority_open(folder, &ca, &is_new, NULL);
    int len = snprintf(line, sizeof(line), "%d %d %s\n", is_open, is_new,
                       is_open ? authority_fingerprint(&ca, text) : "-");
    (void)!write(result, line, (size_t)len); // a short pipe line is written whole
    authority_clear(&ca);
    _exit(0);
}

static void of_racing_processes_one_makes_it(void **state)
{
    (void)state;
    int start[2], result[2];
    char first[128] = "";
    int made = 0, lines = 0;
    assert_int_equal(pipe(start), 0);
    assert_int_equal(pipe(result), 0);
    for (int i = 0; i < RACERS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(start[1]);
            race_once(start[0], result[1]);
        }
    }
    (void)close(start[1]);
    (void)close(result[1]);
    FILE *lines_in = fdopen(result[0], "r");
    char line[128];
    while (fgets(line, sizeof(line), lines_in) != NULL) {
        lines++;
        assert_memory_equal(line, "1 ", 2);
        made += line[2] == '1';
        if (first[0] == '\0') {
            memcpy(first, line + 4, sizeof(first) - 4);
        }
        assert_string_equal(first, line + 4);
    }
    for (int i = 0; i < RACERS; i++) {
        assert_true(wait(NULL) > 0);
    }
    (void)fclose(lines_in);
    (void)close(start[0]);
    assert_int_equal(lines, RACERS);
    assert_int_equal(made, 1);
}

static void half_of_it_is_refused(void **state)
{
    (void)state;
    struct authority ca;
    char before[4096], after[4096];
    open_new(&ca);
    authority_clear(&ca);
    (void)scratch_read(key_path, before, sizeof(before));
    assert_int_equal(unlink(ca_path), 0);
    refuse("without 'ca.pem'");
    (void)scratch_read(key_path, after, sizeof(after));
    assert_string_equal(before, after);
    assert_int_equal(unlink(key_path), 0);
    scratch_write(ca_path, "x", 1, 0644);
    refuse("without 'ca-key.pem'");
}

static void a_dangling_link_is_not_written_through(void **state)
{
    (void)state;
    char elsewhere[SCRATCH_PATH_MAX];
    (void)scratch_join(&scratch, "elsewhere.pem", elsewhere);
    struct authority ca;
    open_new(&ca);
    authority_clear(&ca);
    assert_int_equal(unlink(ca_path), 0);
    assert_int_equal(unlink(key_path), 0);
    assert_int_equal(symlink(elsewhere, key_path), 0);
    refuse("without 'ca.pem'");
    assert_int_equal(access(elsewhere, F_OK), -1);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
    (void)state;
    struct authority ca;
    open_new(&ca);
    authority_clear(&ca);
    assert_int_equal(chmod(key_path, 0640), 0);
    refuse("others may read the key");
    assert_int_equal(chmod(key_path, 0400), 0);
    assert_true(authority_open(folder, &ca, NULL, NULL));
    authority_clear(&ca);
}

static void put_pair(const struct kit_cert *certificate, const struct kit_cert *key,
                     const char *passphrase)
{
    assert_true(mkdir(folder, 0700) == 0 || access(folder, F_OK) == 0);
    FILE *file = fopen(ca_path, "w");
    assert_int_equal(PEM_write_X509(file, certificate->certificate), 1);
    assert_int_equal(fclose(file), 0);
    file = fopen(key_path, "w");
    assert_int_equal(PEM_write_PKCS8PrivateKey(file, key->key,
                                               passphrase != NULL ? EVP_aes_128_cbc() : NULL,
                                               passphrase, passphrase != NULL ? 4 : 0, NULL, NULL),
                     1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(key_path, 0600), 0);
}

static void an_authority_of_the_users_own_is_taken(void **state)
{
    (void)state;
    struct recipe recipe = {.subject = "company", .is_ca = true, .rsa_bits = 2048};
    struct kit_cert own = kit_make(&recipe, NULL);
    (void)scratch_join(&scratch, "", folder);
    (void)scratch_join(&scratch, "ca.pem", ca_path);
    (void)scratch_join(&scratch, "ca-key.pem", key_path);
    put_pair(&own, &own, NULL);
    struct authority ca;
    bool is_new = true;
    assert_true(authority_open(folder, &ca, &is_new, NULL));
    assert_false(is_new);
    assert_int_equal(X509_cmp(ca.certificate, own.certificate), 0);
    authority_clear(&ca);
    kit_clear(&own);
}

static void pairs_that_cannot_sign_are_refused(void **state)
{
    (void)state;
    struct kit_cert own = kit_make(&(struct recipe){.subject = "own", .is_ca = true}, NULL);
    struct kit_cert other = kit_make(&(struct recipe){.subject = "other", .is_ca = true}, NULL);
    struct kit_cert leaf = kit_make(&(struct recipe){.subject = "leaf"}, NULL);
    (void)scratch_join(&scratch, "data", folder);
    (void)scratch_join(&scratch, "data/ca.pem", ca_path);
    (void)scratch_join(&scratch, "data/ca-key.pem", key_path);
    put_pair(&own, &other, NULL);
    refuse("is not the key of");
    put_pair(&leaf, &leaf, NULL);
    refuse("is not a CA certificate");
    put_pair(&own, &own, "open");
    refuse("no private key in");
    scratch_write(key_path, "", 0, 0600);
    refuse("no private key in");
    put_pair(&own, &own, NULL);
    scratch_write(ca_path, "-----BEGIN CERTIFICATE-----\n", 28, 0644);
    refuse("no certificate in");
    assert_int_equal(unlink(ca_path), 0);
    assert_int_equal(mkdir(ca_path, 0700), 0);
    refuse("not a file");
    kit_clear(&own);
    kit_clear(&other);
    kit_clear(&leaf);
}

static void folders_that_cannot_be_made_are_said(void **state)
{
    (void)state;
    char file[SCRATCH_PATH_MAX];
    scratch_write(scratch_join(&scratch, "file", file), "", 0, 0600);
    (void)scratch_join(&scratch, "file/below", folder);
    refuse("cannot make folder");
    folder[0] = '\0';
    refuse("unusable folder");
}

static void its_folder_follows_xdg(void **state)
{
    (void)state;
    char path[4096];
    struct error error = {0};
    char *home = strdup(getenv("HOME") != NULL ? getenv("HOME") : "/");
    assert_int_equal(setenv("HOME", "/home/someone", 1), 0);
    assert_int_equal(setenv("XDG_DATA_HOME", "/data", 1), 0);
    assert_true(authority_folder(path, &error));
    assert_string_equal(path, "/data/midspan");
    assert_int_equal(setenv("XDG_DATA_HOME", "not/absolute", 1), 0);
    assert_true(authority_folder(path, &error));
    assert_string_equal(path, "/home/someone/.local/share/midspan");
    assert_int_equal(unsetenv("XDG_DATA_HOME"), 0);
    assert_true(authority_folder(path, &error));
    assert_string_equal(path, "/home/someone/.local/share/midspan");
    assert_int_equal(unsetenv("HOME"), 0);
    assert_false(authority_folder(path, &error));
    assert_int_equal(setenv("HOME", home, 1), 0);
    free(home);
}

int main(void)
{
#define TEST(check) cmocka_unit_test_setup_teardown(check, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(first_run_makes_it),
        TEST(later_runs_load_it),
        TEST(two_machines_differ),
        TEST(pem_and_der_hold_the_certificate_only),
        TEST(of_racing_processes_one_makes_it),
        TEST(half_of_it_is_refused),
        TEST(a_dangling_link_is_not_written_through),
        TEST(a_key_that_others_may_read_is_refused),
        TEST(an_authority_of_the_users_own_is_taken),
        TEST(pairs_that_cannot_sign_are_refused),
        TEST(folders_that_cannot_be_made_are_said),
        TEST(its_folder_follows_xdg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
