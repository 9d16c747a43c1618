#include "origins_inside.h"

#include <assert.h>
#include <stdlib.h>

#include "segments.h"

static void free_visit(struct visit *visit)
{
    struct origins *origins = visit->server->origins;
    if (visit->previous != NULL) {
        visit->previous->next = visit->next;
    } else {
        origins->visits = visit->next;
    }
    if (visit->next != NULL) {
        visit->next->previous = visit->previous;
    }
    origins->visit_count--;
    visit->kind->freed(visit);
    free(visit);
}

void visit_handle_closed(struct visit *visit)
{
    assert(visit->open_handles > 0);
    visit->open_handles--;
    if (visit->open_handles == 0) {
        free_visit(visit);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    visit_handle_closed(handle->data);
}

// begin_closing is what every way to end has in common; false when it has begun already.
static bool begin_closing(struct visit *visit)
{
    if (visit->is_closing) {
        return false;
    }
    visit->is_closing = true;
    uv_close((uv_handle_t *)&visit->timer, on_timer_closed);
    visit->kind->closing(visit);
    return true;
}

void visit_close(struct visit *visit)
{
    if (begin_closing(visit)) {
        link_close(&visit->link);
    }
}

void visit_reset(struct visit *visit)
{
    if (begin_closing(visit)) {
        link_reset(&visit->link);
    }
}

void visit_finish(struct visit *visit)
{
    // Closing at once, with bytes of the client unread, would make the kernel send a reset that
    // overtakes what we said.
    link_finish(&visit->link);
    if (visit->link.has_ended) {
        visit_close(visit);
    }
}

static void on_received(void *user, struct slice bytes)
{
    struct visit *visit = user;
    visit->kind->received(visit, bytes);
}

static void on_ended(void *user)
{
    struct visit *visit = user;
    visit->kind->ended(visit, 0);
}

static void on_broke(void *user, int os_error)
{
    struct visit *visit = user;
    visit->kind->ended(visit, os_error);
}

static void on_drained(void *user)
{
    struct visit *visit = user;
    if (visit->kind->drained != NULL) {
        visit->kind->drained(visit);
    }
}

static void on_link_closed(void *user)
{
    visit_handle_closed(user);
}

static struct slice room(void *user)
{
    struct visit *visit = user;
    struct origins *origins = visit->server->origins;
    return (struct slice){origins->room, sizeof(origins->room)};
}

static const struct link_hooks hooks = {
    .received = on_received,
    .ended = on_ended,
    .broke = on_broke,
    .drained = on_drained,
    .closed = on_link_closed,
    .room = room,
};

uint32_t visit_segments(const struct visit *visit)
{
    uv_os_fd_t fd = -1;
    return uv_fileno((const uv_handle_t *)&visit->link.tcp, &fd) == 0 ? segments_received(fd) : 0;
}

static void on_time_out(uv_timer_t *timer)
{
    visit_close(timer->data);
}

static void visit_enter(struct visit *visit)
{
    struct origins *origins = visit->server->origins;
    visit->next = origins->visits;
    if (visit->next != NULL) {
        visit->next->previous = visit;
    }
    origins->visits = visit;
    origins->visit_count++;
}

void visit_open(struct server *server, const struct visit_kind *kind)
{
    struct visit *visit = calloc(1, kind->size);
    uv_loop_t *loop = &server->origins->loop;
    if (visit == NULL) {
        return; // the client waits in the backlog until it tires
    }
    visit->kind = kind;
    visit->server = server;
    int status = uv_timer_init(loop, &visit->timer);
    assert(status == 0);
    (void)status; // it never fails
    visit->timer.data = visit;
    visit->open_handles = 1;
    visit_enter(visit);
    server->connections++;
    if (!link_init(&visit->link, loop, &hooks, visit)) {
        visit->is_closing = true;
        uv_close((uv_handle_t *)&visit->timer, on_timer_closed);
        return;
    }
    visit->open_handles++;
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&visit->link.tcp) != 0 ||
        server->origins->visit_count > ORIGINS_VISITS_MAX ||
        uv_timer_start(&visit->timer, on_time_out, ORIGINS_VISIT_MS_MAX, 0) != 0) {
        visit_close(visit);
        return;
    }
    link_connected(&visit->link);
    if (!kind->begun(visit)) {
        visit_close(visit);
        return;
    }
    link_read(&visit->link, true);
}
