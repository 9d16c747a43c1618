// A text that quotes peers, said again in Japanese: bounded, and English gives itself.
#include <stdlib.h>
#include <string.h>

#include "words.h"

#define TEXT_BYTES_MAX 4096 // facts are far shorter

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    const char *text = arena_text(&arena, (struct slice){data, size});
    if (size > TEXT_BYTES_MAX || text == NULL) {
        arena_clear(&arena);
        return 0;
    }
    const char *said = words_in(text, LANGUAGE_JA, &arena);
    // What a row's places hold is a part of the text, so nothing grows without bound.
    if (words_in(text, LANGUAGE_EN, &arena) != text || strlen(said) > 64 * (size + 64)) {
        abort();
    }
    arena_clear(&arena);
    return 0;
}
