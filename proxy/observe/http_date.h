// The Date header's form that is sent today: "Sun, 06 Nov 1994 08:49:37 GMT".
#pragma once

#include "base.h"

// http_date_parse reads an IMF-fixdate of the years 1970 to 9999 into µs since the epoch; false on
// anything else, the two obsolete forms included. RFC 9110 section 5.6.7.
bool http_date_parse(struct slice text, int64_t *out_us);
