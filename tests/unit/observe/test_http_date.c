// The Date header.
#include "http_date.h"
#include "rows.h"

static const struct row {
    const char *name, *text;
    int64_t want_s; // since the epoch, -1: refused
} rows[] = {
    {"RFC 9110's example", "Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"the epoch", "Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"a leap day", "Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
    {"a leap day of a century", "Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
    {"the last second of a year", "Wed, 31 Dec 2025 23:59:59 GMT", 1767225599},
    {"after 2038", "Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
    {"a leap second", "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
    {"no leap day in this year", "Wed, 29 Feb 2023 12:00:00 GMT", -1},
    {"no leap day in this century", "Mon, 29 Feb 2100 12:00:00 GMT", -1},
    {"31 April", "Wed, 31 Apr 2024 12:00:00 GMT", -1},
    {"day 0", "Wed, 00 Apr 2024 12:00:00 GMT", -1},
    {"hour 24", "Wed, 03 Apr 2024 24:00:00 GMT", -1},
    {"before the epoch", "Wed, 31 Dec 1969 23:59:59 GMT", -1},
    {"another zone", "Sun, 06 Nov 1994 08:49:37 UTC", -1},
    {"RFC 850's form", "Sunday, 06-Nov-94 08:49:37 GMT", -1},
    {"asctime's form", "Sun Nov  6 08:49:37 1994", -1},
    {"a sign for a digit", "Sun, +6 Nov 1994 08:49:37 GMT", -1},
    {"a month in small letters", "Sun, 06 nov 1994 08:49:37 GMT", -1},
    {"three letters that span two months", "Sun, 06 anF 1994 08:49:37 GMT", -1},
    {"no day of the week", "Xxx, 06 Nov 1994 08:49:37 GMT", -1},
    {"one byte more", "Sun, 06 Nov 1994 08:49:37 GMT ", -1},
    {"one byte less", "Sun, 06 Nov 1994 08:49:37 GM", -1},
    {"nothing", "", -1},
};

static void http_date_parse_gives(void **state)
{
    const struct row *row = *state;
    int64_t us = -7;
    bool ok = http_date_parse(slice_of_text(row->text), &us);
    assert_int_equal(ok, row->want_s >= 0);
    assert_int_equal(us, ok ? row->want_s * 1000000 : -7);
}

int main(void)
{
    return RUN_ROWS(rows, http_date_parse_gives);
}
