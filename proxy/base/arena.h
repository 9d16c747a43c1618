// An arena owns everything that lives as long as one connection: evidence, names, hellos.
#pragma once

#include "slice.h"

struct arena_block;

// All-zero is a valid empty arena.
struct arena {
    struct arena_block *blocks;
    size_t used_bytes; // handed out so far
};

// An arena hands out at most this much; past it every call gives NULL (or the empty slice).
#define ARENA_BYTES_MAX ((size_t)16 << 20)

// arena_alloc gives zeroed memory, aligned for any type, valid until arena_clear; NULL when out.
void *arena_alloc(struct arena *arena, size_t size);

// arena_copy and arena_text copy into the arena; arena_text adds a NUL to the slice's bytes.
struct slice arena_copy(struct arena *arena, struct slice bytes);
const char *arena_text(struct arena *arena, struct slice bytes);
const char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// arena_clear frees all of it; the arena is then empty and usable again.
void arena_clear(struct arena *arena);
