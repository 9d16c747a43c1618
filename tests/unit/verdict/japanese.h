// Holds that what a verdict rests on can be said in Japanese.
#pragma once

#include <string.h>

#include "rows.h"
#include "words.h"

// assert_facts_in_japanese: each fact has a row, and what stands in its places has one where it is
// a sentence of ours.
static inline void assert_facts_in_japanese(const struct verdict *verdict)
{
    static const char *const english[] = {" the ",  " of ",  " is ",   " was ",
                                          " that ", " for ", " with ", " not "};
    struct arena arena = {0};
    for (size_t i = 0; i < COUNT_OF(verdict->facts) && verdict->facts[i] != NULL; i++) {
        const char *said = words_in(verdict->facts[i], LANGUAGE_JA, &arena);
        if (said == verdict->facts[i]) {
            fail_msg("no row for '%s'", said);
        }
        for (size_t word = 0; word < COUNT_OF(english); word++) {
            if (strstr(said, english[word]) != NULL) {
                fail_msg("English is left: '%s'", said);
            }
        }
    }
    arena_clear(&arena);
}
