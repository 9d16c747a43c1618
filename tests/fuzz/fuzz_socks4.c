// SOCKS4 and 4A requests.
#include <assert.h>
#include <string.h>

#include "socks4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = {data, size};
    struct endpoint target, again;
    enum parse parsed = socks4_parse(bytes, &target);
    if (parsed == PARSE_MORE) {
        assert(size < SOCKS4_BYTES_MAX);
    }
    if (parsed != PARSE_OK) {
        return 0;
    }
    assert(target.port != 0 && target.host[0] != '\0');
    assert(strlen(target.host) < sizeof(target.host));
    // Fewer bytes are never bad, and what follows the limit does not matter.
    for (size_t len = 0; len < size && len < 16; len++) {
        assert(socks4_parse(slice_part(bytes, 0, len), &again) != PARSE_BAD);
    }
    assert(socks4_parse(slice_part(bytes, 0, SOCKS4_BYTES_MAX), &again) == PARSE_OK);
    assert(strcmp(again.host, target.host) == 0 && again.port == target.port);
    return 0;
}
