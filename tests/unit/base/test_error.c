#include "error.h"

#include <string.h>

#include "rows.h"

static void error_set_is_false_and_keeps_the_text(void **state)
{
    (void)state;
    struct error error;
    assert_false(error_set(&error, ERROR_FILE, "cannot open '%s'", "a"));
    assert_int_equal(error.kind, ERROR_FILE);
    assert_string_equal(error.text, "cannot open 'a'");
    assert_false(error_set(NULL, ERROR_FILE, "cannot open '%s'", "a"));
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct error error;
    char text[2 * ERROR_TEXT_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(error_set(&error, ERROR_USAGE, "%s", text));
    assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_set_is_false_and_keeps_the_text),
        cmocka_unit_test(a_long_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
