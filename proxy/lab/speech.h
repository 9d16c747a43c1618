// Text in the languages of the lab: a scenario says everything in English and Japanese.
#pragma once

#include "cause.h"

// All-zero is an empty speech.
struct speech {
    const char *text[LANGUAGES]; // borrowed; NULL: not said
};

// speech_in gives the text in `language`, else in English, else "".
const char *speech_in(const struct speech *speech, enum language language);

// language_named reads "en" or "ja"; false when `name` is neither.
bool language_named(const char *name, enum language *out_language);

// language_of_locale gives the language of a value of LANG and its like ("ja_JP.UTF-8"); NULL,
// empty, what the lab does not speak and another code set than UTF-8 give English.
enum language language_of_locale(const char *locale);
