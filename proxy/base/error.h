// An error of ours (never a peer's): a kind and a text for the person who can mend it.
#pragma once

#include <stdbool.h>

enum error_kind {
    ERROR_USAGE,  // a word of the command line
    ERROR_CONFIG, // a file that the user wrote
    ERROR_FILE,
    ERROR_NETWORK,
    ERROR_CRYPTO,
    ERROR_MEMORY,
};

#define ERROR_TEXT_MAX 512

struct error {
    enum error_kind kind;
    char text[ERROR_TEXT_MAX];
};

// error_set fills `error` (which may be NULL) and is always false, so that a failing function can
// `return error_set(…)`. The text begins small, says the error first, quotes the subject, names
// what was expected, and has no full stop. Text past ERROR_TEXT_MAX is cut.
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
