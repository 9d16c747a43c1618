// Recordings read back: what is found, what a hostile or broken file gives, and the frames between.
#include "recording_frame.h"
#include "recording_kit.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(read_back),
        WITH_PLACE(only_numbers_are_read),
        WITH_PLACE(broken_files),
        WITH_PLACE(what_is_no_recording),
        cmocka_unit_test(no_memory_is_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + RUN_ROWS(hostile, hostile_file);
}
