// The reader of OCSP answers: the input is a leaf, its issuer, then what a responder said.
#undef NDEBUG // the asserts are the test
#include <assert.h>

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

static void check(X509 *leaf, X509 *issuer, struct slice answer)
{
    struct responder_answer out;
    struct buffer question = {.limit = 64 * 1024};
    responder_read(answer, leaf, issuer, (int64_t)1800000000 * 1000000, &out);
    assert(out.says <= RESPONDER_UNKNOWN && responder_words(out.says) != NULL);
    assert(out.says == RESPONDER_REVOKED || (out.revoked_us == 0 && out.reason == NULL));
    assert(out.says >= RESPONDER_GOOD || out.from_us == 0);
    assert(ERR_peek_error() == 0);
    (void)responder_question(leaf, issuer, &question); // an odd issuer has no question
    buffer_clear(&question);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {data, size};
    X509 *leaf = take(&input), *issuer = take(&input);
    if (leaf != NULL && issuer != NULL) {
        check(leaf, issuer, input);
    }
    X509_free(leaf);
    X509_free(issuer);
    return 0;
}
