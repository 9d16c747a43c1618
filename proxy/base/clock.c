#include "clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now); // cannot fail for these two clocks
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t split(int64_t wall_us, struct tm *out_utc)
{
    int64_t us = wall_us % 1000000;
    time_t seconds = (time_t)(wall_us / 1000000);
    if (us < 0) {
        us += 1000000;
        seconds--;
    }
    if (gmtime_r(&seconds, out_utc) == NULL) {
        *out_utc = (struct tm){.tm_year = 70, .tm_mday = 1};
    }
    return us;
}

const char *clock_text(int64_t wall_us, char out_text[CLOCK_TEXT_MAX])
{
    struct tm utc;
    int us = (int)split(wall_us, &utc);
    char date[CLOCK_TEXT_MAX - 9];
    size_t len = strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    date[len] = '\0';
    (void)snprintf(out_text, CLOCK_TEXT_MAX, "%s.%06dZ", date, us); // fits until the year 999999
    return out_text;
}

const char *clock_date(int64_t wall_us, char out_text[CLOCK_TEXT_MAX])
{
    struct tm utc;
    (void)split(wall_us, &utc);
    size_t len = strftime(out_text, CLOCK_TEXT_MAX, "%Y-%m-%d %H:%MZ", &utc);
    out_text[len] = '\0';
    return out_text;
}
