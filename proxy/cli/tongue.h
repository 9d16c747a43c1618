// The language in which midspan speaks to who started it.
#pragma once

#include "command.h"
#include "language.h"

// tongue_of_locale is the language that the environment asks for, as the C library chooses that of
// messages.
enum language tongue_of_locale(void);

// tongue_of is the language of --lang, else the locale's. False, reported, for one that there is
// not.
bool tongue_of(const struct invocation *invocation, enum language *out_language);
