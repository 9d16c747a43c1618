// The certificate reader, and verification: the input is certificates one after the other, then a
// stapled OCSP response.
#undef NDEBUG // the asserts are the test
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    assert(text == NULL || strlen(text) <= 2048);
}

static void check_facts(const struct cert_facts *facts, struct slice der)
{
    assert(facts->subject != NULL && facts->issuer != NULL && facts->serial != NULL);
    assert(facts->key != NULL && facts->signature != NULL);
    assert(facts->name_count <= CERT_NAMES_MAX && facts->name_count <= facts->name_total);
    assert(slice_equals(facts->der, der));
    check_text(facts->subject);
    check_text(facts->issuer);
    check_text(facts->common_name);
    check_text(facts->aia_issuers);
    check_text(facts->ocsp);
    check_text(facts->crl);
    for (size_t i = 0; i < facts->name_count; i++) {
        check_text(facts->names[i]);
    }
}

// An empty store, made once: its system paths lead nowhere.
static struct trust_store *store_get(void)
{
    static struct trust_store *store;
    if (store == NULL) {
        assert(setenv("SSL_CERT_FILE", "/nonexistent", 1) == 0);
        assert(setenv("SSL_CERT_DIR", "/nonexistent", 1) == 0);
        store = trust_store_new(NULL, NULL, NULL);
        assert(store != NULL);
    }
    return store;
}

// chain_read takes certificates off the front of the input, as many as follow one another.
static size_t chain_read(struct slice *input, X509 *out_chain[CERT_CHAIN_MAX])
{
    size_t count = 0;
    while (count < CERT_CHAIN_MAX && input->len > 0) {
        const uint8_t *at = input->data;
        X509 *certificate = d2i_X509(NULL, &at, (long)input->len);
        if (certificate == NULL) {
            break;
        }
        out_chain[count++] = certificate;
        *input = slice_part(*input, (size_t)(at - input->data), input->len);
    }
    return count;
}

static void check_reader(struct slice der, struct arena *arena)
{
    struct cert_facts facts;
    if (cert_facts_from_der(der, arena, &facts) == PARSE_OK) {
        check_facts(&facts, der);
    }
}

static void check_verification(X509 *const *chain, size_t count, struct slice staple,
                               struct arena *arena)
{
    struct verification result;
    struct verify_spec spec = {
        .name = "www.example.test",
        .at_us = (int64_t)1800000000 * 1000000,
        .staple = staple.data,
        .staple_len = staple.len,
    };
    chain_verify(store_get(), chain, count, &spec, arena, &result);
    assert(result.done == (count > 0));
    assert(!result.done || result.fault != CERT_FAULT_NONE); // nothing is trusted
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    X509 *chain[CERT_CHAIN_MAX];
    struct slice left = {data, size};
    check_reader(left, &arena);
    size_t count = chain_read(&left, chain);
    check_reader(slice_part((struct slice){data, size}, 0, size - left.len), &arena);
    check_verification(chain, count, left, &arena);
    for (size_t i = 0; i < count; i++) {
        X509_free(chain[i]);
    }
    arena_clear(&arena);
    return 0;
}
