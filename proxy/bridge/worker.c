#include "worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"

#define BACKLOG 1024

struct listener {
    uv_tcp_t tcp;
    struct worker *worker;
    bool has_waiting; // a connection that was not accepted: too many are open
};

static void keylog_line(void *user, const char *line)
{
    keylog_write(user, line);
}

// kit_new takes the reference of `terms`, in any case.
static struct kit *kit_new(struct terms *terms, const struct shared *shared)
{
    struct kit *kit = calloc(1, sizeof(*kit));
    if (kit == NULL) {
        terms_release(terms);
        return NULL;
    }
    kit->references = 1;
    kit->terms = terms;
    struct context_common common = {
        .keylog = shared->keylog != NULL ? keylog_line : NULL,
        .keylog_user = shared->keylog,
    };
    for (int side = 0; side < SIDES; side++) {
        common.side = (enum side)side;
        common.policy = &terms->settings.legs[side];
        kit->contexts[side] = contexts_new(&common);
    }
    common.side = CLIENT;
    common.policy = &terms->settings.legs[CLIENT];
    kit->outer = contexts_new(&common);
    if (kit->contexts[CLIENT] == NULL || kit->contexts[SERVER] == NULL || kit->outer == NULL) {
        kit_release(kit);
        return NULL;
    }
    return kit;
}

struct kit *kit_keep(struct kit *kit)
{
    kit->references++;
    return kit;
}

void kit_release(struct kit *kit)
{
    if (kit == NULL || --kit->references > 0) {
        return;
    }
    contexts_free(kit->contexts[CLIENT]);
    contexts_free(kit->contexts[SERVER]);
    contexts_free(kit->outer);
    terms_release(kit->terms);
    free(kit);
}

static void accept_one(struct listener *listener)
{
    struct worker *worker = listener->worker;
    struct connection *connection = connection_new(worker, &listener->tcp);
    if (connection == NULL) {
        listener->has_waiting = true; // out of memory: until another one has given some back
        return;
    }
    connection->list_next = worker->connections;
    if (worker->connections != NULL) {
        worker->connections->list_previous = connection;
    }
    worker->connections = connection;
    worker->connection_count++;
    atomic_fetch_add(&worker->shared->open_count, 1);
    connection_start(connection);
}

// note_full tells, once until a connection ends, that clients have to wait.
static void note_full(struct worker *worker)
{
    char text[160];
    struct event event = {.kind = EVENT_NOTICE, .wall_us = clock_wall_us(), .text = text};
    if (worker->did_note_full) {
        return;
    }
    worker->did_note_full = true;
    (void)snprintf(text, sizeof(text),
                   "%zu connections are open on one worker, which is all that it takes: new ones "
                   "wait until one ends",
                   worker->connection_count);
    recorder_emit(worker->shared->recorder, &event);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *listener = stream->data;
    struct worker *worker = listener->worker;
    if (status < 0 || worker->is_draining) {
        return; // the client is gone already, or soon will be
    }
    if (worker->connection_count >= worker->shared->connections_each_max) {
        listener->has_waiting = true; // libuv reports no more until this one is accepted
        note_full(worker);
        return;
    }
    accept_one(listener);
}

static void on_handle_closed(uv_handle_t *handle)
{
    (void)handle; // part of the worker, which outlives the loop
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, on_handle_closed);
    }
}

static void close_listeners(struct worker *worker)
{
    for (size_t i = 0; i < worker->listener_count; i++) {
        close_handle((uv_handle_t *)&worker->listeners[i].tcp);
    }
}

// stop_when_idle lets the loop run out once nothing is left to wait for.
static void stop_when_idle(struct worker *worker)
{
    if (worker->is_draining && worker->connection_count == 0) {
        close_listeners(worker);
        close_handle((uv_handle_t *)&worker->grace);
        close_handle((uv_handle_t *)&worker->wake);
    }
}

void worker_gone(struct worker *worker, struct connection *connection)
{
    if (connection->list_previous != NULL) {
        connection->list_previous->list_next = connection->list_next;
    } else {
        worker->connections = connection->list_next;
    }
    if (connection->list_next != NULL) {
        connection->list_next->list_previous = connection->list_previous;
    }
    worker->connection_count--;
    worker->did_note_full = false;
    atomic_fetch_sub(&worker->shared->open_count, 1);
    for (size_t i = 0; i < worker->listener_count; i++) {
        if (worker->listeners[i].has_waiting && !worker->is_draining) {
            worker->listeners[i].has_waiting = false;
            accept_one(&worker->listeners[i]);
            break;
        }
    }
    stop_when_idle(worker);
}

static void on_grace(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    struct connection *next;
    for (struct connection *c = worker->connections; c != NULL; c = next) {
        next = c->list_next;
        connection_drop(c);
    }
}

static void take_terms(struct worker *worker, struct terms *terms)
{
    struct kit *kit = kit_new(terms, worker->shared);
    if (kit == NULL) {
        return; // out of memory: the old ones stay in force
    }
    kit_release(worker->kit);
    worker->kit = kit;
}

static void start_drain(struct worker *worker, int64_t grace_ms)
{
    if (!worker->is_draining) {
        worker->is_draining = true;
        close_listeners(worker);
        for (struct connection *c = worker->connections; c != NULL; c = c->list_next) {
            connection_drain(c);
        }
    }
    (void)uv_timer_start(&worker->grace, on_grace, (uint64_t)grace_ms, 0);
    stop_when_idle(worker);
}

static void on_wake(uv_async_t *async)
{
    struct worker *worker = async->data;
    uv_mutex_lock(&worker->lock);
    struct terms *terms = worker->terms_next;
    worker->terms_next = NULL;
    bool wants_drain = worker->wants_drain;
    int64_t grace_ms = worker->grace_ms;
    uv_mutex_unlock(&worker->lock);
    if (terms != NULL) {
        take_terms(worker, terms);
    }
    if (wants_drain) {
        start_drain(worker, grace_ms);
    }
}

static bool open_listener(struct worker *worker, int fd)
{
    struct listener *listener = &worker->listeners[worker->listener_count];
    if (uv_tcp_init(&worker->loop, &listener->tcp) != 0) {
        (void)close(fd);
        return false;
    }
    worker->listener_count++;
    listener->worker = worker;
    listener->tcp.data = listener;
    if (uv_tcp_open(&listener->tcp, fd) != 0) {
        (void)close(fd);
        return false;
    }
    return uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection) == 0;
}

struct worker *worker_new(struct shared *shared, struct terms *terms, const int *fds,
                          size_t fd_count, struct error *error)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    struct listener *listeners = calloc(fd_count, sizeof(*listeners));
    if (worker == NULL || listeners == NULL || uv_loop_init(&worker->loop) != 0) {
        error_set(error, ERROR_MEMORY, "out of memory for a worker");
        free(worker);
        free(listeners);
        terms_release(terms);
        for (size_t i = 0; i < fd_count; i++) {
            (void)close(fds[i]); // nothing is lost with it
        }
        return NULL;
    }
    worker->shared = shared;
    worker->listeners = listeners;
    (void)uv_mutex_init(&worker->lock); // fails on Linux for bad attributes only
    // None of these three can fail on a fresh loop but for want of descriptors, told by the first.
    bool ok = uv_async_init(&worker->loop, &worker->wake, on_wake) == 0;
    (void)uv_timer_init(&worker->loop, &worker->grace);
    worker->wake.data = worker;
    worker->grace.data = worker;
    for (int side = 0; side < SIDES; side++) {
        buffer_init(&worker->out[side], WORKER_OUT_BYTES_MAX);
    }
    buffer_init(&worker->outer_out, WORKER_OUT_BYTES_MAX);
    worker->kit = kit_new(terms, shared);
    for (size_t i = 0; i < fd_count; i++) {
        ok = open_listener(worker, fds[i]) && ok;
    }
    if (!ok || worker->kit == NULL) {
        error_set(error, ERROR_NETWORK, "a worker could not listen");
        worker->is_draining = true;
        stop_when_idle(worker);
        (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
        worker_free(worker);
        return NULL;
    }
    return worker;
}

static void run(void *user)
{
    struct worker *worker = user;
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    OPENSSL_thread_stop();
}

bool worker_start(struct worker *worker, struct error *error)
{
    int status = uv_thread_create(&worker->thread, run, worker);
    return status == 0 ||
           error_set(error, ERROR_MEMORY, "cannot start a worker: %s", uv_strerror(status));
}

void worker_reload(struct worker *worker, struct terms *terms)
{
    uv_mutex_lock(&worker->lock);
    struct terms *unused = worker->terms_next;
    worker->terms_next = terms;
    uv_mutex_unlock(&worker->lock);
    terms_release(unused);
    (void)uv_async_send(&worker->wake);
}

void worker_drain(struct worker *worker, int64_t grace_ms)
{
    uv_mutex_lock(&worker->lock);
    worker->wants_drain = true;
    worker->grace_ms = grace_ms;
    uv_mutex_unlock(&worker->lock);
    (void)uv_async_send(&worker->wake);
}

void worker_join(struct worker *worker)
{
    (void)uv_thread_join(&worker->thread);
}

void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    int status = uv_loop_close(&worker->loop);
    assert(status == 0); // every handle was closed: a leak of one is a bug of ours
    (void)status;
    for (int side = 0; side < SIDES; side++) {
        buffer_clear(&worker->out[side]);
    }
    buffer_clear(&worker->outer_out);
    kit_release(worker->kit);
    terms_release(worker->terms_next);
    uv_mutex_destroy(&worker->lock);
    free(worker->listeners);
    free(worker);
}
