#include "serving.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include "report.h"

// States of a served session. SERVING: the proxy accepts. DRAINING: proxy_drain runs on a thread
// of the pool, for it blocks, and a second signal must still be heard. DRAINED: the loop ends.
enum serving_state {
    SERVING,
    DRAINING,
    DRAINED
};

static const int watched[] = {SIGINT, SIGTERM, SIGHUP};

struct serving {
    enum serving_state state;
    const struct invocation *invocation;
    settings_build_fn build;
    serving_greet_fn greet;
    void *user; // of build and greet
    struct session session;
    uv_loop_t loop;
    uv_signal_t signals[COUNT_OF(watched)];
    uv_work_t drain;
    bool had_terminal; // when it began
};

// A closed terminal sends SIGHUP too; then /dev/tty, there before, can't be opened any more.
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd);
    }
    return fd >= 0;
}

static void reload(struct serving *serving)
{
    struct session *session = &serving->session;
    const char *config = option_value(serving->invocation, "config");
    if (config == NULL) {
        session_tell(session, EVENT_NOTICE,
                     "nothing to read again: midspan was started without --config");
        return;
    }
    struct settings *settings = calloc(1, sizeof(*settings));
    struct error error = {.kind = ERROR_MEMORY, .text = "out of memory"};
    char text[ERROR_TEXT_MAX + 128];
    if (settings != NULL && serving->build(serving->invocation, serving->user, settings, &error) &&
        proxy_reload(session->proxy, settings, &error)) {
        session->settings = *settings;
        (void)snprintf(text, sizeof(text), "configuration reloaded from '%.500s'", config);
        session_tell(session, EVENT_NOTICE, text);
    } else {
        (void)snprintf(text, sizeof(text), "configuration not reloaded, the old one stays: %s",
                       error.text);
        session_tell(session, EVENT_ERROR, text);
    }
    free(settings);
}

static void do_drain(uv_work_t *work)
{
    const struct serving *serving = work->data;
    proxy_drain(serving->session.proxy, SERVING_GRACE_MS);
}

static void unwatch(struct serving *serving)
{
    for (size_t i = 0; i < COUNT_OF(watched); i++) {
        uv_handle_t *handle = (uv_handle_t *)&serving->signals[i];
        if (handle->data != NULL && !uv_is_closing(handle)) {
            uv_close(handle, NULL);
        }
    }
}

static void on_drained(uv_work_t *work, int status)
{
    struct serving *serving = work->data;
    (void)status; // never cancelled
    serving->state = DRAINED;
    serving->session.is_drained = true;
    unwatch(serving);
}

static void drain(struct serving *serving)
{
    size_t open_count = proxy_open_count(serving->session.proxy);
    char text[160];
    if (open_count == 0) {
        (void)snprintf(text, sizeof(text), "stopping");
    } else {
        (void)snprintf(text, sizeof(text),
                       "draining: %zu connection%s open, up to %d s to end; once more stops now",
                       open_count, open_count == 1 ? "" : "s", SERVING_GRACE_MS / 1000);
    }
    session_tell(&serving->session, EVENT_NOTICE, text);
    serving->state = DRAINING;
    serving->drain.data = serving;
    if (uv_queue_work(&serving->loop, &serving->drain, do_drain, on_drained) != 0) {
        do_drain(&serving->drain);
        on_drained(&serving->drain, 0);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct serving *serving = handle->data;
    if (serving->state == DRAINING) {
        if (number != SIGHUP) {
            _exit(OUTCOME_FINE); // asked for twice: workers may be stuck, so nothing is waited for
        }
        return;
    }
    if (number == SIGHUP && !(serving->had_terminal && !has_terminal())) {
        reload(serving);
        return;
    }
    drain(serving);
}

static bool watch(struct serving *serving, struct error *error)
{
    for (size_t i = 0; i < COUNT_OF(watched); i++) {
        uv_signal_t *handle = &serving->signals[i];
        if (uv_signal_init(&serving->loop, handle) != 0) {
            return error_set(error, ERROR_MEMORY, "cannot watch for signals");
        }
        handle->data = serving;
        if (uv_signal_start(handle, on_signal, watched[i]) != 0) {
            return error_set(error, ERROR_MEMORY, "cannot watch for signals");
        }
    }
    return true;
}

static void say_hello(const struct serving *serving)
{
    const struct session *session = &serving->session;
    struct buffer text = {0};
    session_greet(session);
    if (serving->greet == NULL || session->settings.quiet) {
        return;
    }
    serving->greet(serving->user, &text);
    const char *content = buffer_text(&text);
    // As in session_greet: a console that can't be written to is no reason to stop.
    (void)dprintf(session->console.fd, "%s", content != NULL ? content : "");
    buffer_clear(&text);
}

static int run(struct serving *serving)
{
    struct error error;
    struct settings *settings = calloc(1, sizeof(*settings));
    if (settings == NULL) {
        report("out of memory");
        return OUTCOME_OURS;
    }
    int code = OUTCOME_FINE;
    // Watched before the listeners open: whoever sees the port may already send a signal.
    if (!watch(serving, &error) ||
        !serving->build(serving->invocation, serving->user, settings, &error) ||
        !session_open(&serving->session, settings, false, &error)) {
        code = report_error(&error);
    } else {
        say_hello(serving);
        (void)uv_run(&serving->loop, UV_RUN_DEFAULT); // ends when on_drained closed the handles
        session_close(&serving->session, 0);
    }
    free(settings);
    return code;
}

int serve(const struct invocation *invocation, settings_build_fn build, serving_greet_fn greet,
          void *user)
{
    struct serving *serving = calloc(1, sizeof(*serving));
    if (serving == NULL || uv_loop_init(&serving->loop) != 0) {
        report("out of memory");
        free(serving);
        return OUTCOME_OURS;
    }
    serving->invocation = invocation;
    serving->build = build;
    serving->greet = greet;
    serving->user = user;
    serving->had_terminal = has_terminal();
    int code = run(serving);
    unwatch(serving);
    (void)uv_run(&serving->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&serving->loop); // nothing is open in it
    free(serving);
    return code;
}
