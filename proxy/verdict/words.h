// The Japanese of what midspan itself says about a connection: facts, rows of a proof, the
// console's labels. They are made in English, which is what evidence and the log keep, and are said
// again where they are shown. One row a sentence, built into the binary from words.yaml by
// scripts/gen_words.py, which also holds the rows against the texts in the code.
#pragma once

#include "arena.h"
#include "verdict.h"

// A row's English has at most as many places to fill in, and a place is said again at most so deep.
#define WORDS_PLACES_MAX 6
#define WORDS_DEPTH_MAX  16
// … and of one text so many parts are looked at; what is behind them stays as it is.
#define WORDS_PARTS_MAX 256

struct words_row {
    const char *english; // as printf takes it: "the client offers %s"; %S holds no "; "
    // {1} is the first place as it is, {1~} the first place said again; {1!} likewise, and without
    // a row for it this row is none.
    const char *japanese;
};
const struct words_row *words_at(size_t i); // NULL past the end

// words_in gives a text of ours in `language`. What has no row, and everything when memory is out,
// stays as it is. `arena` may be NULL for texts without places. What is not static is in the arena,
// or is `text` itself.
const char *words_in(const char *text, enum language language, struct arena *arena);

// verdict_in gives a verdict as it is shown in `language`. Where its summary or its fix has no row,
// the catalogue's text stands for it. Texts as words_in gives them.
struct verdict verdict_in(const struct verdict *verdict, enum language language,
                          struct arena *arena);
// proof_row_in gives a row of a proof, or of an experiment, in `language`.
struct proof_row proof_row_in(const struct proof_row *row, enum language language,
                              struct arena *arena);
