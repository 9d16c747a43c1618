// The scenario files, built into the binary by embed.cmake; ended by a name of NULL. Not for other
// folders.
#pragma once

#include "slice.h"

struct scenario_file {
    const char *name; // "LESSON/NAME"
    const uint8_t *text;
    size_t len;
};

extern const struct scenario_file scenario_files[];
