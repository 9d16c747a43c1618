#include "clock.h"

#include "rows.h"

#define DAY INT64_C(86400000000)

static const struct row {
    const char *name;
    int64_t wall_us;
    const char *want_text, *want_date;
} rows[] = {
    {"the epoch", 0, "1970-01-01T00:00:00.000000Z", "1970-01-01 00:00Z"},
    {"one microsecond", 1, "1970-01-01T00:00:00.000001Z", "1970-01-01 00:00Z"},
    {"one microsecond before", -1, "1969-12-31T23:59:59.999999Z", "1969-12-31 23:59Z"},
    {"one second before", -1000000, "1969-12-31T23:59:59.000000Z", "1969-12-31 23:59Z"},
    {"a day of the year 2026", INT64_C(1795350269000001), "2026-11-22T12:24:29.000001Z",
     "2026-11-22 12:24Z"},
    {"a leap day", INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z", "2000-02-29 00:00Z"},
    {"no leap day in 2100", 47541 * DAY, "2100-03-01T00:00:00.000000Z", "2100-03-01 00:00Z"},
    {"the last second of 2038's counters", INT64_C(2147483647999999), "2038-01-19T03:14:07.999999Z",
     "2038-01-19 03:14Z"},
    {"the end of time", INT64_MAX, "294247-01-10T04:00:54.775807Z", "294247-01-10 04:00Z"},
    {"the start of time", INT64_MIN, "-290308-12-21T19:59:05.224192Z", "-290308-12-21 19:59Z"},
};

static void clock_text_gives(void **state)
{
    const struct row *row = *state;
    char text[CLOCK_TEXT_MAX];
    assert_string_equal(clock_text(row->wall_us, text), row->want_text);
    assert_string_equal(clock_date(row->wall_us, text), row->want_date);
}

static void clocks_run_forward(void **state)
{
    (void)state;
    int64_t earlier = clock_monotonic_us();
    for (int i = 0; i < 1000; i++) {
        int64_t later = clock_monotonic_us();
        assert_true(later >= earlier);
        earlier = later;
    }
    assert_true(clock_wall_us() > INT64_C(1700000000000000)); // after 2023, in microseconds
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clocks_run_forward)};
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(rows, clock_text_gives);
}
