// Workers render into a scratch buffer and append it, under the lock, to the queue of each sink;
// the recorder thread swaps a queue's buffer for its own empty one and writes that out. It sleeps
// in poll, on the descriptors that have bytes to take and on `wake`, so that a sink that is stuck
// holds up no other. A sink that keeps its bytes itself is asked when it is due.
#include "recorder.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "sink_queue.h"

#define STOP_MS_MAX 2000
// What a cancelled write may need beyond STOP_MS_MAX to come back.
#define STOP_SLACK_MS 500
// Of STOP_MS_MAX: what is kept to tell the others that a sink could not keep its last events.
#define LAST_WORDS_US ((int64_t)200 * 1000)
// A sink that can't keep its events for this long is told of.
#define STUCK_US_MAX ((int64_t)1000 * 1000)
// After it has written, the thread rests this long before it looks again: a busy proxy then pays
// one wake for many events, and nobody sees the delay.
#define REST_MS           5
#define SCRATCHES_MAX     16
#define SCRATCH_BYTES_MAX ((size_t)256 << 10)

struct recorder {
    pthread_t thread;
    int wake; // eventfd
    struct sink_queue queues[RECORDER_SINKS_MAX];
    size_t count;
    uint32_t wanted; // by any sink; never changes
    pthread_mutex_t lock;
    // Under the lock, like each queue's `waiting`, `left_out` and `is_off`:
    struct buffer scratches[SCRATCHES_MAX]; // rendering buffers that no worker uses now
    size_t scratch_count;
    bool is_asleep; // the thread waits until it is woken; else it looks at the queues by itself
    bool is_stopping;
};

static void lock(struct recorder *recorder)
{
    (void)pthread_mutex_lock(&recorder->lock); // a plain mutex, never held twice: cannot fail
}

static void unlock(struct recorder *recorder)
{
    (void)pthread_mutex_unlock(&recorder->lock); // held here: cannot fail
}

static void wake(struct recorder *recorder)
{
    uint64_t one = 1;
    (void)!write(recorder->wake, &one, sizeof(one)); // fails only when it is due to wake anyway
}

static struct buffer take_scratch(struct recorder *recorder)
{
    struct buffer scratch = {.limit = RECORDER_QUEUE_BYTES_MAX};
    lock(recorder);
    if (recorder->scratch_count > 0) {
        scratch = recorder->scratches[--recorder->scratch_count];
    }
    unlock(recorder);
    return scratch;
}

static void give_scratch(struct recorder *recorder, struct buffer scratch)
{
    bool is_kept = false;
    buffer_consume(&scratch, scratch.len);
    lock(recorder);
    if (recorder->scratch_count < SCRATCHES_MAX && scratch.capacity <= SCRATCH_BYTES_MAX) {
        recorder->scratches[recorder->scratch_count++] = scratch;
        is_kept = true;
    }
    unlock(recorder);
    if (!is_kept) {
        buffer_clear(&scratch);
    }
}

bool recorder_wants(const struct recorder *recorder, enum event_kind kind)
{
    return (recorder->wanted & (1u << kind)) != 0;
}

void recorder_emit(struct recorder *recorder, const struct event *event)
{
    if (!recorder_wants(recorder, event->kind)) {
        return;
    }
    struct buffer scratch = take_scratch(recorder);
    bool has_to_wake = false;
    for (size_t i = 0; i < recorder->count; i++) {
        struct sink_queue *queue = &recorder->queues[i];
        if ((queue->sink.events & (1u << event->kind)) == 0) {
            continue;
        }
        buffer_consume(&scratch, scratch.len);
        queue->sink.render(queue->sink.user, event, &scratch);
        if (scratch.len == 0) {
            continue;
        }
        lock(recorder);
        if (sink_queue_put(queue, buffer_slice(&scratch)) && recorder->is_asleep) {
            recorder->is_asleep = false;
            has_to_wake = true;
        }
        unlock(recorder);
    }
    if (has_to_wake) {
        wake(recorder);
    }
    give_scratch(recorder, scratch);
}

// Puts the notice where the events that were left out would have stood. It goes to the sink
// whatever it wants: losing events in silence would be lying.
static void note_left_out(struct sink_queue *queue, uint64_t left_out)
{
    struct buffer text = {0};
    struct event event = {.kind = EVENT_NOTICE, .wall_us = clock_wall_us()};
    if (buffer_printf(&text, "%llu events left out: '%s' was not %s fast enough",
                      (unsigned long long)left_out, queue->sink.name,
                      queue->sink.keep == NULL ? "read" : "written")) {
        event.text = buffer_text(&text);
        queue->sink.render(queue->sink.user, &event, &queue->writing);
    }
    buffer_clear(&text);
}

// Tells the other sinks of one that is in trouble.
static void tell(struct recorder *recorder, struct buffer *text)
{
    struct event event = {.kind = EVENT_ERROR, .wall_us = clock_wall_us()};
    event.text = buffer_text(text);
    if (event.text != NULL) {
        recorder_emit(recorder, &event); // to itself as well, but it is off or has no room
    }
    buffer_clear(text);
}

static void turn_off(struct recorder *recorder, struct sink_queue *queue, const char *why)
{
    struct buffer text = {0};
    buffer_clear(&queue->writing);
    lock(recorder);
    uint64_t lost = queue->writing_count + queue->waiting_count + queue->left_out;
    queue->is_off = true;
    queue->writing_count = 0;
    queue->waiting_count = 0;
    queue->left_out = 0;
    buffer_clear(&queue->waiting);
    unlock(recorder);

    (void)buffer_printf(&text, "cannot write to '%s' any more: %s", queue->sink.name, why);
    if (queue->sink.keep != NULL) {
        (void)buffer_printf(&text, "; %llu events left out", (unsigned long long)lost);
    }
    tell(recorder, &text);
}

static void sooner(int64_t *due_us, int64_t other_us)
{
    *due_us = *due_us == 0 || other_us < *due_us ? other_us : *due_us;
}

// Takes what waits for sinks that have written all they had and are due; what comes from now on
// wakes the thread. True when stopping. `out_due_us`: when a sink is due for which something waits;
// 0: nothing does.
static bool refill(struct recorder *recorder, int64_t now_us, int64_t *out_due_us)
{
    uint64_t left_out[RECORDER_SINKS_MAX] = {0};
    *out_due_us = 0;
    lock(recorder);
    bool is_stopping = recorder->is_stopping;
    for (size_t i = 0; i < recorder->count; i++) {
        struct sink_queue *queue = &recorder->queues[i];
        bool is_due = is_stopping || sink_queue_is_due(queue, now_us);
        if (queue->writing.len == 0 && is_due) {
            left_out[i] = sink_queue_take(queue);
        } else if (queue->writing.len == 0 && queue->waiting.len > 0) {
            sooner(out_due_us, queue->due_us);
        }
    }
    recorder->is_asleep = true;
    unlock(recorder);
    for (size_t i = 0; i < recorder->count; i++) {
        if (left_out[i] > 0) {
            note_left_out(&recorder->queues[i], left_out[i]);
        }
    }
    return is_stopping;
}

// Gives a sink that keeps what it has to keep. At the end of the time for stopping (`is_last`) what
// it does not keep is lost, and told.
static void keep(struct recorder *recorder, struct sink_queue *queue, bool is_last)
{
    struct error error;
    int64_t now_us = clock_monotonic_us();
    enum sink_kept kept = sink_queue_keep(queue, now_us, &error);
    if (kept == SINK_BROKEN || (kept == SINK_LATER && is_last)) {
        turn_off(recorder, queue, error.text);
    } else if (kept == SINK_LATER && !queue->is_told && now_us - queue->stuck_us > STUCK_US_MAX) {
        struct buffer text = {0};
        queue->is_told = true;
        (void)buffer_printf(&text, "cannot write to '%s' for now: %s; it is tried again",
                            queue->sink.name, error.text);
        tell(recorder, &text);
    }
}

// Gives those that are due what they have to keep; `due_us` becomes the time at which they are
// looked at next, if that is sooner: something may have come meanwhile.
static void keep_what_is_due(struct recorder *recorder, bool is_last, int64_t *due_us)
{
    int64_t now_us = clock_monotonic_us();
    for (size_t i = 0; i < recorder->count; i++) {
        struct sink_queue *queue = &recorder->queues[i];
        if (queue->sink.keep == NULL || queue->writing.len == 0) {
            continue;
        }
        if (is_last || queue->stuck_us == 0 || sink_queue_is_due(queue, now_us)) {
            keep(recorder, queue, is_last);
        }
        sooner(due_us, queue->due_us);
    }
}

// Waits until a descriptor takes bytes, someone wakes us or the time is over, and writes. False
// when poll itself fails.
static bool wait_and_write(struct recorder *recorder, int timeout_ms)
{
    struct pollfd polls[RECORDER_SINKS_MAX + 1];
    for (size_t i = 0; i < recorder->count; i++) {
        const struct sink_queue *queue = &recorder->queues[i];
        bool has_bytes = queue->sink.keep == NULL && queue->writing.len > 0;
        polls[i] = (struct pollfd){.fd = has_bytes ? queue->sink.fd : -1, .events = POLLOUT};
    }
    polls[recorder->count] = (struct pollfd){.fd = recorder->wake, .events = POLLIN};
    int ready = poll(polls, recorder->count + 1, timeout_ms);
    if (ready < 0) {
        return errno == EINTR || errno == EAGAIN;
    }
    if (polls[recorder->count].revents != 0) {
        uint64_t wakes;
        (void)!read(recorder->wake, &wakes, sizeof(wakes)); // only resets it
    }
    for (size_t i = 0; i < recorder->count; i++) {
        struct sink_queue *queue = &recorder->queues[i];
        if (polls[i].revents != 0 && sink_queue_write(queue) == SINK_IS_BROKEN) {
            turn_off(recorder, queue, strerrordesc_np(errno));
        }
    }
    return true;
}

static bool has_bytes_left(const struct recorder *recorder)
{
    for (size_t i = 0; i < recorder->count; i++) {
        if (recorder->queues[i].writing.len > 0) {
            return true;
        }
    }
    return false;
}

static void rest(struct recorder *recorder)
{
    struct pollfd stop = {.fd = recorder->wake, .events = POLLIN};
    lock(recorder);
    recorder->is_asleep = false;
    unlock(recorder);
    (void)poll(&stop, 1, REST_MS); // whatever ends it, the queues are looked at next
}

// Until when poll may sleep: -1 is for ever. Rounded up, so that nothing is asked before its time.
static int sleep_ms(int64_t now_us, int64_t due_us, int64_t stop_us)
{
    int64_t until_us = due_us == 0 || (stop_us != 0 && stop_us < due_us) ? stop_us : due_us;
    if (until_us == 0) {
        return -1;
    }
    return until_us > now_us ? (int)((until_us - now_us + 999) / 1000) : 0;
}

static void *run(void *user)
{
    struct recorder *recorder = user;
    int state;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state); // cannot fail for this value
    int64_t stop_us = 0;
    bool is_last = false;
    for (;;) {
        int64_t due_us;
        int64_t now_us = clock_monotonic_us();
        bool is_stopping = refill(recorder, now_us, &due_us);
        if ((is_stopping && !has_bytes_left(recorder)) || (is_last && now_us >= stop_us)) {
            return NULL;
        }
        if (is_stopping && stop_us == 0) {
            stop_us = now_us + STOP_MS_MAX * 1000;
        }
        if (is_stopping && !is_last && now_us >= stop_us - LAST_WORDS_US) {
            is_last = true;
            stop_us = now_us + LAST_WORDS_US; // they are said, however late it has become
        }
        keep_what_is_due(recorder, is_last, &due_us);
        if (is_stopping && !has_bytes_left(recorder)) {
            continue; // at once
        }
        int64_t end_us = is_stopping && !is_last ? stop_us - LAST_WORDS_US : stop_us;
        if (!wait_and_write(recorder, sleep_ms(now_us, due_us, end_us))) {
            return NULL;
        }
        if (!is_stopping && !has_bytes_left(recorder)) {
            rest(recorder);
        }
    }
}

// The thread takes no signals: they are the main thread's, and a closed pipe is an errno here.
static int start_thread(struct recorder *recorder)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all); // cannot fail
    int failed = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (failed != 0) {
        return failed;
    }
    failed = pthread_create(&recorder->thread, NULL, run, recorder);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL); // was valid just now
    return failed;
}

struct recorder *recorder_new(const struct sink *sinks, size_t count, struct error *error)
{
    if (count > RECORDER_SINKS_MAX) {
        error_set(error, ERROR_USAGE, "%zu sinks, at most %d can be had", count,
                  RECORDER_SINKS_MAX);
        return NULL;
    }
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    if (recorder == NULL) {
        error_set(error, ERROR_MEMORY, "no memory for the recorder");
        return NULL;
    }
    recorder->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (recorder->wake < 0) {
        error_set(error, ERROR_FILE, "cannot make the recorder's eventfd: %s",
                  strerrordesc_np(errno));
        free(recorder);
        return NULL;
    }
    (void)pthread_mutex_init(&recorder->lock, NULL); // cannot fail with default attributes
    for (size_t i = 0; i < count; i++) {
        sink_queue_init(&recorder->queues[i], &sinks[i]);
        recorder->wanted |= sinks[i].events;
    }
    recorder->count = count;
    int failed = start_thread(recorder);
    if (failed != 0) {
        error_set(error, ERROR_MEMORY, "cannot start the recorder's thread: %s",
                  strerrordesc_np(failed));
        (void)close(recorder->wake); // nothing was written to it
        (void)pthread_mutex_destroy(&recorder->lock);
        free(recorder); // the sinks stay the caller's
        return NULL;
    }
    return recorder;
}

static void join(struct recorder *recorder)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until); // cannot fail for this clock
    until.tv_sec += (STOP_MS_MAX + STOP_SLACK_MS) / 1000;
    until.tv_nsec += (STOP_MS_MAX + STOP_SLACK_MS) % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    if (pthread_timedjoin_np(recorder->thread, NULL, &until) == 0) {
        return;
    }
    (void)pthread_cancel(recorder->thread); // held up in a write
    (void)pthread_join(recorder->thread, NULL);
}

void recorder_free(struct recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    lock(recorder);
    recorder->is_stopping = true;
    unlock(recorder);
    wake(recorder);
    join(recorder);
    for (size_t i = 0; i < recorder->count; i++) {
        sink_queue_clear(&recorder->queues[i]);
    }
    for (size_t i = 0; i < recorder->scratch_count; i++) {
        buffer_clear(&recorder->scratches[i]);
    }
    (void)close(recorder->wake); // nothing is lost with it
    (void)pthread_mutex_destroy(&recorder->lock);
    free(recorder);
}
