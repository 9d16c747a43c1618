#include "yaml_schema.h"

#include <string.h>

#include "leg_map.h"
#include "quote.h"
#include "text.h"

struct checker {
    const char *name;
    struct error *error;
};

static const cyaml_config_t config = {
    .mem_fn = cyaml_mem,
    .flags = CYAML_CFG_NO_ALIAS, // no log_fn: what it would say is said by check
};

static bool check(const struct checker *checker, const struct yaml_item *item,
                  const cyaml_schema_value_t *schema, const char *key);

static bool refuse(const struct checker *checker, const struct yaml_item *item, const char *key,
                   const char *expected)
{
    if (item->kind != YAML_TEXT) {
        return yaml_refuse_kind(checker->error, checker->name, item, key, expected);
    }
    (void)error_set(checker->error, ERROR_CONFIG, "%s: bad value '%s', expected %s", key,
                    quote_text(item->text).text, expected);
    return yaml_fail(checker->error, checker->name, item);
}

static bool check_text(const struct checker *checker, const struct yaml_item *item,
                       const cyaml_schema_value_t *schema, const char *key)
{
    return (item->kind == YAML_TEXT && strlen(item->text) >= schema->string.min) ||
           refuse(checker, item, key, "a text");
}

static bool check_number(const struct checker *checker, const struct yaml_item *item,
                         const cyaml_schema_value_t *schema, const char *key)
{
    uint64_t max = schema->data_size >= sizeof(uint64_t)
                       ? UINT64_MAX
                       : ((uint64_t)1 << (8 * schema->data_size)) - 1;
    uint64_t number;
    return (item->kind == YAML_TEXT && text_uint(slice_of_text(item->text), max, &number)) ||
           refuse(checker, item, key, "a number");
}

static bool check_word(const struct checker *checker, const struct yaml_item *item,
                       const cyaml_schema_value_t *schema, const char *key)
{
    struct name_line words = {0};
    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        const char *word = schema->enumeration.strings[i].str;
        if (item->kind == YAML_TEXT && strcmp(item->text, word) == 0) {
            return true;
        }
        name_line_add(&words, word);
    }
    return refuse(checker, item, key, words.text);
}

static bool check_list(const struct checker *checker, const struct yaml_item *item,
                       const cyaml_schema_value_t *schema, const char *key)
{
    if (item->kind != YAML_LIST) {
        return refuse(checker, item, key, "a list");
    }
    size_t count = 0;
    for (const struct yaml_item *entry = item->first; entry != NULL; entry = entry->next) {
        if (!check(checker, entry, schema->sequence.entry, key)) {
            return false;
        }
        count++;
    }
    return count >= schema->sequence.min || refuse(checker, item, key, "one that is not empty");
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_field_t *fields, const char *key)
{
    while (fields->key != NULL && strcmp(fields->key, key) != 0) {
        fields++;
    }
    return fields->key != NULL ? fields : NULL;
}

static bool refuse_key(const struct checker *checker, const struct yaml_item *item,
                       const cyaml_schema_field_t *fields)
{
    struct nearest nearest = nearest_to(slice_of_text(item->key));
    struct name_line names = {0};
    for (; fields->key != NULL; fields++) {
        nearest_offer(&nearest, fields->key);
        name_line_add(&names, fields->key);
    }
    (void)error_set(checker->error, ERROR_CONFIG, "unknown key '%s', expected one of %s%s",
                    quote_text(item->key).text, names.text, nearest_hint(&nearest).text);
    return yaml_fail(checker->error, checker->name, item);
}

static bool check_map(const struct checker *checker, const struct yaml_item *map,
                      const cyaml_schema_value_t *schema, const char *key)
{
    if (map->kind != YAML_MAP) {
        return refuse(checker, map, key, "a mapping");
    }
    const cyaml_schema_field_t *fields = schema->mapping.fields;
    for (const struct yaml_item *item = map->first; item != NULL; item = item->next) {
        const cyaml_schema_field_t *field = find_field(fields, item->key);
        if (field == NULL) {
            return refuse_key(checker, item, fields);
        }
        if (!check(checker, item, &field->value, field->key)) {
            return false;
        }
    }
    for (const cyaml_schema_field_t *field = fields; field->key != NULL; field++) {
        bool is_optional = (field->value.flags & CYAML_FLAG_OPTIONAL) != 0;
        if (!is_optional && yaml_member(map, field->key) == NULL) {
            (void)error_set(checker->error, ERROR_CONFIG, "no %s, expected it in %s", field->key,
                            key);
            return yaml_fail(checker->error, checker->name, map);
        }
    }
    return true;
}

static bool check(const struct checker *checker, const struct yaml_item *item,
                  const cyaml_schema_value_t *schema, const char *key)
{
    // Only the types that our schemas use.
    if (schema->type == CYAML_STRING) {
        return check_text(checker, item, schema, key);
    }
    if (schema->type == CYAML_UINT) {
        return check_number(checker, item, schema, key);
    }
    if (schema->type == CYAML_ENUM) {
        return check_word(checker, item, schema, key);
    }
    if (schema->type == CYAML_SEQUENCE) {
        return check_list(checker, item, schema, key);
    }
    if (schema->type == CYAML_MAPPING) {
        return check_map(checker, item, schema, key);
    }
    return true;
}

void *yaml_schema_load(const cyaml_schema_value_t *schema, const struct yaml_tree *tree,
                       struct slice text, const char *name, struct error *error)
{
    struct checker checker = {.name = name, .error = error};
    if (tree->root == NULL) {
        (void)error_set(error, ERROR_CONFIG, "%s:1: nothing, expected a mapping",
                        quote_text(name).text);
        return NULL;
    }
    if (!check(&checker, tree->root, schema, "the file")) {
        return NULL;
    }
    cyaml_data_t *loaded = NULL;
    cyaml_err_t outcome = cyaml_load_data(text.data, text.len, &config, schema, &loaded, NULL);
    if (outcome != CYAML_OK) {
        (void)error_set(error, outcome == CYAML_ERR_OOM ? ERROR_MEMORY : ERROR_CONFIG, "%s:1: %s",
                        quote_text(name).text, cyaml_strerror(outcome));
        return NULL;
    }
    return loaded;
}

void yaml_schema_free(const cyaml_schema_value_t *schema, void *loaded)
{
    (void)cyaml_free(&config, schema, loaded, 0); // fails on a bad schema only
}
