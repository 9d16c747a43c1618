#include "mint_cache.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct leaf_id id;
    struct counted_leaf *leaf;
    struct entry *next_in_bucket;
    struct entry *newer, *older; // by last use
};

struct mint_cache {
    struct entry **buckets;
    size_t bucket_count; // a power of two
    size_t count;
    size_t leaves_max;
    struct entry *newest, *oldest;
};

struct mint_cache *mint_cache_new(size_t leaves_max)
{
    struct mint_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL) {
        return NULL;
    }
    cache->leaves_max = leaves_max > 0 ? leaves_max : 1;
    cache->bucket_count = 16;
    while (cache->bucket_count < cache->leaves_max && cache->bucket_count < (size_t)1 << 20) {
        cache->bucket_count *= 2;
    }
    cache->buckets = calloc(cache->bucket_count, sizeof(*cache->buckets));
    if (cache->buckets == NULL) {
        free(cache);
        return NULL;
    }
    return cache;
}

static struct entry **bucket_of(struct mint_cache *cache, const struct leaf_id *id)
{
    uint64_t hash = 0;
    memcpy(&hash, id->digest, sizeof(hash));
    return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static void unlink_used(struct mint_cache *cache, struct entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(struct mint_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void entry_remove(struct mint_cache *cache, struct entry *entry)
{
    struct entry **at = bucket_of(cache, &entry->id);
    while (*at != entry) {
        at = &(*at)->next_in_bucket;
    }
    *at = entry->next_in_bucket;
    unlink_used(cache, entry);
    cache->count--;
    leaf_release(&entry->leaf->leaf);
    free(entry);
}

static struct entry *entry_find(struct mint_cache *cache, const struct leaf_id *id)
{
    struct entry *entry = *bucket_of(cache, id);
    while (entry != NULL && memcmp(&entry->id, id, sizeof(*id)) != 0) {
        entry = entry->next_in_bucket;
    }
    return entry;
}

void mint_cache_free(struct mint_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    while (cache->oldest != NULL) {
        entry_remove(cache, cache->oldest);
    }
    free(cache->buckets);
    free(cache);
}

struct counted_leaf *mint_cache_find(struct mint_cache *cache, const struct leaf_id *id,
                                     int64_t now_us)
{
    struct entry *entry = entry_find(cache, id);
    if (entry == NULL) {
        return NULL;
    }
    if (now_us < entry->leaf->fresh_from_us || now_us >= entry->leaf->fresh_until_us) {
        entry_remove(cache, entry);
        return NULL;
    }
    unlink_used(cache, entry);
    link_newest(cache, entry);
    return entry->leaf;
}

bool mint_cache_put(struct mint_cache *cache, const struct leaf_id *id, struct counted_leaf *leaf)
{
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return false;
    }
    struct entry *before = entry_find(cache, id);
    if (before != NULL) {
        entry_remove(cache, before);
    }
    while (cache->count >= cache->leaves_max) {
        entry_remove(cache, cache->oldest);
    }
    leaf->references++;
    entry->id = *id;
    entry->leaf = leaf;
    struct entry **bucket = bucket_of(cache, id);
    entry->next_in_bucket = *bucket;
    *bucket = entry;
    link_newest(cache, entry);
    cache->count++;
    return true;
}
