// Table tests for cmocka: one named test a row, so that a red line explains itself.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROWS_MAX     1024

// RUN_ROWS runs `check` once for each element of `rows` (a struct array whose first member is
// `const char *name`); the row arrives as *state. Evaluates to the number of failed rows.
#define RUN_ROWS(rows, check) rows_run(#check, (rows), COUNT(rows), sizeof((rows)[0]), (check))

static inline int rows_run(const char *group, const void *rows, size_t row_count, size_t row_size,
                           CMUnitTestFunction check)
{
    static struct CMUnitTest tests[ROWS_MAX];
    assert_true(row_count <= ROWS_MAX);
    for (size_t i = 0; i < row_count; i++) {
        const void *row = (const uint8_t *)rows + i * row_size;
        tests[i] = (struct CMUnitTest){
            .name = *(const char *const *)row,
            .test_func = check,
            .initial_state = (void *)(uintptr_t)row,
        };
    }
    return _cmocka_run_group_tests(group, tests, row_count, NULL, NULL);
}
