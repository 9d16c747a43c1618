#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "recorder.h"

struct keylog {
    int fd;
};

struct keylog *keylog_open(const char *path, struct error *error)
{
    struct keylog *keylog = malloc(sizeof(*keylog));
    if (keylog == NULL) {
        error_set(error, ERROR_MEMORY, "no memory for the key log");
        return NULL;
    }
    keylog->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (keylog->fd < 0) {
        error_set(error, ERROR_FILE, "cannot open the key log '%s': %s", path,
                  strerrordesc_np(errno));
        free(keylog);
        return NULL;
    }
    return keylog;
}

void keylog_write(struct keylog *keylog, const char *line)
{
    // One call for line and newline: with O_APPEND no other thread's line comes between.
    struct iovec parts[] = {{(void *)(uintptr_t)line, strlen(line)}, {(void *)(uintptr_t) "\n", 1}};
    ssize_t wrote;
    do {
        wrote = writev(keylog->fd, parts, (int)COUNT_OF(parts));
    } while (wrote < 0 && errno == EINTR);
    // A disk that is full costs the keys, not the connection.
}

void keylog_close(struct keylog *keylog)
{
    if (keylog == NULL) {
        return;
    }
    (void)close(keylog->fd); // every line was written by its own call
    free(keylog);
}
