// Errors to standard error, and the exit codes.
#pragma once

#include "error.h"

enum outcome {
    OUTCOME_FINE = 0,
    OUTCOME_FAILS = 1, // the thing asked about fails
    OUTCOME_USAGE = 2, // wrong use or configuration
    OUTCOME_OURS = 3   // midspan itself failed
};

// report prints "midspan: …" and a newline to standard error.
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

// report_error reports the error's text and gives the exit code of its kind.
enum outcome report_error(const struct error *error);
