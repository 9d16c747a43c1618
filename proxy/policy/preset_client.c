#include "presets.h"

#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "hello.h"
#include "leg_map.h"
#include "preset_read.h"
#include "quote.h"
#include "text.h"
#include "tls_stream.h"

struct client_file {
    char *title, *family, *platform, *ja3, *ja4, *record;
    unsigned year;
    char **notable;
    unsigned notable_count;
};

// clang-format off
static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED)};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t client_fields[] = {
    CYAML_FIELD_STRING_PTR("title", CYAML_FLAG_POINTER, struct client_file, title, 1, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("family", OPTIONAL, struct client_file, family, 1, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("platform", OPTIONAL, struct client_file, platform, 1, CYAML_UNLIMITED),
    CYAML_FIELD_UINT("year", CYAML_FLAG_OPTIONAL, struct client_file, year),
    CYAML_FIELD_STRING_PTR("ja3", CYAML_FLAG_POINTER, struct client_file, ja3, 1, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("ja4", CYAML_FLAG_POINTER, struct client_file, ja4, 1, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("notable", OPTIONAL, struct client_file, notable, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("record", CYAML_FLAG_POINTER, struct client_file, record, 1, CYAML_UNLIMITED),
    CYAML_FIELD_END};

static const cyaml_schema_value_t client_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct client_file, client_fields)};
// clang-format on

struct box {
    struct preset_client preset; // first: the preset's address is the box's
    struct arena arena;
};

// A record that is no ClientHello is said here, where the line is known.
static bool is_hello(struct slice record)
{
    struct buffer joined = {.limit = HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN};
    struct slice message;
    struct client_hello hello;
    bool is_sslv2 = false;
    size_t at;
    bool is_ok = first_hello(record, &joined, &message, &is_sslv2) == PARSE_OK &&
                 (is_sslv2 ? client_hello_parse_sslv2(message, &hello, &at)
                           : client_hello_parse(message, &hello, &at)) == PARSE_OK;
    buffer_clear(&joined);
    return is_ok;
}

static bool copy_record(struct box *box, const struct client_file *file,
                        const struct yaml_tree *tree, const char *name, struct error *error)
{
    struct buffer bytes = {0};
    if (!text_unhex(&bytes, slice_of_text(file->record))) {
        buffer_clear(&bytes);
        (void)error_set(error, ERROR_CONFIG, "record: bad value, expected hex digits");
        return yaml_fail(error, name, yaml_member(tree->root, "record"));
    }
    if (!is_hello(buffer_slice(&bytes))) {
        buffer_clear(&bytes);
        (void)error_set(error, ERROR_CONFIG,
                        "record: not a whole ClientHello, expected its TLS records in hex");
        return yaml_fail(error, name, yaml_member(tree->root, "record"));
    }
    box->preset.record = arena_copy(&box->arena, buffer_slice(&bytes));
    buffer_clear(&bytes);
    return box->preset.record.len > 0 || error_set(error, ERROR_MEMORY, "out of memory");
}

static bool copy_file(struct box *box, const struct client_file *file, struct error *error)
{
    struct preset_client *preset = &box->preset;
    preset->year = file->year;
    bool is_ok = preset_copy(&box->arena, file->title, &preset->title) &&
                 preset_copy(&box->arena, file->family, &preset->family) &&
                 preset_copy(&box->arena, file->platform, &preset->platform) &&
                 preset_copy(&box->arena, file->ja3, &preset->ja3) &&
                 preset_copy(&box->arena, file->ja4, &preset->ja4) &&
                 preset_list(&box->arena, file->notable, file->notable_count, &preset->notable);
    return is_ok || error_set(error, ERROR_MEMORY, "out of memory");
}

static bool read_client(struct box *box, const struct yaml_tree *tree, struct slice text,
                        const char *name, struct error *error)
{
    void *loaded = yaml_schema_load(&client_schema, tree, text, name, error);
    bool is_ok = loaded != NULL && copy_file(box, loaded, error) &&
                 copy_record(box, loaded, tree, name, error);
    yaml_schema_free(&client_schema, loaded);
    return is_ok;
}

struct preset_client *preset_client_parse(struct slice text, const char *name, struct error *error)
{
    struct box *box = calloc(1, sizeof(*box));
    if (box == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    struct yaml_tree tree;
    bool is_ok = yaml_tree_parse(&tree, text, quote_text(name).text, error) &&
                 read_client(box, &tree, text, name, error);
    yaml_tree_clear(&tree);
    box->preset.name = preset_base_name(&box->arena, name);
    is_ok = is_ok && (box->preset.name != NULL || error_set(error, ERROR_MEMORY, "out of memory"));
    if (!is_ok) {
        preset_client_free(&box->preset);
        return NULL;
    }
    return &box->preset;
}

struct preset_client *preset_client_load(const char *path, struct error *error)
{
    struct buffer text = {0};
    struct preset_client *preset = NULL;
    if (yaml_file_read(&text, path, error)) {
        preset = preset_client_parse(buffer_slice(&text), path, error);
    }
    buffer_clear(&text);
    return preset;
}

void preset_client_free(struct preset_client *preset)
{
    if (preset == NULL) {
        return;
    }
    struct box *box = (struct box *)preset;
    arena_clear(&box->arena);
    free(box);
}

const char *preset_client_name(size_t i)
{
    const struct preset_file *file = preset_file_at(preset_files_clients, i);
    return file != NULL ? file->name : NULL;
}

struct preset_client *preset_client_at(size_t i, struct error *error)
{
    const struct preset_file *file = preset_file_at(preset_files_clients, i);
    if (file == NULL) {
        (void)error_set(error, ERROR_USAGE, "no preset %zu", i);
        return NULL;
    }
    return preset_client_parse((struct slice){file->text, file->len}, file->name, error);
}

struct preset_client *preset_client_find(const char *name, struct error *error)
{
    const struct preset_file *file = preset_file_find(preset_files_clients, name);
    if (file == NULL) {
        (void)preset_unknown(preset_files_clients, name, error);
        return NULL;
    }
    return preset_client_parse((struct slice){file->text, file->len}, file->name, error);
}
