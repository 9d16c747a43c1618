#include "leg_map.h"

#include <stdio.h>

#include "quote.h"

struct loader {
    struct leg_policy *policy;
    enum side side;
    const char *name;
    uint32_t *said;
    struct buffer *out_text;
    struct error *error;
};

bool yaml_fail(struct error *error, const char *name, const struct yaml_item *item)
{
    char where[QUOTE_MAX + 32];
    (void)snprintf(where, sizeof(where), "%s:%zu", quote_text(name).text, item->line); // fits
    (void)error_prefix(error, where);
    if (error != NULL && error->kind == ERROR_USAGE) {
        error->kind = ERROR_CONFIG;
    }
    return false;
}

bool yaml_refuse_kind(struct error *error, const char *name, const struct yaml_item *item,
                      const char *what, const char *expected)
{
    (void)error_set(error, ERROR_CONFIG, "%s: %s, expected %s", what, yaml_kind_text(item->kind),
                    expected);
    return yaml_fail(error, name, item);
}

// Joins a list with ':', as the flags write it.
static bool join_list(const struct loader *loader, const struct yaml_item *list, const char *what,
                      struct buffer *out_text)
{
    for (const struct yaml_item *item = list->first; item != NULL; item = item->next) {
        if (item->kind != YAML_TEXT) {
            return yaml_refuse_kind(loader->error, loader->name, item, what, "a name");
        }
        if ((item != list->first && !buffer_append_byte(out_text, ':')) ||
            !buffer_append_text(out_text, item->text)) {
            return error_set(loader->error, ERROR_MEMORY, "out of memory");
        }
    }
    return true;
}

static bool is_list_key(const char *name)
{
    const struct leg_key *key = leg_key_find(name);
    return key == NULL || key->is_list; // an unknown key is refused for that, not for its value
}

static bool set_key(struct loader *loader, const struct yaml_item *item, const char *value)
{
    char leg[16];
    (void)snprintf(leg, sizeof(leg), "%s-leg", side_name(loader->side)); // fits
    if (value == NULL) {
        return error_set(loader->error, ERROR_MEMORY, "out of memory");
    }
    if (!leg_policy_set_for(loader->policy, loader->side, item->key, value, loader->said,
                            loader->error)) {
        (void)error_prefix(loader->error, leg);
        return yaml_fail(loader->error, loader->name, item);
    }
    struct buffer *text = loader->out_text;
    return text == NULL ||
           buffer_printf(text, "%s%s=%s", text->len > 0 ? "," : "", item->key, value) ||
           error_set(loader->error, ERROR_MEMORY, "out of memory");
}

static bool load_key(struct loader *loader, const struct yaml_item *item)
{
    char what[QUOTE_MAX + 32];
    (void)snprintf(what, sizeof(what), "%s-leg: %s", side_name(loader->side),
                   quote_text(item->key).text); // fits
    if (item->kind == YAML_MAP || (item->kind == YAML_LIST && !is_list_key(item->key))) {
        return yaml_refuse_kind(loader->error, loader->name, item, what, "one value");
    }
    if (item->kind == YAML_TEXT) {
        return set_key(loader, item, item->text);
    }
    struct buffer joined = {0};
    bool is_ok =
        join_list(loader, item, what, &joined) && set_key(loader, item, buffer_text(&joined));
    buffer_clear(&joined);
    return is_ok;
}

bool leg_map_apply(struct leg_policy *policy, enum side side, const struct yaml_item *map,
                   const char *name, uint32_t *said, struct buffer *out_text, struct error *error)
{
    struct loader loader = {.policy = policy,
                            .side = side,
                            .name = name,
                            .said = said,
                            .out_text = out_text,
                            .error = error};
    for (const struct yaml_item *key = map->first; key != NULL; key = key->next) {
        if (!load_key(&loader, key)) {
            return false;
        }
    }
    return true;
}
