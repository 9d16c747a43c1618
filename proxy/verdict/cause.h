// The cause catalogue: one row a code, built into the binary from causes.yaml by
// scripts/gen_causes.py. English and Japanese.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "language.h"

struct cause_text {
    const char *title;
    const char *means;
    const char *shows; // how it shows on the wire
    const char *who;   // who fixes it
    const char *fix;   // forward only
};

struct cause {
    const char *code;
    struct cause_text text[LANGUAGES];
    const char *rfc;     // "RFC 8446 section 4.1.1", NULL when none
    bool is_certificate; // cert.*: verification names it
};

const struct cause *cause_find(const char *code); // NULL when there is none
const struct cause *cause_at(size_t i);           // NULL past the end
