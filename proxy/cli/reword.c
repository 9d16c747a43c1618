#include "reword.h"

#include <string.h>

static const struct {
    const char *said, *better;
} phrases[] = {
    // The longer ones first.
    {"; midspan passed both on untouched", ""},
    {"without midspan in the middle", "directly"},
    {"midspan's", "the client's"},
    {"midspan", "the client"},
};

static const char *reword(const char *text, struct arena *arena)
{
    struct buffer out = {0};
    if (text == NULL || strstr(text, "midspan") == NULL) {
        return text;
    }
    bool ok = true;
    for (const char *at = text; *at != '\0' && ok;) {
        size_t i = 0;
        while (i < COUNT_OF(phrases) &&
               strncmp(at, phrases[i].said, strlen(phrases[i].said)) != 0) {
            i++;
        }
        bool is_found = i < COUNT_OF(phrases);
        ok = is_found ? buffer_append_text(&out, phrases[i].better)
                      : buffer_append_byte(&out, (uint8_t)*at);
        at += is_found ? strlen(phrases[i].said) : 1;
    }
    const char *better = ok ? arena_text(arena, buffer_slice(&out)) : NULL;
    buffer_clear(&out);
    return better != NULL ? better : text;
}

void reword_captured(struct verdict *verdict, struct arena *arena)
{
    verdict->summary = reword(verdict->summary, arena);
    for (size_t i = 0; i < COUNT_OF(verdict->facts) && verdict->facts[i] != NULL; i++) {
        verdict->facts[i] = reword(verdict->facts[i], arena);
    }
    verdict->direct = DIRECT_UNKNOWN; // it was direct: there is nothing to compare
}
