// The database is opened by the thread that starts midspan, then belongs to the recorder thread
// until recorder_free, then to the one that closes it. It is in WAL mode meanwhile, where the file
// system can: who reads never waits for us, nor we for them.
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording_file.h"
#include "recording_frame.h"
#include "recording_tables.h"

#define OPEN_BUSY_MS  2000
#define CLOSE_BUSY_MS 500

struct recording {
    sqlite3 *db;
    sqlite3_stmt *statements[RECORDING_STATEMENTS];
    uint64_t session;
    bool is_wal;
};

// ---- the file

// place makes the file when it is not there, for its owner only: it names every host. The
// descriptor must be closed before SQLite opens the file: closing it later would drop its locks.
static bool place(const char *path, struct error *error)
{
    uint8_t beginning[RECORDING_MAGIC_LEN];
    struct stat status;
    int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set(error, ERROR_CONFIG,
                         "cannot open '%s': %s, expected a file that can be written", path,
                         strerrordesc_np(errno));
    }
    bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    ssize_t got = is_file ? pread(fd, beginning, sizeof(beginning), 0) : -1;
    (void)close(fd); // nothing was written
    if (!is_file || got < 0) {
        return error_set(error, ERROR_CONFIG, "'%s' is no regular file, expected one", path);
    }
    return got == 0 || recording_begins(beginning, (size_t)got) ||
           error_set(error, ERROR_CONFIG,
                     "'%s' is no recording, expected one of midspan, or no file yet", path);
}

static bool cannot(const struct recording *recording, const char *path, struct error *error)
{
    return error_set(error, ERROR_CONFIG, "cannot write to '%s': %s", path,
                     recording_why(recording->db).text);
}

static bool run(const struct recording *recording, const char *sql)
{
    return sqlite3_exec(recording->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

// is_ours tells what the database is; one without anything in it is to become ours.
static bool is_ours(const struct recording *recording, const char *path, bool *out_is_new,
                    struct error *error)
{
    int64_t tables = 0;
    if (!recording_number(recording->db, "SELECT count(*) FROM sqlite_schema", &tables)) {
        return cannot(recording, path, error);
    }
    *out_is_new = tables == 0;
    return tables == 0 || recording_check(recording->db, path, error);
}

static bool begin_session(struct recording *recording, const char *version)
{
    char began[CLOCK_TEXT_MAX];
    sqlite3_stmt *insert = NULL;
    (void)clock_text(clock_wall_us(), began);
    bool is_ok =
        sqlite3_prepare_v2(recording->db, "INSERT INTO sessions(began, midspan) VALUES(?1, ?2)", -1,
                           &insert, NULL) == SQLITE_OK &&
        sqlite3_bind_text(insert, 1, began, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_text(insert, 2, version, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(insert) == SQLITE_DONE;
    (void)sqlite3_finalize(insert); // repeats what step said
    recording->session = (uint64_t)sqlite3_last_insert_rowid(recording->db);
    return is_ok;
}

// The tables are made, and the session begins, in one transaction: of two who come at once, the
// second finds the tables.
static bool enter(struct recording *recording, const char *path, const char *version,
                  struct error *error)
{
    bool is_new;
    if (!run(recording, "BEGIN IMMEDIATE")) {
        return cannot(recording, path, error);
    }
    if (!is_ours(recording, path, &is_new, error)) {
        return false;
    }
    if ((is_new && !run(recording, recording_tables)) || !begin_session(recording, version) ||
        !run(recording, "COMMIT")) {
        return cannot(recording, path, error);
    }
    return true;
}

// begin_wal tries. A file system without shared memory (a network's) leaves the mode as it was: the
// recording is as good, but readers and midspan wait for each other.
static bool begin_wal(struct recording *recording)
{
    sqlite3_stmt *mode = NULL;
    bool is_ok = sqlite3_prepare_v2(recording->db, "PRAGMA journal_mode = WAL", -1, &mode, NULL) ==
                     SQLITE_OK &&
                 sqlite3_step(mode) == SQLITE_ROW;
    const char *text = is_ok ? (const char *)sqlite3_column_text(mode, 0) : NULL;
    recording->is_wal = text != NULL && strcmp(text, "wal") == 0;
    (void)sqlite3_finalize(mode); // repeats what step said
    return is_ok;
}

// NORMAL: a crash of midspan loses nothing that was committed, one of the machine maybe the last
// seconds, and neither the file. Without WAL the latter takes FULL.
static bool prepare(struct recording *recording, const char *path, struct error *error)
{
    bool is_ok =
        begin_wal(recording) && run(recording, recording->is_wal ? "PRAGMA synchronous = NORMAL"
                                                                 : "PRAGMA synchronous = FULL");
    for (size_t i = 0; i < RECORDING_STATEMENTS && is_ok; i++) {
        is_ok = sqlite3_prepare_v3(recording->db, recording_statements[i].sql, -1,
                                   SQLITE_PREPARE_PERSISTENT, &recording->statements[i],
                                   NULL) == SQLITE_OK;
    }
    return is_ok || cannot(recording, path, error);
}

static void release(struct recording *recording)
{
    for (size_t i = 0; i < RECORDING_STATEMENTS; i++) {
        (void)sqlite3_finalize(recording->statements[i]); // repeats what the last step said
    }
    (void)sqlite3_close(recording->db); // takes NULL; nothing is open in it
    free(recording);
}

struct recording *recording_open(const char *path, const char *version, struct error *error)
{
    struct recording *recording = calloc(1, sizeof(*recording));
    if (recording == NULL) {
        error_set(error, ERROR_MEMORY, "no memory for the recording");
        return NULL;
    }
    bool is_new;
    if (!place(path, error) ||
        !recording_connect(path, SQLITE_OPEN_READWRITE, &recording->db, error) ||
        sqlite3_busy_timeout(recording->db, OPEN_BUSY_MS) != SQLITE_OK ||
        !is_ours(recording, path, &is_new, error) || // before anything is written
        !enter(recording, path, version, error) || !prepare(recording, path, error) ||
        sqlite3_busy_timeout(recording->db, 0) != SQLITE_OK) {
        release(recording);
        return NULL;
    }
    return recording;
}

bool recording_is_shared(const struct recording *recording)
{
    return recording->is_wal;
}

uint64_t recording_session(const struct recording *recording)
{
    return recording->session;
}

// ---- events

static bool bind(const struct recording *recording, sqlite3_stmt *statement,
                 const struct recording_frame *frame, const char *time)
{
    bool is_ok = sqlite3_bind_int64(statement, RECORDING_SESSION,
                                    (sqlite3_int64)recording->session) == SQLITE_OK &&
                 sqlite3_bind_int64(statement, RECORDING_CONNECTION,
                                    (sqlite3_int64)frame->connection) == SQLITE_OK;
    const struct {
        int number;
        struct slice text;
    } texts[] = {
        {RECORDING_TIME, slice_of_text(time)},
        {RECORDING_KIND, slice_of_text(event_kind_name(frame->kind))},
        {RECORDING_JSON, frame->json},
        {RECORDING_EVIDENCE, frame->evidence},
    };
    int count = sqlite3_bind_parameter_count(statement);
    for (size_t i = 0; i < COUNT_OF(texts) && is_ok && texts[i].number <= count; i++) {
        const char *text = texts[i].text.len > 0 ? (const char *)texts[i].text.data : NULL;
        is_ok = sqlite3_bind_text64(statement, texts[i].number, text, texts[i].text.len,
                                    SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
    }
    return is_ok;
}

static bool keep_frame(const struct recording *recording, const struct recording_frame *frame)
{
    char time[CLOCK_TEXT_MAX];
    bool is_ok = true;
    (void)clock_text(frame->wall_us, time);
    for (size_t i = 0; i < RECORDING_STATEMENTS && is_ok; i++) {
        sqlite3_stmt *statement = recording->statements[i];
        if ((recording_statements[i].events & (1u << frame->kind)) == 0) {
            continue;
        }
        is_ok = bind(recording, statement, frame, time) && sqlite3_step(statement) == SQLITE_DONE;
        is_ok = sqlite3_reset(statement) == SQLITE_OK && is_ok;
        (void)sqlite3_clear_bindings(statement); // always fine; the frame is gone soon
    }
    return is_ok;
}

// What may be better in a while: another process has the file, the disk is full or the memory.
static enum sink_kept outcome_of(int code)
{
    switch (code & 0xff) { // the primary code
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
        return SINK_LATER;
    default:
        return SINK_BROKEN;
    }
}

static enum sink_kept keep(void *user, struct slice frames, struct error *error)
{
    const struct recording *recording = user;
    struct recording_frame frame;
    size_t at = 0;
    bool is_ok = run(recording, "BEGIN IMMEDIATE");
    while (is_ok && recording_frame_next(frames, &at, &frame)) {
        is_ok = keep_frame(recording, &frame);
    }
    if (is_ok && run(recording, "COMMIT")) {
        return SINK_KEPT;
    }
    enum sink_kept outcome = outcome_of(sqlite3_errcode(recording->db));
    error_set(error, ERROR_FILE, "%s", recording_why(recording->db).text);
    if (sqlite3_get_autocommit(recording->db) == 0) {
        (void)run(recording, "ROLLBACK"); // what fails here has been rolled back already
    }
    return outcome;
}

struct sink recording_sink(struct recording *recording)
{
    return (struct sink){
        .name = "recording",
        .render = recording_frame_render,
        .keep = keep,
        .user = recording,
        .fd = -1,
        .events = (1u << EVENTS) - 1,
    };
}

void recording_close(struct recording *recording)
{
    char now[CLOCK_TEXT_MAX];
    char sql[160];
    if (recording == NULL) {
        return;
    }
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE sessions SET ended = '%s' WHERE session = %llu; "
                   "PRAGMA journal_mode = DELETE",
                   clock_text(clock_wall_us(), now), (unsigned long long)recording->session);
    (void)sqlite3_busy_timeout(recording->db, CLOSE_BUSY_MS); // always fine
    // A session without an end is told as such; with the file open elsewhere the log of what was
    // written stays beside it, and is read with it.
    (void)run(recording, sql);
    release(recording);
}
