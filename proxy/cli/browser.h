// What both browsers are started with.
#pragma once

#include "endpoint.h"
#include "line.h"

struct browser_start {
    const char *program;          // its path
    const char *profile;          // the folder of the profile
    const struct endpoint *proxy; // where midspan listens
    const char *spki_hash;        // Chromium without a trusting store: see chromium_spki_hash
    bool is_headless;
    bool is_root;
    char *const *extra; // words of the user's own, NULL-terminated; NULL: none
    const char *url;
};

// browser_line_end adds what comes last for every browser: the user's words and the address.
static inline void browser_line_end(const struct browser_start *start, struct line *line)
{
    for (size_t i = 0; start->extra != NULL && start->extra[i] != NULL; i++) {
        line_add(line, start->extra[i]);
    }
    line_add(line, start->url);
}
