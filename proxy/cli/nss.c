#include "nss.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "tool.h"

#define NICKNAME_MAX 32

// Where programs keep their stores. A profile holder has one in each of its folders.
static const struct {
    const char *owner;
    enum {
        IN_HOME,
        IN_CONFIG,
        IN_DATA
    } base;
    const char *path;
    bool holds_profiles;
} known[] = {
    {"Chromium", IN_HOME, ".pki/nssdb", false},
    {"Chromium", IN_DATA, "pki/nssdb", false}, // since 2025, when the one above is not there
    {"Chromium", IN_HOME, "snap/chromium/current/.pki/nssdb", false},
    {"Chromium", IN_HOME, ".var/app/org.chromium.Chromium/.pki/nssdb", false},
    {"Chromium", IN_HOME, ".var/app/org.chromium.Chromium/data/pki/nssdb", false},
    {"Chromium", IN_HOME, ".var/app/com.google.Chrome/.pki/nssdb", false},
    {"Chromium", IN_HOME, ".var/app/com.google.Chrome/data/pki/nssdb", false},
    {"Firefox", IN_HOME, ".mozilla/firefox", true},
    {"Firefox", IN_CONFIG, "mozilla/firefox", true}, // since 147, when the one above is not there
    {"Firefox", IN_HOME, "snap/firefox/common/.mozilla/firefox", true},
    {"Firefox", IN_HOME, "snap/firefox/common/.config/mozilla/firefox", true},
    {"Firefox", IN_HOME, ".var/app/org.mozilla.firefox/.mozilla/firefox", true},
    {"Firefox", IN_HOME, ".var/app/org.mozilla.firefox/config/mozilla/firefox", true},
};

static void add_place(struct trust_places *places, const char *owner, const char *folder)
{
    if (places->count == TRUST_PLACES_MAX) {
        places->left_out++;
        return;
    }
    struct trust_place *place = &places->items[places->count++];
    *place = (struct trust_place){.owner = owner};
    (void)snprintf(place->path, sizeof(place->path), "%s", folder); // came out of file_join
}

static bool is_store(const char *folder)
{
    char path[FILE_PATH_MAX];
    return file_join(folder, "cert9.db", path, NULL) && file_exists(path);
}

static void find_profiles(struct trust_places *places, const char *owner, const char *folder)
{
    DIR *listing = opendir(folder);
    if (listing == NULL) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(listing)) != NULL) {
        char path[FILE_PATH_MAX];
        if (entry->d_name[0] != '.' && file_join(folder, entry->d_name, path, NULL) &&
            is_store(path)) {
            add_place(places, owner, path);
        }
    }
    (void)closedir(listing); // read only
}

static bool resolve(const struct home *home, size_t i, char out_path[FILE_PATH_MAX])
{
    char base[FILE_PATH_MAX];
    const char *folder = home->home;
    if (known[i].base == IN_CONFIG) {
        folder = home->config;
    } else if (known[i].base == IN_DATA) {
        folder = home->data;
    }
    if (folder == NULL) {
        const char *usual = known[i].base == IN_CONFIG ? ".config" : ".local/share";
        if (!file_join(home->home, usual, base, NULL)) {
            return false;
        }
        folder = base;
    }
    return file_join(folder, known[i].path, out_path, NULL);
}

void nss_find(const struct home *home, bool makes_chromium, struct trust_places *out_places)
{
    char path[FILE_PATH_MAX];
    bool has_chromium = false;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!resolve(home, i, path)) {
            continue;
        }
        if (known[i].holds_profiles) {
            find_profiles(out_places, known[i].owner, path);
        } else if (is_store(path)) {
            add_place(out_places, known[i].owner, path);
            has_chromium = true;
        }
    }
    if (makes_chromium && !has_chromium && resolve(home, 0, path)) {
        add_place(out_places, known[0].owner, path);
    }
}

static const char *nickname_of(const struct authority *ca, char out_text[NICKNAME_MAX])
{
    char name[TRUST_SHORT_NAME_MAX];
    (void)snprintf(out_text, NICKNAME_MAX, "midspan %s", trust_short_name(ca, name)); // fits
    return out_text;
}

// Runs certutil on a store; its first words are the error when it fails.
static bool certutil(const char *folder, const char *const *words, size_t word_count,
                     struct slice input, struct buffer *out, struct error *error)
{
    char store[FILE_PATH_MAX + 8];
    (void)snprintf(store, sizeof(store), "sql:%s", folder); // fits
    // An empty password file: one with a password is refused, never asked for on the terminal.
    const char *argv[16] = {"certutil", "-d", store, "-f", "/dev/null"};
    size_t count = 5;
    for (size_t i = 0; i < word_count && count < COUNT_OF(argv) - 1; i++) {
        argv[count++] = words[i];
    }
    int status = 0;
    if (!tool_run(argv, input, out, &status, error)) {
        return false;
    }
    if (status == 0) {
        return true;
    }
    const char *text = buffer_text(out);
    text = text != NULL ? text : "";
    return error_set(error, ERROR_FILE, "certutil %s: %.*s", words[0], (int)strcspn(text, "\n"),
                     text);
}

// make_store makes an empty store without a password in a folder that is there.
static bool make_store(const char *folder, struct error *error)
{
    const char *const words[] = {"-N", "--empty-password"};
    struct buffer out = {0};
    bool is_made = certutil(folder, words, COUNT_OF(words), SLICE_EMPTY, &out, error);
    buffer_clear(&out);
    return is_made;
}

bool nss_trusts(struct slice listing, const char *nickname)
{
    struct slice left = listing;
    size_t name_len = strlen(nickname);
    while (left.len > 0) {
        const uint8_t *end = memchr(left.data, '\n', left.len);
        size_t len = end != NULL ? (size_t)(end - left.data) : left.len;
        struct slice line = slice_part(left, 0, len);
        left = slice_part(left, len + 1, left.len);
        if (!slice_starts_with(line, nickname) || line.len == name_len ||
            line.data[name_len] != ' ') {
            continue;
        }
        struct slice trust = slice_part(line, name_len, line.len);
        while (trust.len > 0 && trust.data[0] == ' ') {
            trust = slice_part(trust, 1, trust.len);
        }
        const uint8_t *comma = memchr(trust.data, ',', trust.len);
        return comma != NULL && memchr(trust.data, 'C', (size_t)(comma - trust.data)) != NULL;
    }
    return false;
}

enum trust_state nss_state(const char *folder, const struct authority *ca, struct error *error)
{
    if (!is_store(folder)) {
        return TRUST_NO;
    }
    char nickname[NICKNAME_MAX];
    const char *const words[] = {"-L"};
    struct buffer out = {0};
    enum trust_state state = TRUST_UNKNOWN;
    if (certutil(folder, words, COUNT_OF(words), SLICE_EMPTY, &out, error)) {
        bool is_trusted = nss_trusts(buffer_slice(&out), nickname_of(ca, nickname));
        state = is_trusted ? TRUST_YES : TRUST_NO;
    }
    buffer_clear(&out);
    return state;
}

bool nss_add(const char *folder, const struct authority *ca, struct error *error)
{
    if (!is_store(folder) && !(folder_make(folder, 0700, error) && make_store(folder, error))) {
        return false;
    }
    char nickname[NICKNAME_MAX];
    // C: may sign servers' certificates. Nothing else: no clients, no mail, no code.
    const char *const words[] = {"-A", "-a", "-n", nickname_of(ca, nickname), "-t", "C,,"};
    struct buffer pem = {0}, out = {0};
    bool is_added = authority_pem(ca, &pem) || error_set(error, ERROR_MEMORY, "out of memory");
    is_added =
        is_added && certutil(folder, words, COUNT_OF(words), buffer_slice(&pem), &out, error);
    if (!is_added) {
        // certutil adds first and trusts second: where it may not trust, it leaves half of it.
        (void)nss_remove(folder, ca, NULL);
    }
    buffer_clear(&pem);
    buffer_clear(&out);
    return is_added;
}

bool nss_remove(const char *folder, const struct authority *ca, struct error *error)
{
    char nickname[NICKNAME_MAX];
    const char *const words[] = {"-D", "-n", nickname_of(ca, nickname)};
    struct buffer out = {0};
    bool is_removed = certutil(folder, words, COUNT_OF(words), SLICE_EMPTY, &out, error);
    buffer_clear(&out);
    return is_removed;
}

bool nss_has_tool(void)
{
    char path[FILE_PATH_MAX];
    return tool_find("certutil", path);
}
