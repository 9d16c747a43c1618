// What `help`, `--help` and `--version` print, to standard output.
#pragma once

#include "buffer.h"
#include "command.h"

// help_overview appends the list of commands, help_command all about one, help_legs the keys of
// --client-leg and --server-leg; each wrapped to `columns`.
void help_overview(struct buffer *out, int columns);
void help_command(struct buffer *out, const struct command *command, int columns);
void help_legs(struct buffer *out, int columns);

// help_print_… write one of the above to standard output, as wide as its terminal.
void help_print_overview(void);
void help_print_command(const struct command *command);
void help_print_legs(void);
void help_print_version(void); // ours, and those of the libraries that reports should name
