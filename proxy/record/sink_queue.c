#include "sink_queue.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

// Between two transactions of a sink that keeps; and between two tries of one that can't now, as
// long as it has been so.
#define KEEP_REST_US      ((int64_t)200 * 1000)
#define KEEP_RETRY_US_MIN ((int64_t)100 * 1000)
#define KEEP_RETRY_US_MAX ((int64_t)2000 * 1000)

void sink_queue_init(struct sink_queue *queue, const struct sink *sink)
{
    struct stat status;
    *queue = (struct sink_queue){.sink = *sink};
    buffer_init(&queue->waiting, RECORDER_QUEUE_BYTES_MAX);
    buffer_init(&queue->writing, 2 * RECORDER_QUEUE_BYTES_MAX); // room for a notice behind it
    queue->is_regular = fstat(sink->fd, &status) == 0 && S_ISREG(status.st_mode);
}

void sink_queue_clear(struct sink_queue *queue)
{
    buffer_clear(&queue->waiting);
    buffer_clear(&queue->writing);
    if (queue->sink.owns_fd) {
        (void)close(queue->sink.fd); // what a failing close would say was said by write
    }
    queue->sink.owns_fd = false;
}

bool sink_queue_put(struct sink_queue *queue, struct slice rendered)
{
    if (queue->is_off) {
        return false;
    }
    bool was_empty = queue->waiting.len == 0;
    // Once one was left out, so is what follows, until the notice stands in its place.
    if (queue->left_out > 0 || !buffer_append(&queue->waiting, rendered)) {
        queue->left_out++;
    } else {
        queue->waiting_count++;
    }
    return was_empty;
}

bool sink_queue_is_due(const struct sink_queue *queue, int64_t now_us)
{
    return queue->sink.keep == NULL || now_us >= queue->due_us;
}

uint64_t sink_queue_take(struct sink_queue *queue)
{
    assert(queue->writing.len == 0);
    struct buffer empty = queue->writing;
    size_t limit = empty.limit;
    empty.limit = queue->waiting.limit;
    queue->writing = queue->waiting;
    queue->writing.limit = limit;
    queue->waiting = empty;
    queue->writing_count = queue->waiting_count;
    queue->waiting_count = 0;
    uint64_t left_out = queue->left_out;
    queue->left_out = 0;
    return left_out;
}

enum sink_wrote sink_queue_write(struct sink_queue *queue)
{
    struct slice bytes = buffer_slice(&queue->writing);
    // A pipe that poll calls ready takes PIPE_BUF bytes at once. We don't set O_NONBLOCK: standard
    // output's flags belong to every process that shares it.
    size_t len = queue->is_regular || bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF;
    int state;
    // A terminal may still hold the write up: recorder_free then cancels it.
    (void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state); // cannot fail for this value
    ssize_t wrote = write(queue->sink.fd, bytes.data, len);
    int why = errno;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state); // likewise
    if (wrote >= 0) {
        buffer_consume(&queue->writing, (size_t)wrote);
        return SINK_WROTE;
    }
    errno = why;
    bool is_passing = why == EINTR || why == EAGAIN || why == EWOULDBLOCK;
    return is_passing ? SINK_WROTE : SINK_IS_BROKEN;
}

static int64_t retry_us(int64_t stuck_for_us)
{
    if (stuck_for_us < KEEP_RETRY_US_MIN) {
        return KEEP_RETRY_US_MIN;
    }
    return stuck_for_us < KEEP_RETRY_US_MAX ? stuck_for_us : KEEP_RETRY_US_MAX;
}

enum sink_kept sink_queue_keep(struct sink_queue *queue, int64_t now_us, struct error *error)
{
    enum sink_kept kept = queue->sink.keep(queue->sink.user, buffer_slice(&queue->writing), error);
    if (kept != SINK_KEPT) {
        queue->stuck_us = queue->stuck_us != 0 ? queue->stuck_us : now_us;
        queue->due_us = now_us + retry_us(now_us - queue->stuck_us);
        return kept;
    }
    buffer_consume(&queue->writing, queue->writing.len);
    queue->writing_count = 0;
    queue->due_us = now_us + KEEP_REST_US;
    queue->stuck_us = 0;
    queue->is_told = false;
    return kept;
}
