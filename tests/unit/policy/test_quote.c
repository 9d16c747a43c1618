#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "quote.h"

#define TEN "0123456789"

static const struct quote_row {
    const char *name, *text, *want;
} quote_rows[] = {
    {"plain text", "abc", "abc"},
    {"empty text", "", ""},
    {"nothing", NULL, ""},
    {"bytes for a terminal", "a\x1b[2J\n\\\x7f\xc3\xa9", "a\\x1b[2J\\x0a\\\\\\x7f\\xc3\\xa9"},
    {"as long as fits", TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345",
     TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345"},
    {"too long", TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN,
     TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345..."},
};

static void text_is_quoted(void **state)
{
    const struct quote_row *row = *state;
    assert_string_equal(quote_text(row->text).text, row->want);
}

static const struct near_row {
    const char *name, *wanted, *offered, *want; // want: NULL for no hint
} near_rows[] = {
    {"one letter replaced", "ciphirs", "ciphers", "ciphers"},
    {"two letters swapped", "cihpers", "ciphers", "ciphers"},
    {"a letter left out", "cipers", "ciphers", "ciphers"},
    {"a letter too many", "ciphhers", "ciphers", "ciphers"},
    {"other case", "CIPHERS", "ciphers", "ciphers"},
    {"three edits of a long name", "ecdhe_rsa_aes128", "ECDHE-RSA_AES12", "ECDHE-RSA_AES12"},
    {"four edits of a long name", "ecdhe_rsa_aes128", "ECDHE-RSA-AES1", NULL},
    {"two edits of a short name", "sni", "sin_", NULL},
    {"the beginning of a name", "ciph", "ciphers", "ciphers"},
    {"a beginning that is too short", "ci", "ciphers", NULL},
    {"a word longer than any name",
     "cipherscipherscipherscipherscipherscipherscipherscipherscipherscip", "ciphers", NULL},
    {"an empty word", "", "ciphers", NULL},
    {"nothing alike", "abcdefgh", "ijklmnop", NULL},
    {"no name", "ab", NULL, NULL},
};

static void near_names_are_found(void **state)
{
    const struct near_row *row = *state;
    struct nearest nearest = nearest_to(slice_of_text(row->wanted));
    nearest_offer(&nearest, row->offered);
    if (row->want == NULL) {
        assert_null(nearest.best);
        assert_string_equal(nearest_hint(&nearest).text, "");
        return;
    }
    char want[64];
    (void)snprintf(want, sizeof(want), ", did you mean '%s'?", row->want);
    assert_string_equal(nearest_hint(&nearest).text, want);
}

static void the_nearest_of_several_wins(void **state)
{
    (void)state;
    struct nearest nearest = nearest_to(slice_of_text("groupes"));
    nearest_offer(&nearest, "grouper");
    nearest_offer(&nearest, "groups");
    nearest_offer(&nearest, "groupes!");
    assert_string_equal(nearest.best, "grouper"); // as near as the others, and first
    nearest_offer(&nearest, "groupes");
    assert_string_equal(nearest.best, "groupes");
}

static void a_line_of_names_has_an_end(void **state)
{
    (void)state;
    struct name_line line = {0};
    name_line_add(&line, "a");
    name_line_add(&line, "b");
    assert_string_equal(line.text, "a, b");
    for (int i = 0; i < 100; i++) {
        name_line_add(&line, TEN);
    }
    name_line_add(&line, "c"); // shorter, but nothing comes after "..."
    size_t len = strlen(line.text);
    assert_true(len < sizeof(line.text));
    assert_string_equal(line.text + len - 5, ", ...");
}

static void a_prefix_goes_in_front(void **state)
{
    (void)state;
    struct error error;
    assert_false(error_set(&error, ERROR_FILE, "it broke"));
    assert_false(error_prefix(&error, "here"));
    assert_string_equal(error.text, "here: it broke");
    assert_int_equal(error.kind, ERROR_FILE);
    assert_false(error_prefix(NULL, "here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_of_several_wins),
        cmocka_unit_test(a_line_of_names_has_an_end),
        cmocka_unit_test(a_prefix_goes_in_front),
    };
    return RUN_ROWS(quote_rows, text_is_quoted) + RUN_ROWS(near_rows, near_names_are_found) +
           cmocka_run_group_tests_name("quote", tests, NULL, NULL);
}
