#include "presets.h"

#include <stdlib.h>
#include <string.h>

#include "leg_map.h"
#include "preset_read.h"
#include "quote.h"

_Static_assert(COUNT_OF(((struct preset_edge *)NULL)->dialect_text[0]) == 32, "one a leg key");

// The file, as libcyaml loads it. The legs and the dialect's keys are leg keys, and read as such.
struct alpn_file {
    char **client, **server;
    unsigned client_count, server_count;
};

struct edge_file {
    char *title, *kind, *dialect;
    int order, on_failure;
    unsigned status, certificate_status;
    struct alpn_file *device_alpn;
    char **habits, **unverified, **sources;
    unsigned habits_count, unverified_count, sources_count;
};

struct dialect_file {
    char *title, *separator;
    int has_iana_suites;
    char **unverified, **sources;
    unsigned unverified_count, sources_count;
};

// clang-format off
static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED)};

static const cyaml_strval_t order_words[] = {
    {"server-first", ORDER_SERVER_FIRST}, {"client-first", ORDER_CLIENT_FIRST}};
static const cyaml_strval_t on_failure_words[] = {
    {"page", ON_FAILURE_PAGE}, {"alert", ON_FAILURE_ALERT}, {"reset", ON_FAILURE_RESET}};

static const cyaml_schema_field_t alpn_fields[] = {
    CYAML_FIELD_SEQUENCE("client", CYAML_FLAG_POINTER, struct alpn_file, client, &text_schema, 0, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("server", CYAML_FLAG_POINTER, struct alpn_file, server, &text_schema, 0, CYAML_UNLIMITED),
    CYAML_FIELD_END};

static const cyaml_strval_t suite_words[] = {{"openssl", 0}, {"iana", 1}};

#define OPTIONAL_LIST (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t edge_fields[] = {
    CYAML_FIELD_STRING_PTR("title", CYAML_FLAG_POINTER, struct edge_file, title, 1, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("kind", CYAML_FLAG_POINTER, struct edge_file, kind, 1, CYAML_UNLIMITED),
    CYAML_FIELD_IGNORE("client-leg", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_IGNORE("server-leg", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_ENUM("order", CYAML_FLAG_DEFAULT, struct edge_file, order, order_words, COUNT_OF(order_words)),
    CYAML_FIELD_ENUM("on-failure", CYAML_FLAG_DEFAULT, struct edge_file, on_failure, on_failure_words, COUNT_OF(on_failure_words)),
    CYAML_FIELD_UINT("status", CYAML_FLAG_OPTIONAL, struct edge_file, status),
    CYAML_FIELD_UINT("certificate-status", CYAML_FLAG_OPTIONAL, struct edge_file, certificate_status),
    CYAML_FIELD_STRING_PTR("dialect", OPTIONAL_LIST, struct edge_file, dialect, 1, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING_PTR("device-alpn", OPTIONAL_LIST, struct edge_file, device_alpn, alpn_fields),
    CYAML_FIELD_SEQUENCE("habits", OPTIONAL_LIST, struct edge_file, habits, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("unverified", OPTIONAL_LIST, struct edge_file, unverified, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("sources", CYAML_FLAG_POINTER, struct edge_file, sources, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_END};

static const cyaml_schema_value_t edge_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct edge_file, edge_fields)};

static const cyaml_schema_field_t dialect_fields[] = {
    CYAML_FIELD_STRING_PTR("title", CYAML_FLAG_POINTER, struct dialect_file, title, 1, CYAML_UNLIMITED),
    CYAML_FIELD_STRING_PTR("separator", OPTIONAL_LIST, struct dialect_file, separator, 1, CYAML_UNLIMITED),
    CYAML_FIELD_ENUM("suite-names", CYAML_FLAG_OPTIONAL, struct dialect_file, has_iana_suites, suite_words, COUNT_OF(suite_words)),
    CYAML_FIELD_IGNORE("client-leg", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_IGNORE("server-leg", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_SEQUENCE("unverified", OPTIONAL_LIST, struct dialect_file, unverified, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_SEQUENCE("sources", CYAML_FLAG_POINTER, struct dialect_file, sources, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_END};

static const cyaml_schema_value_t dialect_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct dialect_file, dialect_fields)};
// clang-format on

static const char *const leg_names[SIDES] = {[CLIENT] = "client-leg", [SERVER] = "server-leg"};

// A preset and what its texts live in.
struct box {
    struct preset_edge preset; // first: the preset's address is the box's
    struct arena arena;
};

// Reading one file: its name, and where errors go.
struct reading {
    struct box *box;
    const char *name; // of the file, for errors
    struct error *error;
};

static bool out_of_memory(const struct reading *reading)
{
    return error_set(reading->error, ERROR_MEMORY, "out of memory");
}

static bool read_leg(struct reading *reading, const struct yaml_item *root, enum side side)
{
    struct preset_edge *preset = &reading->box->preset;
    leg_policy_default(&preset->legs[side], side);
    preset->leg_text[side] = "";
    const struct yaml_item *map = yaml_member(root, leg_names[side]);
    if (map == NULL) {
        return true;
    }
    if (map->kind != YAML_MAP) {
        return yaml_refuse_kind(reading->error, reading->name, map, leg_names[side], "a mapping");
    }
    struct buffer text = {0};
    uint32_t said = 0;
    bool is_ok =
        leg_map_apply(&preset->legs[side], side, map, reading->name, &said, &text, reading->error);
    const struct leg_policy *leg = &preset->legs[side];
    if (is_ok && leg->version_min > 0 && leg->version_max > 0 &&
        leg->version_min > leg->version_max) {
        (void)error_set(reading->error, ERROR_CONFIG,
                        "%s: min is above max, expected it at or below", leg_names[side]);
        is_ok = yaml_fail(reading->error, reading->name, map);
    }
    if (is_ok) {
        preset->leg_text[side] = arena_text(&reading->box->arena, buffer_slice(&text));
        is_ok = preset->leg_text[side] != NULL || out_of_memory(reading);
    }
    buffer_clear(&text);
    return is_ok;
}

static bool keep_words(struct reading *reading, const struct yaml_item *item,
                       const char **out_words)
{
    if (item->kind != YAML_TEXT || item->text[0] == '\0') {
        return yaml_refuse_kind(reading->error, reading->name, item, item->key,
                                "the device's words, {} for the value");
    }
    return preset_copy(&reading->box->arena, item->text, out_words) || out_of_memory(reading);
}

// A leg key with its words; the key must be one that the leg has. The suites of TLS 1.3 have words
// of their own in many devices.
static bool read_words(struct reading *reading, const struct yaml_item *item, enum side side)
{
    struct preset_edge *preset = &reading->box->preset;
    if (strcmp(item->key, "ciphers-1.3") == 0) {
        return keep_words(reading, item, &preset->dialect_suites13[side]);
    }
    for (size_t i = 0; leg_key_at(i) != NULL; i++) {
        const struct leg_key *key = leg_key_at(i);
        if (strcmp(key->name, item->key) == 0 && (key->sides & 1u << side) != 0) {
            return keep_words(reading, item, &preset->dialect_text[side][i]);
        }
    }
    (void)error_set(reading->error, ERROR_CONFIG,
                    "%s: unknown key '%s', expected ciphers-1.3 or a key of that leg",
                    leg_names[side], quote_text(item->key).text);
    return yaml_fail(reading->error, reading->name, item);
}

static bool read_dialect_legs(struct reading *reading, const struct yaml_item *root)
{
    for (enum side side = CLIENT; side < SIDES; side++) {
        const struct yaml_item *map = yaml_member(root, leg_names[side]);
        if (map != NULL && map->kind != YAML_MAP) {
            return yaml_refuse_kind(reading->error, reading->name, map, leg_names[side],
                                    "a mapping");
        }
        const struct yaml_item *item = map != NULL ? map->first : NULL;
        for (; item != NULL; item = item->next) {
            if (!read_words(reading, item, side)) {
                return false;
            }
        }
    }
    return true;
}

static bool copy_manner(struct reading *reading, const struct dialect_file *file)
{
    struct preset_edge *preset = &reading->box->preset;
    preset->dialect_has_iana_suites = file->has_iana_suites != 0;
    preset->dialect_separator = ":";
    return file->separator == NULL ||
           preset_copy(&reading->box->arena, file->separator, &preset->dialect_separator) ||
           out_of_memory(reading);
}

static bool read_dialect(struct reading *reading, const struct preset_file *file)
{
    struct slice text = {file->text, file->len};
    struct reading inner = {.box = reading->box, .name = file->name, .error = reading->error};
    struct yaml_tree tree;
    bool is_ok = yaml_tree_parse(&tree, text, inner.name, inner.error);
    void *loaded =
        is_ok ? yaml_schema_load(&dialect_schema, &tree, text, inner.name, inner.error) : NULL;
    is_ok = loaded != NULL && copy_manner(&inner, loaded) && read_dialect_legs(&inner, tree.root);
    yaml_schema_free(&dialect_schema, loaded);
    yaml_tree_clear(&tree);
    return is_ok;
}

static bool find_dialect(struct reading *reading, const struct yaml_item *root)
{
    const struct yaml_item *item = yaml_member(root, "dialect");
    if (item == NULL) {
        return true;
    }
    const struct preset_file *file = preset_file_find(preset_files_dialects, item->text);
    if (file == NULL) {
        (void)preset_unknown(preset_files_dialects, item->text, reading->error);
        (void)error_prefix(reading->error, "dialect");
        return yaml_fail(reading->error, reading->name, item);
    }
    return read_dialect(reading, file);
}

// A status is that of an answer to a request that failed at the device.
static bool check_status(struct reading *reading, const struct yaml_item *root, const char *key,
                         unsigned status)
{
    const struct yaml_item *item = yaml_member(root, key);
    if (item == NULL || (status >= 400 && status <= 599)) {
        return true;
    }
    (void)error_set(reading->error, ERROR_CONFIG, "%s: %u, expected an HTTP status from 400 to 599",
                    key, status);
    return yaml_fail(reading->error, reading->name, item);
}

static bool copy_file(struct reading *reading, const struct edge_file *file)
{
    struct preset_edge *preset = &reading->box->preset;
    struct arena *arena = &reading->box->arena;
    preset->order = (enum order)file->order;
    preset->on_failure = (enum on_failure)file->on_failure;
    preset->status = file->status;
    preset->certificate_status = file->certificate_status;
    const struct alpn_file *alpn = file->device_alpn;
    bool is_ok =
        preset_copy(arena, file->title, &preset->title) &&
        preset_copy(arena, file->kind, &preset->kind) &&
        preset_copy(arena, file->dialect, &preset->dialect) &&
        preset_list(arena, file->habits, file->habits_count, &preset->habits) &&
        preset_list(arena, file->unverified, file->unverified_count, &preset->unverified) &&
        preset_list(arena, file->sources, file->sources_count, &preset->sources) &&
        (alpn == NULL ||
         (preset_list(arena, alpn->client, alpn->client_count, &preset->device_alpn[CLIENT]) &&
          preset_list(arena, alpn->server, alpn->server_count, &preset->device_alpn[SERVER])));
    return is_ok || out_of_memory(reading);
}

static bool read_edge(struct reading *reading, const struct yaml_tree *tree, struct slice text)
{
    void *loaded = yaml_schema_load(&edge_schema, tree, text, reading->name, reading->error);
    const struct edge_file *file = loaded;
    bool is_ok =
        file != NULL && copy_file(reading, file) &&
        check_status(reading, tree->root, "status", file->status) &&
        check_status(reading, tree->root, "certificate-status", file->certificate_status) &&
        read_leg(reading, tree->root, CLIENT) && read_leg(reading, tree->root, SERVER) &&
        find_dialect(reading, tree->root);
    yaml_schema_free(&edge_schema, loaded);
    return is_ok;
}

struct preset_edge *preset_edge_parse(struct slice text, const char *name, struct error *error)
{
    struct box *box = calloc(1, sizeof(*box));
    if (box == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    struct reading reading = {.box = box, .name = name, .error = error};
    struct yaml_tree tree;
    bool is_ok = yaml_tree_parse(&tree, text, quote_text(name).text, error) &&
                 read_edge(&reading, &tree, text);
    yaml_tree_clear(&tree);
    box->preset.name = preset_base_name(&box->arena, name);
    is_ok = is_ok && (box->preset.name != NULL || out_of_memory(&reading));
    if (!is_ok) {
        preset_edge_free(&box->preset);
        return NULL;
    }
    return &box->preset;
}

struct preset_edge *preset_edge_load(const char *path, struct error *error)
{
    struct buffer text = {0};
    struct preset_edge *preset = NULL;
    if (yaml_file_read(&text, path, error)) {
        preset = preset_edge_parse(buffer_slice(&text), path, error);
    }
    buffer_clear(&text);
    return preset;
}

void preset_edge_free(struct preset_edge *preset)
{
    if (preset == NULL) {
        return;
    }
    struct box *box = (struct box *)preset;
    arena_clear(&box->arena);
    free(box);
}

const char *preset_edge_name(size_t i)
{
    const struct preset_file *file = preset_file_at(preset_files_edges, i);
    return file != NULL ? file->name : NULL;
}

static struct preset_edge *parse_file(const struct preset_file *file, struct error *error)
{
    return preset_edge_parse((struct slice){file->text, file->len}, file->name, error);
}

struct preset_edge *preset_edge_at(size_t i, struct error *error)
{
    const struct preset_file *file = preset_file_at(preset_files_edges, i);
    if (file == NULL) {
        (void)error_set(error, ERROR_USAGE, "no preset %zu", i);
        return NULL;
    }
    return parse_file(file, error);
}

struct preset_edge *preset_edge_find(const char *name, struct error *error)
{
    const struct preset_file *file = preset_file_find(preset_files_edges, name);
    if (file == NULL) {
        (void)preset_unknown(preset_files_edges, name, error);
        return NULL;
    }
    return parse_file(file, error);
}

struct preset_edge *preset_edge_open(const char *name, struct error *error)
{
    static const char ending[] = ".yaml";
    size_t len = strlen(name), ending_len = sizeof(ending) - 1;
    if (len <= ending_len || strcmp(name + len - ending_len, ending) != 0) {
        return preset_edge_find(name, error);
    }
    struct preset_edge *preset = preset_edge_load(name, error);
    if (preset == NULL && error != NULL && error->kind == ERROR_FILE) {
        error->kind = ERROR_CONFIG; // even when the disk says no: the user named the file
    }
    return preset;
}
