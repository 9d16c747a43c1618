#include "der.h"

#define LONG_TAG    0x1f
#define LONG_LENGTH 0x80

// read_length reads the length at `at` and moves behind it.
static bool read_length(struct slice bytes, size_t *at, size_t *out_len)
{
    if (*at >= bytes.len) {
        return false;
    }
    size_t first = bytes.data[(*at)++];
    if (first < LONG_LENGTH) {
        *out_len = first;
        return true;
    }
    size_t count = first - LONG_LENGTH, len = 0;
    if (count == 0 || count > 4 || count > bytes.len - *at) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        len = len << 8 | bytes.data[(*at)++];
    }
    *out_len = len;
    return true;
}

bool der_read(struct slice *left, struct der *out)
{
    size_t at = 1, len = 0;
    if (left->len < 2 || (left->data[0] & LONG_TAG) == LONG_TAG || !read_length(*left, &at, &len) ||
        len > left->len - at) {
        return false;
    }
    *out = (struct der){.tag = left->data[0],
                        .content = slice_part(*left, at, len),
                        .whole = slice_part(*left, 0, at + len)};
    *left = slice_part(*left, at + len, left->len);
    return true;
}

bool der_take(struct slice *left, uint8_t tag, struct der *out)
{
    return left->len > 0 && left->data[0] == tag && der_read(left, out);
}
