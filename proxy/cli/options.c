#include "options.h"

#include <string.h>

#include "command.h"
#include "quote.h"
#include "text.h"

#define SHOWN_MAX 128 // of what the user wrote, in an error

static const struct option_key *find_option(const struct command *command, struct slice name)
{
    for (size_t i = 0;; i++) {
        const struct option_key *key = command_option(command, i);
        if (key == NULL || slice_equals_text(name, key->name)) {
            return key;
        }
    }
}

static bool refuse_option(const struct command *command, struct slice name, struct error *error)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; command_option(command, i) != NULL; i++) {
        nearest_offer(&nearest, command_option(command, i)->name);
    }
    struct buffer shown = {0};
    (void)text_escape(&shown, slice_part(name, 0, SHOWN_MAX)); // shorter is still a fair quote
    const char *quoted = buffer_text(&shown);
    quoted = quoted != NULL ? quoted : "";
    if (nearest.best != NULL) {
        (void)error_set(error, ERROR_USAGE, "unknown option '--%s', did you mean '--%s'?", quoted,
                        nearest.best);
    } else {
        (void)error_set(error, ERROR_USAGE, "unknown option '--%s', see 'midspan help %s'", quoted,
                        command->name);
    }
    buffer_clear(&shown);
    return false;
}

// Reads one "--…" at arguments[*i]; moves *i onto the value when that is an argument of its own.
static bool read_option(struct invocation *invocation, char **arguments, size_t *i,
                        struct error *error)
{
    const char *text = arguments[*i] + 2;
    const char *equals = strchr(text, '=');
    size_t name_len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    struct slice name = {(const uint8_t *)text, name_len};
    const struct option_key *key = find_option(invocation->command, name);
    if (key == NULL) {
        return refuse_option(invocation->command, name, error);
    }
    const char *value = equals != NULL ? equals + 1 : NULL;
    bool is_own = option_key_find(key->name) == NULL; // a shared switch may be told on or off
    if (key->value == NULL && value != NULL && is_own) {
        return error_set(error, ERROR_USAGE, "--%s: unexpected value '%.*s', it is a switch",
                         key->name, SHOWN_MAX, value);
    }
    if (key->value != NULL && value == NULL) {
        const char *next = arguments[*i + 1];
        bool is_value = next != NULL && (next[0] != '-' || next[1] == '\0');
        if (!is_value) {
            return error_set(error, ERROR_USAGE, "--%s: no value, expected %s", key->name,
                             key->value);
        }
        value = next;
        *i += 1;
    }
    if (invocation->flag_count == INVOCATION_FLAGS_MAX) {
        return error_set(error, ERROR_USAGE, "too many options, expected at most %d",
                         INVOCATION_FLAGS_MAX);
    }
    invocation->flags[invocation->flag_count++] = (struct flag){key->name, value};
    return true;
}

bool options_parse(const struct command *command, char **arguments,
                   struct invocation *out_invocation, struct error *error)
{
    struct invocation *invocation = out_invocation;
    *invocation = (struct invocation){.command = command};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        char *argument = arguments[i];
        if (strcmp(argument, "--") == 0) {
            invocation->rest = &arguments[i + 1];
            return true;
        }
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            invocation->wants_help = true;
            return true;
        }
        if (strncmp(argument, "--", 2) == 0) {
            if (!read_option(invocation, arguments, &i, error)) {
                return false;
            }
            continue;
        }
        if (argument[0] == '-' && argument[1] != '\0') {
            return error_set(error, ERROR_USAGE, "unknown option '%.*s', see 'midspan help %s'",
                             SHOWN_MAX, argument, command->name);
        }
        if (command->takes_program) {
            invocation->rest = &arguments[i];
            return true;
        }
        if (invocation->operand_count == INVOCATION_OPERANDS_MAX) {
            return error_set(error, ERROR_USAGE, "unexpected '%.*s', expected: midspan %s %s",
                             SHOWN_MAX, argument, command->name, command->usage);
        }
        invocation->operands[invocation->operand_count++] = argument;
    }
    return true;
}

const char *option_value(const struct invocation *invocation, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < invocation->flag_count; i++) {
        if (strcmp(invocation->flags[i].name, name) == 0) {
            value = invocation->flags[i].value;
        }
    }
    return value;
}

bool option_is_given(const struct invocation *invocation, const char *name)
{
    for (size_t i = 0; i < invocation->flag_count; i++) {
        if (strcmp(invocation->flags[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool options_settings(const struct invocation *invocation, struct settings *out_settings,
                      struct error *error)
{
    settings_default(out_settings);
    const char *config = option_value(invocation, "config");
    if (config != NULL && !settings_load(out_settings, config, error)) {
        error->kind = ERROR_CONFIG; // even when the disk says no: the user named the file
        return false;
    }
    for (size_t i = 0; i < invocation->flag_count; i++) {
        const struct flag *flag = &invocation->flags[i];
        if (option_key_find(flag->name) != NULL &&
            !settings_set(out_settings, flag->name, flag->value, error)) {
            return false;
        }
    }
    return true;
}
