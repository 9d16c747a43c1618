#include "reword.h"

#include <string.h>

// The longer ones first; NULL ends them.
static const struct phrase {
    const char *said, *better;
} phrases[LANGUAGES][5] = {
    [LANGUAGE_EN] = {{"; midspan passed both on untouched", ""},
                     {"without midspan in the middle", "directly"},
                     {"midspan's", "the client's"},
                     {"midspan", "the client"}},
    [LANGUAGE_JA] = {{"midspan", "クライアント"}},
};

static const struct phrase *phrase_at(const char *text, enum language language)
{
    for (const struct phrase *phrase = phrases[language]; phrase->said != NULL; phrase++) {
        if (strncmp(text, phrase->said, strlen(phrase->said)) == 0) {
            return phrase;
        }
    }
    return NULL;
}

static const char *reword(const char *text, enum language language, struct arena *arena)
{
    struct buffer out = {0};
    if (text == NULL || strstr(text, "midspan") == NULL) {
        return text;
    }
    bool ok = true;
    for (const char *at = text; *at != '\0' && ok;) {
        const struct phrase *phrase = phrase_at(at, language);
        ok = phrase != NULL ? buffer_append_text(&out, phrase->better)
                            : buffer_append_byte(&out, (uint8_t)*at);
        at += phrase != NULL ? strlen(phrase->said) : 1;
    }
    const char *better = ok ? arena_text(arena, buffer_slice(&out)) : NULL;
    buffer_clear(&out);
    return better != NULL ? better : text;
}

void reword_captured(struct verdict *verdict, enum language language, struct arena *arena)
{
    if (language == LANGUAGE_EN) { // else the catalogue's stands there
        verdict->summary = reword(verdict->summary, language, arena);
    }
    for (size_t i = 0; i < COUNT_OF(verdict->facts) && verdict->facts[i] != NULL; i++) {
        verdict->facts[i] = reword(verdict->facts[i], language, arena);
    }
    verdict->direct = DIRECT_UNKNOWN; // it was direct: there is nothing to compare
}
