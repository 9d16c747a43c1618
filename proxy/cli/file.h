// Whole files, read and written. Blocks on disk.
#pragma once

#include <sys/types.h>

#include "buffer.h"
#include "error.h"

#define FILE_PATH_MAX  4096
#define FILE_BYTES_MAX ((size_t)16 << 20)

// file_read appends the file's bytes, at most FILE_BYTES_MAX.
bool file_read(const char *path, struct buffer *out, struct error *error);

// file_write makes the file, or, unless `is_new`, writes over one that is there.
bool file_write(const char *path, struct slice bytes, mode_t mode, bool is_new,
                struct error *error);

// file_join writes "folder/name"; false (ERROR_FILE) when that is longer than a path can be.
bool file_join(const char *folder, const char *name, char out_path[FILE_PATH_MAX],
               struct error *error);

// file_exists is true if something readable is there.
bool file_exists(const char *path);

// folder_make makes the folder and those above it that are missing.
bool folder_make(const char *path, mode_t mode, struct error *error);
