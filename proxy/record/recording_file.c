#include "recording_file.h"

#include <stdio.h>
#include <string.h>

#include "evidence_json.h"
#include "recording.h"

// An event is a verdict with evidence at most, and no other column is long.
#define VALUE_BYTES_MAX (2 * (int)EVIDENCE_BYTES_MAX)
#define SQL_BYTES_MAX   (64 << 10)

bool recording_begins(const uint8_t *beginning, size_t len)
{
    static const char magic[RECORDING_MAGIC_LEN] = "SQLite format 3";
    return len >= sizeof(magic) && memcmp(beginning, magic, sizeof(magic)) == 0;
}

struct recording_why recording_why(sqlite3 *db)
{
    struct recording_why why;
    int code = sqlite3_extended_errcode(db);
    int system = sqlite3_system_errno(db);
    bool is_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    (void)snprintf(why.text, sizeof(why.text), "%.100s", sqlite3_errmsg(db)); // cut when longer
    size_t len = strlen(why.text);
    for (size_t i = 0; i < len; i++) { // it may quote the file
        bool is_printable = why.text[i] >= 0x20 && why.text[i] < 0x7f;
        why.text[i] = is_printable ? why.text[i] : '?';
    }
    if (is_system && system != 0) {
        (void)snprintf(why.text + len, sizeof(why.text) - len, ": %.50s", strerrordesc_np(system));
    } else if (is_system) {
        (void)snprintf(why.text + len, sizeof(why.text) - len, " (SQLite %d)", code);
    }
    return why;
}

// https://www.sqlite.org/security.html: a database from elsewhere may hold a schema that means
// harm.
static bool harden(sqlite3 *db)
{
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX); // gives the old one
    (void)sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    return sqlite3_extended_result_codes(db, 1) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL) == SQLITE_OK &&
           sqlite3_drop_modules(db, NULL) == SQLITE_OK && // no virtual tables
           sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", NULL, NULL,
                        NULL) == SQLITE_OK;
}

bool recording_connect(const char *path, int flags, sqlite3 **out_db, struct error *error)
{
    // "file:x" and ":memory:" are names of files, as they are everywhere else.
    char *name = sqlite3_mprintf("%s%s", path[0] == '/' ? "" : "./", path);
    if (name == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory to open '%s'", path);
    }
    int code = sqlite3_open_v2(name, out_db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    sqlite3_free(name);
    if (*out_db == NULL) {
        return error_set(error, ERROR_MEMORY, "no memory to open '%s'", path);
    }
    return (code == SQLITE_OK && harden(*out_db)) ||
           error_set(error, ERROR_CONFIG, "cannot open '%s': %s", path,
                     recording_why(*out_db).text);
}

bool recording_number(sqlite3 *db, const char *sql, int64_t *out_number)
{
    sqlite3_stmt *query = NULL;
    bool is_ok = sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK &&
                 sqlite3_step(query) == SQLITE_ROW;
    if (is_ok) {
        *out_number = sqlite3_column_int64(query, 0);
    }
    (void)sqlite3_finalize(query); // repeats what step said
    return is_ok;
}

bool recording_check(sqlite3 *db, const char *path, struct error *error)
{
    int64_t application = 0, version = 0;
    if (!recording_number(db, "PRAGMA application_id", &application) ||
        !recording_number(db, "PRAGMA user_version", &version)) {
        return error_set(error, ERROR_CONFIG, "cannot read '%s': %s", path, recording_why(db).text);
    }
    if (application != RECORDING_APPLICATION_ID) {
        return error_set(error, ERROR_CONFIG,
                         "'%s' is the database of another program, expected a recording of midspan",
                         path);
    }
    if (version > RECORDING_VERSION) {
        return error_set(error, ERROR_CONFIG,
                         "'%s' was recorded by a newer midspan: version %lld, expected at most %d",
                         path, (long long)version, RECORDING_VERSION);
    }
    return version == RECORDING_VERSION ||
           error_set(error, ERROR_CONFIG, "'%s' has no version of a recording, expected %d", path,
                     RECORDING_VERSION);
}
