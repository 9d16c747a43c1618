// Time: wall time in µs since the epoch, monotonic time in µs, and RFC 3339 text.
#pragma once

#include <stdint.h>

#define CLOCK_TEXT_MAX 32

// clock_wall_us is the system's idea of UTC. clock_monotonic_us never goes back and counts from an
// unknown start: only differences mean something.
int64_t clock_wall_us(void);
int64_t clock_monotonic_us(void);

// clock_text writes RFC 3339 UTC with microseconds ("2026-11-22T12:24:29.000001Z") into `out_text`
// and gives it back. clock_date writes only the date and minute ("2026-11-22 12:24Z").
const char *clock_text(int64_t wall_us, char out_text[CLOCK_TEXT_MAX]);
const char *clock_date(int64_t wall_us, char out_text[CLOCK_TEXT_MAX]);
