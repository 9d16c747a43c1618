#include "tongue.h"

#include <stdlib.h>

#include "report.h"

enum language tongue_of_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return language_of_locale(value);
        }
    }
    return LANGUAGE_EN;
}

bool tongue_of(const struct invocation *invocation, enum language *out_language)
{
    const char *name = option_value(invocation, "lang");
    *out_language = tongue_of_locale();
    if (name == NULL || language_named(name, out_language)) {
        return true;
    }
    report("--lang: unknown language '%.16s', expected en or ja", name);
    return false;
}
