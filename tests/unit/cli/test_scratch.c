// The folder that leaves nothing behind, and touches nothing that is not in it.
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

// A folder for everything a test makes, set as $TMPDIR.
static char base[] = "/tmp/midspan-test-XXXXXX";

static int set_up(void **state)
{
    struct scratch *scratch = *state;
    struct error error;
    (void)memcpy(base + sizeof(base) - 7, "XXXXXX", 6);
    return mkdtemp(base) != NULL && setenv("TMPDIR", base, 1) == 0 && scratch_make(scratch, &error)
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)scratch_remove(*state, NULL);
    (void)rmdir(base);
    return unsetenv("TMPDIR");
}

static bool is_there(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

static void it_is_ours_alone(void **state)
{
    const struct scratch *scratch = *state;
    struct stat facts;
    assert_int_equal(stat(scratch->path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    assert_memory_equal(scratch->path, base, sizeof(base) - 1);
    char path[FILE_PATH_MAX];
    assert_true(scratch_file(scratch, "a", slice_of_text("text"), path, NULL));
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(facts.st_size, 4);
}

static void a_file_is_never_written_twice(void **state)
{
    const struct scratch *scratch = *state;
    struct error error;
    assert_true(scratch_file(scratch, "a", slice_of_text("one"), NULL, &error));
    assert_false(scratch_file(scratch, "a", slice_of_text("two"), NULL, &error));
    assert_int_equal(error.kind, ERROR_FILE);
}

static void a_tree_goes_with_it(void **state)
{
    struct scratch *scratch = *state;
    char folder[FILE_PATH_MAX], path[FILE_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s", scratch->path);
    assert_true(scratch_folder(scratch, "a/b/c", folder, NULL));
    assert_true(scratch_file(scratch, "a/b/c/file", SLICE_EMPTY, NULL, NULL));
    assert_true(scratch_file(scratch, "a/.hidden", SLICE_EMPTY, NULL, NULL));
    assert_int_equal(chmod(folder, 0500), 0); // as Go's cache does
    assert_true(scratch_remove(scratch, NULL));
    assert_false(is_there(path));
    assert_string_equal(scratch->path, "");
    assert_true(scratch_remove(scratch, NULL)); // again: nothing to do
}

static void what_a_link_points_to_stays(void **state)
{
    struct scratch *scratch = *state;
    char outside[FILE_PATH_MAX], kept[FILE_PATH_MAX], link[FILE_PATH_MAX], path[FILE_PATH_MAX];
    assert_true(file_join(base, "outside", outside, NULL));
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_true(file_join(outside, "kept", kept, NULL));
    assert_true(file_write(kept, slice_of_text("x"), 0600, true, NULL));
    assert_true(file_join(scratch->path, "link", link, NULL));
    assert_int_equal(symlink(outside, link), 0);
    (void)snprintf(path, sizeof(path), "%s", scratch->path);
    bool is_removed = scratch_remove(scratch, NULL);
    bool is_kept = is_there(kept);
    (void)unlink(kept);
    (void)rmdir(outside);
    assert_true(is_removed);
    assert_false(is_there(path));
    assert_true(is_kept);
}

int main(void)
{
    static struct scratch scratches[4];
#define SCRATCH_TEST(check, i) \
    cmocka_unit_test_prestate_setup_teardown(check, set_up, tear_down, &scratches[i])
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(it_is_ours_alone, 0),
        SCRATCH_TEST(a_file_is_never_written_twice, 1),
        SCRATCH_TEST(a_tree_goes_with_it, 2),
        SCRATCH_TEST(what_a_link_points_to_stays, 3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
