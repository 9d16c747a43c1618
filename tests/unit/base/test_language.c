// Which language a locale asks for.
#include "rows.h"

#include "language.h"

static const struct row {
    const char *name, *locale;
    enum language want;
} rows[] = {
    {"Japanese, as Debian names it", "ja_JP.UTF-8", LANGUAGE_JA},
    {"Japanese without a country", "ja", LANGUAGE_JA},
    {"Japanese, as others name it", "ja_JP.utf8", LANGUAGE_JA},
    {"Japanese in another code set", "ja_JP.eucJP", LANGUAGE_EN},
    {"English of the United States", "en_US.UTF-8", LANGUAGE_EN},
    {"a language that midspan does not speak", "fr_FR.UTF-8", LANGUAGE_EN},
    {"a word that only begins so", "java", LANGUAGE_EN},
    {"C", "C", LANGUAGE_EN},
    {"nothing", "", LANGUAGE_EN},
    {"not set", NULL, LANGUAGE_EN},
};

static void locale_gives(void **state)
{
    const struct row *row = *state;
    assert_int_equal(language_of_locale(row->locale), row->want);
}

int main(void)
{
    return RUN_ROWS(rows, locale_gives);
}
