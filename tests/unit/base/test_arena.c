#include "arena.h"

#include <stdalign.h>
#include <string.h>

#include "rows.h"

static void memory_is_zero_aligned_and_apart(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 16, 17, 100, 4000, 4096, 4097, 9000, 3, 50000};
    struct arena arena = {0};
    uint8_t *memory[COUNT(sizes)];
    for (size_t i = 0; i < COUNT(sizes); i++) {
        memory[i] = arena_alloc(&arena, sizes[i]);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % alignof(max_align_t), 0);
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(memory[i][at], 0);
        }
        memset(memory[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(memory[i][at], i + 1); // no later one wrote over it
        }
    }
    arena_clear(&arena);
    assert_int_equal(arena.used_bytes, 0);
}

static void limit_is_kept(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, ARENA_BYTES_MAX + 1));
    assert_non_null(arena_alloc(&arena, ARENA_BYTES_MAX - 16));
    assert_non_null(arena_alloc(&arena, 16));
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_text(&arena, slice_of_text("x")));
    assert_null(arena_printf(&arena, "%d", 1));
    assert_int_equal(arena_copy(&arena, slice_of_text("x")).len, 0);
    arena_clear(&arena);
    assert_string_equal(arena_text(&arena, slice_of_text("usable again")), "usable again");
    arena_clear(&arena);
}

static void copies_outlive_what_they_are_of(void **state)
{
    (void)state;
    struct arena arena = {0};
    char source[] = "a name\0b";
    struct slice copy = arena_copy(&arena, (struct slice){(const uint8_t *)source, 8});
    const char *text = arena_text(&arena, slice_of_text(source));
    const char *empty = arena_text(&arena, SLICE_EMPTY);
    const char *format = arena_printf(&arena, "%s=%d", source, 7);
    memset(source, 'x', sizeof(source));
    assert_int_equal(copy.len, 8);
    assert_memory_equal(copy.data, "a name\0b", 8);
    assert_string_equal(text, "a name");
    assert_string_equal(empty, "");
    assert_string_equal(format, "a name=7");
    assert_null(arena_copy(&arena, SLICE_EMPTY).data);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_aligned_and_apart),
        cmocka_unit_test(limit_is_kept),
        cmocka_unit_test(copies_outlive_what_they_are_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
