#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

// One parsed line, spelled out: "listen=127.0.0.1:1 quiet | operand | rest".
static void spell(const struct invocation *invocation, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < invocation->flag_count; i++) {
        const struct flag *flag = &invocation->flags[i];
        at += (size_t)snprintf(out + at, size - at, "%s%s%s ", flag->name,
                               flag->value != NULL ? "=" : "",
                               flag->value != NULL ? flag->value : "");
    }
    at += (size_t)snprintf(out + at, size - at, "|");
    for (size_t i = 0; i < invocation->operand_count; i++) {
        at += (size_t)snprintf(out + at, size - at, " %s", invocation->operands[i]);
    }
    at += (size_t)snprintf(out + at, size - at, " |");
    for (size_t i = 0; invocation->rest != NULL && invocation->rest[i] != NULL; i++) {
        at += (size_t)snprintf(out + at, size - at, " %s", invocation->rest[i]);
    }
    (void)snprintf(out + at, size - at, "%s", invocation->wants_help ? " help" : "");
}

static const struct row {
    const char *name;
    const struct command *command;
    const char *arguments[8];
    const char *want;  // spelled out, or
    const char *error; // the whole message
} rows[] = {
    {"an empty line", &cmd_proxy, {NULL}, "| |", NULL},
    {"value as the next word", &cmd_proxy, {"--listen", "[::1]:1"}, "listen=[::1]:1 | |", NULL},
    {"value after =", &cmd_proxy, {"--listen=127.0.0.1:1"}, "listen=127.0.0.1:1 | |", NULL},
    {"value that holds = itself",
     &cmd_proxy,
     {"--server-leg=max=TLS1.2"},
     "server-leg=max=TLS1.2 | |",
     NULL},
    {"empty value after =", &cmd_proxy, {"--log="}, "log= | |", NULL},
    {"a lone dash is a value", &cmd_proxy, {"--log", "-"}, "log=- | |", NULL},
    {"options after operands", &cmd_bridge, {"a:1", "--quiet", "b:2"}, "quiet | a:1 b:2 |", NULL},
    {"two dashes end the options",
     &cmd_browser,
     {"x", "--", "--headless"},
     "| x | --headless",
     NULL},
    {"a program's line begins at its name",
     &cmd_exec,
     {"--quiet", "curl", "--listen", "x"},
     "quiet | | curl --listen x",
     NULL},
    {"a program's line after two dashes", &cmd_exec, {"--", "--odd"}, "| | --odd", NULL},
    {"help wherever it stands",
     &cmd_proxy,
     {"--quiet", "--help", "--nonsense"},
     "quiet | | help",
     NULL},
    {"short help", &cmd_ca, {"-h"}, "| | help", NULL},
    {"a shared switch takes on and off", &cmd_proxy, {"--quiet=off"}, "quiet=off | |", NULL},
    {"unknown, and nothing is near",
     &cmd_proxy,
     {"--zzzzzzzz"},
     NULL,
     "unknown option '--zzzzzzzz', see 'midspan help proxy'"},
    {"unknown, and one is near",
     &cmd_proxy,
     {"--lisen=x"},
     NULL,
     "unknown option '--lisen', did you mean '--listen'?"},
    {"an option of another command",
     &cmd_ca,
     {"--via=http://a:1"},
     NULL,
     "unknown option '--via', see 'midspan help ca'"},
    {"no value at the end of the line",
     &cmd_proxy,
     {"--listen"},
     NULL,
     "--listen: no value, expected HOST:PORT"},
    {"no value before the next option",
     &cmd_proxy,
     {"--listen", "--quiet"},
     NULL,
     "--listen: no value, expected HOST:PORT"},
    {"a value for a switch of the command's own",
     &cmd_ca,
     {"--yes=1"},
     NULL,
     "--yes: unexpected value '1', it is a switch"},
    {"a short option that nobody knows",
     &cmd_proxy,
     {"-q"},
     NULL,
     "unknown option '-q', see 'midspan help proxy'"},
    {"bytes that would move the cursor are escaped",
     &cmd_proxy,
     {"--\033[2Jxxxxxxx"},
     NULL,
     "unknown option '--\\x1b[2Jxxxxxxx', see 'midspan help proxy'"},
};

static void parses(void **state)
{
    const struct row *row = *state;
    struct invocation *invocation = calloc(1, sizeof(*invocation));
    struct error error = {0};
    char *arguments[9] = {NULL};
    for (size_t i = 0; i < COUNT(row->arguments) && row->arguments[i] != NULL; i++) {
        arguments[i] = (char *)(uintptr_t)row->arguments[i];
    }
    bool is_parsed = options_parse(row->command, arguments, invocation, &error);
    char got[512];
    spell(invocation, got, sizeof(got));
    free(invocation);
    if (row->error != NULL) {
        assert_false(is_parsed);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_string_equal(error.text, row->error);
    } else {
        assert_true(is_parsed);
        assert_string_equal(got, row->want);
    }
}

static bool make(const char *const *words, struct settings *settings, struct error *error)
{
    struct invocation *invocation = calloc(1, sizeof(*invocation));
    char *arguments[8] = {NULL};
    for (size_t i = 0; words[i] != NULL; i++) {
        arguments[i] = (char *)(uintptr_t)words[i];
    }
    bool is_made = options_parse(&cmd_proxy, arguments, invocation, error) &&
                   options_settings(invocation, settings, error);
    free(invocation);
    return is_made;
}

static const char *write_config(const char *text)
{
    static char path[] = "/tmp/midspan-test-XXXXXX";
    (void)memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    return path;
}

static void flags_win_over_the_file(void **state)
{
    (void)state;
    struct settings *settings = calloc(1, sizeof(*settings));
    struct error error = {0};
    const char *path = write_config("workers: 3\norder: client-first\nlisten: 127.0.0.1:9\n");
    // The flag stands before --config: the order on the line does not matter.
    const char *const words[] = {"--workers=2", "--config", path, "--listen=127.0.0.1:7", NULL};
    bool is_made = make(words, settings, &error);
    int workers = settings->workers;
    enum order order = settings->order;
    size_t listen_count = settings->listen_count;
    uint16_t port = settings->listen[0].port;
    free(settings);
    (void)unlink(path);
    assert_string_equal(error.text, "");
    assert_true(is_made);
    assert_int_equal(workers, 2);
    assert_int_equal(order, ORDER_CLIENT_FIRST);
    assert_int_equal(listen_count, 1);
    assert_int_equal(port, 7);
}

static void a_file_that_is_not_there_is_wrong_use(void **state)
{
    (void)state;
    struct settings *settings = calloc(1, sizeof(*settings));
    struct error error = {0};
    const char *const words[] = {"--config=/nonexistent/midspan.yaml", NULL};
    bool is_made = make(words, settings, &error);
    free(settings);
    assert_false(is_made);
    assert_int_equal(error.kind, ERROR_CONFIG);
    assert_non_null(strstr(error.text, "/nonexistent/midspan.yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_win_over_the_file),
        cmocka_unit_test(a_file_that_is_not_there_is_wrong_use),
    };
    return RUN_ROWS(rows, parses) + cmocka_run_group_tests(tests, NULL, NULL);
}
