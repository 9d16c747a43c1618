#include "box.h"

#include <string.h>

#include "text.h"

#define DELAY_MS_MAX  10000
#define CUT_BYTES_MAX ((uint64_t)1 << 40)

bool box_set(struct box *box, const char *key, const char *value, struct error *error)
{
    uint64_t number;
    int64_t ms;
    if (quirk_has_key(key)) {
        return quirk_set(&box->quirk, key, value, error);
    }
    if (strcmp(key, "delay") == 0) {
        if (!text_duration_ms(value, false, &ms) || ms > DELAY_MS_MAX) {
            return error_set(error, ERROR_CONFIG,
                             "bad delay '%.60s': expected a time such as 200ms, at most 10s",
                             value);
        }
        box->delay_ms = (uint32_t)ms;
        return true;
    }
    if (strcmp(key, "cut-after") == 0) {
        if (!text_uint(slice_of_text(value), CUT_BYTES_MAX, &number)) {
            return error_set(error, ERROR_CONFIG,
                             "bad cut-after '%.60s': expected a number of bytes", value);
        }
        box->cut_after = number;
        return true;
    }
    return error_set(error, ERROR_CONFIG,
                     "unknown box key '%.60s': expected quirk, manner, alert, limit, delay or "
                     "cut-after",
                     key);
}
