#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 << 10)

bool file_read(const char *path, struct buffer *out, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set(error, ERROR_FILE, "cannot open '%s': %s", path, strerror(errno));
    }
    ssize_t got = 1;
    size_t total = 0;
    const char *why = NULL;
    while (got > 0 && why == NULL) {
        uint8_t *place = buffer_reserve(out, READ_BYTES);
        got = place != NULL ? read(fd, place, READ_BYTES) : 0;
        if (place == NULL) {
            why = strerror(ENOMEM);
        } else if (got < 0) {
            why = strerror(errno);
        } else {
            buffer_commit(out, (size_t)got);
            total += (size_t)got;
            why = total > FILE_BYTES_MAX ? "larger than 16 MiB" : NULL;
        }
    }
    (void)close(fd); // read only: nothing can be lost
    return why == NULL || error_set(error, ERROR_FILE, "cannot read '%s': %s", path, why);
}

static bool write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.data, bytes.len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return false;
        }
        bytes = slice_part(bytes, (size_t)put, bytes.len);
    }
    return true;
}

bool file_write(const char *path, struct slice bytes, mode_t mode, bool is_new, struct error *error)
{
    int how = is_new ? O_EXCL : O_TRUNC;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, mode);
    if (fd < 0) {
        return error_set(error, ERROR_FILE, "cannot write '%s': %s", path, strerror(errno));
    }
    bool is_written = write_all(fd, bytes);
    int why = errno;
    if (close(fd) != 0 && is_written) {
        is_written = false;
        why = errno;
    }
    return is_written || error_set(error, ERROR_FILE, "cannot write '%s': %s", path, strerror(why));
}

bool file_join(const char *folder, const char *name, char out_path[FILE_PATH_MAX],
               struct error *error)
{
    int len = snprintf(out_path, FILE_PATH_MAX, "%s/%s", folder, name);
    if (len < 0 || len >= FILE_PATH_MAX) {
        out_path[0] = '\0';
        return error_set(error, ERROR_FILE, "path too long: '%.100s…/%s'", folder, name);
    }
    return true;
}

bool file_exists(const char *path)
{
    return access(path, R_OK) == 0;
}

bool folder_make(const char *path, mode_t mode, struct error *error)
{
    char part[FILE_PATH_MAX];
    size_t len = strlen(path);
    if (len >= sizeof(part)) {
        return error_set(error, ERROR_FILE, "path too long: '%.100s…'", path);
    }
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST) {
            return error_set(error, ERROR_FILE, "cannot make '%s': %s", part, strerror(errno));
        }
    }
    return true;
}
