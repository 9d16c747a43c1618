// What edge and client presets share: strings of a loaded file kept in an arena. Inside policy
// only.
#pragma once

#include "preset_files.h"
#include "presets.h"
#include "yaml_schema.h"

#define PRESET_TEXTS_MAX 1024

// preset_list copies `count` texts into the arena; false when memory is out.
bool preset_list(struct arena *arena, char **texts, unsigned count, struct text_list *out_list);

// preset_copy copies a text, NULL stays NULL; false when memory is out.
bool preset_copy(struct arena *arena, const char *text, const char **out_text);

// preset_base_name gives a path's last part without ".yaml", in the arena; NULL when out of memory.
const char *preset_base_name(struct arena *arena, const char *path);

// preset_unknown says that `files` has no `name`, and lists what it has; always false.
bool preset_unknown(const struct preset_file *files, const char *name, struct error *error);
