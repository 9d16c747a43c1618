#include "language.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const names[LANGUAGES] = {[LANGUAGE_EN] = "en", [LANGUAGE_JA] = "ja"};

bool language_named(const char *name, enum language *out_language)
{
    for (int i = 0; i < LANGUAGES; i++) {
        if (strcasecmp(names[i], name) == 0) {
            *out_language = (enum language)i;
            return true;
        }
    }
    return false;
}

// is_utf8 is false for a locale that names another code set: Japanese would be unreadable there.
static bool is_utf8(const char *locale)
{
    const char *dot = strchr(locale, '.');
    return dot == NULL || strncasecmp(dot, ".utf-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0;
}

enum language language_of_locale(const char *locale)
{
    char name[3] = "";
    if (locale == NULL) {
        return LANGUAGE_EN;
    }
    size_t len = strcspn(locale, "_.@-");
    if (len != 2 || !is_utf8(locale)) {
        return LANGUAGE_EN;
    }
    memcpy(name, locale, len);
    enum language language = LANGUAGE_EN;
    (void)language_named(name, &language); // English stays for what midspan does not speak
    return language;
}
