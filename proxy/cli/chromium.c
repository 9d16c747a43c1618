#include "chromium.h"

#include <stdio.h>
#include <string.h>

#include "nss.h"
#include "tool.h"

static const char *const programs[] = {
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
};

static const char *const flags[] = {
    "--no-first-run",
    "--no-default-browser-check",
    // Loopback goes through the proxy too.
    "--proxy-bypass-list=<-loopback>",
    // Only what the user does shall be seen: no updates, no sync, no reports.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--metrics-recording-only",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    // No question for the desktop's keyring: nothing is kept.
    "--password-store=basic",
};

bool chromium_find(char out_path[FILE_PATH_MAX])
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        if (tool_find(programs[i], out_path)) {
            return true;
        }
    }
    return false;
}

void chromium_line(const struct browser_start *start, struct line *out_line)
{
    char address[ENDPOINT_TEXT_MAX];
    line_add(out_line, start->program);
    line_printf(out_line, "--user-data-dir=%s", start->profile);
    line_printf(out_line, "--proxy-server=http://%s", endpoint_text(start->proxy, address));
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        line_add(out_line, flags[i]);
    }
    if (start->spki_hash != NULL) {
        line_printf(out_line, "--ignore-certificate-errors-spki-list=%s", start->spki_hash);
    }
    if (start->is_root) {
        line_add(out_line, "--no-sandbox"); // it refuses to start as root without
    }
    if (start->is_headless) {
        line_add(out_line, "--headless");
    }
    browser_line_end(start, out_line);
}

bool chromium_spki_hash(const struct authority *ca, char out_text[CHROMIUM_SPKI_MAX])
{
    unsigned char *der = NULL;
    int der_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(ca->certificate), &der);
    if (der_len <= 0) {
        return false;
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t digest_len = 0;
    bool is_done =
        EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)der_len, digest, &digest_len) == 1;
    OPENSSL_free(der);
    if (is_done) {
        (void)EVP_EncodeBlock((unsigned char *)out_text, digest, (int)digest_len); // 44 letters
    }
    return is_done;
}

// X11's cookie lies in the home folder unless said otherwise: the window would not open.
static bool keep_display(struct environment *environment)
{
    const char *home = environment_get(environment, "HOME");
    char path[FILE_PATH_MAX];
    if (home == NULL || environment_get(environment, "XAUTHORITY") != NULL ||
        !file_join(home, ".Xauthority", path, NULL) || !file_exists(path)) {
        return true;
    }
    return environment_set(environment, "XAUTHORITY", path);
}

bool chromium_home(const struct scratch *scratch, const struct authority *ca,
                   struct environment *environment, struct error *error)
{
    static const struct {
        const char *variable, *folder;
    } folders[] = {
        {"HOME", "home"},
        {"XDG_CONFIG_HOME", "home/.config"},
        {"XDG_CACHE_HOME", "home/.cache"},
        {"XDG_DATA_HOME", "home/.local/share"},
    };
    char path[FILE_PATH_MAX];
    if (!scratch_folder(scratch, "home/.pki/nssdb", path, error) || !nss_add(path, ca, error)) {
        return false;
    }
    bool is_set = keep_display(environment);
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        if (!scratch_folder(scratch, folders[i].folder, path, error)) {
            return false;
        }
        is_set = is_set && environment_set(environment, folders[i].variable, path);
    }
    return is_set || error_set(error, ERROR_MEMORY, "out of memory");
}
