// What an address of caIssuers brings: any bytes, read as certificates.
#undef NDEBUG // the asserts are the test
#include <assert.h>

#include <openssl/err.h>

#include "certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    X509 *found[CERT_BUNDLE_MAX];
    size_t count = cert_bundle_read((struct slice){data, size}, found);
    assert(count <= CERT_BUNDLE_MAX && (size <= CERT_BUNDLE_BYTES_MAX || count == 0));
    for (size_t i = 0; i < count; i++) {
        struct arena arena = {0};
        struct cert_facts facts;
        X509 *issuer = cert_bundle_issuer(found, count, found[i]);
        bool is_one_of_them = issuer == NULL;
        for (size_t k = 0; k < count; k++) {
            is_one_of_them = is_one_of_them || found[k] == issuer;
        }
        assert(is_one_of_them);
        (void)cert_facts_read(found[i], &arena, &facts); // it may be too odd to be read
        arena_clear(&arena);
    }
    cert_bundle_clear(found, count);
    assert(ERR_peek_error() == 0);
    return 0;
}
