#include "system_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "tool.h"

#define LOCAL_FOLDER "/usr/local/share/ca-certificates"
#define BUNDLE       "/etc/ssl/certs/ca-certificates.crt"
#define CERTS_FOLDER "/etc/ssl/certs"
#define HOOKS_FOLDER "/etc/ca-certificates/update.d"
#define UPDATE       "update-ca-certificates"

void system_store_path(const struct authority *ca, char out_path[FILE_PATH_MAX])
{
    char name[TRUST_SHORT_NAME_MAX];
    (void)snprintf(out_path, FILE_PATH_MAX, LOCAL_FOLDER "/midspan-%s.crt",
                   trust_short_name(ca, name)); // fits
}

bool system_store_is_here(void)
{
    char path[FILE_PATH_MAX];
    return tool_find(UPDATE, path);
}

enum trust_state system_store_state(const char *path, const struct authority *ca,
                                    struct error *error)
{
    (void)path;
    struct buffer pem = {0};
    enum trust_state state = TRUST_UNKNOWN;
    if (file_read(BUNDLE, &pem, error)) {
        state = bundle_has(buffer_slice(&pem), ca->certificate) ? TRUST_YES : TRUST_NO;
    }
    buffer_clear(&pem);
    return state;
}

static bool update(const char *option, struct error *error)
{
    const char *const argv[] = {UPDATE, option, NULL};
    struct buffer out = {0};
    int status = 0;
    bool is_done = tool_run(argv, SLICE_EMPTY, &out, &status, error);
    if (is_done && status != 0) {
        is_done = error_set(error, ERROR_FILE, UPDATE " ended with %d: %.300s", status,
                            buffer_text(&out) != NULL ? buffer_text(&out) : "");
    }
    buffer_clear(&out);
    return is_done;
}

bool system_store_add(const char *path, const struct authority *ca, struct error *error)
{
    struct buffer pem = {0};
    bool is_added = authority_pem(ca, &pem) || error_set(error, ERROR_MEMORY, "out of memory");
    is_added = is_added && folder_make(LOCAL_FOLDER, 0755, error) &&
               file_write(path, buffer_slice(&pem), 0644, false, error) && update(NULL, error);
    buffer_clear(&pem);
    return is_added;
}

// update-ca-certificates tells its hooks (Java's key store is one) of what it added, but of what
// was removed only when its own configuration says so. They take a line "-PATH" for each.
static bool tell_hooks(const char *path, struct error *error)
{
    const char *name = strrchr(path, '/') + 1;
    char line[FILE_PATH_MAX];
    (void)snprintf(line, sizeof(line), "-" CERTS_FOLDER "/%.*s.pem\n", (int)strcspn(name, "."),
                   name); // fits: the name is ours
    DIR *folder = opendir(HOOKS_FOLDER);
    if (folder == NULL) {
        return true;
    }
    bool is_told = true;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char hook[FILE_PATH_MAX];
        struct buffer out = {0};
        int status = 0;
        bool is_hook = strchr(entry->d_name, '.') == NULL &&
                       file_join(HOOKS_FOLDER, entry->d_name, hook, NULL) &&
                       access(hook, X_OK) == 0;
        const char *const argv[] = {hook, NULL};
        if (is_hook && is_told) {
            is_told = tool_run(argv, slice_of_text(line), &out, &status, error);
        }
        if (is_hook && is_told && status != 0) {
            is_told = error_set(error, ERROR_FILE, "the hook '%s' ended with %d", hook, status);
        }
        buffer_clear(&out);
    }
    (void)closedir(folder); // read only
    return is_told;
}

bool system_store_remove(const char *path, struct error *error)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        return error_set(error, ERROR_FILE, "cannot remove '%s': %s", path, strerror(errno));
    }
    // Without --fresh the link in /etc/ssl/certs would stay, pointing nowhere.
    return update("--fresh", error) && tell_hooks(path, error);
}
