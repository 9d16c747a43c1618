// A recording in a folder of its own, and events to put into it.
#pragma once

#include "recording.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"
#include "samples.h"

struct place {
    char folder[32];
    char path[64];
};

static inline int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    strcpy(place->folder, "/tmp/midspan-test-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof(place->path), "%s/a.db", place->folder);
    *state = place;
    return 0;
}

static inline int clear_place(void **state)
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

static inline struct recording *open_at(const struct place *place)
{
    struct error error = {.text = ""};
    struct recording *recording = recording_open(place->path, "0.0.1", &error);
    if (recording == NULL) {
        print_error("%s\n", error.text);
    }
    assert_non_null(recording);
    return recording;
}

static inline void put(struct recording *recording, const struct event *event)
{
    struct sink sink = recording_sink(recording);
    struct buffer frames = {0};
    struct error error;
    sink.render(sink.user, event, &frames);
    assert_int_equal(sink.keep(sink.user, buffer_slice(&frames), &error), SINK_KEPT);
    buffer_clear(&frames);
}

static inline struct event event_of(enum event_kind kind, const struct evidence *evidence)
{
    return (struct event){.kind = kind,
                          .connection = evidence->connection,
                          .wall_us = SAMPLE_WALL_US,
                          .lasted_us = 12500,
                          .evidence = evidence};
}

// Writes to the file as another program would.
static inline void change(const struct place *place, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    }
    (void)sqlite3_close(db);
}

// What becomes of a closed connection with evidence.
static inline enum sink_kept keeps(struct recording *recording, struct error *error)
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

static inline void write_file(const struct place *place, const char *text)
{
    int fd = open(place->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, clear_place)
