#include "proxy.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "answers.h"
#include "clock.h"
#include "experiments.h"
#include "listen.h"
#include "outcomes.h"
#include "worker.h"

#define POOL_VARIABLE "UV_THREADPOOL_SIZE"
#define POOL_THREADS  "32"
#define FILES_WANTED  ((rlim_t)65536)

struct proxy {
    struct shared shared;
    struct endpoint endpoints[SETTINGS_LISTEN_MAX];
    size_t endpoint_count;
    struct worker *workers[SETTINGS_WORKERS_MAX];
    size_t worker_count;  // made
    size_t started_count; // with a thread
};

static size_t count_workers(const struct settings *settings)
{
    size_t count = (size_t)settings->workers;
    if (settings->workers <= 0) {
        count = uv_available_parallelism();
    }
    return count < SETTINGS_WORKERS_MAX ? count : SETTINGS_WORKERS_MAX;
}

// open_workers binds each address once a worker and makes the workers.
static bool open_workers(struct proxy *proxy, struct terms *terms, struct error *error)
{
    const struct settings *settings = &terms->settings;
    size_t count = count_workers(settings);
    int fds[SETTINGS_LISTEN_MAX][SETTINGS_WORKERS_MAX];
    for (size_t i = 0; i < settings->listen_count; i++) {
        if (!listen_open(&settings->listen[i], fds[i], count, &proxy->endpoints[i], error)) {
            for (size_t j = 0; j < i * count; j++) {
                (void)close(fds[j / count][j % count]);
            }
            return false;
        }
    }
    proxy->endpoint_count = settings->listen_count;
    bool ok = true;
    for (size_t w = 0; w < count; w++) {
        int own[SETTINGS_LISTEN_MAX];
        for (size_t i = 0; i < settings->listen_count; i++) {
            own[i] = fds[i][w];
        }
        if (!ok) {
            for (size_t i = 0; i < settings->listen_count; i++) {
                (void)close(own[i]);
            }
            continue;
        }
        struct worker *worker =
            worker_new(&proxy->shared, terms_keep(terms), own, settings->listen_count, error);
        ok = worker != NULL;
        if (ok) {
            proxy->workers[proxy->worker_count++] = worker;
        }
    }
    return ok;
}

static void tell_listening(struct proxy *proxy)
{
    for (size_t i = 0; i < proxy->endpoint_count; i++) {
        char text[ENDPOINT_TEXT_MAX];
        struct event event = {
            .kind = EVENT_LISTENING,
            .wall_us = clock_wall_us(),
            .text = endpoint_text(&proxy->endpoints[i], text),
        };
        recorder_emit(proxy->shared.recorder, &event);
    }
}

// tell_experiments says aloud that clients will get other certificates than usual.
static void tell_experiments(struct proxy *proxy, const struct settings *settings)
{
    struct event event = {
        .kind = EVENT_NOTICE,
        .wall_us = clock_wall_us(),
        .text = "experiments are on: a client that refuses midspan's certificate gets it with one "
                "thing changed, or the origin's own untouched, on its next connections to that "
                "host, at most one change a connection, until what it minds is proven",
    };
    if (settings->experiment) {
        recorder_emit(proxy->shared.recorder, &event);
    }
}

static void no_work(uv_work_t *work)
{
    (void)work;
}

// widen_pool makes libuv's threads now, with our number of them. libuv lets half of them resolve
// names, two by default: two names whose servers are silent would hold up all others. The variable
// goes again, for it is not our children's.
static void widen_pool(void)
{
    uv_loop_t loop;
    uv_work_t work;
    if (getenv(POOL_VARIABLE) != NULL || uv_loop_init(&loop) != 0) {
        return; // the user's number stands
    }
    (void)setenv(POOL_VARIABLE, POOL_THREADS, 0); // without memory the pool stays small
    if (uv_queue_work(&loop, &work, no_work, NULL) == 0) {
        (void)uv_run(&loop, UV_RUN_DEFAULT); // until it is done
    }
    (void)unsetenv(POOL_VARIABLE); // was valid just now
    (void)uv_loop_close(&loop);    // nothing is open in it
}

// connections_each_max raises the limit of descriptors, for the usual soft one is 1024, and says
// how many connections one worker may have within it.
static size_t connections_each_max(size_t worker_count)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return WORKER_CONNECTIONS_MAX;
    }
    rlim_t wanted = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
    struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max};
    if (limit.rlim_cur < wanted && setrlimit(RLIMIT_NOFILE, &raised) == 0) {
        limit = raised;
    }
    size_t files = limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
    size_t others = OTHER_FILES_MAX + worker_count * WORKER_FILES_MAX;
    size_t each = files > others ? (files - others) / CONNECTION_FILES_MAX / worker_count : 1;
    each = each < WORKER_CONNECTIONS_MAX ? each : WORKER_CONNECTIONS_MAX;
    return each > 0 ? each : 1;
}

struct proxy *proxy_start(const struct settings *settings, const struct authority *ca,
                          struct recorder *recorder, struct keylog *keylog, struct error *error)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));
    if (proxy == NULL) {
        error_set(error, ERROR_MEMORY, "out of memory for the proxy");
        return NULL;
    }
    widen_pool();
    struct shared *shared = &proxy->shared;
    *shared = (struct shared){.ca = ca, .recorder = recorder, .keylog = keylog};
    library_ask(&shared->library);
    shared->mint = mint_new(ca, 0, error);
    shared->history = history_new();
    shared->connections_each_max = connections_each_max(count_workers(settings));
    shared->outcomes = outcomes_new();
    shared->answers = answers_new();
    shared->experiments = experiments_new();
    if (shared->history == NULL) {
        error_set(error, ERROR_MEMORY, "out of memory for the history");
    }
    struct terms *terms = terms_new(settings, &shared->library, error);
    bool ok = shared->mint != NULL && shared->history != NULL && shared->outcomes != NULL &&
              shared->answers != NULL && shared->experiments != NULL && terms != NULL;
    ok = ok && open_workers(proxy, terms, error);
    terms_release(terms);
    shared->endpoints = proxy->endpoints;
    shared->endpoint_count = proxy->endpoint_count;
    for (size_t i = 0; ok && i < proxy->worker_count; i++) {
        ok = worker_start(proxy->workers[i], error);
        proxy->started_count += ok;
    }
    if (!ok) {
        proxy_drain(proxy, 0);
        proxy_free(proxy);
        return NULL;
    }
    tell_experiments(proxy, settings);
    tell_listening(proxy);
    return proxy;
}

const struct endpoint *proxy_endpoint(const struct proxy *proxy, size_t i)
{
    return i < proxy->endpoint_count ? &proxy->endpoints[i] : NULL;
}

bool proxy_reload(struct proxy *proxy, const struct settings *settings, struct error *error)
{
    struct terms *terms = terms_new(settings, &proxy->shared.library, error);
    if (terms == NULL) {
        return false;
    }
    for (size_t i = 0; i < proxy->worker_count; i++) {
        worker_reload(proxy->workers[i], terms_keep(terms));
    }
    tell_experiments(proxy, settings);
    terms_release(terms);
    return true;
}

void proxy_drain(struct proxy *proxy, int64_t grace_ms)
{
    for (size_t i = 0; i < proxy->worker_count; i++) {
        worker_drain(proxy->workers[i], grace_ms);
    }
    for (size_t i = 0; i < proxy->worker_count; i++) {
        if (i < proxy->started_count) {
            worker_join(proxy->workers[i]);
        } else {
            (void)uv_run(&proxy->workers[i]->loop, UV_RUN_DEFAULT); // never had a thread: ends here
        }
    }
    proxy->started_count = 0;
}

void proxy_free(struct proxy *proxy)
{
    if (proxy == NULL) {
        return;
    }
    for (size_t i = 0; i < proxy->worker_count; i++) {
        worker_free(proxy->workers[i]);
    }
    mint_free(proxy->shared.mint);
    history_free(proxy->shared.history);
    outcomes_free(proxy->shared.outcomes);
    answers_free(proxy->shared.answers);
    experiments_free(proxy->shared.experiments);
    free(proxy);
}

size_t proxy_open_count(const struct proxy *proxy)
{
    return atomic_load(&proxy->shared.open_count);
}
