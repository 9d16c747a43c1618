// The preset files, built into the binary by embed.cmake, each list in the order of names and ended
// by a name of NULL. Inside policy only.
#pragma once

#include "slice.h"

struct preset_file {
    const char *name;
    const uint8_t *text;
    size_t len;
};

extern const struct preset_file preset_files_clients[];
extern const struct preset_file preset_files_dialects[];
extern const struct preset_file preset_files_edges[];

// preset_file_find gives NULL when there is none. preset_file_at gives NULL past the end.
const struct preset_file *preset_file_find(const struct preset_file *files, const char *name);
const struct preset_file *preset_file_at(const struct preset_file *files, size_t i);
