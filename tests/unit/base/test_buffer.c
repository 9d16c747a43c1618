#include "buffer.h"

#include <string.h>

#include "rows.h"

static void all_zero_is_an_empty_buffer(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_int_equal(buffer_slice(&buffer).len, 0);
    buffer_consume(&buffer, 10);
    assert_true(buffer_append(&buffer, SLICE_EMPTY));
    assert_string_equal(buffer_text(&buffer), "");
    assert_true(buffer_append_text(&buffer, "text"));
    assert_string_equal(buffer_text(&buffer), "text");
    buffer_clear(&buffer);
    assert_null(buffer.data);
    assert_true(buffer_append_text(&buffer, "again"));
    assert_string_equal(buffer_text(&buffer), "again");
    buffer_clear(&buffer);
}

static void numbers_are_big_endian(void **state)
{
    (void)state;
    static const uint8_t want[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06};
    struct buffer buffer = {0};
    assert_true(buffer_append_byte(&buffer, 0x01));
    assert_true(buffer_append_u16(&buffer, 0x0203));
    assert_true(buffer_append_u24(&buffer, 0x040506));
    assert_true(slice_equals(buffer_slice(&buffer), (struct slice){want, sizeof(want)}));
    buffer_clear(&buffer);
}

// Each way to append five bytes, tried with room for five and for four.
static bool put_slice(struct buffer *buffer)
{
    return buffer_append(buffer, slice_of_text("12345"));
}

static bool put_text(struct buffer *buffer)
{
    return buffer_append_text(buffer, "12345");
}

static bool put_format(struct buffer *buffer)
{
    return buffer_printf(buffer, "%d%s", 123, "45");
}

static bool put_reserved(struct buffer *buffer)
{
    uint8_t *place = buffer_reserve(buffer, 5);
    if (place == NULL) {
        return false;
    }
    memcpy(place, "12345", 5);
    buffer_commit(buffer, 5);
    return true;
}

static const struct limit_row {
    const char *name;
    bool (*put)(struct buffer *buffer);
} limit_rows[] = {
    {"append", put_slice},
    {"append text", put_text},
    {"printf", put_format},
    {"reserve and commit", put_reserved},
};

static void limit_is_kept_to_the_byte(void **state)
{
    const struct limit_row *row = *state;
    struct buffer buffer;
    buffer_init(&buffer, 8);
    assert_true(buffer_append_text(&buffer, "abc"));
    assert_true(row->put(&buffer));
    assert_string_equal(buffer_text(&buffer), "abc12345");
    assert_false(buffer_append_byte(&buffer, 'x'));
    buffer_consume(&buffer, 4);
    assert_false(row->put(&buffer)); // four bytes are held, four fit
    assert_string_equal(buffer_text(&buffer), "2345");
    buffer_consume(&buffer, 1);
    assert_true(row->put(&buffer)); // consuming made room
    assert_string_equal(buffer_text(&buffer), "34512345");
    buffer_clear(&buffer);
    assert_int_equal(buffer.limit, 8);
    assert_false(buffer_append_text(&buffer, "123456789"));
    buffer_clear(&buffer);
}

static void reserve_refuses_what_can_never_fit(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    assert_null(buffer_reserve(&buffer, BUFFER_LIMIT_DEFAULT + 1));
    assert_true(buffer_append_text(&buffer, "x"));
    assert_null(buffer_reserve(&buffer, BUFFER_LIMIT_DEFAULT));
    assert_null(buffer_reserve(&buffer, SIZE_MAX));
    buffer_clear(&buffer);
}

// A queue of bytes, fed and drained in steps of all sizes: what goes in comes out, in order, and
// the memory stays what the most held at once asks for.
static void bytes_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    uint8_t next_in = 0;
    uint8_t next_out = 0;
    for (size_t round = 0; round < 5000; round++) {
        for (size_t i = 0; i < round % 97; i++) {
            if (buffer_append_byte(&buffer, next_in)) {
                next_in++;
            }
        }
        struct slice held = buffer_slice(&buffer);
        size_t take = round % 101;
        for (size_t i = 0; i < take && i < held.len; i++) {
            assert_int_equal(held.data[i], next_out++);
        }
        buffer_consume(&buffer, take);
        assert_true(buffer.len <= 1000 && buffer.capacity <= 1024);
    }
    buffer_clear(&buffer);
}

static void text_has_its_nul_when_the_buffer_is_full(void **state)
{
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 256); // as much as is allocated first
    for (int i = 0; i < 256; i++) {
        assert_true(buffer_append_byte(&buffer, 'a'));
    }
    assert_int_equal(strlen(buffer_text(&buffer)), 256);
    buffer_consume(&buffer, 250);
    assert_string_equal(buffer_text(&buffer), "aaaaaa");
    buffer_clear(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_zero_is_an_empty_buffer),
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(reserve_refuses_what_can_never_fit),
        cmocka_unit_test(bytes_come_out_as_they_went_in),
        cmocka_unit_test(text_has_its_nul_when_the_buffer_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) +
           RUN_ROWS(limit_rows, limit_is_kept_to_the_byte);
}
