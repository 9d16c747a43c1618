#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define HINTS_MAX 99

const struct progress_row *progress_find(const struct progress *progress, const char *name)
{
    for (size_t i = 0; i < progress->count; i++) {
        if (strcmp(progress->rows[i].name, name) == 0) {
            return &progress->rows[i];
        }
    }
    return NULL;
}

struct progress_row *progress_of(struct progress *progress, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < progress->count; i++) {
        if (strcmp(progress->rows[i].name, name) == 0) {
            return &progress->rows[i];
        }
    }
    if (progress->count == PROGRESS_ROWS_MAX || len == 0 || len >= PROGRESS_NAME_MAX ||
        strpbrk(name, " \t\r\n") != NULL) {
        return NULL;
    }
    struct progress_row *row = &progress->rows[progress->count++];
    *row = (struct progress_row){0};
    memcpy(row->name, name, len);
    return row;
}

// read_line reads "NAME done|open HINTS".
static void read_line(struct progress *progress, struct slice line)
{
    char text[PROGRESS_NAME_MAX + 32];
    if (line.len == 0 || line.len >= sizeof(text) || memchr(line.data, '\0', line.len) != NULL) {
        return;
    }
    memcpy(text, line.data, line.len);
    text[line.len] = '\0';
    char *rest = NULL;
    const char *name = strtok_r(text, " ", &rest);
    const char *state = strtok_r(NULL, " ", &rest);
    const char *hints = strtok_r(NULL, " ", &rest);
    uint64_t count = 0;
    if (name == NULL || state == NULL || hints == NULL ||
        !text_uint(slice_of_text(hints), HINTS_MAX, &count) ||
        (strcmp(state, "done") != 0 && strcmp(state, "open") != 0)) {
        return;
    }
    struct progress_row *row = progress_of(progress, name);
    if (row != NULL) { // what is known already stays
        row->is_done = row->is_done || strcmp(state, "done") == 0;
        row->hints = row->hints > count ? row->hints : (unsigned)count;
    }
}

void progress_read(struct progress *progress, const char *text, size_t len)
{
    struct slice left = {(const uint8_t *)text, len};
    while (left.len > 0) {
        const uint8_t *end = memchr(left.data, '\n', left.len);
        size_t line_len = end != NULL ? (size_t)(end - left.data) : left.len;
        read_line(progress, slice_part(left, 0, line_len));
        left = slice_part(left, end != NULL ? line_len + 1 : line_len, left.len);
    }
}

static void read_file(struct progress *progress)
{
    int fd = open(progress->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return;
    }
    char *text = malloc(PROGRESS_BYTES_MAX);
    ssize_t got = text != NULL ? read(fd, text, PROGRESS_BYTES_MAX) : -1;
    if (got > 0) {
        progress_read(progress, text, (size_t)got);
    }
    free(text);
    (void)close(fd); // only read
}

void progress_open(struct progress *progress, const char *folder)
{
    memset(progress, 0, sizeof(*progress));
    int len = snprintf(progress->path, sizeof(progress->path), "%s/lab.progress", folder);
    if (len < 0 || (size_t)len >= sizeof(progress->path)) {
        progress->path[0] = '\0';
        return;
    }
    read_file(progress);
}

// lock_folder waits for whoever is saving at this moment; -1 when the folder can't be opened. The
// lock goes with the descriptor.
static int lock_folder(const struct progress *progress)
{
    char folder[PROGRESS_PATH_MAX];
    const char *slash = strrchr(progress->path, '/');
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - progress->path + 1),
                   progress->path); // fits: shorter
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)flock(fd, LOCK_EX); // without locks the last one to save wins
    }
    return fd;
}

static bool write_rows(int fd, const struct progress *progress)
{
    struct buffer text;
    buffer_init(&text, PROGRESS_BYTES_MAX);
    bool is_ok = true;
    for (size_t i = 0; i < progress->count && is_ok; i++) {
        const struct progress_row *row = &progress->rows[i];
        is_ok = buffer_printf(&text, "%s %s %u\n", row->name, row->is_done ? "done" : "open",
                              row->hints);
    }
    struct slice bytes = buffer_slice(&text);
    is_ok = is_ok && write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len;
    buffer_clear(&text);
    return is_ok;
}

// make_folders makes the folders above `path` that are missing.
static void make_folders(const char *path)
{
    char folder[PROGRESS_PATH_MAX];
    (void)snprintf(folder, sizeof(folder), "%s", path); // it fits: as long
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); // there already, or the open fails
        *slash = '/';
    }
}

// replace_file writes the rows under another name first.
static bool replace_file(const struct progress *progress)
{
    char draft[PROGRESS_PATH_MAX + 16];
    (void)snprintf(draft, sizeof(draft), "%s.%ld", progress->path, (long)getpid()); // fits
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return false;
    }
    bool is_ok = write_rows(fd, progress);
    is_ok = close(fd) == 0 && is_ok;
    is_ok = is_ok && rename(draft, progress->path) == 0;
    if (!is_ok) {
        (void)unlink(draft); // nothing more can be done
    }
    return is_ok;
}

bool progress_save(struct progress *progress)
{
    if (progress->path[0] == '\0') {
        return false;
    }
    make_folders(progress->path);
    int folder = lock_folder(progress);
    if (folder < 0) {
        return false;
    }
    read_file(progress);
    bool is_ok = replace_file(progress);
    (void)close(folder); // only locked
    return is_ok;
}
