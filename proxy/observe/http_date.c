#include "http_date.h"

#include <string.h>

#define FIXDATE_LEN 29

static bool number_at(struct slice text, size_t at, size_t len, unsigned max, unsigned *out_number)
{
    uint64_t value;
    if (!text_uint(slice_part(text, at, len), max, &value)) {
        return false;
    }
    *out_number = (unsigned)value;
    return true;
}

// index_at finds the three letters at `at` in a list of such names, without separators.
static bool index_at(struct slice text, size_t at, const char *names, unsigned *out_index)
{
    for (unsigned i = 0; names[3 * i] != '\0'; i++) {
        if (memcmp(text.data + at, names + 3 * i, 3) == 0) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && is_leap(year) ? 1u : 0u);
}

// days_before counts the days from 1 January 1970 to 1 January of the year.
static int64_t days_before(unsigned year)
{
    int64_t past = (int64_t)year - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162;
}

static bool has_marks(struct slice text)
{
    static const char pattern[] = "___, __ ___ ____ __:__:__ GMT";
    for (size_t i = 0; i < FIXDATE_LEN; i++) {
        if (pattern[i] != '_' && text.data[i] != (uint8_t)pattern[i]) {
            return false;
        }
    }
    return true;
}

bool http_date_parse(struct slice text, int64_t *out_us)
{
    unsigned weekday, day, month, year, hour, minute, second;
    if (text.len != FIXDATE_LEN || !has_marks(text) ||
        !index_at(text, 0, "SunMonTueWedThuFriSat", &weekday) ||
        !index_at(text, 8, "JanFebMarAprMayJunJulAugSepOctNovDec", &month) ||
        !number_at(text, 5, 2, 31, &day) || !number_at(text, 12, 4, 9999, &year) ||
        !number_at(text, 17, 2, 23, &hour) || !number_at(text, 20, 2, 59, &minute) ||
        !number_at(text, 23, 2, 60, &second)) { // 60: a leap second
        return false;
    }
    if (year < 1970 || day == 0 || day > days_of_month(year, month)) {
        return false;
    }
    int64_t days = days_before(year) + day - 1;
    for (unsigned before = 0; before < month; before++) {
        days += days_of_month(year, before);
    }
    *out_us = ((days * 24 + hour) * 60 + minute) * 60 * 1000000 + (int64_t)second * 1000000;
    return true;
}
