// Contexts: one for each shape, kept, the least recently used gone first, alive while engines are.
#include "rows.h"

#include <string.h>

#include <openssl/err.h>

#include "leg.h"

struct shelf {
    struct leg_policy policy;
    struct library library;
    struct contexts *contexts;
};

static void shelf_open(struct shelf *shelf, enum side side)
{
    memset(shelf, 0, sizeof(*shelf));
    library_ask(&shelf->library);
    leg_policy_default(&shelf->policy, side);
    struct context_common common = {.side = side, .policy = &shelf->policy};
    shelf->contexts = contexts_new(&common);
    assert_non_null(shelf->contexts);
}

// shape_numbered differs for each number below `suites.count`: the order of suites is part of it.
static struct leg_shape shape_numbered(const struct shelf *shelf, size_t number)
{
    struct leg_shape shape;
    struct losses lost;
    shape_server(&shelf->policy, NULL, &shelf->library, NULL, &shape, &lost);
    uint16_t first = shape.suites.items[0];
    shape.suites.items[0] = shape.suites.items[number % shape.suites.count];
    shape.suites.items[number % shape.suites.count] = first;
    if (number >= shape.suites.count) {
        shape.version_max = VERSION_TLS12;
    }
    return shape;
}

static SSL_CTX *get(struct shelf *shelf, const struct leg_shape *shape)
{
    struct error error = {0};
    struct context context = {0};
    if (!contexts_get(shelf->contexts, shape, &context, &error)) {
        fail_msg("%s", error.text);
    }
    return context.ssl;
}

static void same_shape_same_context(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, SERVER);
    struct leg_shape shape = shape_numbered(&shelf, 0), other = shape_numbered(&shelf, 1);
    SSL_CTX *first = get(&shelf, &shape);
    assert_ptr_equal(get(&shelf, &shape), first);
    assert_ptr_not_equal(get(&shelf, &other), first);
    memcpy(shape.alpn, "\x02h2", 3); // ALPN is an engine's own matter
    shape.alpn_len = 3;
    assert_ptr_equal(get(&shelf, &shape), first);
    contexts_free(shelf.contexts);
}

static void least_recently_used_goes_first(void **state)
{
    (void)state;
    struct shelf shelf;
    shelf_open(&shelf, SERVER);
    SSL_CTX *first = NULL;
    struct leg_shape shape = shape_numbered(&shelf, 0);
    assert_true(2 * shape.suites.count > CONTEXTS_MAX + 2);
    first = get(&shelf, &shape);
    SSL_CTX_up_ref(first); // so that its address is not given again
    for (size_t i = 1; i <= CONTEXTS_MAX; i++) {
        struct leg_shape other = shape_numbered(&shelf, i);
        (void)get(&shelf, &other);
        assert_ptr_equal(get(&shelf, &shape), first); // used: it stays
    }
    for (size_t i = 1; i <= CONTEXTS_MAX; i++) {
        struct leg_shape other = shape_numbered(&shelf, i);
        (void)get(&shelf, &other);
    }
    assert_ptr_not_equal(get(&shelf, &shape), first); // unused for a whole round: made anew
    SSL_CTX_free(first);
    contexts_free(shelf.contexts);
}

// An engine goes on when its context has been thrown out of the cache.
static void engine_outlives_the_cache_entry(void **state)
{
    (void)state;
    struct shelf shelf;
    struct error error = {0};
    struct leg_evidence evidence = {0};
    struct arena arena = {0};
    struct buffer out = {0};
    shelf_open(&shelf, SERVER);
    struct leg_shape shape = shape_numbered(&shelf, 0);
    struct engine_setup setup = {
        .side = SERVER,
        .context = {get(&shelf, &shape)},
        .evidence = &evidence,
        .arena = &arena,
        .out = &out,
    };
    struct engine *engine = engine_new(&setup, &error);
    assert_non_null(engine);
    for (size_t i = 1; i <= CONTEXTS_MAX; i++) {
        struct leg_shape other = shape_numbered(&shelf, i);
        (void)get(&shelf, &other);
    }
    assert_int_equal(engine_handshake(engine, SLICE_EMPTY), ENGINE_WAITS);
    assert_true(out.len > 0);
    engine_free(engine);
    contexts_free(shelf.contexts);
    buffer_clear(&out);
    arena_clear(&arena);
}

static void no_known_suite(struct shelf *shelf, struct leg_shape *shape)
{
    (void)shelf;
    shape->suites = (struct number_list){.count = 1, .items = {0x0000}};
}

static void suites_of_tls12_only(struct shelf *shelf, struct leg_shape *shape)
{
    (void)shelf;
    shape->suites = (struct number_list){.count = 1, .items = {0xc02b}};
}

static void suites_of_tls13_only(struct shelf *shelf, struct leg_shape *shape)
{
    (void)shelf;
    shape->suites = (struct number_list){.count = 1, .items = {0x1301}};
    shape->version_min = VERSION_TLS12;
}

static void unknown_group(struct shelf *shelf, struct leg_shape *shape)
{
    (void)shelf;
    shape->groups = (struct number_list){.count = 1, .items = {0xfefe}};
}

static void unknown_scheme(struct shelf *shelf, struct leg_shape *shape)
{
    (void)shelf;
    shape->schemes = (struct number_list){.count = 1, .items = {0xfefe}};
}

static void known_group_among_unknown(struct shelf *shelf, struct leg_shape *shape)
{
    (void)shelf;
    shape->groups = (struct number_list){.count = 2, .items = {0xfefe, 0x001d}};
}

static void missing_certificate(struct shelf *shelf, struct leg_shape *shape)
{
    (void)shape;
    strcpy(shelf->policy.cert_file, "/nowhere/cert.pem");
}

static const struct row {
    const char *name;
    void (*spoil)(struct shelf *shelf, struct leg_shape *shape);
    const char *says; // part of the error; NULL: it can be had
} rows[] = {
    {"as it is", NULL, NULL},
    {"no suite that the library knows", no_known_suite, "suites"},
    {"suites of TLS 1.2 in a window up to TLS 1.3", suites_of_tls12_only, NULL},
    {"suites of TLS 1.3 in a window from TLS 1.2", suites_of_tls13_only, NULL},
    {"a group that has no name", unknown_group, "groups"},
    {"a scheme that has no name", unknown_scheme, "signature schemes"},
    {"a known group among unknown ones", known_group_among_unknown, NULL},
    {"a certificate file that is not there", missing_certificate, "/nowhere/cert.pem"},
};

static void shape_gives(void **state)
{
    const struct row *row = *state;
    struct shelf shelf;
    struct error error = {0};
    struct context context;
    shelf_open(&shelf, SERVER);
    struct leg_shape shape = shape_numbered(&shelf, 0);
    if (row->spoil != NULL) {
        row->spoil(&shelf, &shape);
    }
    bool ok = contexts_get(shelf.contexts, &shape, &context, &error);
    assert_int_equal(ok, row->says == NULL);
    if (row->says != NULL) {
        assert_non_null(strstr(error.text, row->says));
    }
    assert_int_equal(ERR_peek_error(), 0);
    contexts_free(shelf.contexts);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_shape_same_context),
        cmocka_unit_test(least_recently_used_goes_first),
        cmocka_unit_test(engine_outlives_the_cache_entry),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    int failed = RUN_ROWS(rows, shape_gives);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
