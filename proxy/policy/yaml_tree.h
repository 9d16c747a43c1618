// A YAML file as a tree whose every node knows its line, so that what is wrong with a value can be
// said with file and line. libcyaml keeps the lines to itself; this reads the events of libyaml,
// the parser below it. Anchors, aliases and tags are refused: no file of ours needs them, and
// without them a document is never larger than its text.
#pragma once

#include "arena.h"
#include "buffer.h"
#include "error.h"

#define YAML_FILE_BYTES_MAX ((size_t)1 << 20)
#define YAML_DEPTH_MAX      8

enum yaml_kind {
    YAML_TEXT,
    YAML_LIST,
    YAML_MAP
};

struct yaml_item {
    enum yaml_kind kind;
    size_t line;             // of the value, counted from 1
    const char *key;         // of a map's member, else NULL
    const char *text;        // of YAML_TEXT, never with a NUL inside
    struct yaml_item *first; // of YAML_LIST and YAML_MAP, in the order of the file
    struct yaml_item *next;  // sibling
};

// All-zero is a valid empty tree. Its items live until yaml_tree_clear.
struct yaml_tree {
    struct arena arena;
    struct yaml_item *root; // NULL: an empty document
};

// yaml_tree_parse reads one document; `name` stands for the file in errors (ERROR_CONFIG, "NAME:
// LINE: …"): syntax, a key said twice, more than YAML_DEPTH_MAX levels, a second document.
// yaml_tree_read reads it from a file, which may be YAML_FILE_BYTES_MAX long; ERROR_FILE when it
// can't be read. After a failure the tree is empty.
bool yaml_tree_parse(struct yaml_tree *out_tree, struct slice text, const char *name,
                     struct error *error);
bool yaml_tree_read(struct yaml_tree *out_tree, const char *path, struct error *error);
void yaml_tree_clear(struct yaml_tree *tree);

// yaml_file_read appends a whole file to `out`, with the limit and errors of yaml_tree_read.
bool yaml_file_read(struct buffer *out, const char *path, struct error *error);

// yaml_member finds a member of a map by its key; NULL when there is none, or `map` is no map.
const struct yaml_item *yaml_member(const struct yaml_item *map, const char *key);

// yaml_kind_text gives "a text", "a list" or "a mapping".
const char *yaml_kind_text(enum yaml_kind kind);
