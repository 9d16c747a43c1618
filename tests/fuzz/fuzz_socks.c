// SOCKS5 clients: the version of the greeting is given, so that the rest is reached at once. The
// first byte says in pieces of how many bytes it comes.
#include "ingress_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer input = {0};
    if (size == 0) {
        return 0;
    }
    assert(buffer_append_byte(&input, 5));
    assert(buffer_append(&input, (struct slice){data + 1, size - 1}));
    ingress_compare(buffer_slice(&input), data[0]);
    buffer_clear(&input);
    return 0;
}
