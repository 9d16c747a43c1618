// A command line, parsed; and the settings it makes.
#pragma once

#include "settings.h"

#define INVOCATION_FLAGS_MAX    256
#define INVOCATION_OPERANDS_MAX 16

struct command;

// Everything borrows from argv and from the option tables.
struct invocation {
    const struct command *command;
    bool wants_help;
    struct flag {
        const char *name;  // of the table, without dashes
        const char *value; // NULL for a switch
    } flags[INVOCATION_FLAGS_MAX];
    size_t flag_count;
    const char *operands[INVOCATION_OPERANDS_MAX];
    size_t operand_count;
    char **rest; // what follows "--", or the program's line; NULL-terminated; NULL: none
};

// options_parse reads "--name value", "--name=value", switches and operands in any order, up to
// "--". `arguments` begins after the command's name and ends with NULL. "-h" and "--help" end it
// with `wants_help`. False (ERROR_USAGE) for what the command does not take, with the nearest name.
bool options_parse(const struct command *command, char **arguments,
                   struct invocation *out_invocation, struct error *error);

// option_value gives the last value of a flag, NULL when it was not given; option_is_given tells.
const char *option_value(const struct invocation *invocation, const char *name);
bool option_is_given(const struct invocation *invocation, const char *name);

// options_settings makes settings: the defaults, then --config, then each flag in order. The
// command's own options are left out. Not checked as a whole: settings_check is the caller's.
bool options_settings(const struct invocation *invocation, struct settings *out_settings,
                      struct error *error);
