#include <fcntl.h>
#include <unistd.h>

#include "evidence_json.h"
#include "recording.h"
#include "recording_file.h"

#define READ_BUSY_MS 2000
// Steps of SQLite's machine between two rows: a table that makes it work for more is no recording.
#define WORK_MAX 50000000

// Without sorting: the primary key of connections leads.
static const char wanted_sql[] =
    "SELECT c.session, c.connection, s.began, event.json, evidence.json FROM connections AS c"
    " LEFT JOIN sessions AS s ON s.session = c.session"
    " LEFT JOIN verdicts AS v ON v.session = c.session AND v.connection = c.connection"
    " AND v.replaced_by IS NULL"
    " LEFT JOIN events AS event ON event.event = v.event"
    " LEFT JOIN evidence ON evidence.session = c.session AND evidence.connection = c.connection"
    " AND v.verdict IS NULL"
    " WHERE (?1 = 0 OR c.session = ?1) AND (?2 = 0 OR c.connection = ?2)"
    " ORDER BY c.session, c.connection, v.verdict";

enum column {
    COLUMN_SESSION,
    COLUMN_CONNECTION,
    COLUMN_BEGAN,
    COLUMN_VERDICT,
    COLUMN_EVIDENCE
};

bool recording_is(const char *path)
{
    uint8_t beginning[RECORDING_MAGIC_LEN];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? pread(fd, beginning, sizeof(beginning), 0) : -1;
    if (fd >= 0) {
        (void)close(fd); // read only: nothing can be lost
    }
    return got > 0 && recording_begins(beginning, (size_t)got);
}

static bool read_text(sqlite3_stmt *row, enum column column, struct slice *out_text)
{
    int type = sqlite3_column_type(row, column);
    *out_text = (struct slice){0};
    if (type == SQLITE_NULL) {
        return true;
    }
    const unsigned char *text = type == SQLITE_TEXT ? sqlite3_column_text(row, column) : NULL;
    int len = sqlite3_column_bytes(row, column);
    if (text == NULL || len < 0 || (size_t)len > EVIDENCE_BYTES_MAX) {
        return false;
    }
    *out_text = (struct slice){text, (size_t)len};
    return true;
}

static bool read_row(sqlite3_stmt *row, const char *path, struct recorded *out_recorded,
                     struct error *error)
{
    struct slice began;
    sqlite3_int64 session = sqlite3_column_int64(row, COLUMN_SESSION);
    sqlite3_int64 connection = sqlite3_column_int64(row, COLUMN_CONNECTION);
    *out_recorded = (struct recorded){.session = session > 0 ? (uint64_t)session : 0,
                                      .connection = connection > 0 ? (uint64_t)connection : 0};
    bool is_ok = read_text(row, COLUMN_BEGAN, &began) &&
                 read_text(row, COLUMN_VERDICT, &out_recorded->verdict) &&
                 read_text(row, COLUMN_EVIDENCE, &out_recorded->evidence);
    out_recorded->began = is_ok && began.len > 0 ? (const char *)began.data : "";
    return is_ok || error_set(error, ERROR_CONFIG,
                              "'%s': session %lld, connection %lld: a column is no text, or "
                              "larger than %zu bytes",
                              path, (long long)session, (long long)connection, EVIDENCE_BYTES_MAX);
}

static int give_up(void *user)
{
    (void)user;
    return 1;
}

static bool read_rows(sqlite3 *db, sqlite3_stmt *query, const char *path, recorded_fn found,
                      void *user, struct error *error)
{
    struct recorded recorded;
    int code = SQLITE_ROW;
    for (size_t i = 0; i < RECORDING_ROWS_MAX; i++) {
        sqlite3_progress_handler(db, WORK_MAX, give_up, NULL); // counts from here
        code = sqlite3_step(query);
        if (code != SQLITE_ROW) {
            break;
        }
        if (!read_row(query, path, &recorded, error) || !found(user, &recorded, error)) {
            return false;
        }
    }
    if (code == SQLITE_ROW) {
        return error_set(error, ERROR_CONFIG, "'%s' has more than %d connections, expected fewer",
                         path, RECORDING_ROWS_MAX);
    }
    return code == SQLITE_DONE ||
           error_set(error, ERROR_CONFIG, "cannot read '%s': %s", path, recording_why(db).text);
}

bool recording_read(const char *path, const struct recording_wish *wish, recorded_fn found,
                    void *user, struct error *error)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    bool is_ok = recording_connect(path, SQLITE_OPEN_READONLY, &db, error) &&
                 sqlite3_busy_timeout(db, READ_BUSY_MS) == SQLITE_OK &&
                 recording_check(db, path, error);
    if (is_ok) {
        is_ok = sqlite3_prepare_v2(db, wanted_sql, -1, &query, NULL) == SQLITE_OK &&
                sqlite3_bind_int64(query, 1, (sqlite3_int64)wish->session) == SQLITE_OK &&
                sqlite3_bind_int64(query, 2, (sqlite3_int64)wish->connection) == SQLITE_OK;
        is_ok = is_ok ? read_rows(db, query, path, found, user, error)
                      : error_set(error, ERROR_CONFIG, "cannot read '%s': %s", path,
                                  recording_why(db).text);
    }
    (void)sqlite3_finalize(query); // repeats what step said
    (void)sqlite3_close(db);       // takes NULL; nothing is open in it
    return is_ok;
}
