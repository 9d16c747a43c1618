// The hello that shape_hello makes of a shape offers what OpenSSL's own offers: for the server leg
// of every edge preset, by itself and mirroring each client preset.
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "leg.h"
#include "presets.h"
#include "shape_hello.h"
#include "tls_stream.h"

static struct library library;

static bool is_signal(uint16_t id)
{
    return id == SCSV_RENEGOTIATION || id == SCSV_FALLBACK;
}

// What `a` offers and `b` does not is a failure.
static void assert_within(const char *name, const char *what, struct slice a, struct slice b)
{
    for (size_t i = 0; i < a.len / 2; i++) {
        uint16_t number = slice_u16_at(a, i);
        if (!is_signal(number) && !slice_has_u16(b, number)) {
            fail_msg("%s: %s 0x%04x in one hello only", name, what, number);
        }
    }
}

static void assert_order(const char *name, const char *what, struct slice real, struct slice made)
{
    assert_within(name, what, real, made);
    assert_within(name, what, made, real);
    assert_int_equal(real.len, made.len);
    assert_memory_equal(real.data, made.data, real.len);
}

static void assert_same(const char *name, const struct client_hello *real,
                        const struct client_hello *made)
{
    uint16_t real_group = 0, made_group = 0;
    struct slice key;
    size_t real_at = 0, made_at = 0;
    assert_int_equal(real->legacy_version, made->legacy_version);
    assert_int_equal(real->has_versions, made->has_versions);
    assert_order(name, "version", real->versions, made->versions);
    assert_within(name, "suite", real->cipher_suites, made->cipher_suites);
    assert_within(name, "suite", made->cipher_suites, real->cipher_suites);
    assert_int_equal(real->has_groups, made->has_groups);
    assert_within(name, "group", real->groups, made->groups);
    assert_int_equal(real->has_schemes, made->has_schemes);
    assert_within(name, "scheme", real->schemes, made->schemes);
    assert_int_equal(real->has_alpn, made->has_alpn);
    assert_true(slice_equals(real->alpn, made->alpn));
    assert_int_equal(real->has_key_share, made->has_key_share);
    assert_int_equal(key_share_next(real->key_shares, &real_at, &real_group, &key),
                     key_share_next(made->key_shares, &made_at, &made_group, &key));
    assert_int_equal(real_group, made_group);
}

static void speak(const char *name, const struct leg_policy *policy, const struct leg_shape *shape)
{
    struct error error = {0};
    struct arena arena = {0};
    struct buffer out = {.limit = (size_t)1 << 20}, joined = {0};
    struct leg_evidence evidence = {0};
    struct context context = {0};
    struct context_common common = {.side = SERVER, .policy = policy};
    struct contexts *contexts = contexts_new(&common);
    if (!contexts_get(contexts, shape, &context, &error)) {
        fail_msg("%s: %s", name, error.text);
    }
    struct engine_setup setup = {
        .side = SERVER,
        .context = context,
        .alpn = {shape->alpn, shape->alpn_len},
        .evidence = &evidence,
        .arena = &arena,
        .out = &out,
    };
    struct engine *engine = engine_new(&setup, &error);
    assert_non_null(engine);
    assert_int_equal(engine_handshake(engine, SLICE_EMPTY), ENGINE_WAITS);
    struct slice message;
    struct client_hello real;
    static struct shape_hello made;
    bool is_sslv2;
    size_t at;
    assert_int_equal(first_hello(buffer_slice(&out), &joined, &message, &is_sslv2), PARSE_OK);
    assert_int_equal(client_hello_parse(message, &real, &at), PARSE_OK);
    shape_hello_make(shape, &made);
    assert_same(name, &real, &made.hello);
    engine_free(engine);
    contexts_free(contexts);
    buffer_clear(&out);
    buffer_clear(&joined);
    arena_clear(&arena);
}

static void every_edge(void **state)
{
    (void)state;
    size_t count = 0;
    for (; preset_edge_name(count) != NULL; count++) {
        struct error error = {0};
        struct preset_edge *preset = preset_edge_at(count, &error);
        assert_non_null(preset);
        struct leg_shape shape;
        struct losses lost;
        shape_server(&preset->legs[SERVER], NULL, &library, NULL, &shape, &lost);
        speak(preset->name, &preset->legs[SERVER], &shape);
        preset_edge_free(preset);
    }
    assert_true(count >= 25);
}

static void every_client_mirrored(void **state)
{
    (void)state;
    struct leg_policy policy;
    size_t count = 0;
    leg_policy_default(&policy, SERVER);
    for (; preset_client_name(count) != NULL; count++) {
        struct error error = {0};
        struct buffer joined = {0};
        struct preset_client *preset = preset_client_at(count, &error);
        assert_non_null(preset);
        struct slice message;
        struct client_hello hello;
        struct leg_shape shape;
        struct losses lost;
        bool is_sslv2;
        size_t at;
        assert_int_equal(first_hello(preset->record, &joined, &message, &is_sslv2), PARSE_OK);
        assert_int_equal(client_hello_parse(message, &hello, &at), PARSE_OK);
        shape_server(&policy, &hello, &library, NULL, &shape, &lost);
        speak(preset->name, &policy, &shape);
        buffer_clear(&joined);
        preset_client_free(preset);
    }
    assert_true(count >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_edge),
        cmocka_unit_test(every_client_mirrored),
    };
    library_ask(&library);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
