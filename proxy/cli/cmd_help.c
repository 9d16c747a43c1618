// midspan help: the commands, one of them, or the keys of a leg.
#include <string.h>

#include "command.h"
#include "help.h"

static int run_help(const struct invocation *invocation)
{
    if (invocation->operand_count == 0) {
        help_print_overview();
        return OUTCOME_FINE;
    }
    const char *topic = invocation->operands[0];
    if (strcmp(topic, "legs") == 0) {
        help_print_legs();
        return OUTCOME_FINE;
    }
    const struct command *command = command_find(topic);
    if (command == NULL) {
        report("no help on '%.64s', expected a command or 'legs'; 'midspan help' lists them",
               topic);
        return OUTCOME_USAGE;
    }
    help_print_command(command);
    return OUTCOME_FINE;
}

const struct command cmd_help = {
    .name = "help",
    .usage = "[COMMAND | legs]",
    .summary = "what midspan can do; all about one command; the keys of a leg",
    .about = "Without a word: the commands. With a command's name, the same as 'midspan\n"
             "COMMAND --help'. With 'legs': the keys of --client-leg and --server-leg.\n",
    .run = run_help,
};
