#include "suggest.h"

#include <stdbool.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Optimal string alignment: the edit distance in which two swapped neighbours count as one.
size_t suggest_distance(const char *a, const char *b)
{
    size_t a_len = least(strlen(a), SUGGEST_WORD_MAX);
    size_t b_len = least(strlen(b), SUGGEST_WORD_MAX);
    size_t rows[3][SUGGEST_WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_len; j++) {
        last[j] = j;
        before[j] = 0;
    }
    for (size_t i = 1; i <= a_len; i++) {
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
            now[j] = least(least(now[j - 1], last[j]) + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], before[j - 2] + 1);
            }
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b_len];
}

void suggestion_consider(struct suggestion *suggestion, const char *candidate)
{
    size_t word_len = strlen(suggestion->word);
    bool is_beginning = word_len >= 3 && strncmp(suggestion->word, candidate, word_len) == 0;
    size_t distance = is_beginning && word_len < strlen(candidate)
                          ? 1
                          : suggest_distance(suggestion->word, candidate);
    size_t distance_max = (strlen(candidate) + 2) / 3;
    if (distance > distance_max) {
        return;
    }
    if (suggestion->best == NULL || distance < suggestion->best_distance) {
        suggestion->best = candidate;
        suggestion->best_distance = distance;
    }
}
