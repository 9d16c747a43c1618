// Requests to the proxy port: CONNECT, absolute-form, origin-form, garbage. The first byte says in
// pieces of how many bytes it comes.
#include "ingress_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        ingress_compare((struct slice){data + 1, size - 1}, data[0]);
    }
    return 0;
}
