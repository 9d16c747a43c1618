// Both legs predicted, for pairs of presets and for servers that are said.
#include "rows.h"

#include <string.h>

#include "bridge_predict.h"
#include "presets.h"
#include "tls_stream.h"

static const struct row {
    const char *name;
    const char *client, *edge, *server; // presets; the server's leg keys
    uint32_t keys;
    const char *cause; // NULL: secured
    enum side leg;
    enum party party;
    const char *key, *value; // what the bridge is told to set
} rows[] = {
    {"mirrored, everything in common", "chromium-156", NULL, "", 3, NULL, CLIENT, 0, NULL, NULL},
    {"an edge that ends at TLS 1.2 before an origin that begins above", "chromium-156", "f5-bigip",
     "min=TLS1.3", 3, "protocol.no-common-version", SERVER, PARTY_BRIDGE, "max", "TLS1.3"},
    {"an old client before a modern edge", "ie-8-win7", "aws-cloudfront-2021", "", 3,
     "protocol.no-common-version", CLIENT, PARTY_CLIENT, NULL, NULL},
    {"an old client mirrored to a modern origin", "ie-8-win7", NULL, "min=TLS1.2", 3,
     "protocol.no-common-version", SERVER, PARTY_CLIENT, NULL, NULL},
    {"a modern client mirrored to an old origin", "chromium-156", NULL, "max=TLS1.1", 3,
     "protocol.no-common-version", SERVER, PARTY_SERVER, NULL, NULL},
    {"an origin with one odd suite", "chromium-156", NULL, "max=TLS1.2,ciphers=AES256-SHA256", 3,
     "cipher.no-common-suite", SERVER, PARTY_SERVER, NULL, NULL},
    {"an origin with RC4 only, which our library lacks", "chromium-156", NULL,
     "max=TLS1.2,ciphers=RC4-SHA", 3, "cipher.no-common-suite", SERVER, PARTY_SERVER, NULL, NULL},
    {"an origin with one group, which the edge lacks", "chromium-156", NULL,
     "min=TLS1.3,groups=x448", 3, "group.no-common", SERVER, PARTY_SERVER, NULL, NULL},
    {"an origin that speaks h2 only behind an edge without ALPN is left alone", "chromium-156",
     "f5-bigip", "alpn=h2", 3, NULL, CLIENT, 0, NULL, NULL},
    {"an origin without a protocol of the client", "chromium-156", NULL, "alpn=imap", 3,
     "alpn.no-overlap", SERVER, PARTY_SERVER, NULL, NULL},
    {"an origin of RSA before a client of ECDSA suites", "chromium-156", NULL,
     "max=TLS1.2,ciphers=ECDHE-ECDSA-AES128-GCM-SHA256", KEY_RSA,
     "cipher.certificate-type-mismatch", SERVER, PARTY_SERVER, NULL, NULL},
    {"an origin with schemes of its own", "chromium-156", NULL, "min=TLS1.3,sigalgs=ed448", 3,
     "sigalg.no-common", SERVER, PARTY_SERVER, NULL, NULL},
};

// Stands in for the TLS library: what OpenSSL has names for, nothing broken.
static void fill_library(struct library *library)
{
    *library = (struct library){.version_min = VERSION_TLS10, .version_max = VERSION_TLS13};
    for (size_t i = 0; suite_at(i) != NULL; i++) {
        const struct suite *suite = suite_at(i);
        if (suite->openssl != NULL &&
            (suite->class == SUITE_MODERN || suite->class == SUITE_LEGACY)) {
            (void)number_list_add(&library->suites, suite->id);
        }
    }
    for (size_t i = 0; group_at(i) != NULL; i++) {
        if (group_at(i)->openssl != NULL) {
            (void)number_list_add(&library->groups, group_at(i)->id);
        }
    }
    for (size_t i = 0; scheme_at(i) != NULL; i++) {
        if (scheme_at(i)->openssl != NULL) {
            (void)number_list_add(&library->schemes, scheme_at(i)->id);
        }
    }
}

struct scene {
    struct preset_client *client;
    struct preset_edge *edge;
    struct buffer joined;
    struct client_hello hello;
    struct library library;
    struct leg_policy legs[SIDES], server;
    struct server_terms origin;
    struct bridge_terms terms;
    struct arena arena;
};

static void scene_set(struct scene *scene, const struct row *row)
{
    struct error error = {0};
    struct slice message;
    bool is_sslv2;
    size_t at;
    *scene = (struct scene){0};
    scene->client = preset_client_find(row->client, &error);
    assert_non_null(scene->client);
    assert_int_equal(first_hello(scene->client->record, &scene->joined, &message, &is_sslv2),
                     PARSE_OK);
    assert_int_equal(client_hello_parse(message, &scene->hello, &at), PARSE_OK);
    fill_library(&scene->library);
    leg_policy_default(&scene->legs[CLIENT], CLIENT);
    leg_policy_default(&scene->legs[SERVER], SERVER);
    leg_policy_default(&scene->server, CLIENT);
    if (row->server[0] != '\0' && !leg_policy_apply(&scene->server, row->server, &error)) {
        fail_msg("%s", error.text);
    }
    if (row->edge != NULL) {
        scene->edge = preset_edge_find(row->edge, &error);
        assert_non_null(scene->edge);
    }
    origin_terms_make(&scene->server, row->keys, &scene->library, &scene->origin);
    scene->terms = (struct bridge_terms){
        .legs = scene->edge != NULL ? scene->edge->legs : scene->legs,
        .order = scene->edge != NULL ? scene->edge->order : ORDER_SERVER_FIRST,
        .library = &scene->library,
        .origin = &scene->origin,
    };
}

static void scene_clear(struct scene *scene)
{
    preset_client_free(scene->client);
    preset_edge_free(scene->edge);
    buffer_clear(&scene->joined);
    arena_clear(&scene->arena);
}

static void predicts(void **state)
{
    const struct row *row = *state;
    static struct scene scene;
    static struct bridge_prediction got;
    scene_set(&scene, row);
    assert_true(bridge_predict(&scene.hello, &scene.terms, &scene.arena, &got));
    const struct leg_prediction *leg = &got.legs[row->leg];
    if (row->cause == NULL) {
        assert_true(got.is_secured);
        assert_null(got.legs[CLIENT].cause);
        assert_null(got.legs[SERVER].cause);
    } else {
        assert_false(got.is_secured);
        assert_non_null(leg->cause);
        assert_string_equal(leg->cause->code, row->cause);
        assert_int_equal(got.broken, row->leg);
        assert_int_equal(leg->party, row->party);
        assert_true(strlen(leg->summary) > 0 && strlen(leg->fix) > 0);
        assert_true(strlen(leg->offered) > 0 && strlen(leg->accepted) > 0);
    }
    if (row->key != NULL) {
        assert_string_equal(leg->key, row->key);
        assert_string_equal(leg->value, row->value);
    } else {
        assert_null(leg->key);
    }
    scene_clear(&scene);
}

// Every client through every edge to every edge's client leg: an answer each time, whole, and no
// advice that goes back.
static void every_pair_has_an_answer(void **state)
{
    (void)state;
    static struct scene scene;
    static struct bridge_prediction got;
    size_t broken_count = 0;
    for (size_t e = 0; preset_edge_name(e) != NULL; e++) {
        for (size_t c = 0; preset_client_name(c) != NULL; c++) {
            struct row row = {.client = preset_client_name(c),
                              .edge = preset_edge_name(e),
                              .server = c % 2 == 0 ? "min=TLS1.3" : "max=TLS1.1",
                              .keys = 1 + (uint32_t)(e + c) % 3};
            scene_set(&scene, &row);
            assert_true(bridge_predict(&scene.hello, &scene.terms, &scene.arena, &got));
            for (int side = 0; side < SIDES; side++) {
                const struct leg_prediction *leg = &got.legs[side];
                bool is_broken = leg->agreed.mismatch != MISMATCH_NONE;
                assert_int_equal(leg->cause != NULL, is_broken);
                assert_true(!is_broken || leg->summary != NULL);
                assert_true(leg->key == NULL || leg->party == PARTY_BRIDGE);
                assert_true(leg->key == NULL || strcmp(leg->key, "max") != 0 ||
                            strcmp(leg->value, "TLS1.2") == 0 || strcmp(leg->value, "TLS1.3") == 0);
                broken_count += is_broken ? 1 : 0;
            }
            assert_int_equal(got.is_secured,
                             got.legs[CLIENT].is_reached && got.legs[SERVER].is_reached &&
                                 got.legs[CLIENT].cause == NULL && got.legs[SERVER].cause == NULL);
            scene_clear(&scene);
        }
    }
    assert_true(broken_count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_pair_has_an_answer)};
    return RUN_ROWS(rows, predicts) + cmocka_run_group_tests(tests, NULL, NULL);
}
