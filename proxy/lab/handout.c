#include "handout.h"

#include <string.h>

#include "slice.h"

// The keys that are shown; within a leg all but the clock.
static const struct {
    const char *part, *key;
} shown[] = {
    {"origin", "policy"},        {"bridge", "edge"},          {"bridge", "order"},
    {"bridge", "on-failure"},    {"bridge", "ingress"},       {"bridge", "client-leg"},
    {"bridge", "server-leg"},    {"client", "preset"},        {"client", "policy"},
    {"second-client", "preset"}, {"second-client", "policy"},
};

static bool is_shown(const char *part, const struct yaml_item *item)
{
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        if (strcmp(shown[i].part, part) == 0 && strcmp(shown[i].key, item->key) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_fault_of_a_leg(const struct yaml_item *item)
{
    return item->key != NULL && strcmp(item->key, "clock") == 0;
}

static bool write_text(struct buffer *out, const char *text)
{
    bool is_plain = text[0] != '\0' && strpbrk(text, " ,:{}[]#&*!|>'\"%@`") == NULL;
    return buffer_printf(out, is_plain ? "%s" : "\"%s\"", text);
}

// write_value writes a value in one line. A double quote or a backslash stands in no leg key.
static bool write_value(struct buffer *out, const struct yaml_item *value)
{
    if (value->kind == YAML_TEXT) {
        return write_text(out, value->text);
    }
    bool is_map = value->kind == YAML_MAP, is_first = true;
    bool is_ok = buffer_append_text(out, is_map ? "{" : "[");
    for (const struct yaml_item *one = value->first; one != NULL && is_ok; one = one->next) {
        if (is_fault_of_a_leg(one)) {
            continue;
        }
        is_ok = buffer_append_text(out, is_first ? "" : ", ") &&
                (!is_map || buffer_printf(out, "%s: ", one->key)) && write_value(out, one);
        is_first = false;
    }
    return is_ok && buffer_append_text(out, is_map ? "}" : "]");
}

static bool is_empty(const struct yaml_item *value)
{
    const struct yaml_item *one = value->first;
    while (one != NULL && is_fault_of_a_leg(one)) {
        one = one->next;
    }
    return value->kind != YAML_TEXT && one == NULL;
}

static bool write_part(struct buffer *out, const char *part, const struct yaml_item *item)
{
    bool is_first = true, is_ok = buffer_printf(out, "%s:", part);
    const struct yaml_item *one = item != NULL && item->kind == YAML_MAP ? item->first : NULL;
    for (; one != NULL && is_ok; one = one->next) {
        if (is_shown(part, one) && !is_empty(one)) {
            is_ok = buffer_printf(out, "%s  %s: ", is_first ? "\n" : "", one->key) &&
                    write_value(out, one) && buffer_append_text(out, "\n");
            is_first = false;
        }
    }
    return is_ok && buffer_append_text(out, is_first ? " {}\n" : "");
}

bool handout_write(struct buffer *out, const struct yaml_item *scenario)
{
    static const char *const parts[] = {"origin", "bridge", "client"};
    const struct yaml_item *second = yaml_member(scenario, "second-client");
    bool is_ok = true;
    for (size_t i = 0; i < COUNT_OF(parts) && is_ok; i++) {
        is_ok = write_part(out, parts[i], yaml_member(scenario, parts[i]));
    }
    return is_ok && (second == NULL || write_part(out, "second-client", second));
}
