// One option of struct settings, as the flags and the config file both set it. Inside policy only.
#pragma once

#include "settings.h"

// option_set sets the option `name`; errors begin with `what`, which is how the user wrote it
// ("--listen" or "listen"). A leg is set from its "KEY=VALUE,…" text.
bool option_set(struct settings *settings, const char *name, const char *what, const char *value,
                struct error *error);
