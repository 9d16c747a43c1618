// The languages that midspan's texts for people are written in. The log, and what the command line
// says about itself, are English.
#pragma once

#include <stdbool.h>

enum language {
    LANGUAGE_EN,
    LANGUAGE_JA,
    LANGUAGES
};

// language_named reads "en" or "ja"; false when `name` is neither.
bool language_named(const char *name, enum language *out_language);

// language_of_locale gives the language of a value of LANG and its like ("ja_JP.UTF-8"); NULL,
// empty, what midspan does not speak and another code set than UTF-8 give English.
enum language language_of_locale(const char *locale);
