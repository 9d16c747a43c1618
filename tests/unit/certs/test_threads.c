// Workers share the mint and a trust store. Run this one under ThreadSanitizer.
#include "chain_kit.h"

#include <pthread.h>

#include "certs.h"
#include "scratch_folder.h"

#define THREADS 4
#define ROUNDS  150
#define HOSTS   12

static struct scratch scratch;
static struct mint *mint;
static struct trust_store *store;

struct worker {
    pthread_t thread;
    unsigned number;
    unsigned failures;
};

// cmocka's asserts are not for threads: failures are counted.
static bool round_is_fine(unsigned number, unsigned round)
{
    char host[32];
    unsigned which = (round * 7 + number) % HOSTS;
    (void)snprintf(host, sizeof(host), "host-%u.test", which);
    struct leaf_spec spec = {.name = host, .key = which % 3 == 0 ? LEAF_RSA : LEAF_ECDSA};
    struct leaf *leaf = mint_leaf(mint, &spec, NULL);
    if (leaf == NULL) {
        return false;
    }
    struct arena arena = {0};
    struct verification result;
    X509 *chain[] = {leaf->certificate};
    chain_verify(store, chain, 1, &(struct verify_spec){.name = host}, &arena, &result);
    arena_clear(&arena);
    leaf_release(leaf);
    return result.done && result.fault == CERT_FAULT_NONE;
}

static void *work(void *context)
{
    struct worker *worker = context;
    for (unsigned round = 0; round < ROUNDS; round++) {
        worker->failures += round_is_fine(worker->number, round) ? 0 : 1;
    }
    return NULL;
}

// The mint holds fewer leaves than there are hosts, so that leaves are made, found, pushed out and
// released at the same time, from the moment its keys are still being made.
static void threads_share_a_mint_and_a_store(void **state)
{
    (void)state;
    struct authority ca;
    struct worker workers[THREADS];
    char path[SCRATCH_PATH_MAX];
    scratch_make(&scratch);
    assert_true(authority_open(scratch.path, &ca, NULL, NULL));
    store = trust_store_new(scratch_join(&scratch, "ca.pem", path), NULL, NULL);
    assert_non_null(store);
    mint = mint_new(&ca, HOSTS - 4, NULL);
    assert_non_null(mint);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    unsigned failures = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        failures += workers[i].failures;
    }
    assert_int_equal(failures, 0);
    mint_free(mint);
    trust_store_free(store);
    authority_clear(&ca);
    scratch_remove_path(scratch.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_share_a_mint_and_a_store)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
