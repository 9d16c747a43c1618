// Sinks that keep their events themselves: what is asked of them, and when they can't.
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"

#define ALL ((1u << EVENTS) - 1)

// A store whose answers a test decides. What it holds belongs to the recorder thread until
// recorder_free.
struct store {
    _Atomic(enum sink_kept) answer;
    atomic_uint asked;
    struct buffer held;
    size_t kept_count; // calls that kept something
};

static void render_line(void *user, const struct event *event, struct buffer *out)
{
    (void)user;
    assert_true(buffer_printf(out, "%llu %s\n", (unsigned long long)event->connection,
                              event->text != NULL ? event->text : ""));
}

static enum sink_kept keep(void *user, struct slice events, struct error *error)
{
    struct store *store = user;
    enum sink_kept answer = store->answer;
    atomic_fetch_add(&store->asked, 1);
    if (answer != SINK_KEPT) {
        error_set(error, ERROR_FILE, "the store is shut");
        return answer;
    }
    assert_true(buffer_append(&store->held, events));
    store->kept_count++;
    return SINK_KEPT;
}

static struct sink sink_of(struct store *store, uint32_t events)
{
    return (struct sink){.name = "store",
                         .render = render_line,
                         .keep = keep,
                         .user = store,
                         .fd = -1,
                         .events = events};
}

static struct recorder *start(const struct sink *sinks, size_t count)
{
    struct error error;
    struct recorder *recorder = recorder_new(sinks, count, &error);
    assert_non_null(recorder);
    return recorder;
}

static void emit(struct recorder *recorder, enum event_kind kind, uint64_t number, const char *text)
{
    struct event event = {.kind = kind, .connection = number, .wall_us = 1, .text = text};
    recorder_emit(recorder, &event);
}

// Waits until the store was asked once more than `asked`.
static void await_asked(struct store *store, unsigned asked)
{
    while (atomic_load(&store->asked) <= asked) {
        (void)usleep(1000); // the test runner bounds it
    }
}

static void events_are_kept_whole_and_together(void **state)
{
    (void)state;
    enum {
        EMITTED = 1000
    };
    struct store store = {.answer = SINK_KEPT};
    struct sink sink = sink_of(&store, ALL);
    struct recorder *recorder = start(&sink, 1);
    for (int i = 0; i < EMITTED; i++) {
        emit(recorder, EVENT_NOTICE, 1, "a");
    }
    recorder_free(recorder);
    assert_int_equal(store.held.len, EMITTED * strlen("1 a\n"));
    assert_true(store.kept_count < EMITTED / 2);
    buffer_clear(&store.held);
}

static void what_could_not_be_kept_is_asked_again(void **state)
{
    (void)state;
    struct store store = {.answer = SINK_LATER};
    struct sink sink = sink_of(&store, ALL);
    struct recorder *recorder = start(&sink, 1);
    emit(recorder, EVENT_NOTICE, 1, "a");
    await_asked(&store, 1);
    emit(recorder, EVENT_NOTICE, 2, "b");
    store.answer = SINK_KEPT;
    recorder_free(recorder);
    assert_string_equal(buffer_text(&store.held), "1 a\n2 b\n");
    buffer_clear(&store.held);
}

static char *text_of(size_t len)
{
    char *text = calloc(1, len + 1);
    assert_non_null(text);
    memset(text, 'x', len);
    return text;
}

static void full_queue_is_told(void **state)
{
    (void)state;
    struct store store = {.answer = SINK_LATER};
    struct sink sink = sink_of(&store, 1u << EVENT_NOTICE);
    struct recorder *recorder = start(&sink, 1);
    char *text = text_of((size_t)1 << 20);
    emit(recorder, EVENT_NOTICE, 1, "a");
    await_asked(&store, 0); // "a" is on its way, all else has to wait
    for (int i = 0; i < 10; i++) {
        emit(recorder, EVENT_NOTICE, 2, text); // the queue takes seven
    }
    store.answer = SINK_KEPT;
    recorder_free(recorder);
    assert_non_null(strstr(buffer_text(&store.held),
                           "\n0 3 events left out: 'store' was not written fast enough\n"));
    free(text);
    buffer_clear(&store.held);
}

static int make_pipe(int fds[2])
{
    return pipe2(fds, O_CLOEXEC);
}

// The whole that the other end wrote, up to its closing.
static void read_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len + 1 < size) {
        got = read(fd, out + len, size - len - 1);
        len += got > 0 ? (size_t)got : 0;
    }
    out[len] = '\0';
}

// A store that gives `answer` to every event, beside a stream that is told of errors only.
struct pair {
    struct store store;
    int errors; // where the stream can be read
    struct recorder *recorder;
};

static void start_pair(struct pair *pair, enum sink_kept answer)
{
    int fds[2];
    assert_int_equal(make_pipe(fds), 0);
    *pair = (struct pair){.store = {.answer = answer}, .errors = fds[0]};
    struct sink sinks[] = {sink_of(&pair->store, 1u << EVENT_NOTICE),
                           {.name = "lines",
                            .render = render_line,
                            .fd = fds[1],
                            .owns_fd = true,
                            .events = 1u << EVENT_ERROR}};
    pair->recorder = start(sinks, 2);
    emit(pair->recorder, EVENT_NOTICE, 1, "a");
    await_asked(&pair->store, 0);
    emit(pair->recorder, EVENT_NOTICE, 2, "b");
    emit(pair->recorder, EVENT_NOTICE, 3, "c");
}

// Ends it, and gives what was told that was not read yet.
static void end_pair(struct pair *pair, char *out, size_t size)
{
    recorder_free(pair->recorder);
    read_all(pair->errors, out, size);
    (void)close(pair->errors);
    assert_int_equal(pair->store.held.len, 0);
}

static void broken_store_is_told_and_left_alone(void **state)
{
    (void)state;
    struct pair pair;
    char told[256];
    start_pair(&pair, SINK_BROKEN);
    end_pair(&pair, told, sizeof(told));
    // How many were lost depends on when it was asked: it is one at least.
    assert_non_null(strstr(told, "0 cannot write to 'store' any more: the store is shut; "));
    assert_non_null(strstr(told, " left out\n"));
    assert_null(strstr(told, "; 0 events"));
    assert_int_equal(pair.store.asked, 1);
}

static void what_is_never_kept_is_told_at_the_end(void **state)
{
    (void)state;
    struct pair pair;
    char told[512] = "";
    start_pair(&pair, SINK_LATER);
    assert_true(read(pair.errors, told, sizeof(told) - 1) > 0); // comes while it runs
    assert_string_equal(
        told, "0 cannot write to 'store' for now: the store is shut; it is tried again\n");
    end_pair(&pair, told, sizeof(told));
    assert_string_equal(
        told, "0 cannot write to 'store' any more: the store is shut; 3 events left out\n");
}

static void stuck_store_holds_up_no_stream(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(make_pipe(fds), 0);
    struct store store = {.answer = SINK_LATER};
    struct sink sinks[] = {
        sink_of(&store, 1u << EVENT_NOTICE),
        {.name = "lines", .render = render_line, .fd = fds[1], .events = 1u << EVENT_OPENED}};
    struct recorder *recorder = start(sinks, 2);
    emit(recorder, EVENT_NOTICE, 1, "a");
    await_asked(&store, 0);
    emit(recorder, EVENT_OPENED, 2, "through");
    char got[64] = "";
    assert_int_equal(read(fds[0], got, sizeof(got) - 1), strlen("2 through\n"));
    store.answer = SINK_KEPT;
    recorder_free(recorder);
    buffer_clear(&store.held);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_kept_whole_and_together),
        cmocka_unit_test(what_could_not_be_kept_is_asked_again),
        cmocka_unit_test(full_queue_is_told),
        cmocka_unit_test(broken_store_is_told_and_left_alone),
        cmocka_unit_test(what_is_never_kept_is_told_at_the_end),
        cmocka_unit_test(stuck_store_holds_up_no_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
