// What a student has done, kept in a file.
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"

static const struct row {
    const char *name, *text;
    size_t want_count;
    bool want_done; // of "a"
    unsigned want_hints;
} rows[] = {
    {"nothing", "", 0, false, 0},
    {"one that is done", "a done 2\n", 1, true, 2},
    {"one that is open", "a open 1\n", 1, false, 1},
    {"the later line counts", "a open 1\na done 3\n", 1, true, 3},
    {"no line break at the end", "b open 0\na done 0", 2, true, 0},
    {"an unknown word", "a lost 1\n", 0, false, 0},
    {"no number", "a done\n", 0, false, 0},
    {"a number that is none", "a done x\n", 0, false, 0},
    {"more hints than there can be", "a done 100\n", 0, false, 0},
    {"a good line between bad ones", "\n  \nx\na done 1\n\xff\xff done\n", 1, true, 1},
};

static void text_gives(void **state)
{
    const struct row *row = *state;
    static struct progress progress;
    memset(&progress, 0, sizeof(progress));
    progress_read(&progress, row->text, strlen(row->text));
    assert_int_equal(progress.count, row->want_count);
    const struct progress_row *found = progress_find(&progress, "a");
    assert_int_equal(found != NULL && found->is_done, row->want_done);
    assert_int_equal(found != NULL ? found->hints : 0, row->want_hints);
}

static void it_is_kept(void **state)
{
    (void)state;
    static struct progress progress;
    char folder[] = "/tmp/midspan-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/share/data", folder);
    progress_open(&progress, path); // not there yet
    assert_int_equal(progress.count, 0);
    struct progress_row *row = progress_of(&progress, "expired");
    assert_non_null(row);
    row->is_done = true;
    row->hints = 2;
    assert_true(progress_save(&progress));
    progress_open(&progress, path);
    assert_int_equal(progress.count, 1);
    assert_true(progress_find(&progress, "expired")->is_done);
    assert_int_equal(progress_find(&progress, "expired")->hints, 2);
    assert_int_equal(unlink(progress.path), 0);
    assert_int_equal(rmdir(path), 0);
    path[strlen(path) - strlen("/data")] = '\0';
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

// Two that run at once: neither loses what the other has saved.
static void two_at_once_lose_nothing(void **state)
{
    (void)state;
    static struct progress one, two;
    char folder[] = "/tmp/midspan-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    progress_open(&one, folder);
    progress_open(&two, folder);
    progress_of(&one, "expired")->is_done = true;
    assert_true(progress_save(&one));
    progress_of(&two, "sha1")->hints = 2;
    progress_of(&two, "expired")->hints = 1;
    assert_true(progress_save(&two));
    progress_open(&one, folder);
    assert_int_equal(one.count, 2);
    assert_true(progress_find(&one, "expired")->is_done);
    assert_int_equal(progress_find(&one, "expired")->hints, 1);
    assert_int_equal(progress_find(&one, "sha1")->hints, 2);
    assert_int_equal(unlink(one.path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void what_cannot_be_kept_is_refused(void **state)
{
    (void)state;
    static struct progress progress;
    char name[PROGRESS_NAME_MAX + 1], number[16];
    progress_open(&progress, "/proc/nothing");
    assert_false(progress_save(&progress));
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_null(progress_of(&progress, name));
    assert_null(progress_of(&progress, ""));
    assert_null(progress_of(&progress, "two words"));
    for (size_t i = 0; i < PROGRESS_ROWS_MAX; i++) {
        (void)snprintf(number, sizeof(number), "n%zu", i);
        assert_non_null(progress_of(&progress, number));
    }
    assert_null(progress_of(&progress, "one more"));
    assert_null(progress_of(&progress, "onemore"));
    assert_non_null(progress_of(&progress, "n7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_kept),
        cmocka_unit_test(two_at_once_lose_nothing),
        cmocka_unit_test(what_cannot_be_kept_is_refused),
    };
    return RUN_ROWS(rows, text_gives) + cmocka_run_group_tests(tests, NULL, NULL);
}
