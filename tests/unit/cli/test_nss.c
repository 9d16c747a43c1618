#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "nss.h"
#include "scratch.h"

#define HEAD                                                                            \
    "\nCertificate Nickname                                         Trust Attributes\n" \
    "                                                             SSL,S/MIME,JAR/XPI\n\n"

static const struct row {
    const char *name, *listing;
    bool want;
} rows[] = {
    {"trusted for servers", HEAD "midspan ab12cd34                        C,,  \n", true},
    {"trusted, among others", HEAD "other  u,u,u\nmidspan ab12cd34   CT,,\nmore  ,,\n", true},
    {"there, but not trusted", HEAD "midspan ab12cd34                        ,,   \n", false},
    {"trusted for mail only", HEAD "midspan ab12cd34                        ,C,  \n", false},
    {"another authority of ours", HEAD "midspan 00000000                    C,,  \n", false},
    {"a longer name that begins alike", HEAD "midspan ab12cd345               C,,  \n", false},
    {"an empty store", HEAD, false},
    {"no output at all", "", false},
    {"a line that ends after the name", "midspan ab12cd34", false},
};

static void reads_trust(void **state)
{
    const struct row *row = *state;
    assert_int_equal(nss_trusts(slice_of_text(row->listing), "midspan ab12cd34"), row->want);
}

static int set_up(void **state)
{
    return scratch_make(*state, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
    return scratch_remove(*state, NULL) ? 0 : -1;
}

static void make_store(const struct scratch *scratch, const char *folder)
{
    char path[FILE_PATH_MAX], file[FILE_PATH_MAX];
    assert_true(scratch_folder(scratch, folder, path, NULL));
    assert_true(file_join(path, "cert9.db", file, NULL));
    assert_true(file_write(file, SLICE_EMPTY, 0600, true, NULL));
}

static bool lists(const struct trust_places *places, const struct scratch *scratch,
                  const char *owner, const char *folder)
{
    char path[FILE_PATH_MAX];
    assert_true(file_join(scratch->path, folder, path, NULL));
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->items[i].path, path) == 0) {
            return strcmp(places->items[i].owner, owner) == 0;
        }
    }
    return false;
}

static struct trust_places places;

static void finds_old_and_new_folders(void **state)
{
    const struct scratch *scratch = *state;
    static const char *const firefox[] = {
        ".mozilla/firefox/abc.default",
        ".config/mozilla/firefox/def.default-esr",
        "snap/firefox/common/.mozilla/firefox/ghi.default",
    };
    make_store(scratch, ".pki/nssdb");
    make_store(scratch, ".local/share/pki/nssdb");
    for (size_t i = 0; i < COUNT(firefox); i++) {
        make_store(scratch, firefox[i]);
    }
    char no_store[FILE_PATH_MAX];
    assert_true(scratch_folder(scratch, ".mozilla/firefox/Crash Reports", no_store, NULL));

    const struct home home = {.home = scratch->path};
    places = (struct trust_places){0};
    nss_find(&home, true, &places);
    assert_int_equal(places.count, 5);
    assert_true(lists(&places, scratch, "Chromium", ".pki/nssdb"));
    assert_true(lists(&places, scratch, "Chromium", ".local/share/pki/nssdb"));
    for (size_t i = 0; i < COUNT(firefox); i++) {
        assert_true(lists(&places, scratch, "Firefox", firefox[i]));
    }
}

static void xdg_folders_are_heeded(void **state)
{
    const struct scratch *scratch = *state;
    char config[FILE_PATH_MAX], data[FILE_PATH_MAX];
    make_store(scratch, "config/mozilla/firefox/a");
    make_store(scratch, "data/pki/nssdb");
    assert_true(file_join(scratch->path, "config", config, NULL));
    assert_true(file_join(scratch->path, "data", data, NULL));
    const struct home home = {.home = "/nonexistent", .config = config, .data = data};
    places = (struct trust_places){0};
    nss_find(&home, false, &places);
    assert_int_equal(places.count, 2);
    assert_true(lists(&places, scratch, "Firefox", "config/mozilla/firefox/a"));
    assert_true(lists(&places, scratch, "Chromium", "data/pki/nssdb"));
}

static void chromium_that_never_ran_gets_a_store(void **state)
{
    const struct scratch *scratch = *state;
    const struct home home = {.home = scratch->path};
    places = (struct trust_places){0};
    nss_find(&home, false, &places);
    assert_int_equal(places.count, 0);
    nss_find(&home, true, &places);
    assert_int_equal(places.count, 1);
    assert_true(lists(&places, scratch, "Chromium", ".pki/nssdb"));
}

static void more_than_the_limit_is_counted(void **state)
{
    const struct scratch *scratch = *state;
    for (int i = 0; i < TRUST_PLACES_MAX + 3; i++) {
        char folder[64];
        (void)snprintf(folder, sizeof(folder), ".mozilla/firefox/p%d", i);
        make_store(scratch, folder);
    }
    const struct home home = {.home = scratch->path};
    places = (struct trust_places){0};
    nss_find(&home, false, &places);
    assert_int_equal(places.count, TRUST_PLACES_MAX);
    assert_int_equal(places.left_out, 3);
}

int main(void)
{
    static struct scratch scratches[4];
#define HOME_TEST(check, i) \
    cmocka_unit_test_prestate_setup_teardown(check, set_up, tear_down, &scratches[i])
    const struct CMUnitTest tests[] = {
        HOME_TEST(finds_old_and_new_folders, 0),
        HOME_TEST(xdg_folders_are_heeded, 1),
        HOME_TEST(chromium_that_never_ran_gets_a_store, 2),
        HOME_TEST(more_than_the_limit_is_counted, 3),
    };
    return RUN_ROWS(rows, reads_trust) + cmocka_run_group_tests(tests, NULL, NULL);
}
