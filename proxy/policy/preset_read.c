#include "preset_read.h"

#include <string.h>

#include "quote.h"

const struct preset_file *preset_file_find(const struct preset_file *files, const char *name)
{
    while (files->name != NULL && strcmp(files->name, name) != 0) {
        files++;
    }
    return files->name != NULL ? files : NULL;
}

const struct preset_file *preset_file_at(const struct preset_file *files, size_t i)
{
    while (files->name != NULL && i > 0) {
        files++;
        i--;
    }
    return files->name != NULL ? files : NULL;
}

bool preset_copy(struct arena *arena, const char *text, const char **out_text)
{
    *out_text = text != NULL ? arena_text(arena, slice_of_text(text)) : NULL;
    return text == NULL || *out_text != NULL;
}

bool preset_list(struct arena *arena, char **texts, unsigned count, struct text_list *out_list)
{
    *out_list = (struct text_list){0};
    if (count == 0) {
        return true;
    }
    const char **items = arena_alloc(arena, count * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!preset_copy(arena, texts[i], &items[i])) {
            return false;
        }
    }
    *out_list = (struct text_list){.items = items, .count = count};
    return true;
}

const char *preset_base_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice name = slice_of_text(slash != NULL ? slash + 1 : path);
    struct slice end = slice_part(name, name.len >= 5 ? name.len - 5 : 0, 5);
    if (name.len > 5 && slice_equals_text(end, ".yaml")) {
        name.len -= 5;
    }
    return arena_text(arena, name);
}

bool preset_unknown(const struct preset_file *files, const char *name, struct error *error)
{
    struct nearest nearest = nearest_to(slice_of_text(name));
    struct name_line names = {0};
    for (; files->name != NULL; files++) {
        nearest_offer(&nearest, files->name);
        name_line_add(&names, files->name);
    }
    return error_set(error, ERROR_USAGE, "unknown preset '%s', expected one of %s%s",
                     quote_text(name).text, names.text, nearest_hint(&nearest).text);
}
