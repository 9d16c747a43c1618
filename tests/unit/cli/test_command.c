// Walks the table of commands: names unique, texts there, every option named once, lines that fit.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "help.h"

#define ABOUT_COLUMNS 80

static void names_are_unique_and_texts_there(void **state)
{
    (void)state;
    for (size_t i = 0; command_at(i) != NULL; i++) {
        const struct command *command = command_at(i);
        assert_non_null(command->run);
        assert_true(strlen(command->summary) > 0);
        assert_true(strlen(command->usage) > 0);
        assert_int_equal(command->about[strlen(command->about) - 1], '\n');
        assert_ptr_equal(command_find(command->name), command); // the first of that name
    }
    assert_null(command_find("nonsense"));
    assert_null(command_find(""));
}

static void each_option_is_named_once(void **state)
{
    (void)state;
    for (size_t c = 0; command_at(c) != NULL; c++) {
        const struct command *command = command_at(c);
        for (size_t i = 0; command_option(command, i) != NULL; i++) {
            assert_true(strlen(command_option(command, i)->help) > 0);
            for (size_t j = 0; j < i; j++) {
                assert_string_not_equal(command_option(command, i)->name,
                                        command_option(command, j)->name);
            }
        }
    }
}

static void help_names_every_option(void **state)
{
    (void)state;
    for (size_t c = 0; command_at(c) != NULL; c++) {
        const struct command *command = command_at(c);
        struct buffer text = {0};
        help_command(&text, command, 80);
        const char *content = buffer_text(&text);
        for (size_t i = 0; command_option(command, i) != NULL; i++) {
            char name[80];
            (void)snprintf(name, sizeof(name), "\n  --%s", command_option(command, i)->name);
            assert_non_null(strstr(content, name));
        }
        buffer_clear(&text);
    }
}

static void check_columns(const char *text, size_t columns)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        assert_true(len <= columns);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

static void about_fits_a_terminal(void **state)
{
    (void)state;
    for (size_t c = 0; command_at(c) != NULL; c++) {
        check_columns(command_at(c)->about, ABOUT_COLUMNS);
    }
}

static void options_wrap_at_the_columns(void **state)
{
    (void)state;
    struct buffer text = {0};
    help_legs(&text, 60);
    const char *keys = strstr(buffer_text(&text), "\nkeys:\n");
    assert_non_null(keys);
    check_columns(keys, 60);
    buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_and_texts_there),
        cmocka_unit_test(each_option_is_named_once),
        cmocka_unit_test(help_names_every_option),
        cmocka_unit_test(about_fits_a_terminal),
        cmocka_unit_test(options_wrap_at_the_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
