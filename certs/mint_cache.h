// A bounded cache of leaves, least recently used out first. Not thread-safe: the mint locks it.
// Not for other folders.
#pragma once

#include "mint.h"

// A leaf and its count of references; `leaf` is first, so that one pointer is both.
struct counted_leaf {
    struct leaf leaf;
    _Atomic int references;
    int64_t fresh_from_us, fresh_until_us; // wall time within which it may be handed out again
};

// What makes two leaves the same one: SHA-256 over all of it, so that keys are of one size and no
// client can choose names that collide.
struct leaf_id {
    uint8_t digest[32];
};

struct mint_cache;

struct mint_cache *mint_cache_new(size_t leaves_max);
void mint_cache_free(struct mint_cache *cache); // releases its leaves; NULL does nothing

// mint_cache_find gives the leaf of `id`, borrowed, and marks it used; NULL when there is none or
// it is not fresh at `now_us`.
struct counted_leaf *mint_cache_find(struct mint_cache *cache, const struct leaf_id *id,
                                     int64_t now_us);

// mint_cache_put keeps a reference to `leaf` in place of any that `id` had; false, with nothing
// kept, when memory is out.
bool mint_cache_put(struct mint_cache *cache, const struct leaf_id *id, struct counted_leaf *leaf);
