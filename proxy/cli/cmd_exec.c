// midspan exec: runs one program with everything set so that it goes through midspan.
#include <stdlib.h>

#include "bundle.h"
#include "child.h"
#include "clock.h"
#include "command.h"
#include "environment.h"
#include "wrapped.h"

extern char **environ;

// The files that the variables point to.
struct trust_files {
    char bundle[FILE_PATH_MAX], authority[FILE_PATH_MAX], java_store[FILE_PATH_MAX];
    char wgetrc[FILE_PATH_MAX];
};

static bool write_bundles(const struct wrapped *wrapped, struct trust_files *files,
                          struct error *error)
{
    const struct authority *ca = &wrapped->session.ca;
    const struct scratch *scratch = &wrapped->scratch;
    struct buffer bundle = {0}, java_store = {0};
    bool is_written =
        bundle_pem(ca, &bundle, error) &&
        bundle_java(buffer_slice(&bundle), JAVA_STORE_PASSWORD, clock_wall_us(), &java_store,
                    error) &&
        scratch_file(scratch, "bundle.pem", buffer_slice(&bundle), files->bundle, error) &&
        scratch_file(scratch, "java.jks", buffer_slice(&java_store), files->java_store, error);
    buffer_clear(&bundle);
    buffer_clear(&java_store);
    return is_written;
}

static bool write_authority(const struct wrapped *wrapped, struct trust_files *files,
                            struct error *error)
{
    struct buffer pem = {0};
    bool is_written = authority_pem(&wrapped->session.ca, &pem) ||
                      error_set(error, ERROR_MEMORY, "out of memory");
    is_written = is_written && scratch_file(&wrapped->scratch, "ca.pem", buffer_slice(&pem),
                                            files->authority, error);
    buffer_clear(&pem);
    return is_written;
}

// The user's own settings, and last, so that it wins, where the certificates are.
static bool write_wgetrc(const struct wrapped *wrapped, struct trust_files *files,
                         struct error *error)
{
    char own[FILE_PATH_MAX] = "";
    const char *wgetrc = getenv("WGETRC");
    const char *home = getenv("HOME");
    if (wgetrc == NULL && home != NULL && file_join(home, ".wgetrc", own, NULL)) {
        wgetrc = own;
    }
    struct buffer text = {0};
    bool is_read = wgetrc == NULL || !file_exists(wgetrc) || file_read(wgetrc, &text, error);
    bool is_written = is_read && (buffer_printf(&text, "\nca_certificate = %s\n", files->bundle) ||
                                  error_set(error, ERROR_MEMORY, "out of memory"));
    is_written = is_written && scratch_file(&wrapped->scratch, "wgetrc", buffer_slice(&text),
                                            files->wgetrc, error);
    buffer_clear(&text);
    return is_written;
}

static int run_inside(const struct wrapped *wrapped, char **program, bool is_verbose)
{
    struct error error;
    struct trust_files *files = calloc(1, sizeof(*files));
    struct environment environment = {0};
    int code = OUTCOME_OURS;
    if (files == NULL) {
        report("out of memory");
    } else if (!write_bundles(wrapped, files, &error) || !write_authority(wrapped, files, &error) ||
               !write_wgetrc(wrapped, files, &error)) {
        code = (int)report_error(&error);
    } else {
        struct detour detour = {
            .proxy = &wrapped->proxy,
            .bundle = files->bundle,
            .authority = files->authority,
            .java_store = files->java_store,
            .wgetrc = files->wgetrc,
        };
        if (environment_copy(&environment, environ) && environment_detour(&environment, &detour)) {
            char address[ENDPOINT_TEXT_MAX];
            if (is_verbose) {
                report("%s goes through %s", program[0], endpoint_text(detour.proxy, address));
            }
            code = child_run(program, environment.items);
        } else {
            report("out of memory");
        }
    }
    environment_clear(&environment);
    free(files);
    return code;
}

static int run_exec(const struct invocation *invocation)
{
    if (invocation->rest == NULL || invocation->rest[0] == NULL) {
        report("no command to run, expected: midspan exec [OPTIONS] -- CMD…");
        return OUTCOME_USAGE;
    }
    struct wrapped *wrapped = calloc(1, sizeof(*wrapped));
    if (wrapped == NULL) {
        report("out of memory");
        return OUTCOME_OURS;
    }
    struct error error;
    int code = OUTCOME_OURS;
    bool is_verbose = option_is_given(invocation, "verbose");
    if (wrapped_open(wrapped, invocation, is_verbose, &error)) {
        code = run_inside(wrapped, invocation->rest, is_verbose);
        wrapped_close(wrapped);
    } else {
        code = (int)report_error(&error);
    }
    free(wrapped);
    return code;
}

static const struct option_key options[] = {
    {.name = "verbose", .help = "show every connection, not findings only"},
    WRAPPED_LAB_OPTION,
    {.name = NULL},
};

const struct command cmd_exec = {
    .name = "exec",
    .usage = "[OPTIONS] [--] CMD…",
    .summary = "one command, run with proxy and trust variables set",
    .about = "Starts a proxy of its own on a free port, runs CMD with the variables set that\n"
             "make curl, wget, git, Python, Node, Java, Go, Rust and others go through it\n"
             "and trust it, and ends with CMD's exit code: 128 + N after signal N, 127 when\n"
             "CMD was not found, 126 when it could not be run. What midspan finds goes to\n"
             "standard error. Nothing stays.\n"
             "\n"
             "  midspan exec -- curl https://example.com/\n"
             "  midspan exec --server-leg max=TLS1.2 --verbose -- \\\n"
             "      git ls-remote https://example.com/r.git\n"
             "\n"
             "docs/exec.md says which program reads which variable, and which reads none.\n",
    .options = options,
    .takes_settings = true,
    .takes_program = true,
    .run = run_exec,
};
