#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rows.h"

// A folder of its own for each test; its one file is "keys".
struct place {
    char folder[64];
    char path[80];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    strcpy(place->folder, "/tmp/midspan-keylog-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof(place->path), "%s/keys", place->folder);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    (void)unlink(place->path); // may not be there
    int failed = rmdir(place->folder);
    free(place);
    return failed;
}

static struct keylog *open_at(const struct place *place)
{
    struct error error;
    struct keylog *keylog = keylog_open(place->path, &error);
    assert_non_null(keylog);
    return keylog;
}

static char *content_at(const struct place *place, char *out, size_t size)
{
    FILE *file = fopen(place->path, "r");
    assert_non_null(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    (void)fclose(file);
    return out;
}

static void new_file_is_private(void **state)
{
    const struct place *place = *state;
    mode_t before = umask(0);
    struct keylog *keylog = open_at(place);
    (void)umask(before);
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    keylog_close(keylog);
}

static void lines_are_appended(void **state)
{
    const struct place *place = *state;
    char text[128];
    struct keylog *keylog = open_at(place);
    keylog_write(keylog, "CLIENT_RANDOM 00 11");
    keylog_close(keylog);
    keylog = open_at(place);
    keylog_write(keylog, "SERVER_HANDSHAKE_TRAFFIC_SECRET 00 22");
    keylog_close(keylog);
    assert_string_equal(content_at(place, text, sizeof(text)),
                        "CLIENT_RANDOM 00 11\nSERVER_HANDSHAKE_TRAFFIC_SECRET 00 22\n");
}

static void folder_that_is_not_there(void **state)
{
    (void)state;
    struct error error;
    assert_null(keylog_open("/nonexistent/keys", &error));
    assert_int_equal(error.kind, ERROR_FILE);
    assert_string_equal(error.text,
                        "cannot open the key log '/nonexistent/keys': No such file or directory");
}

static void close_takes_null(void **state)
{
    (void)state;
    keylog_close(NULL);
}

#define THREADS    4
#define LINES_EACH 1000

static void *write_lines(void *user)
{
    char line[200];
    memset(line, 'k', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    for (int i = 0; i < LINES_EACH; i++) {
        keylog_write(user, line);
    }
    return NULL;
}

static void many_threads_write(void **state)
{
    const struct place *place = *state;
    static char text[THREADS * LINES_EACH * 200 + 1];
    struct keylog *keylog = open_at(place);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, keylog), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    keylog_close(keylog);
    content_at(place, text, sizeof(text));
    for (int i = 0; i < THREADS * LINES_EACH; i++) {
        assert_int_equal(strcspn(text + 200 * i, "\n"), 199);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        TEST(new_file_is_private),      TEST(lines_are_appended),
        TEST(folder_that_is_not_there), cmocka_unit_test(close_takes_null),
        TEST(many_threads_write),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
