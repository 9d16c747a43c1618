// The cache of leaves: its bound, who goes first, and how long a leaf is fresh.
#include "rows.h"

#include <stdlib.h>

#include "mint_cache.h"

static struct leaf_id id_of(uint8_t n)
{
    // All in one bucket: the first eight bytes choose it.
    return (struct leaf_id){.digest = {0, 0, 0, 0, 0, 0, 0, 0, n}};
}

static void put(struct mint_cache *cache, uint8_t n)
{
    struct counted_leaf *leaf = calloc(1, sizeof(*leaf));
    struct leaf_id id = id_of(n);
    assert_non_null(leaf);
    leaf->references = 1;
    leaf->fresh_from_us = 100;
    leaf->fresh_until_us = 200;
    assert_true(mint_cache_put(cache, &id, leaf));
    leaf_release(&leaf->leaf);
}

static bool has(struct mint_cache *cache, uint8_t n, int64_t now_us)
{
    struct leaf_id id = id_of(n);
    return mint_cache_find(cache, &id, now_us) != NULL;
}

static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct mint_cache *cache = mint_cache_new(3);
    put(cache, 1);
    put(cache, 2);
    put(cache, 3);
    assert_true(has(cache, 1, 150));
    put(cache, 4);
    assert_false(has(cache, 2, 150));
    assert_true(has(cache, 1, 150) && has(cache, 3, 150) && has(cache, 4, 150));
    mint_cache_free(cache);
}

static void a_leaf_is_fresh_between_its_times(void **state)
{
    (void)state;
    struct mint_cache *cache = mint_cache_new(3);
    put(cache, 1);
    assert_true(has(cache, 1, 100));
    assert_true(has(cache, 1, 199));
    assert_false(has(cache, 1, 200));
    assert_false(has(cache, 1, 150)); // it is gone
    put(cache, 1);
    assert_false(has(cache, 1, 99)); // the clock was set back
    assert_false(has(cache, 1, 150));
    mint_cache_free(cache);
}

static void the_same_id_again_takes_its_place(void **state)
{
    (void)state;
    struct mint_cache *cache = mint_cache_new(3);
    put(cache, 1);
    put(cache, 2);
    put(cache, 1);
    put(cache, 3); // there is room left: 1 is not in it twice
    assert_true(has(cache, 1, 150) && has(cache, 2, 150) && has(cache, 3, 150));
    mint_cache_free(cache);
}

static void a_cache_of_one(void **state)
{
    (void)state;
    struct mint_cache *cache = mint_cache_new(1);
    put(cache, 1);
    put(cache, 2);
    assert_true(!has(cache, 1, 150) && has(cache, 2, 150));
    mint_cache_free(cache);
    mint_cache_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(a_leaf_is_fresh_between_its_times),
        cmocka_unit_test(the_same_id_again_takes_its_place),
        cmocka_unit_test(a_cache_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
