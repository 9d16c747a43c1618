#include "yaml_tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "quote.h"

struct reader {
    yaml_parser_t parser;
    struct slice text;
    struct arena *arena;
    const char *name;
    struct error *error;
};

static bool fail(struct reader *reader, size_t line, const char *text)
{
    return error_set(reader->error, ERROR_CONFIG, "%s:%zu: %s", reader->name, line, text);
}

static size_t line_of(const yaml_event_t *event)
{
    return event->start_mark.line + 1;
}

static size_t line_at(struct slice text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        line += text.data[i] == '\n' ? 1 : 0;
    }
    return line;
}

static bool next_event(struct reader *reader, yaml_event_t *out_event)
{
    if (yaml_parser_parse(&reader->parser, out_event) != 0) {
        return true;
    }
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR) {
        return error_set(reader->error, ERROR_MEMORY, "out of memory");
    }
    if (parser->error == YAML_READER_ERROR) {
        return error_set(reader->error, ERROR_CONFIG, "%s:%zu: %s, expected UTF-8 text",
                         reader->name, line_at(reader->text, parser->problem_offset),
                         parser->problem);
    }
    return error_set(reader->error, ERROR_CONFIG, "%s:%zu: %s%s%s, expected YAML", reader->name,
                     parser->problem_mark.line + 1, parser->problem != NULL ? parser->problem : "",
                     parser->context != NULL ? " " : "",
                     parser->context != NULL ? parser->context : "");
}

// Anchors and tags: see the header. A quoted scalar's implied tag is not one that was written.
static bool is_plain(struct reader *reader, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL || event->type == YAML_ALIAS_EVENT) {
        return fail(reader, line_of(event), "anchors and aliases are not taken, expected a value");
    }
    return tag == NULL || fail(reader, line_of(event), "tags are not taken, expected a value");
}

static const char *scalar_text(struct reader *reader, const yaml_event_t *event)
{
    struct slice text = {event->data.scalar.value, event->data.scalar.length};
    if (memchr(text.data, '\0', text.len) != NULL) {
        (void)fail(reader, line_of(event), "NUL character in a text, expected none");
        return NULL;
    }
    const char *copy = arena_text(reader->arena, text);
    if (copy == NULL) {
        (void)error_set(reader->error, ERROR_MEMORY, "out of memory");
    }
    return copy;
}

static struct yaml_item *read_item(struct reader *reader, const yaml_event_t *event, int depth);

static struct yaml_item *read_member(struct reader *reader, const yaml_event_t *key_event,
                                     const struct yaml_item *map, int depth)
{
    if (key_event->type != YAML_SCALAR_EVENT) {
        (void)fail(reader, line_of(key_event), "key that is no text, expected KEY: VALUE");
        return NULL;
    }
    const char *key = is_plain(reader, key_event) ? scalar_text(reader, key_event) : NULL;
    if (key == NULL) {
        return NULL;
    }
    if (yaml_member(map, key) != NULL) {
        (void)error_set(reader->error, ERROR_CONFIG, "%s:%zu: %s: said twice, expected it once",
                        reader->name, line_of(key_event), quote_text(key).text);
        return NULL;
    }
    yaml_event_t event;
    if (!next_event(reader, &event)) {
        return NULL;
    }
    struct yaml_item *item = read_item(reader, &event, depth);
    yaml_event_delete(&event);
    if (item != NULL) {
        item->key = key;
    }
    return item;
}

static bool read_children(struct reader *reader, struct yaml_item *parent, int depth)
{
    yaml_event_type_t end =
        parent->kind == YAML_LIST ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
    if (depth >= YAML_DEPTH_MAX) {
        return fail(reader, parent->line, "nested too deep, expected at most 8 levels");
    }
    struct yaml_item **next = &parent->first;
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event)) {
            return false;
        }
        if (event.type == end) {
            yaml_event_delete(&event);
            return true;
        }
        *next = parent->kind == YAML_MAP ? read_member(reader, &event, parent, depth + 1)
                                         : read_item(reader, &event, depth + 1);
        yaml_event_delete(&event);
        if (*next == NULL) {
            return false;
        }
        next = &(*next)->next;
    }
}

static struct yaml_item *read_item(struct reader *reader, const yaml_event_t *event, int depth)
{
    struct yaml_item *item = arena_alloc(reader->arena, sizeof(*item));
    if (item == NULL) {
        (void)error_set(reader->error, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    if (!is_plain(reader, event)) {
        return NULL;
    }
    item->line = line_of(event);
    if (event->type == YAML_SCALAR_EVENT) {
        item->kind = YAML_TEXT;
        item->text = scalar_text(reader, event);
        return item->text != NULL ? item : NULL;
    }
    item->kind = event->type == YAML_SEQUENCE_START_EVENT ? YAML_LIST : YAML_MAP;
    return read_children(reader, item, depth) ? item : NULL;
}

static bool read_document(struct reader *reader, struct yaml_item **out_root)
{
    size_t documents = 0;
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event)) {
            return false;
        }
        yaml_event_type_t type = event.type;
        bool is_content = type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
                          type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT;
        bool is_ok = true;
        if (type == YAML_DOCUMENT_START_EVENT && documents++ > 0) {
            is_ok = fail(reader, line_of(&event), "second document, expected one");
        } else if (is_content) {
            *out_root = read_item(reader, &event, 0);
            is_ok = *out_root != NULL;
        }
        yaml_event_delete(&event);
        if (!is_ok || type == YAML_STREAM_END_EVENT) {
            return is_ok;
        }
    }
}

bool yaml_tree_parse(struct yaml_tree *out_tree, struct slice text, const char *name,
                     struct error *error)
{
    *out_tree = (struct yaml_tree){0};
    struct reader reader = {.text = text, .arena = &out_tree->arena, .name = name, .error = error};
    if (yaml_parser_initialize(&reader.parser) == 0) {
        return error_set(error, ERROR_MEMORY, "out of memory");
    }
    const uint8_t *data = text.len > 0 ? text.data : (const uint8_t *)""; // it asserts on NULL
    yaml_parser_set_input_string(&reader.parser, data, text.len);
    bool is_ok = read_document(&reader, &out_tree->root);
    yaml_parser_delete(&reader.parser);
    if (!is_ok) {
        yaml_tree_clear(out_tree);
    }
    return is_ok;
}

bool yaml_file_read(struct buffer *out, const char *path, struct error *error)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return error_set(error, ERROR_FILE, "cannot open '%s': %s", quote_text(path).text,
                         strerror(errno));
    }
    bool is_ok = true;
    uint8_t bytes[4096];
    size_t got = sizeof(bytes);
    for (size_t total = 0; is_ok && got == sizeof(bytes); total += got) {
        got = fread(bytes, 1, sizeof(bytes), file);
        if (total + got > YAML_FILE_BYTES_MAX) {
            is_ok = error_set(error, ERROR_CONFIG, "%s: file too long, expected at most 1 MiB",
                              quote_text(path).text);
        } else if (!buffer_append(out, (struct slice){bytes, got})) {
            is_ok = error_set(error, ERROR_MEMORY, "out of memory");
        }
    }
    if (is_ok && ferror(file) != 0) {
        is_ok = error_set(error, ERROR_FILE, "cannot read '%s': %s", quote_text(path).text,
                          strerror(errno));
    }
    (void)fclose(file); // opened for reading: nothing to lose
    return is_ok;
}

bool yaml_tree_read(struct yaml_tree *out_tree, const char *path, struct error *error)
{
    *out_tree = (struct yaml_tree){0};
    struct buffer text = {0};
    bool is_ok = yaml_file_read(&text, path, error) &&
                 yaml_tree_parse(out_tree, buffer_slice(&text), quote_text(path).text, error);
    buffer_clear(&text);
    return is_ok;
}

void yaml_tree_clear(struct yaml_tree *tree)
{
    arena_clear(&tree->arena);
    tree->root = NULL;
}

const struct yaml_item *yaml_member(const struct yaml_item *map, const char *key)
{
    const struct yaml_item *item = map != NULL && map->kind == YAML_MAP ? map->first : NULL;
    while (item != NULL && (item->key == NULL || strcmp(item->key, key) != 0)) {
        item = item->next;
    }
    return item;
}

const char *yaml_kind_text(enum yaml_kind kind)
{
    switch (kind) {
    case YAML_TEXT:
        return "a text";
    case YAML_LIST:
        return "a list";
    case YAML_MAP:
        return "a mapping";
    }
    return "nothing";
}
