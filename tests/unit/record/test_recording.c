// Recordings: what each event leaves in the tables, whose files are refused, and how they are read.
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence_json.h"
#include "recording_frame.h"
#include "rows.h"
#include "samples.h"

struct place {
    char folder[32];
    char path[64];
};

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    strcpy(place->folder, "/tmp/midspan-test-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof(place->path), "%s/a.db", place->folder);
    *state = place;
    return 0;
}

static int clear_place(void **state)
{
    struct place *place = *state;
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < COUNT(ends); i++) {
        char path[80];
        (void)snprintf(path, sizeof(path), "%s%s", place->path, ends[i]);
        (void)unlink(path); // mostly not there
    }
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static struct recording *open_at(const struct place *place)
{
    struct error error = {.text = ""};
    struct recording *recording = recording_open(place->path, "0.0.1", &error);
    if (recording == NULL) {
        print_error("%s\n", error.text);
    }
    assert_non_null(recording);
    return recording;
}

static void put(struct recording *recording, const struct event *event)
{
    struct sink sink = recording_sink(recording);
    struct buffer frames = {0};
    struct error error;
    sink.render(sink.user, event, &frames);
    assert_int_equal(sink.keep(sink.user, buffer_slice(&frames), &error), SINK_KEPT);
    buffer_clear(&frames);
}

static struct event event_of(enum event_kind kind, const struct evidence *evidence)
{
    return (struct event){.kind = kind,
                          .connection = evidence->connection,
                          .wall_us = SAMPLE_WALL_US,
                          .lasted_us = 12500,
                          .evidence = evidence};
}

// The first row's columns, with '|' between them; of a connection of our own, as any reader has it.
static void query_gives(const struct place *place, const char *sql, const char *want)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    char got[1024] = "";
    assert_int_equal(sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &query, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    if (sqlite3_step(query) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(query); i++) {
            const char *text = (const char *)sqlite3_column_text(query, i);
            size_t len = strlen(got);
            (void)snprintf(got + len, sizeof(got) - len, "%s%s", i > 0 ? "|" : "",
                           text != NULL ? text : "NULL");
        }
    }
    (void)sqlite3_finalize(query);
    (void)sqlite3_close(db);
    assert_string_equal(got, want);
}

// Writes to the file as another program would.
static void change(const struct place *place, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    (void)sqlite3_close(db);
}

// ---- what is written

static void good_connection(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    struct evidence evidence = sample_good("example.com");
    evidence.legs[CLIENT].client_hello = SLICE_OF("\x01\x00\x00\x05hello");
    struct event event = event_of(EVENT_OPENED, &evidence);
    put(recording, &event);
    query_gives(place, "SELECT opened, closed, client, outcome FROM connections",
                "2026-09-21T14:13:20.123456Z|NULL|127.0.0.1:50122|NULL");
    event.kind = EVENT_TARGET;
    put(recording, &event);
    event.kind = EVENT_SECURED;
    put(recording, &event);
    query_gives(place,
                "SELECT ingress, target, outcome, client_version, server_suite FROM connections",
                "connect|example.com:443|secured|TLS 1.3|TLS_AES_128_GCM_SHA256");
    query_gives(place,
                "SELECT session, connection, json ->> '$.legs.client.bytes_sent' FROM evidence",
                "1|17|NULL");
    evidence.legs[CLIENT].bytes_sent = 500;
    evidence.legs[CLIENT].bytes_received = 400;
    evidence.legs[CLIENT].close = (struct ending){.kind = ENDING_CLOSED};
    event.kind = EVENT_CLOSED;
    put(recording, &event);
    query_gives(place,
                "SELECT duration_ms, outcome, client_handshake, client_close, client_alert,"
                " client_bytes, server_close, cause FROM connections",
                "12.5|secured|secured|closed|NULL|400|NULL|NULL");
    query_gives(place, "SELECT count(*), json ->> '$.legs.client.bytes_sent' FROM evidence",
                "1|500");
    query_gives(place, "SELECT group_concat(kind) FROM events", "opened,target,secured,closed");
    recording_close(recording);
}

// The row of a query equals what the log would have.
static void events_are_those_of_the_log(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    struct evidence evidence = sample_good("example.com");
    evidence.host_header = "a\x01\"\xff";
    struct verdict verdict = sample_verdict();
    for (enum event_kind kind = EVENT_LISTENING; kind < EVENTS; kind++) {
        struct event event = event_of(kind, &evidence);
        event.verdict = &verdict;
        event.row = &verdict.proof[0];
        event.text = "a text with \"quotes\" and \xff";
        put(recording, &event);
        struct buffer line = {0};
        struct sink log = jsonl_sink(-1, false);
        log.render(log.user, &event, &line);
        char *want = strdup(buffer_text(&line));
        assert_non_null(want);
        want[strlen(want) - 1] = '\0';
        buffer_clear(&line);
        sqlite3 *db = NULL;
        sqlite3_stmt *query = NULL;
        assert_int_equal(sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        assert_int_equal(
            sqlite3_prepare_v2(db, "SELECT json FROM events ORDER BY event DESC", -1, &query, NULL),
            SQLITE_OK);
        assert_int_equal(sqlite3_step(query), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(query, 0), want);
        (void)sqlite3_finalize(query);
        (void)sqlite3_close(db);
        free(want);
    }
    recording_close(recording);
}

// As on a file system of a network: SQLite's dot-file locks have no shared memory.
static void without_wal(void **state)
{
    struct place *place = *state;
    sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
    struct evidence evidence = sample_good("example.com");
    struct event event = event_of(EVENT_OPENED, &evidence);
    struct recording *recording = open_at(place);
    assert_true(recording_is_shared(recording));
    recording_close(recording);
    assert_int_equal(sqlite3_vfs_register(sqlite3_vfs_find("unix-dotfile"), 1), SQLITE_OK);
    recording = open_at(place);
    assert_false(recording_is_shared(recording));
    put(recording, &event);
    recording_close(recording);
    assert_int_equal(sqlite3_vfs_register(usual, 1), SQLITE_OK);
    query_gives(place, "SELECT group_concat(kind) FROM events", "opened");
    query_gives(place, "SELECT count(ended) FROM sessions", "2");
}

static void broken_connection(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    struct evidence evidence = sample_evidence("example.com", 443);
    struct verdict verdict = sample_verdict();
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    verdict.severity = SEVERITY_WARNING;
    put(recording, &event);
    query_gives(place, "SELECT severity, outcome FROM connections", "warning|NULL");
    verdict.severity = SEVERITY_ERROR;
    put(recording, &event);
    verdict.cause = cause_find("group.no-common"); // a second finding: the first stands
    put(recording, &event);
    query_gives(place, "SELECT outcome, severity, leg, cause, party, confidence FROM connections",
                "broken|error|server|cipher.no-common-suite|bridge|proven");
    query_gives(place,
                "SELECT count(*), phase, direct, proof ->> '$[0].outcome', replaced_by,"
                " (SELECT kind FROM events AS e WHERE e.event = v.event)"
                " FROM verdicts AS v WHERE verdict = 2",
                "1|server-hello|would-succeed|secured, TLS 1.2|NULL|verdict");
    query_gives(place, "SELECT json ->> '$.connection' FROM evidence", "17");
    recording_close(recording);
}

static void update_takes_the_place(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    struct evidence evidence = sample_evidence("example.com", 443);
    struct verdict verdict = sample_verdict();
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    verdict.leg = CLIENT;
    verdict.cause = cause_find("trust.pinned");
    put(recording, &event);
    evidence.connection = 18; // another connection's is left alone
    event.connection = 18;
    put(recording, &event);
    evidence.connection = 17;
    event.connection = 17;
    verdict.cause = cause_find("trust.leaf-refused");
    verdict.is_update = true;
    put(recording, &event);
    query_gives(place,
                "SELECT group_concat(cause || ' ' || ifnull(replaced_by, '-'), ', ') FROM verdicts",
                "trust.pinned 3, trust.pinned -, trust.leaf-refused -");
    query_gives(place, "SELECT group_concat(cause) FROM connections",
                "trust.leaf-refused,trust.pinned");
    recording_close(recording);
}

static void sessions_are_appended(void **state)
{
    struct place *place = *state;
    struct stat status;
    struct evidence evidence = sample_evidence("example.com", 443);
    struct event event = event_of(EVENT_OPENED, &evidence);
    for (uint64_t session = 1; session <= 3; session++) {
        struct recording *recording = open_at(place);
        assert_int_equal(recording_session(recording), session);
        put(recording, &event); // the same number each time
        recording_close(recording);
    }
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    query_gives(place,
                "SELECT count(*), max(session), count(ended), max(midspan),"
                " (SELECT count(*) FROM connections) FROM sessions",
                "3|3|3|0.0.1|3");
    query_gives(place,
                "SELECT * FROM pragma_application_id, pragma_user_version, pragma_journal_mode",
                "1836281970|1|delete"); // one file, that can be sent by mail
}

static void two_at_once(void **state)
{
    struct place *place = *state;
    struct recording *first = open_at(place);
    struct recording *second = open_at(place);
    struct evidence evidence = sample_evidence("example.com", 443);
    struct event event = event_of(EVENT_OPENED, &evidence);
    put(first, &event);
    put(second, &event);
    put(first, &event);
    recording_close(first);
    put(second, &event);
    recording_close(second);
    query_gives(place,
                "SELECT group_concat(session), (SELECT count(ended) FROM sessions)"
                " FROM (SELECT session FROM events ORDER BY event)",
                "1,2,1,2|2");
}

#define WORKERS     4
#define EVENTS_EACH 500

struct worker {
    struct recorder *recorder;
    uint64_t number;
};

static void *work(void *user)
{
    const struct worker *worker = user;
    struct evidence evidence = sample_good("example.com");
    evidence.legs[CLIENT].client_hello = SLICE_OF("\x01\x00\x00\x05hello");
    for (uint64_t i = 0; i < EVENTS_EACH; i++) {
        struct event event = event_of(EVENT_CLOSED, &evidence);
        event.connection = i * WORKERS + worker->number;
        recorder_emit(worker->recorder, &event);
    }
    return NULL;
}

static void many_threads_are_recorded(void **state)
{
    struct place *place = *state;
    struct error error;
    pthread_t threads[WORKERS];
    struct worker workers[WORKERS];
    struct recording *recording = open_at(place);
    struct sink sink = recording_sink(recording);
    struct recorder *recorder = recorder_new(&sink, 1, &error);
    assert_non_null(recorder);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){recorder, i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    recorder_free(recorder);
    recording_close(recording);
    query_gives(place,
                "SELECT count(*), max(connection), count(closed),"
                " (SELECT count(*) FROM evidence), (SELECT count(*) FROM events) FROM connections",
                "2000|2000|2000|2000|2000");
}

// ---- what can't be written

static enum sink_kept keeps(struct recording *recording, struct error *error)
{
    struct evidence evidence = sample_good("example.com");
    evidence.legs[CLIENT].client_hello = SLICE_OF("\x01\x00\x00\x05hello");
    struct event event = event_of(EVENT_CLOSED, &evidence);
    struct sink sink = recording_sink(recording);
    struct buffer frames = {0};
    sink.render(sink.user, &event, &frames);
    enum sink_kept kept = sink.keep(sink.user, buffer_slice(&frames), error);
    buffer_clear(&frames);
    return kept;
}

static void locked_by_another(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    struct error error;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(keeps(recording, &error), SINK_LATER);
    assert_string_equal(error.text, "database is locked");
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(keeps(recording, &error), SINK_KEPT);
    (void)sqlite3_close(db);
    recording_close(recording);
    query_gives(place, "SELECT count(*) FROM events", "1"); // not twice
}

// A file that may not grow is what a full disk is.
static void full_disk(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    struct error error;
    struct rlimit before;
    // The recorder's thread blocks all signals.
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 200 << 10, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int kept = 0;
    while (keeps(recording, &error) == SINK_KEPT && kept < 10000) {
        kept++;
    }
    assert_int_equal(keeps(recording, &error), SINK_LATER);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_string_equal(error.text, "disk I/O error (SQLite 778)");
    assert_int_equal(keeps(recording, &error), SINK_KEPT); // there is room again
    recording_close(recording);
    char want[32];
    (void)snprintf(want, sizeof(want), "%d|ok", kept + 1);
    query_gives(place, "SELECT count(*), integrity_check FROM events, pragma_integrity_check",
                want);
}

static void table_is_gone(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    struct error error;
    change(place, "DROP TABLE evidence");
    assert_int_equal(keeps(recording, &error), SINK_BROKEN);
    assert_string_equal(error.text, "no such table: evidence");
    recording_close(recording);
    query_gives(place, "SELECT count(*) FROM events", "0"); // all of a batch, or nothing
}

// ---- whose files are refused

static void write_file(const struct place *place, const char *text)
{
    int fd = open(place->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static void is_refused(const struct place *place, const char *part)
{
    struct error error;
    assert_null(recording_open(place->path, "0.0.1", &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    if (strstr(error.text, part) == NULL) {
        fail_msg("no '%s' in '%s'", part, error.text);
    }
}

static void other_files(void **state)
{
    struct place *place = *state;
    write_file(place, "dear diary");
    is_refused(place, "is no recording, expected one of midspan, or no file yet");
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_size, strlen("dear diary")); // left as it was
    write_file(place, "");
    change(place, "CREATE TABLE bookmarks(url TEXT)");
    is_refused(place, "is the database of another program");
    query_gives(place, "SELECT group_concat(name) FROM sqlite_schema", "bookmarks");
    change(place, "PRAGMA application_id = 0x6d737072; PRAGMA user_version = 2");
    is_refused(place, "was recorded by a newer midspan: version 2, expected at most 1");
    change(place, "PRAGMA user_version = 0");
    is_refused(place, "has no version of a recording, expected 1");
    change(place, "PRAGMA user_version = 1");
    is_refused(place, "no such table");
}

static void no_files(void **state)
{
    struct place *place = *state;
    struct place other = *place;
    strcpy(other.path, place->folder);
    is_refused(&other, "Is a directory, expected a file that can be written");
    strcpy(other.path, "/dev/full");
    is_refused(&other, "'/dev/full' is no regular file");
    strcpy(other.path, "/no/such/folder/a.db");
    is_refused(&other, "No such file or directory");
    assert_int_equal(mkfifo(place->path, 0600), 0);
    is_refused(place, "is no regular file"); // and nobody waits for its other end
}

static void name_is_no_uri(void **state)
{
    struct place *place = *state;
    struct error error;
    char before[256];
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(place->folder), 0);
    static const char *const names[] = {":memory:", "file:a.db?mode=memory"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct recording *recording = recording_open(names[i], "0.0.1", &error);
        assert_non_null(recording);
        recording_close(recording);
        assert_true(recording_is(names[i]));
        assert_int_equal(unlink(names[i]), 0);
    }
    assert_int_equal(chdir(before), 0);
}

// ---- reading

struct found {
    char text[1024];
};

static bool note(void *user, const struct recorded *recorded, struct error *error)
{
    struct found *found = user;
    size_t len = strlen(found->text);
    (void)error;
    (void)snprintf(found->text + len, sizeof(found->text) - len, "%llu.%llu%s%s ",
                   (unsigned long long)recorded->session, (unsigned long long)recorded->connection,
                   recorded->verdict.len > 0 ? "v" : "", recorded->evidence.len > 0 ? "e" : "");
    return true;
}

static void reads(const struct place *place, uint64_t session, uint64_t connection,
                  const char *want)
{
    struct recording_wish wish = {session, connection};
    struct found found = {""};
    struct error error = {.text = ""};
    if (!recording_read(place->path, &wish, note, &found, &error)) {
        fail_msg("%s", error.text);
    }
    assert_string_equal(found.text, want);
}

static void put_verdict(struct recording *recording, uint64_t connection, bool is_update)
{
    struct evidence evidence = sample_evidence("example.com", 443);
    struct verdict verdict = sample_verdict();
    evidence.connection = connection;
    verdict.is_update = is_update;
    struct event event = event_of(EVENT_VERDICT, &evidence);
    event.verdict = &verdict;
    put(recording, &event);
}

static void read_back(void **state)
{
    struct place *place = *state;
    struct error error;
    struct evidence evidence = sample_good("example.com");
    struct event event = event_of(EVENT_OPENED, &evidence);
    struct recording *recording = open_at(place);
    assert_int_equal(keeps(recording, &error), SINK_KEPT); // 17, and its evidence
    put_verdict(recording, 4, false);
    put_verdict(recording, 4, true); // takes the place of the first
    put_verdict(recording, 5, false);
    put_verdict(recording, 5, false);
    event.connection = 6;
    put(recording, &event);
    reads(place, 0, 0, "1.4v 1.5v 1.5v 1.6 1.17e "); // while it is open
    recording_close(recording);
    recording = open_at(place);
    put_verdict(recording, 4, false);
    recording_close(recording);
    reads(place, 0, 0, "1.4v 1.5v 1.5v 1.6 1.17e 2.4v ");
    reads(place, 0, 4, "1.4v 2.4v ");
    reads(place, 2, 0, "2.4v ");
    reads(place, 2, 17, "");
    assert_true(recording_is(place->path));
}

// What a hostile file holds is refused or read as nothing; it never runs.
static const struct hostile {
    const char *name, *sql;
    const char *want; // in the error; NULL: read without one
} hostile[] = {
    {"evidence that is a blob", "UPDATE evidence SET json = x'00ff'", "is no text"},
    {"evidence that is a number",
     "UPDATE evidence SET json = NULL; "
     "PRAGMA user_version = 1",
     NULL},
    {"evidence of 9 MiB", "UPDATE evidence SET json = printf('%.*c', 9 << 20, 'x')",
     "larger than 8388608 bytes"},
    {"evidence past SQLite's limit", "UPDATE evidence SET json = printf('%.*c', 20 << 20, 'x')",
     "too big"},
    {"many verdicts of one long text",
     "UPDATE events SET json = printf('%.*c', 8 << 20, 'x'); INSERT INTO verdicts(event, session,"
     " connection) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
     " SELECT 1, 1, 17 FROM n",
     NULL},
    {"numbers below zero", "UPDATE connections SET connection = -5", NULL},
    {"a session that is a blob", "UPDATE sessions SET began = x'00'", "is no text"},
    {"a view in the place of a table",
     "DROP TABLE evidence; CREATE VIEW evidence AS SELECT 1 AS session, 17 AS connection, 'x' AS"
     " json",
     "evidence"},
    {"a view that never ends",
     "DROP TABLE connections; CREATE VIEW connections AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
     " SELECT i + 1 FROM n) SELECT i AS session, i AS connection FROM n",
     "no such table"},
    {"a column that is work",
     "DROP TABLE sessions; CREATE TABLE sessions(session INTEGER PRIMARY KEY, began AS"
     " (hex(zeroblob(100 << 20)))); INSERT INTO sessions VALUES(1)",
     "too big"},
    {"a virtual table in the place of a table",
     "DROP TABLE sessions; PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES('table',"
     " 'sessions', 'sessions', 0, 'CREATE VIRTUAL TABLE sessions USING fts4(session, began)')",
     "no such module"},
    {"a name that steers the terminal",
     "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = char(27) || '[2J' || char(155),"
     " sql = 'CREATE TABLE' WHERE name = 'events'",
     "malformed database schema (?[2J"},
    {"no tables", "DROP TABLE verdicts", "no such table"},
    {"a newer version", "PRAGMA user_version = 7", "newer midspan"},
    {"another program's", "PRAGMA application_id = 7", "another program"},
};

static void hostile_file(void **state)
{
    const struct hostile *row = *state;
    void *made = NULL;
    struct error error = {.text = ""};
    struct found found = {""};
    make_place(&made);
    struct place *place = made;
    struct recording *recording = open_at(place);
    assert_int_equal(keeps(recording, &error), SINK_KEPT);
    recording_close(recording);
    change(place, "CREATE TABLE e AS SELECT * FROM evidence; DROP TABLE evidence; "
                  "ALTER TABLE e RENAME TO evidence"); // without its NOT NULL
    change(place, row->sql);
    struct recording_wish all = {0};
    bool is_read = recording_read(place->path, &all, note, &found, &error);
    clear_place(&made);
    assert_int_equal(is_read, row->want == NULL);
    if (row->want != NULL && strstr(error.text, row->want) == NULL) {
        fail_msg("no '%s' in '%s'", row->want, error.text);
    }
}

// What has no numbers where they are due is not read: it would be sorted, long as it may be.
static void only_numbers_are_read(void **state)
{
    struct place *place = *state;
    struct recording *recording = open_at(place);
    put_verdict(recording, 4, false);
    recording_close(recording);
    change(place, "DROP TABLE connections; CREATE TABLE connections(session, connection);"
                  "INSERT INTO connections VALUES('x', 4), (1, 'y'), (1, 4), (NULL, 4), (1, 4.5);"
                  "INSERT INTO verdicts(event, session, connection) VALUES('x', 1, 4);"
                  "CREATE TABLE v AS SELECT * FROM verdicts; UPDATE v SET verdict = 'y' WHERE"
                  " event = 'x'; INSERT INTO v(verdict, event, session, connection)"
                  " VALUES('z', 1, 1, 4); DROP TABLE verdicts; ALTER TABLE v RENAME TO verdicts");
    reads(place, 0, 0, "1.4v ");
}

// Every byte of the file is changed once, every 97th at least: read, or refused.
static void broken_files(void **state)
{
    struct place *place = *state;
    struct error error;
    struct recording *recording = open_at(place);
    put_verdict(recording, 4, false);
    assert_int_equal(keeps(recording, &error), SINK_KEPT);
    recording_close(recording);
    int fd = open(place->path, O_RDWR | O_CLOEXEC);
    off_t len = lseek(fd, 0, SEEK_END);
    assert_true(len > 4096);
    struct recording_wish all = {0};
    for (off_t at = 0; at < len; at += at < 200 ? 1 : 97) {
        uint8_t was, is;
        assert_int_equal(pread(fd, &was, 1, at), 1);
        is = (uint8_t)~was;
        assert_int_equal(pwrite(fd, &is, 1, at), 1);
        struct found found = {""};
        (void)recording_read(place->path, &all, note, &found, &error); // either is fine
        assert_int_equal(pwrite(fd, &was, 1, at), 1);
    }
    for (off_t cut = len; cut > 0; cut -= 1024) {
        struct found found = {""};
        assert_int_equal(ftruncate(fd, cut), 0);
        (void)recording_read(place->path, &all, note, &found, &error); // either is fine
    }
    (void)close(fd);
}

static void what_is_no_recording(void **state)
{
    struct place *place = *state;
    struct error error;
    struct recording_wish all = {0};
    struct found found = {""};
    assert_false(recording_is(place->path));
    assert_false(recording_read(place->path, &all, note, &found, &error));
    write_file(place, "SQLite format 3 is what this text is about");
    assert_false(recording_is(place->path));
    assert_false(recording_read(place->path, &all, note, &found, &error));
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_false(recording_is(place->folder));
    assert_false(recording_is("/dev/null"));
}

// ---- frames

static void no_memory_is_told(void **state)
{
    (void)state;
    struct evidence evidence = sample_good("example.com");
    evidence.legs[CLIENT].client_hello = SLICE_OF("\x01\x00\x00\x05hello");
    struct event event = event_of(EVENT_CLOSED, &evidence);
    struct buffer whole = {0};
    recording_frame_render(NULL, &event, &whole);
    for (size_t limit = 0; limit <= whole.len; limit += 7) {
        struct buffer out = {.limit = limit > 0 ? limit : 1};
        recording_frame_render(NULL, &event, &out);
        struct recording_frame frame;
        size_t at = 0;
        while (recording_frame_next(buffer_slice(&out), &at, &frame)) {
            assert_true(frame.json.len > 2 && frame.json.data[0] == '{');
            assert_int_equal(frame.json.data[frame.json.len - 1], '}');
            assert_true(frame.kind == EVENT_CLOSED || frame.kind == EVENT_NOTICE);
            assert_true(frame.evidence.len == 0 || frame.kind == EVENT_CLOSED);
        }
        buffer_clear(&out);
    }
    buffer_clear(&whole);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, clear_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(good_connection),
        WITH_PLACE(events_are_those_of_the_log),
        WITH_PLACE(without_wal),
        WITH_PLACE(broken_connection),
        WITH_PLACE(update_takes_the_place),
        WITH_PLACE(sessions_are_appended),
        WITH_PLACE(two_at_once),
        WITH_PLACE(many_threads_are_recorded),
        WITH_PLACE(locked_by_another),
        WITH_PLACE(full_disk),
        WITH_PLACE(table_is_gone),
        WITH_PLACE(other_files),
        WITH_PLACE(no_files),
        WITH_PLACE(name_is_no_uri),
        WITH_PLACE(read_back),
        WITH_PLACE(only_numbers_are_read),
        WITH_PLACE(broken_files),
        WITH_PLACE(what_is_no_recording),
        cmocka_unit_test(no_memory_is_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + RUN_ROWS(hostile, hostile_file);
}
