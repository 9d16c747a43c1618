#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

bool tool_find(const char *name, char out_path[4096])
{
    const char *path = getenv("PATH");
    // Where root's tools are, for users whose $PATH leaves them out.
    char all[8192];
    int len = snprintf(all, sizeof(all), "%s:/usr/local/sbin:/usr/sbin:/sbin",
                       path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");
    if (len < 0 || (size_t)len >= sizeof(all)) {
        return false;
    }
    char *rest = NULL;
    for (char *part = strtok_r(all, ":", &rest); part != NULL; part = strtok_r(NULL, ":", &rest)) {
        len = snprintf(out_path, 4096, "%s/%s", part, name);
        if (len > 0 && len < 4096 && is_program(out_path)) {
            return true;
        }
    }
    return false;
}

// The input fits in a pipe's buffer or is small enough to be a file: a memfd serves both.
static int input_fd(struct slice input)
{
    if (input.len == 0) {
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (write(fd, input.data, input.len) != (ssize_t)input.len || lseek(fd, 0, SEEK_SET) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int spawn(const char *path, const char *const argv[], int in, int out, pid_t *out_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t pipe_signal;
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE); // we ignore it; programs expect not to
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    // posix_spawn takes char *const for history's sake; it changes nothing.
    int failed =
        posix_spawn(out_pid, path, &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static void read_output(int fd, struct buffer *out)
{
    char part[4096];
    size_t kept = 0;
    ssize_t got = 0;
    do {
        got = read(fd, part, sizeof(part));
        if (got > 0 && kept < TOOL_OUTPUT_MAX) {
            // Past the limit it is still read, so that the program can end.
            (void)buffer_append(out, (struct slice){(const uint8_t *)part, (size_t)got});
            kept += (size_t)got;
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool tool_run(const char *const argv[], struct slice input, struct buffer *out, int *out_status,
              struct error *error)
{
    char path[4096];
    if (strchr(argv[0], '/') != NULL) {
        (void)snprintf(path, sizeof(path), "%s", argv[0]); // too long: not found below
    } else if (!tool_find(argv[0], path)) {
        return error_set(error, ERROR_FILE, "cannot find the program '%s'", argv[0]);
    }
    int in = input_fd(input);
    int ends[2] = {-1, -1};
    if (in < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        int why = errno;
        if (in >= 0) {
            (void)close(in);
        }
        return error_set(error, ERROR_FILE, "cannot run '%s': %s", argv[0], strerror(why));
    }
    pid_t pid = 0;
    int failed = spawn(path, argv, in, ends[1], &pid);
    (void)close(in);
    (void)close(ends[1]);
    if (failed == 0) {
        read_output(ends[0], out);
        *out_status = wait_for(pid);
    }
    (void)close(ends[0]);
    return failed == 0 ||
           error_set(error, ERROR_FILE, "cannot run '%s': %s", argv[0], strerror(failed));
}
