// Inside of recordings: what writer and reader share about the file.
#pragma once

#include <sqlite3.h>

#include "base.h"

#define RECORDING_MAGIC_LEN 16

// recording_begins is true if a file that begins so is an SQLite database.
bool recording_begins(const uint8_t *beginning, size_t len);

// recording_connect opens the database `path` with `flags` (SQLITE_OPEN_…), as one whose content
// comes from anywhere. `path` is never a URI. `out_db` is to be closed even on false
// (ERROR_CONFIG).
bool recording_connect(const char *path, int flags, sqlite3 **out_db, struct error *error);

// recording_number gives the first column of the first row.
bool recording_number(sqlite3 *db, const char *sql, int64_t *out_number);

// recording_check refuses (ERROR_CONFIG) what is not ours or of a version that we don't know.
bool recording_check(sqlite3 *db, const char *path, struct error *error);

// recording_why says why the last call failed, with the system's reason where there is one.
struct recording_why {
    char text[160];
} recording_why(sqlite3 *db);
