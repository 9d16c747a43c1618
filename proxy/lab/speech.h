// Text in the languages of midspan: a scenario says everything in English and Japanese.
#pragma once

#include "language.h"

// All-zero is an empty speech.
struct speech {
    const char *text[LANGUAGES]; // borrowed; NULL: not said
};

// speech_in gives the text in `language`, else in English, else "".
const char *speech_in(const struct speech *speech, enum language language);
