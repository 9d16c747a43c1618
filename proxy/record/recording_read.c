// Only numbers are joined and sorted; each text is looked up by itself. So a file that says of a
// million rows that they have one long text costs no more memory than that text.
#include <fcntl.h>
#include <unistd.h>

#include "evidence_json.h"
#include "recording.h"
#include "recording_file.h"

#define READ_BUSY_MS 2000
// Steps of SQLite's machine for one row: a table that makes it work for more is no recording.
#define WORK_MAX 50000000

enum query {
    QUERY_CONNECTIONS, // wish.session, wish.connection → session, connection
    QUERY_BEGAN,       // session → text
    QUERY_VERDICTS,    // session, connection → event
    QUERY_EVENT,       // event → text
    QUERY_EVIDENCE,    // session, connection → text
    QUERIES
};

static const char *const queries[] = {
    [QUERY_CONNECTIONS] =
        "SELECT session, connection FROM connections WHERE (?1 = 0 OR session = ?1)"
        " AND (?2 = 0 OR connection = ?2) AND typeof(session) = 'integer'"
        " AND typeof(connection) = 'integer' ORDER BY session, connection",
    [QUERY_BEGAN] = "SELECT began FROM sessions WHERE session = ?1",
    [QUERY_VERDICTS] = "SELECT event FROM verdicts WHERE session = ?1 AND connection = ?2"
                       " AND replaced_by IS NULL AND typeof(verdict) = 'integer'"
                       " AND typeof(event) = 'integer' ORDER BY verdict",
    [QUERY_EVENT] = "SELECT json FROM events WHERE event = ?1",
    [QUERY_EVIDENCE] = "SELECT json FROM evidence WHERE session = ?1 AND connection = ?2",
};

struct reading {
    const char *path;
    recorded_fn found;
    void *user;
    struct error *error;
    sqlite3 *db;
    sqlite3_stmt *statements[QUERIES];
    size_t row_count;
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

static bool cannot(const struct reading *reading)
{
    return error_set(reading->error, ERROR_CONFIG, "cannot read '%s': %s", reading->path,
                     recording_why(reading->db).text);
}

static int give_up(void *user)
{
    (void)user;
    return 1;
}

// ask begins a query anew.
static bool ask(const struct reading *reading, enum query query, int64_t first, int64_t second)
{
    sqlite3_stmt *statement = reading->statements[query];
    (void)sqlite3_reset(statement); // repeats what the last step said
    bool is_ok = sqlite3_bind_int64(statement, 1, first) == SQLITE_OK;
    if (sqlite3_bind_parameter_count(statement) > 1) {
        is_ok = is_ok && sqlite3_bind_int64(statement, 2, second) == SQLITE_OK;
    }
    return is_ok || cannot(reading);
}

static bool next_row(struct reading *reading, enum query query, bool *out_has_row)
{
    sqlite3_progress_handler(reading->db, WORK_MAX, give_up, NULL); // counts from here
    int code = sqlite3_step(reading->statements[query]);
    *out_has_row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return cannot(reading);
    }
    if (*out_has_row && ++reading->row_count > RECORDING_ROWS_MAX) {
        return error_set(reading->error, ERROR_CONFIG, "'%s' has more than %d rows, expected fewer",
                         reading->path, RECORDING_ROWS_MAX);
    }
    return true;
}

// look_up gives the text that a query finds, until it is asked again; empty when there is none.
static bool look_up(struct reading *reading, enum query query, int64_t first, int64_t second,
                    struct slice *out_text)
{
    bool has_row;
    *out_text = (struct slice){0};
    if (!ask(reading, query, first, second) || !next_row(reading, query, &has_row)) {
        return false;
    }
    sqlite3_stmt *row = reading->statements[query];
    if (!has_row || sqlite3_column_type(row, 0) == SQLITE_NULL) {
        return true;
    }
    bool is_text = sqlite3_column_type(row, 0) == SQLITE_TEXT;
    const unsigned char *text = is_text ? sqlite3_column_text(row, 0) : NULL;
    size_t len = (size_t)sqlite3_column_bytes(row, 0);
    if (text == NULL || len > EVIDENCE_BYTES_MAX) {
        return error_set(reading->error, ERROR_CONFIG,
                         "'%s': a column is no text, or larger than %zu bytes: in '%s'",
                         reading->path, EVIDENCE_BYTES_MAX, queries[query]);
    }
    *out_text = (struct slice){text, len};
    return true;
}

static bool tell(struct reading *reading, const struct recorded *recorded)
{
    return reading->found(reading->user, recorded, reading->error);
}

// read_verdicts gives each verdict event; `out_has_any` is false when there is none.
static bool read_verdicts(struct reading *reading, int64_t session, int64_t connection,
                          struct recorded *recorded, bool *out_has_any)
{
    bool has_row = true;
    *out_has_any = false;
    if (!ask(reading, QUERY_VERDICTS, session, connection)) {
        return false;
    }
    while (next_row(reading, QUERY_VERDICTS, &has_row)) {
        if (!has_row) {
            return true;
        }
        int64_t event = sqlite3_column_int64(reading->statements[QUERY_VERDICTS], 0);
        if (!look_up(reading, QUERY_EVENT, event, 0, &recorded->verdict) ||
            !tell(reading, recorded)) {
            return false;
        }
        *out_has_any = true;
    }
    return false;
}

static bool read_connection(struct reading *reading, int64_t session, int64_t connection)
{
    struct slice began;
    bool has_verdicts;
    if (!look_up(reading, QUERY_BEGAN, session, 0, &began)) {
        return false;
    }
    struct recorded recorded = {
        .session = session > 0 ? (uint64_t)session : 0,
        .connection = connection > 0 ? (uint64_t)connection : 0,
        .began = began.len > 0 ? (const char *)began.data : "",
    };
    if (!read_verdicts(reading, session, connection, &recorded, &has_verdicts)) {
        return false;
    }
    return has_verdicts ||
           (look_up(reading, QUERY_EVIDENCE, session, connection, &recorded.evidence) &&
            tell(reading, &recorded));
}

static bool read_connections(struct reading *reading, const struct recording_wish *wish)
{
    bool has_row = true;
    sqlite3_stmt *row = reading->statements[QUERY_CONNECTIONS];
    if (!ask(reading, QUERY_CONNECTIONS, (int64_t)wish->session, (int64_t)wish->connection)) {
        return false;
    }
    while (next_row(reading, QUERY_CONNECTIONS, &has_row)) {
        if (!has_row) {
            return true;
        }
        if (!read_connection(reading, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1))) {
            return false;
        }
    }
    return false;
}

// All that is read is of one moment: of one transaction.
static bool prepare(struct reading *reading)
{
    bool is_ok = sqlite3_busy_timeout(reading->db, READ_BUSY_MS) == SQLITE_OK &&
                 sqlite3_exec(reading->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    for (size_t i = 0; i < QUERIES && is_ok; i++) {
        is_ok = sqlite3_prepare_v2(reading->db, queries[i], -1, &reading->statements[i], NULL) ==
                SQLITE_OK;
    }
    return is_ok || cannot(reading);
}

bool recording_read(const char *path, const struct recording_wish *wish, recorded_fn found,
                    void *user, struct error *error)
{
    struct reading reading = {.path = path, .found = found, .user = user, .error = error};
    bool is_ok = recording_connect(path, SQLITE_OPEN_READONLY, &reading.db, error) &&
                 recording_check(reading.db, path, error) && prepare(&reading) &&
                 read_connections(&reading, wish);
    for (size_t i = 0; i < QUERIES; i++) {
        (void)sqlite3_finalize(reading.statements[i]); // repeats what the last step said
    }
    (void)sqlite3_close(reading.db); // takes NULL; nothing is open in it
    return is_ok;
}
