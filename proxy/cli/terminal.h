// What the terminal can show, and a yes or no from whoever sits there.
#pragma once

#include <stdbool.h>

#define TERMINAL_COLUMNS_DEFAULT 80

struct terminal {
    int fd;
    bool is_terminal;
    bool colour; // a terminal, and neither NO_COLOR nor TERM=dumb
    int columns; // TERMINAL_COLUMNS_DEFAULT where nobody knows
};

struct terminal terminal_of(int fd);

// terminal_can_ask is true if both standard input and standard error are a terminal.
bool terminal_can_ask(void);
// terminal_ask prints `question` to standard error and reads a line: true for y or yes only.
bool terminal_ask(const char *question);
