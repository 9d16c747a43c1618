// The nearest word for one that nobody knows.
#pragma once

#include <stddef.h>

#define SUGGEST_WORD_MAX 64

struct suggestion {
    const char *word; // what was written
    const char *best; // nearest so far, NULL: none is near
    size_t best_distance;
};

// suggestion_consider keeps `candidate` if it is nearer than those before, and near at all: at
// most one wrong, missing, extra or swapped letter for each three of the candidate, or (from three
// letters on) its beginning.
void suggestion_consider(struct suggestion *suggestion, const char *candidate);

// suggest_distance counts the letters to change, add, drop or swap to turn one word into the
// other; words are cut at SUGGEST_WORD_MAX.
size_t suggest_distance(const char *a, const char *b);
