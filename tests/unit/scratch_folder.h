// A folder of a test's own under /tmp, and files in it.
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rows.h"

#define SCRATCH_PATH_MAX 512

struct scratch {
    char path[64];
};

static inline void scratch_make(struct scratch *scratch)
{
    (void)snprintf(scratch->path, sizeof(scratch->path), "/tmp/midspan-test-XXXXXX");
    assert_non_null(mkdtemp(scratch->path));
}

static inline const char *scratch_join(const struct scratch *scratch, const char *name,
                                       char out_path[SCRATCH_PATH_MAX])
{
    (void)snprintf(out_path, SCRATCH_PATH_MAX, "%s/%s", scratch->path, name);
    return out_path;
}

static inline int scratch_remove_one(const char *path, const struct stat *info, int type,
                                     struct FTW *place)
{
    (void)info, (void)type, (void)place; // nftw's signature
    return remove(path);
}

// scratch_remove_path takes away `path` and all below it.
static inline void scratch_remove_path(const char *path)
{
    assert_int_equal(nftw(path, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void scratch_write(const char *path, const void *bytes, size_t len, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

// scratch_read gives the length read; `out_bytes` is NUL-terminated.
static inline size_t scratch_read(const char *path, char *out_bytes, size_t size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(out_bytes, 1, size - 1, file);
    out_bytes[len] = '\0';
    (void)fclose(file); // opened for reading: nothing to lose
    return len;
}
