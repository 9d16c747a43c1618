#include "command.h"

#include <string.h>

static const struct command *const commands[] = {
    &cmd_proxy, &cmd_bridge,  &cmd_exec,    &cmd_browser, &cmd_ca,  &cmd_predict,
    &cmd_check, &cmd_explain, &cmd_presets, &cmd_probe,   &cmd_lab, &cmd_help,
};

static const struct option_key config_option = {
    .name = "config",
    .value = "FILE.yaml",
    .help = "read options from this file first; flags win",
};

const struct command *command_at(size_t i)
{
    return i < COUNT_OF(commands) ? commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

const struct option_key *command_option(const struct command *command, size_t i)
{
    size_t own_count = 0;
    while (command->options != NULL && command->options[own_count].name != NULL) {
        own_count++;
    }
    if (i < own_count) {
        return &command->options[i];
    }
    if (!command->takes_settings) {
        return NULL;
    }
    return i == own_count ? &config_option : option_key_at(i - own_count - 1);
}
