// The queue and its thread, with sinks that write numbered lines.
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rows.h"

#define ALL ((1u << EVENTS) - 1)

// Writes "CONNECTION TEXT\n".
static void render_line(void *user, const struct event *event, struct buffer *out)
{
    (void)user;
    assert_true(buffer_printf(out, "%llu %s\n", (unsigned long long)event->connection,
                              event->text != NULL ? event->text : event_kind_name(event->kind)));
}

static struct sink sink_to(int fd, uint32_t events)
{
    return (struct sink){.name = "lines", .render = render_line, .fd = fd, .events = events};
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

static int make_file(void)
{
    char path[] = "/tmp/midspan-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    return fd;
}

// The whole content of a file, from its start; the caller frees.
static char *content_of(int fd)
{
    off_t len = lseek(fd, 0, SEEK_END);
    assert_true(len >= 0);
    char *text = calloc(1, (size_t)len + 1);
    assert_non_null(text);
    assert_int_equal(pread(fd, text, (size_t)len, 0), len);
    return text;
}

static void lines_arrive_in_order(void **state)
{
    (void)state;
    int fd = make_file();
    struct sink sink = sink_to(fd, ALL);
    struct recorder *recorder = start(&sink, 1);
    emit(recorder, EVENT_LISTENING, 0, "a");
    emit(recorder, EVENT_NOTICE, 1, "b");
    emit(recorder, EVENT_ERROR, 2, "c");
    recorder_free(recorder);
    char *text = content_of(fd);
    assert_string_equal(text, "0 a\n1 b\n2 c\n");
    free(text);
    (void)close(fd);
}

static void sinks_get_what_they_want(void **state)
{
    (void)state;
    int all = make_file();
    int few = make_file();
    struct sink sinks[] = {sink_to(all, ALL & ~(1u << EVENT_CLOSED)),
                           sink_to(few, 1u << EVENT_ERROR)};
    struct recorder *recorder = start(sinks, 2);
    assert_true(recorder_wants(recorder, EVENT_ERROR));
    assert_true(recorder_wants(recorder, EVENT_OPENED));
    assert_false(recorder_wants(recorder, EVENT_CLOSED));
    emit(recorder, EVENT_OPENED, 1, NULL);
    emit(recorder, EVENT_ERROR, 2, NULL);
    emit(recorder, EVENT_CLOSED, 3, NULL);
    recorder_free(recorder);
    char *text = content_of(all);
    assert_string_equal(text, "1 opened\n2 error\n");
    free(text);
    text = content_of(few);
    assert_string_equal(text, "2 error\n");
    free(text);
    (void)close(all);
    (void)close(few);
}

#define THREADS     4
#define EVENTS_EACH 5000

struct worker {
    struct recorder *recorder;
    uint64_t number;
};

static void *work(void *user)
{
    const struct worker *worker = user;
    char text[32];
    for (int i = 0; i < EVENTS_EACH; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        emit(worker->recorder, EVENT_NOTICE, worker->number, text);
    }
    return NULL;
}

// Each thread's lines are whole and in its own order.
static void check_lines(char *text)
{
    int next[THREADS] = {0};
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        unsigned thread;
        int number;
        char after;
        assert_int_equal(sscanf(line, "%u %d%c", &thread, &number, &after), 2);
        assert_true(thread < THREADS);
        assert_int_equal(number, next[thread]);
        next[thread]++;
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(next[i], EVENTS_EACH);
    }
}

static void many_threads_emit(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    int fds[] = {make_file(), make_file()};
    struct sink sinks[] = {sink_to(fds[0], ALL), sink_to(fds[1], ALL)};
    struct recorder *recorder = start(sinks, 2);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){recorder, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    recorder_free(recorder);
    for (size_t i = 0; i < COUNT(fds); i++) {
        char *text = content_of(fds[i]);
        check_lines(text);
        free(text);
        (void)close(fds[i]);
    }
}

#define LONG_TEXT ((size_t)64 << 10)

static char *long_text(void)
{
    char *text = calloc(1, LONG_TEXT + 1);
    assert_non_null(text);
    memset(text, 'x', LONG_TEXT);
    return text;
}

struct reader {
    int fd;
    struct buffer got;
};

static void *read_to_the_end(void *user)
{
    struct reader *reader = user;
    for (;;) {
        uint8_t *place = buffer_reserve(&reader->got, 65536);
        ssize_t got = place != NULL ? read(reader->fd, place, 65536) : -1;
        if (got <= 0) {
            return NULL;
        }
        buffer_commit(&reader->got, (size_t)got);
    }
}

// Counts whole lines, and what the notices say was left out.
static void count_lines(char *text, size_t *out_lines, size_t *out_left_out)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        size_t left_out;
        if (sscanf(line, "0 %zu events left out", &left_out) == 1) {
            *out_left_out += left_out;
            continue;
        }
        assert_int_equal(strlen(line), strlen("7 ") + LONG_TEXT);
        (*out_lines)++;
    }
}

static void full_queue_is_told(void **state)
{
    (void)state;
    enum {
        EMITTED = 600 // 37 MiB: more than pipe and both buffers hold
    };
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    char *text = long_text();
    struct sink sink = sink_to(pipe_fds[1], ALL);
    sink.owns_fd = true; // closed at the end: the reader sees it
    struct recorder *recorder = start(&sink, 1);
    for (int i = 0; i < EMITTED; i++) {
        emit(recorder, EVENT_ERROR, 7, text);
    }
    emit(recorder, EVENT_ERROR, 7, "would fit"); // but would stand before the notice
    pthread_t thread;
    struct reader reader = {.fd = pipe_fds[0]};
    assert_int_equal(pthread_create(&thread, NULL, read_to_the_end, &reader), 0);
    recorder_free(recorder);
    assert_int_equal(pthread_join(thread, NULL), 0);

    size_t lines = 0;
    size_t left_out = 0;
    count_lines((char *)(uintptr_t)buffer_text(&reader.got), &lines, &left_out);
    assert_true(left_out > 0);
    assert_int_equal(lines + left_out, EMITTED + 1);
    buffer_clear(&reader.got);
    free(text);
    (void)close(pipe_fds[0]);
}

static void the_largest_event_fits(void **state)
{
    (void)state;
    int fd = make_file();
    char *text = calloc(1, RECORDER_QUEUE_BYTES_MAX);
    assert_non_null(text);
    memset(text, 'x', RECORDER_QUEUE_BYTES_MAX - strlen("1 \n"));
    struct sink sink = sink_to(fd, ALL);
    struct recorder *recorder = start(&sink, 1);
    emit(recorder, EVENT_ERROR, 1, text);
    recorder_free(recorder);
    char *written = content_of(fd);
    assert_int_equal(strlen(written), RECORDER_QUEUE_BYTES_MAX);
    free(written);
    free(text);
    (void)close(fd);
}

static void stuck_reader_does_not_hold_up_the_end(void **state)
{
    (void)state;
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    char *text = long_text();
    struct sink sink = sink_to(pipe_fds[1], ALL);
    struct recorder *recorder = start(&sink, 1);
    for (int i = 0; i < 8; i++) {
        emit(recorder, EVENT_ERROR, 1, text);
    }
    recorder_free(recorder); // or this test never ends
    free(text);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

// A terminal that was stopped takes part of a write and holds up the rest: the write is cancelled.
static void stopped_terminal_does_not_hold_up_the_end(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        skip(); // a machine without pseudo-terminals
    }
    char name[64];
    assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
    int terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    char *text = long_text();
    struct sink sink = sink_to(terminal, ALL);
    struct recorder *recorder = start(&sink, 1);
    for (int i = 0; i < 4; i++) {
        emit(recorder, EVENT_ERROR, 1, text);
    }
    recorder_free(recorder);
    free(text);
    (void)close(terminal);
    (void)close(master);
}

static void stuck_sink_holds_up_no_other(void **state)
{
    (void)state;
    int stuck[2];
    int fine[2];
    assert_int_equal(pipe2(stuck, O_CLOEXEC), 0);
    assert_int_equal(pipe2(fine, O_CLOEXEC), 0);
    char *text = long_text();
    struct sink sinks[] = {sink_to(stuck[1], 1u << EVENT_ERROR),
                           sink_to(fine[1], 1u << EVENT_NOTICE)};
    struct recorder *recorder = start(sinks, 2);
    for (int i = 0; i < 8; i++) {
        emit(recorder, EVENT_ERROR, 1, text);
    }
    emit(recorder, EVENT_NOTICE, 2, "through");
    char got[64] = "";
    assert_int_equal(read(fine[0], got, sizeof(got) - 1), strlen("2 through\n"));
    assert_string_equal(got, "2 through\n");
    (void)close(stuck[0]); // let it go: the end needs not wait
    recorder_free(recorder);
    free(text);
    (void)close(stuck[1]);
    (void)close(fine[0]);
    (void)close(fine[1]);
}

static void broken_sink_is_told_to_the_others(void **state)
{
    (void)state;
    int broken[2];
    int fine[2];
    assert_int_equal(pipe2(broken, O_CLOEXEC), 0);
    assert_int_equal(pipe2(fine, O_CLOEXEC), 0);
    (void)close(broken[0]);
    struct sink sinks[] = {sink_to(broken[1], 1u << EVENT_OPENED),
                           sink_to(fine[1], 1u << EVENT_ERROR)};
    struct recorder *recorder = start(sinks, 2);
    emit(recorder, EVENT_OPENED, 1, "lost");
    char got[128] = "";
    assert_true(read(fine[0], got, sizeof(got) - 1) > 0);
    assert_string_equal(got, "0 cannot write to 'lines' any more: Broken pipe\n");
    emit(recorder, EVENT_OPENED, 2, "lost too"); // takes no harm
    recorder_free(recorder);
    (void)close(broken[1]);
    (void)close(fine[0]);
    (void)close(fine[1]);
}

static void owned_descriptor_is_closed(void **state)
{
    (void)state;
    int fds[] = {make_file(), make_file()};
    struct sink sinks[] = {sink_to(fds[0], ALL), sink_to(fds[1], ALL)};
    sinks[0].owns_fd = true;
    recorder_free(start(sinks, 2));
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
    assert_int_equal(errno, EBADF);
    assert_true(fcntl(fds[1], F_GETFD) >= 0);
    (void)close(fds[1]);
}

static void too_many_sinks(void **state)
{
    (void)state;
    struct sink sinks[RECORDER_SINKS_MAX + 1] = {{0}};
    struct error error;
    assert_null(recorder_new(sinks, COUNT(sinks), &error));
    assert_non_null(strstr(error.text, "9 sinks"));
}

static void no_sinks_at_all(void **state)
{
    (void)state;
    struct recorder *recorder = start(NULL, 0);
    assert_false(recorder_wants(recorder, EVENT_ERROR));
    emit(recorder, EVENT_ERROR, 1, "nobody listens");
    recorder_free(recorder);
    recorder_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_arrive_in_order),
        cmocka_unit_test(sinks_get_what_they_want),
        cmocka_unit_test(many_threads_emit),
        cmocka_unit_test(full_queue_is_told),
        cmocka_unit_test(the_largest_event_fits),
        cmocka_unit_test(stuck_reader_does_not_hold_up_the_end),
        cmocka_unit_test(stopped_terminal_does_not_hold_up_the_end),
        cmocka_unit_test(stuck_sink_holds_up_no_other),
        cmocka_unit_test(broken_sink_is_told_to_the_others),
        cmocka_unit_test(owned_descriptor_is_closed),
        cmocka_unit_test(too_many_sinks),
        cmocka_unit_test(no_sinks_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
