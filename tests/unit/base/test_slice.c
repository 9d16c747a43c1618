#include "slice.h"

#include <string.h>

#include "rows.h"

static const struct equal_row {
    const char *name, *a, *b;           // NULL: the empty slice
    bool want, want_nocase, want_start; // b a beginning of a
} equal_rows[] = {
    {"both empty", NULL, NULL, true, true, true},
    {"NULL and the empty text", NULL, "", true, true, true},
    {"the same", "host", "host", true, true, true},
    {"another case", "Host", "hoST", false, true, false},
    {"another length", "host", "hos", false, false, true},
    {"a longer beginning", "hos", "host", false, false, false},
    {"another letter", "host", "hose", false, false, false},
    {"only ASCII letters fold", "[", "{", false, false, false},
    {"bytes above ASCII do not fold", "\xc4", "\xe4", false, false, false},
};

static void slices_compare(void **state)
{
    const struct equal_row *row = *state;
    struct slice a = slice_of_text(row->a);
    struct slice b = slice_of_text(row->b);
    assert_int_equal(slice_equals(a, b), row->want);
    assert_int_equal(slice_equals(b, a), row->want);
    assert_int_equal(slice_equals_text(a, row->b), row->want);
    assert_int_equal(slice_equals_nocase(a, b), row->want_nocase);
    assert_int_equal(slice_equals_nocase(b, a), row->want_nocase);
    assert_int_equal(slice_starts_with(a, row->b), row->want_start);
}

static const struct part_row {
    const char *name;
    size_t at, len;
    const char *want;
} part_rows[] = {
    {"the whole", 0, 6, "abcdef"},
    {"a middle", 2, 3, "cde"},
    {"more than is left", 4, 100, "ef"},
    {"everything from a place on", 1, SIZE_MAX, "bcdef"},
    {"nothing", 3, 0, ""},
    {"at the end", 6, 1, ""},
    {"past the end", 7, 1, ""},
    {"far past the end", SIZE_MAX, SIZE_MAX, ""},
};

static void slice_part_gives(void **state)
{
    const struct part_row *row = *state;
    struct slice part = slice_part(slice_of_text("abcdef"), row->at, row->len);
    assert_true(slice_equals_text(part, row->want));
    assert_true(slice_equals(slice_part(SLICE_EMPTY, row->at, row->len), SLICE_EMPTY));
}

static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};

static void cursor_reads_numbers_in_order(void **state)
{
    (void)state;
    struct cursor cursor = cursor_over((struct slice){bytes, sizeof(bytes)});
    uint8_t u8;
    uint16_t u16;
    uint32_t u24, u32;
    assert_true(cursor_u8(&cursor, &u8) && u8 == 0x01);
    assert_true(cursor_u16(&cursor, &u16) && u16 == 0x0203);
    assert_true(cursor_u24(&cursor, &u24) && u24 == 0x040506);
    assert_int_equal(cursor.at, 6);
    assert_false(cursor_u24(&cursor, &u24) || cursor_u32(&cursor, &u32));
    assert_int_equal(cursor.at, 6);
    assert_int_equal(cursor.left.len, 2);
    assert_true(cursor_u16(&cursor, &u16) && u16 == 0x0708);
    assert_false(cursor_u8(&cursor, &u8) || cursor_u16(&cursor, &u16));
    cursor = cursor_over((struct slice){bytes, sizeof(bytes)});
    assert_true(cursor_u32(&cursor, &u32) && u32 == 0x01020304);
}

static void cursor_takes_no_more_than_there_is(void **state)
{
    (void)state;
    struct cursor cursor = cursor_over((struct slice){bytes, sizeof(bytes)});
    struct slice taken = SLICE_EMPTY;
    assert_false(cursor_take(&cursor, sizeof(bytes) + 1, &taken));
    assert_false(cursor_take(&cursor, SIZE_MAX, &taken));
    assert_int_equal(taken.len, 0);
    assert_true(cursor_take(&cursor, 0, &taken));
    assert_true(cursor_take(&cursor, sizeof(bytes), &taken));
    assert_ptr_equal(taken.data, bytes);
    assert_true(cursor_take(&cursor, 0, &taken));
    cursor = cursor_over(SLICE_EMPTY);
    assert_true(cursor_take(&cursor, 0, &taken));
    assert_false(cursor_take(&cursor, 1, &taken));
}

static const struct vector_row {
    const char *name;
    size_t width;
    uint8_t bytes[6];
    size_t len;
    bool want;
    size_t want_len;
} vector_rows[] = {
    {"u8: two bytes", 1, {2, 7, 8, 9}, 4, true, 2},
    {"u8: empty", 1, {0}, 1, true, 0},
    {"u8: one byte short", 1, {2, 7}, 2, false, 0},
    {"u8: no length", 1, {0}, 0, false, 0},
    {"u16: two bytes", 2, {0, 2, 7, 8}, 4, true, 2},
    {"u16: one byte short", 2, {0, 2, 7}, 3, false, 0},
    {"u16: half a length", 2, {0}, 1, false, 0},
    {"u16: the longest", 2, {0xff, 0xff, 7}, 3, false, 0},
    {"u24: two bytes", 3, {0, 0, 2, 7, 8}, 5, true, 2},
    {"u24: one byte short", 3, {0, 0, 2, 7}, 4, false, 0},
    {"u24: half a length", 3, {0, 0}, 2, false, 0},
    {"u24: the longest", 3, {0xff, 0xff, 0xff}, 3, false, 0},
};

static void cursor_vector_gives(void **state)
{
    const struct vector_row *row = *state;
    struct cursor cursor = cursor_over((struct slice){row->bytes, row->len});
    struct slice vector = SLICE_EMPTY;
    bool got = row->width == 1   ? cursor_vector8(&cursor, &vector)
               : row->width == 2 ? cursor_vector16(&cursor, &vector)
                                 : cursor_vector24(&cursor, &vector);
    assert_int_equal(got, row->want);
    assert_int_equal(vector.len, row->want_len);
    assert_int_equal(cursor.at, row->want ? row->width + row->want_len : 0);
    assert_int_equal(cursor.left.len, row->len - cursor.at);
}

static void numbers_are_read_by_index(void **state)
{
    (void)state;
    struct slice numbers = {bytes, 7}; // three and a half
    assert_int_equal(slice_u16_at(numbers, 0), 0x0102);
    assert_int_equal(slice_u16_at(numbers, 2), 0x0506);
    assert_true(slice_has_u16(numbers, 0x0304));
    assert_false(slice_has_u16(numbers, 0x0203)); // not at an even place
    assert_false(slice_has_u16(numbers, 0x0708)); // half of it is there
    assert_false(slice_has_u16(SLICE_EMPTY, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_reads_numbers_in_order),
        cmocka_unit_test(cursor_takes_no_more_than_there_is),
        cmocka_unit_test(numbers_are_read_by_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(equal_rows, slices_compare) +
           RUN_ROWS(part_rows, slice_part_gives) + RUN_ROWS(vector_rows, cursor_vector_gives);
}
