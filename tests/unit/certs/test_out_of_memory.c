// OpenSSL's n-th allocation fails, for each n: nothing crashes or leaks, and a result is either
// whole or said to be missing.
#include "chain_kit.h"

#include "certs.h"
#include "scratch_folder.h"

// -1 lets all allocations through; 0 fails the next one. Of this thread: the key maker allocates
// when it likes, and a test must fail the same one each time.
static _Thread_local long allocations_left = -1;
static _Thread_local bool has_failed;

static bool is_due(void)
{
    if (allocations_left != 0) {
        allocations_left -= allocations_left > 0 ? 1 : 0;
        return false;
    }
    allocations_left = -1;
    has_failed = true;
    return true;
}

static void *failing_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line; // OpenSSL's signature
    return is_due() ? NULL : malloc(size);
}

static void *failing_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return is_due() ? NULL : realloc(memory, size);
}

static void plain_free(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    free(memory);
}

static struct scratch scratch;
static struct authority ca;
static struct mint *mint;
static struct kit_cert origin;
static struct trust_store *store;

// Each gives true when it has done all that it should.
static bool mints(void)
{
    static unsigned number; // another name each time, or the cache would answer
    char host[32];
    (void)snprintf(host, sizeof(host), "n%u.test", number++);
    struct leaf_spec spec = {.name = host, .origin = origin.certificate};
    struct leaf *leaf = mint_leaf(mint, &spec, NULL);
    bool is_made = leaf != NULL;
    allocations_left = -1;
    assert_true(!is_made || X509_check_private_key(leaf->certificate, leaf->key) == 1);
    leaf_release(leaf);
    return is_made;
}

static bool verifies(void)
{
    struct arena arena = {0};
    struct verification result;
    struct verify_spec spec = {.name = "a.test"};
    chain_verify(store, &origin.certificate, 1, &spec, &arena, &result);
    bool is_right = result.done && result.fault == CERT_FAULT_NONE;
    arena_clear(&arena);
    return is_right;
}

static bool refuses(void)
{
    struct arena arena = {0};
    struct verification result;
    struct verify_spec spec = {.name = "b.test"};
    chain_verify(store, &origin.certificate, 1, &spec, &arena, &result);
    assert_true(!result.done || result.fault != CERT_FAULT_NONE); // never takes it for good
    bool is_right = result.done && result.faults == 1u << CERT_FAULT_HOSTNAME;
    arena_clear(&arena);
    return is_right;
}

static bool reads(void)
{
    struct arena arena = {0};
    struct cert_facts facts;
    bool is_read = cert_facts_read(origin.certificate, &arena, &facts);
    arena_clear(&arena);
    return is_read;
}

static bool opens(void)
{
    struct authority again = {0};
    bool is_open = authority_open(scratch.path, &again, NULL, NULL);
    authority_clear(&again);
    return is_open;
}

static const struct row {
    const char *name;
    bool (*run)(void);
} rows[] = {
    {"minting", mints},       {"verifying", verifies},          {"refusing", refuses},
    {"reading facts", reads}, {"opening the authority", opens},
};

static void every_allocation_may_fail(void **state)
{
    const struct row *row = *state;
    long failed = 0;
    // Each of the first allocations; of the thousands that reading PEM takes, some.
    for (long n = 0;; n += n < 600 ? 1 : 97) {
        has_failed = false;
        allocations_left = n;
        bool is_done = row->run();
        allocations_left = -1;
        if (!has_failed) {
            assert_true(is_done);
            break;
        }
        failed++;
        assert_int_equal(ERR_peek_error(), 0);
    }
    assert_true(failed > 10);
    assert_true(row->run());
}

int main(void)
{
    if (CRYPTO_set_mem_functions(failing_malloc, failing_realloc, plain_free) != 1) {
        return 1;
    }
    scratch_make(&scratch);
    assert_true(authority_open(scratch.path, &ca, NULL, NULL));
    mint = mint_new(&ca, 1, NULL);
    leaf_release(mint_leaf(mint, &(struct leaf_spec){.name = "x.test", .key = LEAF_RSA}, NULL));
    struct kit_cert root = {ca.certificate, ca.key};
    const struct recipe recipe = {.subject = "a", .names = "DNS:a.test,IP:192.0.2.1"};
    origin = kit_make(&recipe, &root);
    assert_int_equal(setenv("SSL_CERT_FILE", "/nonexistent", 1), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", "/nonexistent", 1), 0);
    store = trust_store_new(NULL, NULL, NULL);
    assert_true(trust_store_add(store, ca.certificate));
    int failed = RUN_ROWS(rows, every_allocation_may_fail);
    kit_clear(&origin);
    trust_store_free(store);
    mint_free(mint);
    authority_clear(&ca);
    scratch_remove_path(scratch.path);
    return failed;
}
