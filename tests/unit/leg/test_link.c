// A link on a loop, against a plain socket: order, endings, the queue, and lifetimes.
#include "rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"

#define ROUNDS_MAX 100000

// What the hooks were told, as one line: "abc" received, "|" ended, "!" broke, "." drained,
// "x" closed.
struct story {
    uv_loop_t loop;
    struct link link;
    int peer;
    char text[256];
    size_t len;
    size_t received_len;
    int os_error;
    bool is_closed;
    bool reopens; // the closed hook inits the link again, once
    uint8_t room[4096];
};

static void tell(struct story *story, const char *text, size_t len)
{
    for (size_t i = 0; i < len && story->len + 1 < sizeof(story->text); i++) {
        story->text[story->len++] = text[i];
    }
}

static void on_received(void *user, struct slice bytes)
{
    struct story *story = user;
    story->received_len += bytes.len;
    tell(story, (const char *)bytes.data, bytes.len);
}

static void on_ended(void *user)
{
    tell(user, "|", 1);
}

static void on_broke(void *user, int os_error)
{
    struct story *story = user;
    story->os_error = os_error;
    tell(story, "!", 1);
}

static void on_drained(void *user)
{
    tell(user, ".", 1);
}

static const struct link_hooks hooks;

static void on_closed(void *user)
{
    struct story *story = user;
    tell(story, "x", 1);
    story->is_closed = true;
    if (story->reopens) {
        story->reopens = false;
        story->is_closed = false;
        memset(&story->link, 0, sizeof(story->link));
        assert_true(link_init(&story->link, &story->loop, &hooks, story));
    }
}

static struct slice on_room(void *user)
{
    struct story *story = user;
    return (struct slice){story->room, sizeof(story->room)};
}

static const struct link_hooks hooks = {on_received, on_ended,  on_broke,
                                        on_drained,  on_closed, on_room};

static void connect_pair(int out_fds[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int small = 16 * 1024; // so that a queue builds up soon
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    out_fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(out_fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    assert_int_equal(connect(out_fds[0], (struct sockaddr *)&address, len), 0);
    out_fds[1] = accept(listener, NULL, NULL);
    assert_true(out_fds[1] >= 0);
    (void)fcntl(out_fds[1], F_SETFL, O_NONBLOCK);
    (void)close(listener);
}

static int story_open(void **state)
{
    int fds[2];
    struct story *story = calloc(1, sizeof(*story));
    assert_non_null(story);
    *state = story;
    (void)signal(SIGPIPE, SIG_IGN);
    connect_pair(fds);
    story->peer = fds[1];
    assert_int_equal(uv_loop_init(&story->loop), 0);
    assert_true(link_init(&story->link, &story->loop, &hooks, story));
    assert_int_equal(uv_tcp_open(&story->link.tcp, fds[0]), 0);
    link_connected(&story->link);
    return 0;
}

static int story_close(void **state)
{
    struct story *story = *state;
    link_close(&story->link);
    (void)uv_run(&story->loop, UV_RUN_DEFAULT);
    assert_true(story->is_closed);
    assert_int_equal(uv_loop_close(&story->loop), 0);
    if (story->peer >= 0) {
        (void)close(story->peer);
    }
    free(story);
    return 0;
}

// run_until turns the loop until the story holds `mark`.
static void run_until(struct story *story, char mark)
{
    for (int i = 0; memchr(story->text, mark, story->len) == NULL; i++) {
        if (i == ROUNDS_MAX) {
            fail_msg("no '%c' in \"%s\"", mark, story->text);
        }
        (void)uv_run(&story->loop, UV_RUN_ONCE);
    }
}

static void peer_says(struct story *story, const char *text)
{
    assert_int_equal(write(story->peer, text, strlen(text)), strlen(text));
}

static void peer_resets(struct story *story)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(story->peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    (void)close(story->peer);
    story->peer = -1;
}

// peer_reads turns the loop until the peer has read to the end; gives the bytes' number and the
// errno of the end.
static size_t peer_reads(struct story *story, int *out_error)
{
    uint8_t data[65536];
    size_t len = 0;
    for (int i = 0; i < ROUNDS_MAX; i++) {
        (void)uv_run(&story->loop, UV_RUN_NOWAIT);
        ssize_t got = read(story->peer, data, sizeof(data));
        if (got > 0) {
            for (ssize_t j = 0; j < got; j++) {
                assert_int_equal(data[j], (uint8_t)((len + (size_t)j) * 7));
            }
            len += (size_t)got;
        } else if (got == 0 || errno != EAGAIN) {
            *out_error = got == 0 ? 0 : errno;
            return len;
        }
    }
    fail_msg("the peer never heard an end");
    return 0;
}

// fill sends numbered bytes until the queue holds some; gives their number.
static size_t fill(struct story *story)
{
    uint8_t data[4096];
    size_t len = 0;
    while (!link_is_full(&story->link)) {
        for (size_t i = 0; i < sizeof(data); i++) {
            data[i] = (uint8_t)((len + i) * 7);
        }
        assert_true(link_send(&story->link, (struct slice){data, sizeof(data)}));
        len += sizeof(data);
    }
    return len;
}

// ---- reading

static void bytes_then_the_end(void **state)
{
    struct story *story = *state;
    link_read(&story->link, true);
    link_read(&story->link, true);
    peer_says(story, "abc");
    (void)shutdown(story->peer, SHUT_WR);
    run_until(story, '|');
    assert_string_equal(story->text, "abc|");
    link_read(&story->link, true); // after the end: nothing
    (void)uv_run(&story->loop, UV_RUN_NOWAIT);
    assert_string_equal(story->text, "abc|");
}

static void nothing_comes_while_paused(void **state)
{
    struct story *story = *state;
    link_read(&story->link, true);
    link_read(&story->link, false);
    peer_says(story, "abc");
    (void)uv_run(&story->loop, UV_RUN_NOWAIT);
    assert_string_equal(story->text, "");
    (void)shutdown(story->peer, SHUT_WR);
    link_read(&story->link, true);
    run_until(story, '|');
    assert_string_equal(story->text, "abc|");
}

static void bytes_before_a_reset(void **state)
{
    struct story *story = *state;
    peer_says(story, "abc");
    peer_resets(story);
    link_read(&story->link, true);
    run_until(story, '!');
    assert_string_equal(story->text, "abc!");
    assert_int_equal(story->os_error, ECONNRESET);
}

// The peer's last words are read even though writing fails first, and reading was paused.
static void bytes_before_a_failed_write(void **state)
{
    struct story *story = *state;
    peer_says(story, "abc");
    peer_resets(story);
    while (link_send(&story->link, slice_of_text("answer"))) {
        (void)uv_run(&story->loop, UV_RUN_NOWAIT); // until the kernel knows of the reset
    }
    run_until(story, '!');
    assert_string_equal(story->text, "abc!");
    assert_true(story->os_error == ECONNRESET || story->os_error == EPIPE);
    assert_false(link_send(&story->link, slice_of_text("more")));
}

static void peer_closes_then_resets(struct story *story, bool is_at_once)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(story->peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    (void)shutdown(story->peer, SHUT_WR);
    if (!is_at_once) { // until the FIN was read
        while (!story->link.has_ended) {
            (void)uv_run(&story->loop, UV_RUN_ONCE);
        }
    }
    (void)close(story->peer);
    story->peer = -1;
}

// HAProxy's nolinger: FIN and RST, one after the other. Which of them is read first is chance.
static void a_reset_right_behind_a_fin(void **state)
{
    struct story *story = *state;
    link_watch_end(&story->link, true);
    link_read(&story->link, true);
    peer_says(story, "abc");
    peer_closes_then_resets(story, false);
    run_until(story, '!');
    assert_string_equal(story->text, "abc!");
    assert_int_equal(story->os_error, EPIPE); // what Linux says of a reset after FIN
}

static void a_reset_together_with_a_fin(void **state)
{
    struct story *story = *state;
    link_watch_end(&story->link, true);
    peer_closes_then_resets(story, true);
    link_read(&story->link, true);
    run_until(story, '!');
    assert_string_equal(story->text, "!");
}

static void a_watched_end_without_a_reset(void **state)
{
    struct story *story = *state;
    link_watch_end(&story->link, true);
    link_read(&story->link, true);
    peer_says(story, "abc");
    (void)shutdown(story->peer, SHUT_WR);
    run_until(story, '|');
    assert_string_equal(story->text, "abc|");
}

static void a_watched_end_is_closed_meanwhile(void **state)
{
    struct story *story = *state;
    link_watch_end(&story->link, true);
    link_read(&story->link, true);
    (void)shutdown(story->peer, SHUT_WR);
    while (!story->link.has_ended) {
        (void)uv_run(&story->loop, UV_RUN_ONCE);
    }
    link_close(&story->link);
    run_until(story, 'x');
    assert_string_equal(story->text, "x");
}

// The write's error is the peer's reset: what is read next is an end, and not of the peer's doing.
static void a_reset_that_a_write_met_first(void **state)
{
    struct story *story = *state;
    peer_resets(story);
    while (link_send(&story->link, slice_of_text("answer"))) {
        (void)uv_run(&story->loop, UV_RUN_NOWAIT); // until the kernel knows of the reset
    }
    link_watch_end(&story->link, true);
    link_read(&story->link, true);
    run_until(story, '!');
    assert_string_equal(story->text, "!");
    assert_true(story->os_error == ECONNRESET || story->os_error == EPIPE);
}

// A peer that half closed and then resets has nothing more to be read; the write tells it.
static void queued_write_fails_after_the_end(void **state)
{
    struct story *story = *state;
    link_read(&story->link, true);
    (void)shutdown(story->peer, SHUT_WR);
    run_until(story, '|');
    (void)fill(story);
    peer_resets(story);
    run_until(story, '!');
    assert_string_equal(story->text, "|!");
    assert_int_equal(link_queued_bytes(&story->link), 0);
}

// ---- writing

static void queue_drains_in_order_and_then_fin(void **state)
{
    struct story *story = *state;
    int os_error;
    size_t sent = fill(story);
    link_finish(&story->link);
    link_finish(&story->link);
    assert_false(link_send(&story->link, slice_of_text("behind FIN")));
    assert_int_equal(peer_reads(story, &os_error), sent);
    assert_int_equal(os_error, 0);
    assert_string_equal(story->text, ".");
    assert_false(link_is_full(&story->link));
}

static void queue_has_a_limit(void **state)
{
    struct story *story = *state;
    static const uint8_t bytes[65536];
    size_t sent = 0;
    (void)fill(story);
    while (link_send(&story->link, (struct slice){bytes, sizeof(bytes)})) {
        sent += sizeof(bytes);
        assert_true(sent <= 2 * LINK_QUEUE_BYTES_MAX);
    }
    assert_true(sent + sizeof(bytes) > LINK_QUEUE_BYTES_MAX);
}

static void nothing_is_nothing(void **state)
{
    struct story *story = *state;
    int os_error;
    assert_true(link_send(&story->link, SLICE_EMPTY));
    assert_false(link_is_full(&story->link));
    link_finish(&story->link);
    assert_int_equal(peer_reads(story, &os_error), 0);
    assert_string_equal(story->text, "");
}

// ---- ends of ours

static void close_loses_the_queue_and_nothing_else(void **state)
{
    struct story *story = *state;
    (void)fill(story);
    link_close(&story->link);
    link_close(&story->link);
    link_reset(&story->link);
    link_finish(&story->link);
    link_read(&story->link, true);
    assert_false(link_send(&story->link, slice_of_text("late")));
    run_until(story, 'x');
    assert_string_equal(story->text, "x");
}

static void reset_is_a_reset(void **state)
{
    struct story *story = *state;
    int os_error;
    link_reset(&story->link);
    assert_int_equal(peer_reads(story, &os_error), 0);
    assert_int_equal(os_error, ECONNRESET);
}

// libuv refuses a reset while a FIN is on its way; the peer must not take the end for a whole one.
static void reset_overtakes_a_fin(void **state)
{
    struct story *story = *state;
    int os_error;
    link_finish(&story->link);
    link_reset(&story->link);
    assert_int_equal(peer_reads(story, &os_error), 0);
    assert_int_equal(os_error, ECONNRESET);
}

static void reset_with_a_queue(void **state)
{
    struct story *story = *state;
    int os_error;
    (void)fill(story);
    link_finish(&story->link);
    link_reset(&story->link);
    (void)peer_reads(story, &os_error);
    assert_int_equal(os_error, ECONNRESET);
}

// As dialling the next address does it.
static void same_struct_again_once_closed(void **state)
{
    struct story *story = *state;
    (void)fill(story);
    story->reopens = true;
    link_close(&story->link);
    run_until(story, 'x');
    assert_true(story->link.is_open);
    assert_false(story->is_closed);
    assert_false(link_send(&story->link, slice_of_text("not connected")));
    link_read(&story->link, true);
    link_finish(&story->link);
}

#define STORY_TEST(check) cmocka_unit_test_setup_teardown(check, story_open, story_close)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STORY_TEST(bytes_then_the_end),
        STORY_TEST(nothing_comes_while_paused),
        STORY_TEST(bytes_before_a_reset),
        STORY_TEST(bytes_before_a_failed_write),
        STORY_TEST(a_reset_that_a_write_met_first),
        STORY_TEST(a_reset_right_behind_a_fin),
        STORY_TEST(a_reset_together_with_a_fin),
        STORY_TEST(a_watched_end_without_a_reset),
        STORY_TEST(a_watched_end_is_closed_meanwhile),
        STORY_TEST(queued_write_fails_after_the_end),
        STORY_TEST(queue_drains_in_order_and_then_fin),
        STORY_TEST(queue_has_a_limit),
        STORY_TEST(nothing_is_nothing),
        STORY_TEST(close_loses_the_queue_and_nothing_else),
        STORY_TEST(reset_is_a_reset),
        STORY_TEST(reset_overtakes_a_fin),
        STORY_TEST(reset_with_a_queue),
        STORY_TEST(same_struct_again_once_closed),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
