// A text in two languages.
#include "rows.h"

#include "speech.h"

static void english_stands_in(void **state)
{
    (void)state;
    struct speech speech = {.text = {[LANGUAGE_EN] = "yes"}};
    assert_string_equal(speech_in(&speech, LANGUAGE_EN), "yes");
    assert_string_equal(speech_in(&speech, LANGUAGE_JA), "yes");
    speech.text[LANGUAGE_JA] = "はい";
    assert_string_equal(speech_in(&speech, LANGUAGE_EN), "yes");
    assert_string_equal(speech_in(&speech, LANGUAGE_JA), "はい");
    assert_string_equal(speech_in(&(struct speech){{NULL}}, LANGUAGE_JA), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(english_stands_in)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
