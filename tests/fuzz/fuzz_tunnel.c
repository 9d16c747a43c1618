// What an upstream proxy answers to CONNECT, at once and in pieces of the first byte's length.
#undef NDEBUG // the asserts are the test
#include <assert.h>

#include "tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = slice_part((struct slice){data, size}, 1, size);
    size_t piece = size > 0 && data[0] > 0 ? data[0] : 1;
    int status = -1;
    size_t len = 0;
    enum parse parsed = tunnel_answer_parse(input, &status, &len);
    assert(parsed != PARSE_OK || (status >= 0 && status <= 999 && len >= 16 && len <= input.len));

    struct buffer head;
    enum tunnel tunnel = TUNNEL_WAITS;
    buffer_init(&head, TUNNEL_HEAD_BYTES_MAX);
    for (size_t at = 0; at < input.len && tunnel == TUNNEL_WAITS; at += piece) {
        tunnel = tunnel_feed(&head, slice_part(input, at, piece));
    }
    bool is_open = parsed == PARSE_OK && status / 100 == 2;
    assert((tunnel == TUNNEL_OPEN) == is_open || input.len > TUNNEL_HEAD_BYTES_MAX);
    buffer_clear(&head);
    return 0;
}
