// Loads a YAML document into a struct by a libcyaml schema. libcyaml says what is wrong only in its
// log, so the document is first held against the same schema here, where lines are known. Inside
// policy only.
#pragma once

#include <cyaml/cyaml.h>

#include "yaml_tree.h"

// yaml_schema_load checks `tree`, which was read from `text`, and loads it; `schema` is a mapping
// with CYAML_FLAG_POINTER. Fields of CYAML_IGNORE are left to the caller. NULL with an ERROR_CONFIG
// "NAME:LINE: KEY: …, expected …". The result is freed by yaml_schema_free.
void *yaml_schema_load(const cyaml_schema_value_t *schema, const struct yaml_tree *tree,
                       struct slice text, const char *name, struct error *error);
void yaml_schema_free(const cyaml_schema_value_t *schema, void *loaded);
