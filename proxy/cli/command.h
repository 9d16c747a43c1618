// What a command is. Each stands in a file of its own, text and code together.
#pragma once

#include "options.h"
#include "report.h"

struct command {
    const char *name;
    const char *usage;                // what follows "midspan NAME", e.g. "[OPTIONS] LISTEN TARGET"
    const char *summary;              // one line, for `midspan help`
    const char *about;                // for `midspan help NAME`: whole lines, under 80 columns
    const struct option_key *options; // its own, up to one without a name; NULL: none
    bool takes_settings;              // the options of settings.h and --config as well
    bool takes_program;               // the first operand begins the line of another program
    int (*run)(const struct invocation *invocation); // gives the exit code
};

extern const struct command cmd_proxy, cmd_bridge, cmd_exec, cmd_browser, cmd_ca, cmd_predict,
    cmd_check, cmd_explain, cmd_presets, cmd_probe, cmd_lab, cmd_help;

// command_at gives the i-th command in the order of `midspan help`, NULL past the end;
// command_find finds one by name, NULL when there is none.
const struct command *command_at(size_t i);
const struct command *command_find(const char *name);

// command_option gives the i-th option of a command, the shared ones after its own.
const struct option_key *command_option(const struct command *command, size_t i);
