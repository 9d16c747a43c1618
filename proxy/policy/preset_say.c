#include <string.h>

#include "code_points.h"
#include "presets.h"

static const char *words_for(const struct preset_edge *preset, enum side side, const char *key,
                             const char *value)
{
    // OpenSSL has IANA's names for the suites of TLS 1.3, and names none else so. The words for
    // other suites would be read, and change nothing.
    if (strcmp(key, "ciphers") == 0 && strncmp(value, "TLS_", 4) == 0) {
        return preset->dialect_suites13[side];
    }
    for (size_t i = 0; leg_key_at(i) != NULL; i++) {
        if (strcmp(leg_key_at(i)->name, key) == 0) {
            return preset->dialect_text[side][i];
        }
    }
    return NULL;
}

static bool append_item(const struct preset_edge *preset, const char *key, struct slice item,
                        struct buffer *out)
{
    const struct suite *suite = strcmp(key, "ciphers") == 0 ? suite_named(item) : NULL;
    if (suite != NULL && preset->dialect_has_iana_suites) {
        return buffer_append_text(out, suite->iana);
    }
    return buffer_append(out, item);
}

static bool append_value(const struct preset_edge *preset, const char *key, const char *value,
                         struct buffer *out)
{
    const struct leg_key *known = leg_key_find(key);
    if (known == NULL || !known->is_list) {
        return buffer_append_text(out, value);
    }
    bool is_ok = true;
    for (bool is_first = true; is_ok; is_first = false) {
        size_t len = strcspn(value, ":");
        is_ok = (is_first || buffer_append_text(out, preset->dialect_separator)) &&
                append_item(preset, key, (struct slice){(const uint8_t *)value, len}, out);
        if (value[len] == '\0') {
            break;
        }
        value += len + 1;
    }
    return is_ok;
}

bool preset_edge_say(const struct preset_edge *preset, enum side side, const char *key,
                     const char *value, struct buffer *out_text)
{
    const char *words = words_for(preset, side, key, value);
    if (words == NULL) {
        return false;
    }
    const char *hole;
    for (; (hole = strstr(words, "{}")) != NULL; words = hole + 2) {
        struct slice before = {(const uint8_t *)words, (size_t)(hole - words)};
        if (!buffer_append(out_text, before) || !append_value(preset, key, value, out_text)) {
            return false;
        }
    }
    return buffer_append_text(out_text, words);
}
