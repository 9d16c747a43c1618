#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <uv.h>

#include "report.h"
#include "slice.h"

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

struct child {
    uv_loop_t loop;
    uv_process_t process;
    uv_signal_t signals[COUNT_OF(passed_on)];
    size_t signal_count;
    int code;
};

static void set_signals(int how)
{
    sigset_t all;
    (void)sigemptyset(&all);
    for (size_t i = 0; i < COUNT_OF(passed_on); i++) {
        (void)sigaddset(&all, passed_on[i]); // real signals: cannot fail
    }
    (void)pthread_sigmask(how, &all, NULL);
}

void child_hold_signals(void)
{
    set_signals(SIG_BLOCK);
}

static void close_all(struct child *child)
{
    uv_close((uv_handle_t *)&child->process, NULL); // everything lives in child_run's frame
    for (size_t i = 0; i < child->signal_count; i++) {
        uv_close((uv_handle_t *)&child->signals[i], NULL);
    }
}

static void on_ended(uv_process_t *process, int64_t status, int signal_number)
{
    struct child *child = process->data;
    child_hold_signals();
    child->code = signal_number != 0 ? CHILD_SIGNALLED + signal_number : (int)status;
    close_all(child);
}

// Ctrl-C and Ctrl-\ reach every process in the terminal's foreground: the program has had it.
static bool came_from_terminal(int number)
{
    if (number != SIGINT && number != SIGQUIT) {
        return false;
    }
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_foreground = tcgetpgrp(fd) == getpgrp();
    (void)close(fd);
    return is_foreground;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct child *child = handle->data;
    if (!came_from_terminal(number)) {
        (void)uv_process_kill(&child->process, number); // gone already: on_ended is on its way
    }
}

static void watch_signals(struct child *child)
{
    for (size_t i = 0; i < COUNT_OF(passed_on); i++) {
        uv_signal_t *handle = &child->signals[child->signal_count];
        if (uv_signal_init(&child->loop, handle) != 0) {
            return; // not watched: the signal does what it does to every program
        }
        handle->data = child;
        child->signal_count++;
        (void)uv_signal_start(handle, on_signal, passed_on[i]); // as above
    }
}

int child_run(char *const *argv, char *const *environment)
{
    struct child child = {.code = OUTCOME_OURS};
    if (uv_loop_init(&child.loop) != 0) {
        report("cannot make the event loop");
        return OUTCOME_OURS;
    }
    uv_stdio_container_t streams[3];
    for (int i = 0; i < 3; i++) {
        streams[i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = i};
    }
    uv_process_options_t options = {
        .exit_cb = on_ended,
        .file = argv[0],
        .args = (char **)(uintptr_t)argv, // libuv changes neither
        .env = (char **)(uintptr_t)environment,
        .stdio = streams,
        .stdio_count = 3,
    };
    child.process.data = &child;
    watch_signals(&child);
    int failed = uv_spawn(&child.loop, &child.process, &options);
    if (failed != 0) {
        report("cannot run '%s': %s", argv[0], uv_strerror(failed));
        child.code = failed == UV_ENOENT ? CHILD_NOT_FOUND : CHILD_NOT_RUNNABLE;
        close_all(&child);
    }
    set_signals(SIG_UNBLOCK);
    (void)uv_run(&child.loop, UV_RUN_DEFAULT); // until the handles are closed
    (void)uv_loop_close(&child.loop);
    return child.code;
}
