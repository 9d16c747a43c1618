#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quote.h"
#include "settings_option.h"
#include "yaml_tree.h"

struct loader {
    struct settings *settings;
    const char *path; // quoted
    struct error *error;
};

// Puts "FILE:LINE: " in front of an error that says the rest.
static bool fail_at(const struct loader *loader, const struct yaml_item *item)
{
    char where[QUOTE_MAX + 32];
    (void)snprintf(where, sizeof(where), "%s:%zu", loader->path, item->line); // fits
    (void)error_prefix(loader->error, where);
    if (loader->error != NULL && loader->error->kind == ERROR_USAGE) {
        loader->error->kind = ERROR_CONFIG;
    }
    return false;
}

static bool refuse_kind(const struct loader *loader, const struct yaml_item *item, const char *key,
                        const char *expected)
{
    (void)error_set(loader->error, ERROR_CONFIG, "%s: %s, expected %s", key,
                    yaml_kind_text(item->kind), expected);
    return fail_at(loader, item);
}

static bool load_text(struct loader *loader, const struct yaml_item *item, const char *name)
{
    return option_set(loader->settings, name, name, item->text, loader->error) ||
           fail_at(loader, item);
}

// Joins a list with ':', as the flags write it.
static bool join_list(const struct loader *loader, const struct yaml_item *list, const char *key,
                      struct buffer *out_text)
{
    for (const struct yaml_item *item = list->first; item != NULL; item = item->next) {
        if (item->kind != YAML_TEXT) {
            return refuse_kind(loader, item, key, "a name");
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

static bool load_leg_key(struct loader *loader, const struct yaml_item *item, enum side side)
{
    char leg[16];
    (void)snprintf(leg, sizeof(leg), "%s-leg", side_name(side));
    char what[QUOTE_MAX + 32];
    (void)snprintf(what, sizeof(what), "%s: %s", leg, quote_text(item->key).text); // fits
    if (item->kind == YAML_MAP || (item->kind == YAML_LIST && !is_list_key(item->key))) {
        return refuse_kind(loader, item, what, "one value");
    }
    struct buffer joined = {0};
    bool is_ok = item->kind != YAML_LIST || join_list(loader, item, what, &joined);
    const char *value = item->kind == YAML_LIST ? buffer_text(&joined) : item->text;
    if (is_ok && value == NULL) {
        is_ok = error_set(loader->error, ERROR_MEMORY, "out of memory");
    }
    if (is_ok && !leg_policy_set_for(&loader->settings->legs[side], side, item->key, value,
                                     &loader->settings->legs_said[side], loader->error)) {
        (void)error_prefix(loader->error, leg);
        is_ok = fail_at(loader, item);
    }
    buffer_clear(&joined);
    return is_ok;
}

static bool load_leg(struct loader *loader, const struct yaml_item *item, enum side side)
{
    if (item->kind == YAML_TEXT && item->text[0] != '\0') {
        return load_text(loader, item, item->key);
    }
    if (item->kind != YAML_MAP) {
        return refuse_kind(loader, item, item->key, "a mapping such as {min: TLS1.2}");
    }
    for (const struct yaml_item *key = item->first; key != NULL; key = key->next) {
        if (!load_leg_key(loader, key, side)) {
            return false;
        }
    }
    return true;
}

static bool load_list(struct loader *loader, const struct yaml_item *list)
{
    for (const struct yaml_item *item = list->first; item != NULL; item = item->next) {
        if (item->kind != YAML_TEXT) {
            return refuse_kind(loader, item, list->key, "a text");
        }
        if (!load_text(loader, item, list->key)) {
            return false;
        }
    }
    return true;
}

static bool load_option(struct loader *loader, const struct yaml_item *item)
{
    const struct option_key *option = option_key_find(item->key);
    if (option == NULL) {
        (void)option_set(loader->settings, item->key, item->key, NULL, loader->error);
        return fail_at(loader, item);
    }
    if (strcmp(item->key, "client-leg") == 0) {
        return load_leg(loader, item, CLIENT);
    }
    if (strcmp(item->key, "server-leg") == 0) {
        return load_leg(loader, item, SERVER);
    }
    if (item->kind == YAML_LIST && option->repeats) {
        return load_list(loader, item);
    }
    if (item->kind != YAML_TEXT) {
        return refuse_kind(loader, item, item->key,
                           option->value != NULL ? option->value : "on or off");
    }
    return load_text(loader, item, item->key);
}

static bool load_tree(struct loader *loader, const struct yaml_item *root)
{
    if (root == NULL) {
        return true;
    }
    if (root->kind != YAML_MAP) {
        (void)error_set(loader->error, ERROR_CONFIG,
                        "%s, expected a mapping such as listen: "
                        "127.0.0.1:8080",
                        yaml_kind_text(root->kind));
        return fail_at(loader, root);
    }
    for (const struct yaml_item *item = root->first; item != NULL; item = item->next) {
        if (!load_option(loader, item)) {
            return false;
        }
    }
    return true;
}

static bool apply_tree(struct settings *settings, const struct yaml_tree *tree, const char *name,
                       struct error *error)
{
    struct settings *changed = malloc(sizeof(*changed));
    if (changed == NULL) {
        return error_set(error, ERROR_MEMORY, "out of memory");
    }
    memcpy(changed, settings, sizeof(*changed));
    struct loader loader = {.settings = changed, .path = name, .error = error};
    bool is_ok = load_tree(&loader, tree->root);
    if (is_ok) {
        changed->has_listen = false; // a flag's first --listen replaces the file's
        memcpy(settings, changed, sizeof(*settings));
    }
    free(changed);
    return is_ok;
}

bool settings_parse(struct settings *settings, struct slice text, const char *name,
                    struct error *error)
{
    struct quote quoted = quote_text(name);
    struct yaml_tree tree;
    bool is_ok = yaml_tree_parse(&tree, text, quoted.text, error) &&
                 apply_tree(settings, &tree, quoted.text, error);
    yaml_tree_clear(&tree);
    return is_ok;
}

bool settings_load(struct settings *settings, const char *path, struct error *error)
{
    struct yaml_tree tree;
    bool is_ok = yaml_tree_read(&tree, path, error) &&
                 apply_tree(settings, &tree, quote_text(path).text, error);
    yaml_tree_clear(&tree);
    return is_ok;
}
