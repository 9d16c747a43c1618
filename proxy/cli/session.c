#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "pen.h"
#include "tongue.h"
#include "words.h"

bool session_ca(const char *ca_dir, struct authority *out_ca, bool *out_is_new, struct error *error)
{
    char folder[FILE_PATH_MAX];
    if (ca_dir != NULL && ca_dir[0] != '\0') {
        return authority_open(ca_dir, out_ca, out_is_new, error);
    }
    return authority_folder(folder, error) && authority_open(folder, out_ca, out_is_new, error);
}

static bool open_log(struct session *session, struct error *error)
{
    const char *path = session->settings.log_file;
    if (path[0] == '\0') {
        return true;
    }
    if (strcmp(path, "-") == 0) {
        session->sinks[session->sink_count++] = jsonl_sink(STDOUT_FILENO, false);
        return true;
    }
    // 0600: it names every host that was talked to.
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set(error, ERROR_FILE, "--log: cannot open '%s': %s", path, strerror(errno));
    }
    session->sinks[session->sink_count++] = jsonl_sink(fd, true);
    return true;
}

// keylog_path is NULL when no key log is wanted.
static const char *keylog_path(const struct session *session)
{
    const char *path = session->settings.keylog_file;
    if (path[0] == '\0') {
        path = getenv("SSLKEYLOGFILE");
    }
    return path != NULL && path[0] != '\0' ? path : NULL;
}

static bool open_keylog(struct session *session, struct error *error)
{
    const char *path = keylog_path(session);
    if (path == NULL) {
        return true;
    }
    session->keylog = keylog_open(path, error);
    return session->keylog != NULL;
}

static bool is_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

// owner_of names the console or the log, if the file is theirs.
static const char *owner_of(const struct session *session, const struct stat *file)
{
    static const char *const names[] = {"the console", "log"}; // in the order of the sinks
    const char *owner = NULL;
    struct stat other;
    for (size_t i = 0; i < session->sink_count && i < COUNT_OF(names); i++) {
        if (fstat(session->sinks[i].fd, &other) == 0 && is_same_file(file, &other)) {
            owner = names[i];
        }
    }
    return owner;
}

// check_files: settings_check compares names, but one file may have many. The log and the key log
// are there by now; a recording that is not yet there is nobody else's.
static bool check_files(const struct session *session, struct error *error)
{
    const char *path = session->settings.record_file, *keys = keylog_path(session);
    const char *what = "record", *owner = NULL;
    struct stat file, key_file;
    bool is_recording = path[0] != '\0' && stat(path, &file) == 0 && S_ISREG(file.st_mode);
    bool has_keys = keys != NULL && stat(keys, &key_file) == 0 && S_ISREG(key_file.st_mode);
    if (is_recording) {
        bool is_keys = has_keys && is_same_file(&file, &key_file);
        owner = is_keys ? "keylog" : owner_of(session, &file);
    }
    if (owner == NULL && has_keys) {
        what = "keylog";
        path = keys;
        owner = owner_of(session, &key_file);
    }
    return owner == NULL ||
           error_set(error, ERROR_USAGE, "%s: '%s' is the file of %s, expected one of its own",
                     what, path, owner);
}

static bool open_recording(struct session *session, struct error *error)
{
    struct error why;
    const char *path = session->settings.record_file;
    if (path[0] == '\0') {
        return true;
    }
    session->recording = recording_open(path, MIDSPAN_VERSION, &why);
    if (session->recording == NULL) {
        return error_set(error, why.kind, "--record: %s", why.text);
    }
    session->sinks[session->sink_count++] = recording_sink(session->recording);
    return true;
}

static void open_console(struct session *session, bool console_on_stderr)
{
    bool is_taken = strcmp(session->settings.log_file, "-") == 0;
    session->console = terminal_of(is_taken || console_on_stderr ? STDERR_FILENO : STDOUT_FILENO);
    session->language =
        session->settings.has_language ? session->settings.language : tongue_of_locale();
    struct console_manner manner = {
        .colour = session->console.colour,
        .columns = session->console.columns,
        .quiet = session->settings.quiet,
        .language = session->language,
    };
    struct sink sink = console_sink(session->console.fd, &manner);
    sink.events &= ~(1u << EVENT_LISTENING); // session_greet says it, with what to do next
    session->sinks[session->sink_count++] = sink;
}

static void tell_unshared(const struct session *session)
{
    if (session->recording != NULL && !recording_is_shared(session->recording)) {
        session_tell(session, EVENT_NOTICE,
                     "the file system of the recording has no shared memory: whoever reads it "
                     "while midspan runs holds up its writing");
    }
}

bool session_open(struct session *session, const struct settings *settings, bool console_on_stderr,
                  struct error *error)
{
    *session = (struct session){.settings = *settings};
    open_console(session, console_on_stderr);
    bool is_open = session_ca(settings->ca_dir, &session->ca, &session->ca_is_new, error) &&
                   open_log(session, error) && open_keylog(session, error) &&
                   check_files(session, error) && open_recording(session, error);
    if (is_open) {
        session->recorder = recorder_new(session->sinks, session->sink_count, error);
        is_open = session->recorder != NULL;
    }
    if (is_open) {
        session->proxy =
            proxy_start(settings, &session->ca, session->recorder, session->keylog, error);
        is_open = session->proxy != NULL;
    }
    if (is_open) {
        tell_unshared(session);
    }
    if (!is_open) {
        session_close(session, 0);
    }
    return is_open;
}

void session_close(struct session *session, int64_t grace_ms)
{
    if (session->proxy != NULL) {
        if (!session->is_drained) {
            proxy_drain(session->proxy, grace_ms);
        }
        proxy_free(session->proxy);
    }
    bool had_recorder = session->recorder != NULL;
    if (had_recorder) {
        recorder_free(session->recorder); // closes the sinks' files
    }
    for (size_t i = 0; i < session->sink_count; i++) {
        if (i == 0) {
            console_sink_free(&session->sinks[i]);
        } else if (!had_recorder && session->sinks[i].owns_fd) {
            (void)close(session->sinks[i].fd); // nothing was written yet
        }
    }
    recording_close(session->recording);
    if (session->keylog != NULL) {
        keylog_close(session->keylog);
    }
    authority_clear(&session->ca);
    *session = (struct session){0};
}

void session_tell(const struct session *session, enum event_kind kind, const char *text)
{
    struct event event = {.kind = kind, .wall_us = clock_wall_us(), .text = text};
    recorder_emit(session->recorder, &event);
}

#define GREET_COLUMNS 11

// A line of the greeting: its label, in the session's language, and blanks up to the text.
static void greet_label(const struct session *session, const char *english, struct buffer *out)
{
    const char *label = words_in(english, session->language, NULL);
    int blanks = GREET_COLUMNS - text_columns(label);
    (void)buffer_printf(out, "%s%*s", label, blanks > 0 ? blanks : 0, "");
}

static const char *greet_word(const struct session *session, const char *english)
{
    return words_in(english, session->language, NULL);
}

static void greet_how(const struct session *session, const char *address, struct buffer *out)
{
    const struct settings *settings = &session->settings;
    const char *folder = session->ca.folder;
    greet_label(session, "try", out);
    if (settings->is_transparent) {
        (void)buffer_printf(out, "%s\n",
                            greet_word(session, "redirect a port to it: see docs/options.md"));
    } else if (settings->has_target) {
        (void)buffer_printf(out, "curl --connect-to ::%s --cacert %s/ca.pem https://%s/\n", address,
                            folder, settings->target.host);
    } else {
        (void)buffer_printf(out, "curl --proxy http://%s --cacert %s/ca.pem https://example.com/\n",
                            address, folder);
    }
}

static void greet_places(const struct session *session, const char *bold, const char *plain,
                         struct buffer *out)
{
    char address[ENDPOINT_TEXT_MAX], target[ENDPOINT_TEXT_MAX];
    const struct settings *settings = &session->settings;
    const struct endpoint *endpoint = NULL;
    for (size_t i = 0; (endpoint = proxy_endpoint(session->proxy, i)) != NULL; i++) {
        greet_label(session, "listens", out);
        (void)buffer_printf(out, "%s%s%s", bold, endpoint_text(endpoint, address), plain);
        if (settings->has_target) {
            (void)buffer_printf(out, " → %s\n", endpoint_text(&settings->target, target));
        } else {
            (void)buffer_printf(out, "%s\n",
                                greet_word(session, settings->is_transparent
                                                        ? ", transparent"
                                                        : ", HTTP proxy and SOCKS5"));
        }
    }
}

static void greet_authority(const struct session *session, struct buffer *out)
{
    char fingerprint[96];
    greet_label(session, "authority", out);
    (void)buffer_printf(
        out, "%s/ca.pem%s\n", session->ca.folder,
        session->ca_is_new ? greet_word(session, ", made just now; nobody trusts it yet") : "");
    if (session->ca_is_new) {
        (void)buffer_printf(out, "           SHA-256 %s\n",
                            authority_fingerprint(&session->ca, fingerprint));
    }
}

static void greet_recording(const struct session *session, struct buffer *out)
{
    if (session->recording != NULL) {
        greet_label(session, "records", out);
        (void)buffer_printf(out, "%s, %s %llu\n", session->settings.record_file,
                            greet_word(session, "session"),
                            (unsigned long long)recording_session(session->recording));
    }
}

void session_greet(const struct session *session)
{
    if (session->settings.quiet) {
        return;
    }
    const char *bold = session->console.colour ? "\033[1m" : "";
    const char *plain = session->console.colour ? "\033[0m" : "";
    struct buffer text = {0};
    char address[ENDPOINT_TEXT_MAX];
    (void)buffer_printf(&text, "%smidspan %s%s\n", bold, MIDSPAN_VERSION, plain);
    greet_places(session, bold, plain, &text);
    greet_authority(session, &text);
    greet_recording(session, &text);
    const struct endpoint *endpoint = proxy_endpoint(session->proxy, 0);
    if (endpoint != NULL) {
        greet_how(session, endpoint_text(endpoint, address), &text);
    }
    (void)buffer_append_text(&text, "\n");
    const char *content = buffer_text(&text);
    // A console that can't be written to is no reason to stop.
    (void)dprintf(session->console.fd, "%s", content != NULL ? content : "");
    buffer_clear(&text);
}
