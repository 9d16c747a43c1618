// midspan: finds the command, parses its line, runs it.
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "help.h"
#include "quote.h"

static int refuse_command(const char *name)
{
    struct nearest nearest = nearest_to(slice_of_text(name));
    for (size_t i = 0; command_at(i) != NULL; i++) {
        nearest_offer(&nearest, command_at(i)->name);
    }
    if (nearest.best != NULL) {
        report("unknown command '%.64s', did you mean '%s'?", name, nearest.best);
    } else {
        report("unknown command '%.64s', 'midspan help' lists them", name);
    }
    return OUTCOME_USAGE;
}

static int run_command(const struct command *command, char **arguments)
{
    struct invocation *invocation = calloc(1, sizeof(*invocation));
    if (invocation == NULL) {
        report("out of memory");
        return OUTCOME_OURS;
    }
    struct error error;
    int code = OUTCOME_FINE;
    if (!options_parse(command, arguments, invocation, &error)) {
        code = report_error(&error);
    } else if (invocation->wants_help) {
        help_print_command(command);
    } else {
        code = command->run(invocation);
    }
    free(invocation);
    return code;
}

// Where a standard stream is closed, the next socket would take its number, and what is printed
// would go to a peer.
static void fill_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", O_RDWR); // takes the lowest free number: this one
        }
    }
}

int main(int argc, char **argv)
{
    fill_standard_streams();
    // A reader that goes away is an error of write(), never the end of the proxy.
    (void)signal(SIGPIPE, SIG_IGN); // cannot fail for a real signal
    const char *first = argc > 1 ? argv[1] : "";
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        help_print_version();
        return OUTCOME_FINE;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        help_print_overview();
        return OUTCOME_FINE;
    }
    if (first[0] == '-' || first[0] == '\0') { // `midspan` alone is `midspan proxy`
        return run_command(&cmd_proxy, argc > 0 ? argv + 1 : argv);
    }
    const struct command *command = command_find(first);
    return command != NULL ? run_command(command, argv + 2) : refuse_command(first);
}
