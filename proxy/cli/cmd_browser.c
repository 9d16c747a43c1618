// midspan browser: a browser in a throw-away profile that uses and trusts midspan.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "chromium.h"
#include "command.h"
#include "environment.h"
#include "firefox.h"
#include "nss.h"
#include "wrapped.h"

#define URL_DEFAULT "http://midspan.test/"
#define URL_LAB     "https://" LAB_PAGE_HOST "/"

extern char **environ;

enum browser {
    CHROMIUM,
    FIREFOX
};

struct visit {
    enum browser browser;
    struct browser_start start;
    struct wrapped wrapped;
    struct environment environment;
    struct line line;
    char program[FILE_PATH_MAX], profile[FILE_PATH_MAX];
    char spki_hash[CHROMIUM_SPKI_MAX];
};

static bool refuse_missing(const char *name, struct error *error)
{
    return error_set(error, ERROR_USAGE, "no %s found in $PATH, expected one to be installed",
                     name);
}

// A word of letters alone is no URL that anybody means.
static bool is_url(const char *text)
{
    return strpbrk(text, ".:/") != NULL || strcmp(text, "localhost") == 0;
}

// [chromium|firefox] [URL]; without a name, whichever is there.
static bool read_operands(const struct invocation *invocation, struct visit *visit,
                          struct error *error)
{
    size_t count = invocation->operand_count;
    const char *first = count > 0 ? invocation->operands[0] : "";
    bool is_chromium = strcmp(first, "chromium") == 0;
    bool is_firefox = strcmp(first, "firefox") == 0;
    size_t url_at = is_chromium || is_firefox ? 1 : 0;
    if (count > url_at + 1) {
        return error_set(error, ERROR_USAGE,
                         "unexpected '%.128s', expected [chromium|firefox] [URL]",
                         invocation->operands[url_at + 1]);
    }
    const char *home = option_is_given(invocation, "lab") ? URL_LAB : URL_DEFAULT;
    visit->start.url = count > url_at ? invocation->operands[url_at] : home;
    if (!is_url(visit->start.url)) {
        return error_set(error, ERROR_USAGE,
                         "unknown browser '%.128s', expected chromium or firefox",
                         visit->start.url);
    }
    visit->browser = is_firefox ? FIREFOX : CHROMIUM;
    if (is_firefox) {
        return firefox_find(visit->program) || refuse_missing("firefox", error);
    }
    if (chromium_find(visit->program)) {
        return true;
    }
    visit->browser = FIREFOX;
    if (is_chromium) {
        return refuse_missing("chromium", error);
    }
    return firefox_find(visit->program) || refuse_missing("chromium or firefox", error);
}

static bool prepare_chromium(struct visit *visit, struct error *error)
{
    const struct authority *ca = &visit->wrapped.session.ca;
    if (visit->start.is_root) {
        report("chromium gets --no-sandbox, for it does not start as root with one");
    }
    if (nss_has_tool()) {
        return chromium_home(&visit->wrapped.scratch, ca, &visit->environment, error);
    }
    report("%s; chromium is told to accept this authority by its key instead", NSS_TOOL_HINT);
    visit->start.spki_hash = visit->spki_hash;
    return chromium_spki_hash(ca, visit->spki_hash) ||
           error_set(error, ERROR_CRYPTO, "cannot hash the authority's key");
}

static bool prepare(struct visit *visit, struct error *error)
{
    struct browser_start *start = &visit->start;
    const struct scratch *scratch = &visit->wrapped.scratch;
    start->program = visit->program;
    start->profile = visit->profile;
    start->proxy = &visit->wrapped.proxy;
    start->is_root = geteuid() == 0;
    if (!environment_copy(&visit->environment, environ)) {
        return error_set(error, ERROR_MEMORY, "out of memory");
    }
    if (visit->browser == CHROMIUM) {
        if (!scratch_folder(scratch, "profile", visit->profile, error) ||
            !prepare_chromium(visit, error)) {
            return false;
        }
        chromium_line(start, &visit->line);
    } else {
        if (!nss_has_tool()) {
            return error_set(error, ERROR_FILE, "firefox cannot be made to trust the authority: %s",
                             NSS_TOOL_HINT);
        }
        if (!firefox_profile(scratch, &visit->wrapped.session.ca, start->proxy, visit->profile,
                             error)) {
            return false;
        }
        // Without it Firefox takes its settings service's address from nowhere but its own build.
        if (!environment_set(&visit->environment, "MOZ_REMOTE_SETTINGS_DEVTOOLS", "1")) {
            return error_set(error, ERROR_MEMORY, "out of memory");
        }
        firefox_line(start, &visit->line);
    }
    return !visit->line.failed ||
           error_set(error, ERROR_USAGE, "too many words, expected at most %d", LINE_WORDS_MAX);
}

static int run_visit(const struct invocation *invocation, struct visit *visit)
{
    struct error error;
    visit->start.is_headless = option_is_given(invocation, "headless");
    visit->start.extra = invocation->rest;
    if (!read_operands(invocation, visit, &error) ||
        !wrapped_open(&visit->wrapped, invocation, option_is_given(invocation, "verbose"),
                      &error)) {
        return (int)report_error(&error);
    }
    int code = OUTCOME_FINE;
    if (prepare(visit, &error)) {
        char address[ENDPOINT_TEXT_MAX];
        report("%s goes through %s; its profile is thrown away at the end", visit->program,
               endpoint_text(visit->start.proxy, address));
        code = child_run((char *const *)(uintptr_t)visit->line.words, visit->environment.items);
    } else {
        code = (int)report_error(&error);
    }
    wrapped_close(&visit->wrapped);
    environment_clear(&visit->environment);
    line_clear(&visit->line);
    return code;
}

static int run_browser(const struct invocation *invocation)
{
    struct visit *visit = calloc(1, sizeof(*visit));
    if (visit == NULL) {
        report("out of memory");
        return OUTCOME_OURS;
    }
    int code = run_visit(invocation, visit);
    free(visit);
    return code;
}

static const struct option_key options[] = {
    {.name = "headless", .help = "no window (with -- and the browser's own words, for scripts)"},
    {.name = "verbose", .help = "show every connection, not findings only"},
    WRAPPED_LAB_OPTION,
    {.name = NULL},
};

const struct command cmd_browser = {
    .name = "browser",
    .usage = "[chromium|firefox] [OPTIONS] [URL] [-- WORDS…]",
    .summary = "a browser in a throw-away profile that trusts midspan",
    .about = "Starts a proxy of its own on a free port, and a browser whose profile uses it,\n"
             "trusts the authority and is removed at the end, downloads included. Your own\n"
             "profile, stores and running windows are not touched. Without a name: Chromium,\n"
             "else Firefox. Without a URL: midspan's own page, or the lab's. WORDS go to the\n"
             "browser. What midspan finds goes to standard error; the exit code is the\n"
             "browser's.\n"
             "\n"
             "  midspan browser https://example.com/\n"
             "  midspan browser firefox --server-leg max=TLS1.2 https://example.com/\n"
             "  midspan browser chromium --headless https://example.com/ -- --dump-dom\n"
             "  midspan browser --lab\n"
             "\n"
             "The profile is made to trust the authority with certutil (Debian:\n"
             "libnss3-tools). Without it Chromium is told to accept the authority's key;\n"
             "Firefox is refused.\n",
    .options = options,
    .takes_settings = true,
    .run = run_browser,
};
