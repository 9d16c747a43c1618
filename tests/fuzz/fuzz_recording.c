// A recording from anywhere: any bytes as its file; what is read of it is then explained.
#undef NDEBUG // the asserts are the test
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "evidence_json.h"
#include "log_read.h"
#include "recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_recorded(void *user, const struct recorded *recorded, struct error *error)
{
    static struct evidence evidence;
    struct arena arena = {0};
    struct verdict verdict;
    enum log_kind kind;
    struct slice text = recorded->verdict.len > 0 ? recorded->verdict : recorded->evidence;
    size_t *count = user;
    assert(text.len <= EVIDENCE_BYTES_MAX && ++*count <= RECORDING_ROWS_MAX);
    if (log_read(text, &arena, &kind, &verdict, error)) {
        (void)evidence_read(text, &arena, &evidence, error); // either is fine
    }
    arena_clear(&arena);
    return true;
}

// A file of this process, in memory where there is such a folder: SQLite opens paths only.
static const char *place(void)
{
    static char paths[][40] = {"/dev/shm/midspan-fuzz-XXXXXX", "/tmp/midspan-fuzz-XXXXXX"};
    static const char *made;
    for (size_t i = 0; i < COUNT_OF(paths) && made == NULL; i++) {
        int fd = mkstemp(paths[i]);
        made = fd >= 0 ? paths[i] : NULL;
        (void)close(fd); // -1 does no harm
    }
    assert(made != NULL);
    return made;
}

static void remove_file(void)
{
    (void)unlink(place()); // made by us
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_registered;
    const struct recording_wish all = {0};
    struct error error;
    size_t count = 0;
    const char *path = place();
    if (!is_registered) {
        is_registered = atexit(remove_file) == 0;
    }
    FILE *file = fopen(path, "wb");
    assert(file != NULL && fwrite(data, 1, size, file) == size);
    assert(fclose(file) == 0);
    if (recording_is(path)) {
        (void)recording_read(path, &all, on_recorded, &count, &error); // either is fine
    }
    return 0;
}
