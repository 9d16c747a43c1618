#include "link.h"

#include <assert.h>
#include <sys/socket.h>

static void start_write(struct link *link);

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out_buf)
{
    (void)suggested;
    struct link *link = handle->data;
    struct slice room = link->hooks->room(link->user);
    // libuv writes where our contract only borrows: the room is the worker's own.
    *out_buf = uv_buf_init((char *)(uintptr_t)room.data, (unsigned)room.len);
}

// end_error gives the errno behind what libuv calls an end. Bytes and a reset that come together
// are told as bytes and an end: libuv sees the hang-up and does not read again.
static int end_error(const struct link *link)
{
    uv_os_fd_t fd = -1;
    int why = 0;
    socklen_t len = sizeof(why);
    if (uv_fileno((const uv_handle_t *)&link->tcp, &fd) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0) {
        return 0; // no handle that is open: the end stands
    }
    return why;
}

static void tell_end(struct link *link, int why)
{
    if (why != 0) {
        link->hooks->broke(link->user, why);
    } else {
        link->hooks->ended(link->user);
    }
}

static void on_look(uv_timer_t *timer)
{
    struct link *link = timer->data;
    int why = end_error(link);
    why = link->write_error != 0 ? link->write_error : why;
    if (why == 0 && --link->looks_left > 0) {
        return;
    }
    (void)uv_timer_stop(timer); // always 0
    tell_end(link, why);
}

// watch_end puts off the end of a link that is watched; false when it is to be told now.
static bool watch_end(struct link *link)
{
    if (!link->watches_end || link->has_timer || uv_timer_init(link->tcp.loop, &link->timer) != 0) {
        return false;
    }
    link->has_timer = true;
    link->timer.data = link;
    link->looks_left = LINK_SETTLE_MS_MAX / LINK_SETTLE_STEP_MS;
    return uv_timer_start(&link->timer, on_look, LINK_SETTLE_STEP_MS, LINK_SETTLE_STEP_MS) == 0;
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct link *link = stream->data;
    if (got == 0 || link->is_closing) {
        return;
    }
    if (got > 0) {
        link->hooks->received(link->user, (struct slice){(const uint8_t *)buf->base, (size_t)got});
        return;
    }
    link_read(link, false);
    link->has_ended = true;
    int why = got == UV_EOF ? end_error(link) : (int)-got;
    why = link->write_error != 0 ? link->write_error : why;
    if (why != 0 || !watch_end(link)) {
        tell_end(link, why);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct link *link = handle->data;
    if (link->has_timer) { // the last of the two
        link->has_timer = false;
        uv_close((uv_handle_t *)&link->timer, on_closed);
        return;
    }
    link->is_open = false;
    buffer_clear(&link->waiting);
    buffer_clear(&link->writing);
    link->hooks->closed(link->user);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request, (void)status; // a peer that is gone tells so to the reader
}

static void start_shutdown(struct link *link)
{
    link->did_shutdown = true;
    // A failure means that the socket is gone: the reader hears of it.
    (void)uv_shutdown(&link->shutdown, (uv_stream_t *)&link->tcp, on_shutdown);
}

// note_write_error keeps the reason and goes on reading: what the peer said before it left (an
// alert, mostly) must not be lost to its reset.
static void note_write_error(struct link *link, int status)
{
    if (link->write_error != 0) {
        return;
    }
    link->write_error = -status;
    buffer_clear(&link->waiting);
    buffer_clear(&link->writing);
    if (!link->has_ended) {
        link_read(link, true);
    }
}

static bool is_looking(const struct link *link)
{
    return link->has_timer && uv_is_active((const uv_handle_t *)&link->timer) != 0;
}

static void on_written(uv_write_t *request, int status)
{
    struct link *link = request->data;
    link->is_writing = false;
    if (link->is_closing) {
        return;
    }
    buffer_clear(&link->writing);
    if (status < 0) {
        note_write_error(link, status);
        // Nothing more can be read that would tell; the timer does while it looks.
        if (link->has_ended && !is_looking(link)) {
            link->hooks->broke(link->user, link->write_error);
        }
        return;
    }
    if (link->waiting.len > 0) {
        start_write(link);
        return;
    }
    if (link->wants_shutdown && !link->did_shutdown) {
        start_shutdown(link);
    }
    link->hooks->drained(link->user);
}

static void start_write(struct link *link)
{
    assert(!link->is_writing && link->writing.len == 0);
    struct buffer empty = link->writing;
    link->writing = link->waiting;
    link->waiting = empty;
    link->waiting.limit = LINK_QUEUE_BYTES_MAX;
    struct slice bytes = buffer_slice(&link->writing);
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.len);
    link->write.data = link;
    int status = uv_write(&link->write, (uv_stream_t *)&link->tcp, &buf, 1, on_written);
    if (status < 0) {
        note_write_error(link, status);
        return;
    }
    link->is_writing = true;
}

bool link_init(struct link *link, uv_loop_t *loop, const struct link_hooks *hooks, void *user)
{
    if (uv_tcp_init(loop, &link->tcp) != 0) {
        return false;
    }
    link->tcp.data = link;
    link->hooks = hooks;
    link->user = user;
    link->is_open = true;
    buffer_init(&link->waiting, LINK_QUEUE_BYTES_MAX);
    buffer_init(&link->writing, LINK_QUEUE_BYTES_MAX);
    return true;
}

void link_connected(struct link *link)
{
    link->is_connected = true;
    (void)uv_tcp_nodelay(&link->tcp, 1); // a delay is a pity, no failure
}

void link_read(struct link *link, bool on)
{
    if (!link->is_open || link->is_closing || link->is_reading == on ||
        (on && (link->has_ended || !link->is_connected))) {
        return;
    }
    link->is_reading = on;
    if (!on) {
        (void)uv_read_stop((uv_stream_t *)&link->tcp); // always 0
        return;
    }
    int status = uv_read_start((uv_stream_t *)&link->tcp, on_alloc, on_read);
    assert(status == 0);
    (void)status; // fails only for handles that are closing or not connected: excluded above
}

void link_watch_end(struct link *link, bool on)
{
    link->watches_end = on;
}

bool link_send(struct link *link, struct slice bytes)
{
    if (!link->is_open || link->is_closing || !link->is_connected || link->wants_shutdown ||
        link->write_error != 0) {
        return false;
    }
    if (!link->is_writing && bytes.len > 0) {
        uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.len);
        int sent = uv_try_write((uv_stream_t *)&link->tcp, &buf, 1);
        if (sent < 0 && sent != UV_EAGAIN) {
            note_write_error(link, sent);
            return false;
        }
        bytes = slice_part(bytes, sent > 0 ? (size_t)sent : 0, bytes.len);
    }
    if (bytes.len == 0) {
        return true;
    }
    if (!buffer_append(&link->waiting, bytes)) {
        return false;
    }
    if (!link->is_writing) {
        start_write(link);
    }
    return true;
}

size_t link_queued_bytes(const struct link *link)
{
    return link->waiting.len + link->writing.len;
}

bool link_is_full(const struct link *link)
{
    return link_queued_bytes(link) > 0;
}

void link_finish(struct link *link)
{
    if (!link->is_open || link->is_closing || !link->is_connected || link->wants_shutdown) {
        return;
    }
    link->wants_shutdown = true;
    if (!link->is_writing) {
        start_shutdown(link);
    }
}

static void start_closing(struct link *link)
{
    link->is_closing = true;
    if (link->has_timer) {
        (void)uv_timer_stop(&link->timer); // always 0
    }
}

void link_close(struct link *link)
{
    if (!link->is_open || link->is_closing) {
        return;
    }
    start_closing(link);
    uv_close((uv_handle_t *)&link->tcp, on_closed);
}

void link_reset(struct link *link)
{
    if (!link->is_open || link->is_closing) {
        return;
    }
    start_closing(link);
    if (uv_tcp_close_reset(&link->tcp, on_closed) == 0) {
        return;
    }
    // Refused while a FIN is under way, which would make a cut answer look whole.
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    uv_os_fd_t fd = -1;
    if (uv_fileno((const uv_handle_t *)&link->tcp, &fd) == 0) {
        // Without it the plain close must do.
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    }
    uv_close((uv_handle_t *)&link->tcp, on_closed);
}
