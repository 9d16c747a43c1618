#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "leg_map.h"
#include "quote.h"
#include "settings_option.h"
#include "yaml_tree.h"

struct loader {
    struct settings *settings;
    const char *path;
    struct error *error;
};

static bool load_text(struct loader *loader, const struct yaml_item *item, const char *name)
{
    return option_set(loader->settings, name, name, item->text, loader->error) ||
           yaml_fail(loader->error, loader->path, item);
}

static bool load_leg(struct loader *loader, const struct yaml_item *item, enum side side)
{
    if (item->kind == YAML_TEXT && item->text[0] != '\0') {
        return load_text(loader, item, item->key);
    }
    if (item->kind != YAML_MAP) {
        return yaml_refuse_kind(loader->error, loader->path, item, item->key,
                                "a mapping such as {min: TLS1.2}");
    }
    return leg_map_apply(&loader->settings->legs[side], side, item, loader->path,
                         &loader->settings->legs_said[side], NULL, loader->error);
}

static bool load_list(struct loader *loader, const struct yaml_item *list)
{
    for (const struct yaml_item *item = list->first; item != NULL; item = item->next) {
        if (item->kind != YAML_TEXT) {
            return yaml_refuse_kind(loader->error, loader->path, item, list->key, "a text");
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
        return yaml_fail(loader->error, loader->path, item);
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
        return yaml_refuse_kind(loader->error, loader->path, item, item->key,
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
        return yaml_fail(loader->error, loader->path, root);
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
    struct yaml_tree tree;
    bool is_ok = yaml_tree_parse(&tree, text, quote_text(name).text, error) &&
                 apply_tree(settings, &tree, name, error);
    yaml_tree_clear(&tree);
    return is_ok;
}

bool settings_load(struct settings *settings, const char *path, struct error *error)
{
    struct yaml_tree tree;
    bool is_ok = yaml_tree_read(&tree, path, error) && apply_tree(settings, &tree, path, error);
    yaml_tree_clear(&tree);
    return is_ok;
}
