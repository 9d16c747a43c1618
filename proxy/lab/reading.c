#include "reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "quote.h"
#include "text.h"

#define WHAT_MAX 160

bool reading_fail(const struct reading *reading, const struct yaml_item *item, const char *what,
                  const char *format, ...)
{
    char text[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments); // cut where it is too long
    va_end(arguments);
    return error_set(reading->error, ERROR_CONFIG, "%s:%zu: %s%s%s", quote_text(reading->name).text,
                     item->line, what, what[0] != '\0' ? ": " : "", text);
}

bool reading_is(const struct reading *reading, const struct yaml_item *item, enum yaml_kind kind,
                const char *what)
{
    bool is_nothing = item->kind == YAML_TEXT && item->text[0] == '\0';
    return item->kind == kind ||
           reading_fail(reading, item, what, "%s, expected %s",
                        is_nothing ? "nothing" : yaml_kind_text(item->kind), yaml_kind_text(kind));
}

bool reading_text(const struct reading *reading, const struct yaml_item *item, const char *what,
                  const char **out_text)
{
    if (!reading_is(reading, item, YAML_TEXT, what)) {
        return false;
    }
    if (item->text[0] == '\0') {
        return reading_fail(reading, item, what, "nothing, expected a text");
    }
    const char *copy = arena_text(reading->arena, slice_of_text(item->text));
    if (copy == NULL) {
        return error_set(reading->error, ERROR_MEMORY, "out of memory");
    }
    *out_text = copy;
    return true;
}

bool reading_chars(const struct reading *reading, const struct yaml_item *item, const char *what,
                   char *out_text, size_t size)
{
    if (!reading_is(reading, item, YAML_TEXT, what)) {
        return false;
    }
    size_t len = strlen(item->text);
    if (len == 0 || len >= size) {
        return reading_fail(reading, item, what, "%zu bytes, expected 1 to %zu", len, size - 1);
    }
    memset(out_text, 0, size);
    memcpy(out_text, item->text, len);
    return true;
}

static bool is_not_ascii(char character)
{
    return ((unsigned char)character & 0x80) != 0;
}

// A comma or a full stop, or a bracket that closes: what brings its own room after it.
static bool has_room_after(const char *text, size_t at)
{
    static const char *const marks[] = {"、", "。", "」", "）", "："};
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        size_t len = strlen(marks[i]);
        if (at >= len && memcmp(text + at - len, marks[i], len) == 0) {
            return true;
        }
    }
    return false;
}

// In Japanese there are no blanks between words: one between two characters that are not ASCII, or
// after a comma or full stop, is where a line of the file was folded.
static const char *unfold(const struct reading *reading, const char *text)
{
    struct buffer out = {0};
    size_t len = strlen(text);
    bool is_ok = true;
    for (size_t i = 0; i < len && is_ok; i++) {
        bool is_fold = text[i] == ' ' && i > 0 && is_not_ascii(text[i - 1]) &&
                       (is_not_ascii(text[i + 1]) || has_room_after(text, i));
        is_ok = is_fold || buffer_append_byte(&out, (uint8_t)text[i]);
    }
    const char *copy = is_ok ? arena_text(reading->arena, buffer_slice(&out)) : NULL;
    buffer_clear(&out);
    if (copy == NULL) {
        (void)error_set(reading->error, ERROR_MEMORY, "out of memory");
    }
    return copy;
}

bool reading_speech(const struct reading *reading, const struct yaml_item *item, const char *what,
                    struct speech *out_speech)
{
    static const char *const names[LANGUAGES] = {[LANGUAGE_EN] = "en", [LANGUAGE_JA] = "ja"};
    struct speech speech = {0};
    if (!reading_is(reading, item, YAML_MAP, what)) {
        return false;
    }
    for (const struct yaml_item *one = item->first; one != NULL; one = one->next) {
        enum language language;
        if (!language_named(one->key, &language)) {
            return reading_fail(reading, one, what, "unknown key '%s', expected en and ja",
                                quote_text(one->key).text);
        }
        if (!reading_text(reading, one, what, &speech.text[language])) {
            return false;
        }
        if (language == LANGUAGE_JA) {
            speech.text[language] = unfold(reading, speech.text[language]);
            if (speech.text[language] == NULL) {
                return false;
            }
        }
    }
    for (int i = 0; i < LANGUAGES; i++) {
        if (speech.text[i] == NULL) {
            return reading_fail(reading, item, what, "no '%s', expected en and ja", names[i]);
        }
    }
    *out_speech = speech;
    return true;
}

bool reading_switch(const struct reading *reading, const struct yaml_item *item, const char *what,
                    bool *out_on)
{
    return reading_is(reading, item, YAML_TEXT, what) &&
           (leg_switch_read(item->text, out_on) ||
            reading_fail(reading, item, what, "bad value '%s', expected on or off",
                         quote_text(item->text).text));
}

bool reading_number(const struct reading *reading, const struct yaml_item *item, const char *what,
                    uint64_t max, uint64_t *out_number)
{
    return reading_is(reading, item, YAML_TEXT, what) &&
           (text_uint(slice_of_text(item->text), max, out_number) ||
            reading_fail(reading, item, what, "bad value '%s', expected a number up to %llu",
                         quote_text(item->text).text, (unsigned long long)max));
}

bool reading_word(const struct reading *reading, const struct yaml_item *item, const char *what,
                  const char *const *words, size_t count, size_t *out_index)
{
    if (!reading_is(reading, item, YAML_TEXT, what)) {
        return false;
    }
    struct nearest nearest = nearest_to(slice_of_text(item->text));
    struct name_line names = {0};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], item->text) == 0) {
            *out_index = i;
            return true;
        }
        nearest_offer(&nearest, words[i]);
        name_line_add(&names, words[i]);
    }
    return reading_fail(reading, item, what, "bad value '%s', expected one of %s%s",
                        quote_text(item->text).text, names.text, nearest_hint(&nearest).text);
}

static bool refuse_key(const struct reading *reading, const struct yaml_item *item,
                       const char *what, const struct reading_key *keys)
{
    struct nearest nearest = nearest_to(slice_of_text(item->key));
    struct name_line names = {0};
    for (; keys->key != NULL; keys++) {
        nearest_offer(&nearest, keys->key);
        name_line_add(&names, keys->key);
    }
    return reading_fail(reading, item, what, "unknown key '%s', expected one of %s%s",
                        quote_text(item->key).text, names.text, nearest_hint(&nearest).text);
}

bool reading_map(const struct reading *reading, const struct yaml_item *map, const char *what,
                 const struct reading_key *keys, void *out)
{
    if (!reading_is(reading, map, YAML_MAP, what)) {
        return false;
    }
    for (const struct yaml_item *item = map->first; item != NULL; item = item->next) {
        const struct reading_key *row = keys;
        while (row->key != NULL && strcmp(row->key, item->key) != 0) {
            row++;
        }
        if (row->key == NULL) {
            return refuse_key(reading, item, what, keys);
        }
        char path[WHAT_MAX];
        (void)snprintf(path, sizeof(path), "%s%s%s", what, what[0] != '\0' ? ": " : "",
                       row->key); // ours: it fits
        if (!row->read(reading, item, path, out)) {
            return false;
        }
    }
    return true;
}

static bool takes_list(const char *key)
{
    static const char *const keys[] = {"ciphers", "groups", "sigalgs", "alpn", "names"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

// Joins a list as the setters write it.
static const char *join(const struct reading *reading, const struct yaml_item *list,
                        const char *what, char separator)
{
    struct buffer text = {0};
    const char *joined = NULL;
    for (const struct yaml_item *item = list->first; item != NULL; item = item->next) {
        if (!reading_is(reading, item, YAML_TEXT, what)) {
            goto out;
        }
        if ((item != list->first && !buffer_append_byte(&text, (uint8_t)separator)) ||
            !buffer_append_text(&text, item->text)) {
            (void)error_set(reading->error, ERROR_MEMORY, "out of memory");
            goto out;
        }
    }
    joined = arena_text(reading->arena, buffer_slice(&text));
    if (joined == NULL) {
        (void)error_set(reading->error, ERROR_MEMORY, "out of memory");
    }
out:
    buffer_clear(&text);
    return joined;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

// refuse says of the key's value what is wrong, and names the key once: it may be the end of `what`
// and the beginning of a setter's text already.
static bool refuse(const struct reading *reading, const struct yaml_item *item, const char *what,
                   const char *key, const char *text)
{
    size_t key_len = strlen(key);
    bool says_key = strncmp(text, key, key_len) == 0 && strncmp(text + key_len, ": ", 2) == 0;
    return reading_fail(reading, item, what, "%s",
                        says_key && ends_with(what, key) ? text + key_len + 2 : text);
}

static bool refuse_kind(const struct reading *reading, const struct yaml_item *item,
                        const char *what, const char *key)
{
    char text[128];
    (void)snprintf(text, sizeof(text), "%.64s: %s, expected one value%s", key,
                   yaml_kind_text(item->kind), takes_list(key) ? " or a list" : ""); // fits
    return refuse(reading, item, what, key, text);
}

bool reading_set_one(const struct reading *reading, const struct yaml_item *item, const char *what,
                     const char *key, reading_set_fn set, void *user)
{
    const char *value = item->text;
    if (item->kind == YAML_MAP || (item->kind == YAML_LIST && !takes_list(key))) {
        return refuse_kind(reading, item, what, key);
    }
    if (item->kind == YAML_LIST) {
        value = join(reading, item, what, strcmp(key, "names") == 0 ? ',' : ':');
    }
    if (value == NULL) {
        return false;
    }
    struct error error = {0};
    return set(user, key, value, &error) ||
           (error.kind == ERROR_MEMORY ? error_set(reading->error, ERROR_MEMORY, "%s", error.text)
                                       : refuse(reading, item, what, key, error.text));
}

bool reading_set(const struct reading *reading, const struct yaml_item *map, const char *what,
                 reading_set_fn set, void *user)
{
    if (!reading_is(reading, map, YAML_MAP, what)) {
        return false;
    }
    for (const struct yaml_item *item = map->first; item != NULL; item = item->next) {
        if (!reading_set_one(reading, item, what, item->key, set, user)) {
            return false;
        }
    }
    return true;
}
