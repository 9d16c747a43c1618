#include "memory_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool memory_file_make(struct memory_file *file, struct slice bytes, struct error *error)
{
    int fd = memfd_create("midspan-lab", MFD_CLOEXEC);
    if (fd < 0) {
        return error_set(error, ERROR_FILE, "cannot make a file in memory: %s", strerror(errno));
    }
    for (size_t at = 0; at < bytes.len;) {
        ssize_t written = write(fd, bytes.data + at, bytes.len - at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            (void)close(fd);
            return error_set(error, ERROR_FILE, "cannot fill a file in memory");
        }
        at += (size_t)written;
    }
    *file = (struct memory_file){.fd = fd, .is_open = true};
    (void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", fd); // fits
    return true;
}

void memory_file_clear(struct memory_file *file)
{
    if (file->is_open) {
        (void)close(file->fd); // in memory: nothing is left to be written
    }
    *file = (struct memory_file){0};
}
