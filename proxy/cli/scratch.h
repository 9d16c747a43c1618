// A folder of our own under $TMPDIR, 0700, and all that is put into it: removed at the end.
#pragma once

#include "file.h"

struct scratch {
    char path[FILE_PATH_MAX]; // empty: there is none
};

// scratch_make makes the folder, with an unguessable name.
bool scratch_make(struct scratch *scratch, struct error *error);

// scratch_file writes a file into it (0600); `out_path` (may be NULL) says where it is.
bool scratch_file(const struct scratch *scratch, const char *name, struct slice bytes,
                  char out_path[FILE_PATH_MAX], struct error *error);

// scratch_folder makes a folder in it, "a/b" with those between.
bool scratch_folder(const struct scratch *scratch, const char *name, char out_path[FILE_PATH_MAX],
                    struct error *error);

// scratch_remove removes the folder with all it holds: it follows no symbolic link, enters no other
// file system, and tries again for up to SCRATCH_TRIES_MAX × 50 ms while programs that are just
// ending still write there. False with `error` when something stays. An empty scratch is fine.
#define SCRATCH_TRIES_MAX 60
bool scratch_remove(struct scratch *scratch, struct error *error);
