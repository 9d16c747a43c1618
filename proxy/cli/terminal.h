// What the terminal can show, and a yes or no from whoever sits there.
#pragma once

#include <stdbool.h>

#define TERMINAL_COLUMNS_DEFAULT 80  // of a terminal that does not say
#define TERMINAL_COLUMNS_FILE    132 // what is read later, or by grep, keeps its lines whole

struct terminal {
    int fd;
    bool is_terminal;
    bool colour; // a terminal, and neither NO_COLOR nor TERM=dumb
    int columns;
};

struct terminal terminal_of(int fd);

// terminal_can_ask is true if both standard input and standard error are a terminal.
bool terminal_can_ask(void);
// terminal_ask prints `question` to standard error and reads a line: true for y or yes only.
bool terminal_ask(const char *question);
