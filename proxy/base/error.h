// An error of ours (never a peer's): a kind and a text for the person who can mend it.
#pragma once

#include <stdbool.h>

#define ERROR_KIND_MAP(XX)            \
    XX(USAGE, "wrong use")            \
    XX(CONFIG, "wrong configuration") \
    XX(FILE, "file")                  \
    XX(NETWORK, "network")            \
    XX(CRYPTO, "cryptography")        \
    XX(MEMORY, "out of memory")

enum error_kind {
#define XX(name, text) ERROR_##name,
    ERROR_KIND_MAP(XX)
#undef XX
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

// error_kind_name gives the static text of a kind.
const char *error_kind_name(enum error_kind kind);
