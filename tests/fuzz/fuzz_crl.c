// The reader of revocation lists: the input is a leaf, its issuer, then what a web server gave.
#undef NDEBUG // the asserts are the test
#include <assert.h>
#include <string.h>

#include <openssl/err.h>

#include "certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static X509 *take(struct slice *input)
{
    const uint8_t *at = input->data;
    X509 *certificate = input->len > 0 ? d2i_X509(NULL, &at, (long)input->len) : NULL;
    if (certificate != NULL) {
        *input = slice_part(*input, (size_t)(at - input->data), input->len);
    }
    ERR_clear_error();
    return certificate;
}

static void check_places(X509 *leaf)
{
    struct arena arena = {0};
    const char *places[CRL_PLACES_MAX];
    size_t count = crl_places(leaf, &arena, places);
    assert(count <= CRL_PLACES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(strncasecmp(places[i], "http://", 7) == 0);
    }
    arena_clear(&arena);
    assert(ERR_peek_error() == 0);
}

static void check_list(X509 *leaf, X509 *issuer, struct slice list)
{
    struct crl_answer out;
    crl_read(list, leaf, issuer, (int64_t)1800000000 * 1000000, &out);
    assert(out.says <= CRL_REVOKED && crl_words(out.says) != NULL);
    assert(out.says == CRL_REVOKED || (out.revoked_us == 0 && out.reason == NULL));
    assert(out.says >= CRL_EARLY || (out.from_us == 0 && out.until_us == 0));
    assert(ERR_peek_error() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {data, size};
    X509 *leaf = take(&input), *issuer = take(&input);
    if (leaf != NULL && issuer != NULL) {
        check_places(leaf);
        check_list(leaf, issuer, input);
    }
    X509_free(leaf);
    X509_free(issuer);
    return 0;
}
