#include "speech.h"

#include <stddef.h>

const char *speech_in(const struct speech *speech, enum language language)
{
    if (speech->text[language] != NULL) {
        return speech->text[language];
    }
    return speech->text[LANGUAGE_EN] != NULL ? speech->text[LANGUAGE_EN] : "";
}
