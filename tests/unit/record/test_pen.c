#include "pen.h"

#include <string.h>

#include "rows.h"

static const struct wrap_row {
    const char *name;
    int columns, indent;
    const char *bar;
    int hang;
    const char *text;
    const char *want;
} wrap_rows[] = {
    {"fits", 20, 0, NULL, 0, "one two", "one two"},
    {"fits to the last column", 7, 0, NULL, 0, "one two", "one two"},
    {"one column short", 6, 0, NULL, 0, "one two", "one\ntwo"},
    {"hanging lines", 9, 0, NULL, 2, "one two three", "one two\n  three"},
    {"indent and bar", 9, 1, "│", 3, "one two three", "one two\n │ three"},
    {"word wider than the line", 5, 0, NULL, 0, "a abcdefghij b", "a\nabcdefghij\nb"},
    {"several blanks are one", 20, 0, NULL, 0, "  a \n\t b  ", "a b"},
    {"nothing", 20, 0, NULL, 0, "", ""},
    {"only blanks", 20, 0, NULL, 0, "   ", ""},
    {"wide characters break anywhere", 5, 0, NULL, 0, "日本語", "日本\n語"},
    {"no line begins with a full stop", 6, 0, NULL, 0, "日本語。", "日本\n語。"},
    {"… or a long vowel and a bracket", 6, 0, NULL, 0, "本ザー）と", "本\nザー）\nと"},
    {"no line ends with an opening bracket", 6, 0, NULL, 0, "日本「語", "日本\n「語"},
    {"a full stop stays with ASCII", 6, 0, NULL, 0, "日本ab。", "日本\nab。"},
    {"ASCII in wide characters", 6, 0, NULL, 0, "日abc本", "日abc\n本"},
    {"arrow is one column", 5, 0, NULL, 0, "a → b", "a → b"},
    {"escaped characters are counted", 6, 0, NULL, 0, "a \x1b[m", "a\n\\x1b[m"},
};

static void wrap_gives(void **state)
{
    const struct wrap_row *row = *state;
    struct buffer out = {0};
    struct pen pen = {.out = &out, .columns = row->columns, .indent = row->indent, .bar = row->bar};
    pen_wrap(&pen, row->hang, row->text);
    assert_false(pen.failed);
    assert_string_equal(buffer_text(&out), row->want);
    buffer_clear(&out);
}

static const struct words_row {
    const char *name;
    const char *text;
    const char *want;
    int columns;
} words_rows[] = {
    {"ASCII", "a~", "a~", 2},
    {"two-byte character", "é", "é", 1},
    {"wide character", "語", "語", 2},
    {"emoji", "\xf0\x9f\x94\x92", "\xf0\x9f\x94\x92", 2},
    {"escape", "\x1b[0m", "\\x1b[0m", 7},
    {"newline", "a\nb", "a\\x0ab", 6},
    {"DEL", "\x7f", "\\x7f", 4},
    {"C1 control (CSI in one character)", "\xc2\x9b", "\\xc2\\x9b", 8},
    {"right-to-left override", "\xe2\x80\xae", "\\xe2\\x80\\xae", 12},
    {"zero-width space", "\xe2\x80\x8b", "\\xe2\\x80\\x8b", 12},
    {"byte order mark", "\xef\xbb\xbf", "\\xef\\xbb\\xbf", 12},
    {"tag character", "\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81", 16},
    {"lone continuation byte", "\x80", "\\x80", 4},
    {"sequence that ends early", "\xe3\x81", "\\xe3\\x81", 8},
    {"sequence cut by ASCII",
     "\xe3"
     "ab",
     "\\xe3"
     "ab",
     6},
    {"overlong slash", "\xe0\x80\xaf", "\\xe0\\x80\\xaf", 12},
    {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", 12},
    {"past the last character", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 16},
};

static void words_give(void **state)
{
    const struct words_row *row = *state;
    struct buffer out = {0};
    struct pen pen = {.out = &out, .columns = 80};
    pen_words(&pen, row->text);
    assert_string_equal(buffer_text(&out), row->want);
    assert_int_equal(pen.column, row->columns);
    assert_int_equal(text_columns(row->text), row->columns);
    buffer_clear(&out);
}

static const struct line_row {
    const char *name, *text;
    int columns;
    size_t want;
} line_rows[] = {
    {"all of it", "one two", 7, 7},
    {"a blank where it is broken", "one two", 6, 3},
    {"a word that is wider stays", "one twotwotwo", 6, 13},
    {"the first word is wider", "twotwotwo one", 6, 9},
    {"between wide characters", "証明書", 4, 6},
    {"not before a full stop", "証明書。", 6, 6},
    {"wide after narrow", "TLS 証明", 6, 7},
    {"blanks at the end", "one  ", 3, 5},
    {"nothing", "", 9, 0},
};

static void line_has(void **state)
{
    const struct line_row *row = *state;
    assert_int_equal(text_line_len(row->text, row->columns), row->want);
}

static void peers_are_escaped_to_ascii(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct pen pen = {.out = &out, .columns = 80};
    pen_peer(&pen, slice_of_text("a→\x1b"));
    assert_string_equal(buffer_text(&out), "a\\xe2\\x86\\x92\\x1b");
    assert_int_equal(pen.column, 17);
    buffer_clear(&out);
}

static void padding(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct pen pen = {.out = &out, .columns = 80};
    pen_pad(&pen, 2);
    pen_pad(&pen, 1); // passed already
    pen_gap(&pen, 1); // at least one
    pen_gap(&pen, 6);
    assert_string_equal(buffer_text(&out), "      ");
    assert_int_equal(pen.column, 6);
    buffer_clear(&out);
}

static void colours_take_no_columns(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct pen pen = {.out = &out, .columns = 80, .colour = true};
    pen_styled(&pen, STYLE_GOOD, "ok");
    assert_string_equal(buffer_text(&out), "\033[32mok\033[0m");
    assert_int_equal(pen.column, 2);
    buffer_clear(&out);
}

static void a_full_buffer_is_noticed(void **state)
{
    (void)state;
    struct buffer out = {.limit = 4};
    struct pen pen = {.out = &out, .columns = 80};
    pen_words(&pen, "12345");
    assert_true(pen.failed);
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(peers_are_escaped_to_ascii),
        cmocka_unit_test(padding),
        cmocka_unit_test(colours_take_no_columns),
        cmocka_unit_test(a_full_buffer_is_noticed),
    };
    return RUN_ROWS(wrap_rows, wrap_gives) + RUN_ROWS(words_rows, words_give) +
           RUN_ROWS(line_rows, line_has) + cmocka_run_group_tests(others, NULL, NULL);
}
