// Terms: what is refused when settings are taken into force, and how long they live.
#include "rows.h"

#include <pthread.h>
#include <string.h>

#include "terms.h"

static struct library library;

static const struct row {
    const char *name;
    const char *client_leg, *server_leg; // NULL: as by default
    const char *says;                    // part of the error; NULL: they can be used
} rows[] = {
    {"the defaults", NULL, NULL, NULL},
    {"TLS 1.2 only, with suites of its own", "max=TLS1.2,ciphers=ECDHE-RSA-AES128-GCM-SHA256",
     "max=TLS1.2,ciphers=AES128-SHA", NULL},
    {"clients are asked for certificates", "client-auth=ask", NULL, NULL},
    {"a certificate that is not there", "cert=/nowhere/c.pem,key=/nowhere/k.pem", NULL,
     "client leg: "},
    {"a store that is not there", NULL, "ca=/nowhere/ca.pem", "/nowhere/ca.pem"},
    {"revocations that are not there", NULL, "crl=/nowhere/crl.pem", "/nowhere/crl.pem"},
    {"clients are asked, by a store that is not there", "client-auth=require,ca=/nowhere/ca.pem",
     NULL, "/nowhere/ca.pem"},
    {"a suite that the library lacks", NULL, "max=TLS1.2,ciphers=TLS_RSA_WITH_RC4_128_SHA",
     "server leg: "},
    {"a group that the library lacks", "groups=X25519MLKEM768", NULL, "client leg: "},
};

static void settings_give(void **state)
{
    const struct row *row = *state;
    static struct settings settings; // large
    struct error error = {0};
    settings_default(&settings);
    if (row->client_leg != NULL) {
        assert_true(leg_policy_apply(&settings.legs[CLIENT], row->client_leg, &error));
    }
    if (row->server_leg != NULL) {
        assert_true(leg_policy_apply(&settings.legs[SERVER], row->server_leg, &error));
    }
    struct terms *terms = terms_new(&settings, &library, &error);
    if (row->says == NULL) {
        if (terms == NULL) {
            fail_msg("%s", error.text);
        }
        bool asks = settings.legs[CLIENT].client_auth != CLIENT_AUTH_NONE;
        assert_int_equal(terms->trust[CLIENT] != NULL, asks);
        assert_non_null(terms->trust[SERVER]);
        terms_release(terms);
        return;
    }
    assert_null(terms);
    if (strstr(error.text, row->says) == NULL) {
        fail_msg("no '%s' in \"%s\"", row->says, error.text);
    }
}

#define ROUNDS 10000

static void *keep_and_release(void *user)
{
    for (int i = 0; i < ROUNDS; i++) {
        terms_release(terms_keep(user));
    }
    terms_release(user);
    return NULL;
}

static void last_reference_frees(void **state)
{
    (void)state;
    static struct settings settings;
    struct error error = {0};
    pthread_t threads[4];
    settings_default(&settings);
    struct terms *terms = terms_new(&settings, &library, &error);
    assert_non_null(terms);
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, keep_and_release, terms_keep(terms)), 0);
    }
    terms_release(terms); // the threads' references are left; a leak or a second free is ASan's
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    terms_release(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_reference_frees),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    library_ask(&library);
    int failed = RUN_ROWS(rows, settings_give);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
