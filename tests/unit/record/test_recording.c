// Recordings: what each event leaves in the tables, and whose files are refused.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "evidence_json.h"
#include "recording_kit.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
