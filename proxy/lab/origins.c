#include "origins_inside.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "origin_tls.h"

#define BACKLOG 64

static void on_listener_closed(uv_handle_t *handle)
{
    struct server *server = handle->data;
    server->is_open = false;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct server *server = listener->data;
    if (status != 0) {
        return;
    }
    switch (server->kind) {
    case SERVER_ORIGIN:
        visit_open(server, &origin_visit_kind);
        break;
    case SERVER_BOX:
        visit_open(server, &box_visit_kind);
        break;
    case SERVER_WEB:
        visit_open(server, &web_visit_kind);
        break;
    }
}

// open_server binds and listens; 0 or libuv's error. On the lab's thread.
static int open_server(struct server *server)
{
    struct sockaddr_in address;
    int len = sizeof(address);
    int status = uv_tcp_init(&server->origins->loop, &server->listener);
    if (status != 0) {
        return status;
    }
    server->listener.data = server;
    server->is_open = true;
    status = uv_ip4_addr("127.0.0.1", 0, &address);
    if (status == 0) {
        status = uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
    }
    if (status == 0 && !server->is_refused) {
        status = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
    }
    if (status == 0) {
        status = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len);
    }
    server->port = status == 0 ? ntohs(address.sin_port) : 0;
    return status;
}

static void on_wake_closed(uv_handle_t *handle)
{
    (void)handle; // the loop ends when nothing is left
}

static void stop(struct origins *origins)
{
    for (struct server *server = origins->servers; server != NULL; server = server->next) {
        if (server->is_open && uv_is_closing((uv_handle_t *)&server->listener) == 0) {
            uv_close((uv_handle_t *)&server->listener, on_listener_closed);
        }
    }
    for (struct visit *visit = origins->visits; visit != NULL; visit = visit->next) {
        visit_close(visit);
    }
    uv_close((uv_handle_t *)&origins->wake, on_wake_closed);
}

static void on_wake(uv_async_t *wake)
{
    struct origins *origins = wake->data;
    uv_mutex_lock(&origins->lock);
    if (origins->wanted != NULL) {
        struct server *server = origins->wanted;
        origins->wanted = NULL;
        // Entered even when it can't listen: its handle must be closed by stop.
        server->next = origins->servers;
        origins->servers = server;
        origins->status = open_server(server);
        origins->is_answered = true;
        uv_cond_broadcast(&origins->changed);
    }
    bool is_stopping = origins->is_stopping;
    uv_mutex_unlock(&origins->lock);
    if (is_stopping && uv_is_closing((uv_handle_t *)&origins->wake) == 0) {
        stop(origins);
    }
}

static void run(void *user)
{
    struct origins *origins = user;
    (void)uv_run(&origins->loop, UV_RUN_DEFAULT); // ends when every handle is closed
}

static void server_free(struct server *server)
{
    origin_tls_free(server->tls);
    free(server);
}

// ask has the lab's thread open `server` (taken) and waits for it.
static bool ask(struct origins *origins, struct server *server, struct error *error)
{
    if (origins->server_count == ORIGINS_SERVERS_MAX) {
        server_free(server);
        return error_set(error, ERROR_CONFIG, "too many servers in the lab: expected at most %d",
                         ORIGINS_SERVERS_MAX);
    }
    origins->server_count++;
    uv_mutex_lock(&origins->lock);
    origins->wanted = server;
    origins->is_answered = false;
    int sent = uv_async_send(&origins->wake);
    assert(sent == 0);
    (void)sent; // fails for handles that are closing only
    while (!origins->is_answered) {
        uv_cond_wait(&origins->changed, &origins->lock);
    }
    int status = origins->status;
    uv_mutex_unlock(&origins->lock);
    return status == 0 ||
           error_set(error, ERROR_NETWORK, "cannot listen on 127.0.0.1: %s", uv_strerror(status));
}

static struct server *server_new(struct origins *origins, enum server_kind kind,
                                 struct error *error)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for a lab server"); // NULL says it
        return NULL;
    }
    server->kind = kind;
    server->origins = origins;
    return server;
}

static bool open_loop(struct origins *origins, struct error *error)
{
    if (uv_loop_init(&origins->loop) != 0) {
        return error_set(error, ERROR_MEMORY, "cannot make the lab's loop");
    }
    if (uv_mutex_init(&origins->lock) != 0) {
        (void)uv_loop_close(&origins->loop); // empty
        return error_set(error, ERROR_MEMORY, "cannot make the lab's lock");
    }
    int status = uv_cond_init(&origins->changed);
    assert(status == 0);
    status = uv_async_init(&origins->loop, &origins->wake, on_wake);
    assert(status == 0);
    (void)status; // memory for a few bytes
    origins->wake.data = origins;
    return true;
}

struct origins *origins_new(struct error *error)
{
    struct origins *origins = calloc(1, sizeof(*origins));
    if (origins == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for the lab"); // NULL says it
        return NULL;
    }
    library_ask(&origins->library);
    origins->ca = lab_ca_new(error);
    origins->clients = origins->ca != NULL ? trust_store_only(lab_ca_root(origins->ca)) : NULL;
    if (origins->clients == NULL || !open_loop(origins, error)) {
        trust_store_free(origins->clients);
        lab_ca_free(origins->ca);
        free(origins);
        return NULL;
    }
    int status = uv_thread_create(&origins->thread, run, origins);
    if (status != 0) {
        (void)error_set(error, ERROR_MEMORY, "cannot start the lab: %s", uv_strerror(status));
        uv_close((uv_handle_t *)&origins->wake, on_wake_closed);
        run(origins);
        origins->is_stopping = true;
        origins_free(origins);
        return NULL;
    }
    return origins;
}

static void free_all(struct origins *origins)
{
    while (origins->servers != NULL) {
        struct server *server = origins->servers;
        origins->servers = server->next;
        server_free(server);
    }
    for (size_t i = 0; i < origins->file_count; i++) {
        buffer_clear(&origins->files[i].bytes);
    }
    for (size_t i = 0; i < origins->trusted_count; i++) {
        X509_free(origins->trusted[i]);
    }
    for (size_t i = 0; i < origins->crl_count; i++) {
        X509_CRL_free(origins->crls[i]);
    }
    free(origins->trusted);
    free(origins->crls);
    trust_store_free(origins->clients);
    lab_ca_free(origins->ca);
    free(origins);
}

void origins_free(struct origins *origins)
{
    if (origins == NULL) {
        return;
    }
    if (!origins->is_stopping) { // else the thread never was
        uv_mutex_lock(&origins->lock);
        origins->is_stopping = true;
        uv_mutex_unlock(&origins->lock);
        (void)uv_async_send(&origins->wake); // as in ask
        (void)uv_thread_join(&origins->thread);
    }
    int status = uv_loop_close(&origins->loop);
    assert(status == 0);
    (void)status; // every handle was closed by stop
    uv_cond_destroy(&origins->changed);
    uv_mutex_destroy(&origins->lock);
    free_all(origins);
}

struct lab_ca *origins_ca(struct origins *origins)
{
    return origins->ca;
}

bool origins_add(struct origins *origins, const struct origin *origin, uint16_t *out_port,
                 struct error *error)
{
    struct server *server = server_new(origins, SERVER_ORIGIN, error);
    if (server == NULL) {
        return false;
    }
    server->is_refused = origin->quirk.kind == QUIRK_REFUSED;
    server->tls = origin_tls_new(origins, origin, error);
    if (server->tls == NULL) {
        server_free(server);
        return false;
    }
    if (!ask(origins, server, error)) {
        return false;
    }
    *out_port = server->port;
    return true;
}

bool origins_add_box(struct origins *origins, const struct box *box, uint16_t *out_port,
                     struct error *error)
{
    struct sockaddr_storage address;
    if (uv_ip4_addr(box->target.host, box->target.port, (struct sockaddr_in *)&address) != 0) {
        return error_set(error, ERROR_CONFIG, "bad target '%.60s' of a box: expected an address",
                         box->target.host);
    }
    struct server *server = server_new(origins, SERVER_BOX, error);
    if (server == NULL) {
        return false;
    }
    server->is_refused = box->quirk.kind == QUIRK_REFUSED;
    server->box = *box;
    if (!ask(origins, server, error)) {
        return false;
    }
    *out_port = server->port;
    return true;
}

// open_web starts the web server when it is first needed.
static bool open_web(struct origins *origins, struct error *error)
{
    if (origins->web_port != 0) {
        return true;
    }
    struct server *server = server_new(origins, SERVER_WEB, error);
    if (server == NULL || !ask(origins, server, error)) {
        return false;
    }
    origins->web_port = server->port;
    return true;
}

bool origins_web_url(struct origins *origins, const char *path, char out_url[ORIGINS_URL_MAX],
                     struct error *error)
{
    if (!open_web(origins, error)) {
        return false;
    }
    (void)snprintf(out_url, ORIGINS_URL_MAX, "http://127.0.0.1:%u%.90s", origins->web_port, path);
    return true;
}

bool origins_publish(struct origins *origins, const char *path, const char *type,
                     struct slice bytes, char out_url[ORIGINS_URL_MAX], struct error *error)
{
    if (!origins_web_url(origins, path, out_url, error)) {
        return false;
    }
    struct web_file *file = &origins->files[origins->file_count];
    if (origins->file_count == ORIGINS_FILES_MAX || strlen(path) >= sizeof(file->path) ||
        strlen(type) >= sizeof(file->type)) {
        return error_set(error, ERROR_CONFIG,
                         "cannot publish '%.60s' in the lab: too many, or too "
                         "long a name",
                         path);
    }
    struct buffer copy = {0};
    if (!buffer_append(&copy, bytes)) {
        return error_set(error, ERROR_MEMORY, "out of memory for a file of the lab");
    }
    uv_mutex_lock(&origins->lock);
    (void)snprintf(file->path, sizeof(file->path), "%s", path); // fits: checked
    (void)snprintf(file->type, sizeof(file->type), "%s", type);
    file->bytes = copy;
    origins->file_count++;
    uv_mutex_unlock(&origins->lock);
    return true;
}
