#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 128

bool scratch_make(struct scratch *scratch, struct error *error)
{
    const char *folder = getenv("TMPDIR");
    folder = folder != NULL && folder[0] == '/' ? folder : "/tmp";
    char path[FILE_PATH_MAX];
    if (!file_join(folder, "midspan-XXXXXX", path, error)) {
        return false;
    }
    if (mkdtemp(path) == NULL) { // 0700 by definition
        return error_set(error, ERROR_FILE, "cannot make a folder in '%s': %s", folder,
                         strerror(errno));
    }
    memcpy(scratch->path, path, sizeof(path));
    return true;
}

bool scratch_file(const struct scratch *scratch, const char *name, struct slice bytes,
                  char out_path[FILE_PATH_MAX], struct error *error)
{
    char path[FILE_PATH_MAX];
    if (!file_join(scratch->path, name, path, error) ||
        !file_write(path, bytes, 0600, true, error)) {
        return false;
    }
    if (out_path != NULL) {
        memcpy(out_path, path, sizeof(path));
    }
    return true;
}

bool scratch_folder(const struct scratch *scratch, const char *name, char out_path[FILE_PATH_MAX],
                    struct error *error)
{
    return file_join(scratch->path, name, out_path, error) && folder_make(out_path, 0700, error);
}

static bool remove_tree(int parent, const char *name, dev_t device, int depth);

// Removes what the folder `fd` holds, as far as that goes; true if nothing stays.
static bool remove_content(int fd, dev_t device, int depth)
{
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        (void)close(fd);
        return false;
    }
    bool is_empty = true;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        is_empty = remove_tree(dirfd(folder), entry->d_name, device, depth + 1) && is_empty;
    }
    (void)closedir(folder); // closes fd as well
    return is_empty;
}

static bool remove_tree(int parent, const char *name, dev_t device, int depth)
{
    struct stat facts;
    if (fstatat(parent, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT;
    }
    if (!S_ISDIR(facts.st_mode)) {
        return unlinkat(parent, name, 0) == 0 || errno == ENOENT;
    }
    if (facts.st_dev != device || depth > DEPTH_MAX) {
        return false; // something is mounted there: not ours
    }
    // Go and others write-protect folders of their caches.
    int status = fchmodat(parent, name, 0700, 0);
    (void)status; // if that failed, so will the next, and says why
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT;
    }
    bool is_empty = remove_content(fd, device, depth);
    return is_empty && (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT);
}

bool scratch_remove(struct scratch *scratch, struct error *error)
{
    if (scratch->path[0] == '\0') {
        return true;
    }
    struct stat facts;
    if (lstat(scratch->path, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        scratch->path[0] = '\0';
        return true;
    }
    const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    bool is_gone = false;
    for (int i = 0; i < SCRATCH_TRIES_MAX && !is_gone; i++) {
        if (i > 0) {
            (void)nanosleep(&pause, NULL); // cut short by a signal: tried sooner
        }
        is_gone = remove_tree(AT_FDCWD, scratch->path, facts.st_dev, 0);
    }
    if (!is_gone) {
        return error_set(error, ERROR_FILE, "cannot remove '%s': %s", scratch->path,
                         strerror(errno));
    }
    scratch->path[0] = '\0';
    return true;
}
