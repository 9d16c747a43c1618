// PROXY protocol headers, version 1 and 2.
#include <assert.h>
#include <string.h>

#include "ingress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = {data, size};
    struct proxy_header header;
    if (proxy_header_parse(bytes, &header) != PARSE_OK) {
        return 0;
    }
    assert(header.len > 0 && header.len <= size);
    assert(header.is_local == (header.source[0] == '\0'));
    assert(header.is_local == (header.target.host[0] == '\0'));
    // What follows must not matter, and nothing less would have been enough.
    struct proxy_header again;
    assert(proxy_header_parse(slice_part(bytes, 0, header.len), &again) == PARSE_OK);
    assert(again.len == header.len && strcmp(again.source, header.source) == 0);
    assert(proxy_header_parse(slice_part(bytes, 0, header.len - 1), &again) == PARSE_MORE);
    return 0;
}
