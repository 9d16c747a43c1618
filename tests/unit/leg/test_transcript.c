// The transcript: what peers of many habits leave in the evidence.
#include "rows.h"
#include "scratch_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "leg.h"

// ---- our engine on the client leg, against a client made by hand

struct bench {
    struct scratch folder;
    struct authority ca;
    struct mint *mint;
    struct library library;
};

static struct bench bench;

struct scene {
    struct leg_policy policy;
    struct contexts *contexts;
    struct engine *engine;
    struct leg_evidence evidence;
    struct arena arena;
    struct buffer out;
    struct leaf *leaf;
    SSL *peer; // the client
    BIO *in, *to_us;
};

static int bench_open(void **state)
{
    struct error error = {0};
    (void)state;
    scratch_make(&bench.folder);
    assert_true(authority_open(bench.folder.path, &bench.ca, NULL, &error));
    bench.mint = mint_new(&bench.ca, 0, &error);
    assert_non_null(bench.mint);
    library_ask(&bench.library);
    return 0;
}

static int bench_close(void **state)
{
    (void)state;
    mint_free(bench.mint);
    authority_clear(&bench.ca);
    scratch_remove_path(bench.folder.path);
    return 0;
}

// The client trusts nobody unless `verifies` is false.
static void scene_open(struct scene *scene, const char *policy, bool verifies)
{
    struct error error = {0};
    struct leg_shape shape;
    struct context context;
    struct leaf_spec leaf = {.name = "www.example.test"};
    memset(scene, 0, sizeof(*scene));
    leg_policy_default(&scene->policy, CLIENT);
    assert_true(leg_policy_apply(&scene->policy, policy, &error));
    shape_client(&scene->policy, &bench.library, NULL, &shape);
    struct context_common common = {.side = CLIENT, .policy = &scene->policy};
    scene->contexts = contexts_new(&common);
    assert_true(contexts_get(scene->contexts, &shape, &context, &error));
    scene->leaf = mint_leaf(bench.mint, &leaf, &error);
    buffer_init(&scene->out, (size_t)1 << 20);
    struct engine_setup setup = {
        .side = CLIENT,
        .context = context,
        .leaf = scene->leaf,
        .client_auth = scene->policy.client_auth,
        .evidence = &scene->evidence,
        .arena = &scene->arena,
        .opened_us = clock_monotonic_us(),
        .out = &scene->out,
    };
    scene->engine = engine_new(&setup, &error);
    assert_non_null(scene->engine);
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(client, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    scene->peer = SSL_new(client);
    SSL_CTX_free(client);
    scene->in = BIO_new(BIO_s_mem());
    scene->to_us = BIO_new(BIO_s_mem());
    (void)BIO_set_mem_eof_return(scene->in, -1);
    SSL_set_bio(scene->peer, scene->in, scene->to_us);
    SSL_set_connect_state(scene->peer);
}

static void scene_close(struct scene *scene)
{
    SSL_free(scene->peer);
    engine_free(scene->engine);
    contexts_free(scene->contexts);
    leaf_release(scene->leaf);
    buffer_clear(&scene->out);
    arena_clear(&scene->arena);
}

// scene_run passes all that both have to say.
static enum engine_step scene_run(struct scene *scene)
{
    enum engine_step step = ENGINE_WAITS;
    for (int round = 0; round < 10 && step == ENGINE_WAITS; round++) {
        uint8_t data[16384];
        ERR_clear_error();
        (void)SSL_do_handshake(scene->peer); // how far it got shows in the evidence
        int len = BIO_read(scene->to_us, data, sizeof(data));
        if (len > 0) {
            step = engine_handshake(scene->engine, (struct slice){data, (size_t)len});
        }
        struct slice out = buffer_slice(&scene->out);
        (void)BIO_write(scene->in, out.data, (int)out.len);
        buffer_consume(&scene->out, out.len);
    }
    return step;
}

// A TLS 1.3 client that does not imitate TLS 1.2 sends no ChangeCipherSpec (RFC 8446 appendix D.4).
static void alert_of_a_client_without_change_cipher_spec(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "min=TLS1.3", true);
    SSL_clear_options(scene.peer, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    assert_int_equal(scene_run(&scene), ENGINE_FAILED);
    assert_string_equal(ending_kind_name(scene.evidence.handshake.kind), "alert-received");
    assert_int_equal(scene.evidence.handshake.alert, ALERT_UNKNOWN_CA);
    scene_close(&scene);
}

static void finished_of_a_client_without_change_cipher_spec(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, "min=TLS1.3,client-auth=ask", false);
    SSL_clear_options(scene.peer, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    assert_int_equal(scene_run(&scene), ENGINE_SECURED);
    assert_true(leg_evidence_saw(&scene.evidence, HANDSHAKE_FINISHED, false));
    assert_true(leg_evidence_saw(&scene.evidence, HANDSHAKE_CERTIFICATE, false));
    scene_close(&scene);
}

static void alert_of_a_client_is_noted_once(void **state)
{
    (void)state;
    static const char *const versions[] = {"min=TLS1.3", "max=TLS1.2"};
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct scene scene;
        size_t alerts = 0, hellos = 0;
        scene_open(&scene, versions[i], true);
        assert_int_equal(scene_run(&scene), ENGINE_FAILED);
        for (size_t j = 0; j < scene.evidence.moment_count; j++) {
            const struct moment *moment = &scene.evidence.moments[j];
            alerts += moment->content_type == CONTENT_ALERT;
            hellos += moment->content_type == CONTENT_HANDSHAKE && moment->type == 1;
        }
        assert_int_equal(alerts, 1);
        assert_int_equal(hellos, 1);
        scene_close(&scene);
    }
}

// ---- records

static uint32_t record_of(const struct scene *scene, uint8_t type, bool sent)
{
    for (size_t i = 0; i < scene->evidence.moment_count; i++) {
        const struct moment *moment = &scene->evidence.moments[i];
        if (moment->content_type == CONTENT_HANDSHAKE && moment->type == type &&
            moment->sent == sent) {
            return moment->record;
        }
    }
    return 0;
}

// The peer's ChangeCipherSpec is a record of its own, before its Finished.
static void each_message_names_its_record(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        uint32_t finished, certificate;
    } versions[] = {{"max=TLS1.2", 4, 2}, {"min=TLS1.3", 3, 4}};
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct scene scene;
        scene_open(&scene, versions[i].policy, false);
        assert_int_equal(scene_run(&scene), ENGINE_SECURED);
        assert_int_equal(record_of(&scene, HANDSHAKE_CLIENT_HELLO, false), 1);
        assert_int_equal(record_of(&scene, HANDSHAKE_FINISHED, false), versions[i].finished);
        assert_int_equal(record_of(&scene, HANDSHAKE_SERVER_HELLO, true), 1);
        assert_int_equal(record_of(&scene, HANDSHAKE_CERTIFICATE, true), versions[i].certificate);
        scene_close(&scene);
    }
}

// ---- alerts as bytes: level, description, and what they are in that version

static const struct row {
    const char *name;
    uint16_t version; // as the ServerHello said; 0: none yet
    uint8_t level, alert;
    uint8_t fatal; // what is noted as the peer's fatal alert
    bool is_notify;
} rows[] = {
    {"fatal before any ServerHello", 0, 2, ALERT_HANDSHAKE_FAILURE, ALERT_HANDSHAKE_FAILURE, false},
    {"warning in TLS 1.2", VERSION_TLS12, 1, ALERT_UNRECOGNIZED_NAME, 0, false},
    {"warning before any ServerHello", 0, 1, ALERT_UNRECOGNIZED_NAME, 0, false},
    {"close_notify in TLS 1.2", VERSION_TLS12, 1, ALERT_CLOSE_NOTIFY, 0, true},
    {"close_notify called fatal", VERSION_TLS12, 2, ALERT_CLOSE_NOTIFY, 0, true},
    {"fatal in TLS 1.3", VERSION_TLS13, 2, ALERT_BAD_CERTIFICATE, ALERT_BAD_CERTIFICATE, false},
    {"TLS 1.3 has no warnings", VERSION_TLS13, 1, ALERT_BAD_CERTIFICATE, ALERT_BAD_CERTIFICATE,
     false},
    {"close_notify in TLS 1.3", VERSION_TLS13, 1, ALERT_CLOSE_NOTIFY, 0, true},
    {"user_canceled in TLS 1.3", VERSION_TLS13, 1, ALERT_USER_CANCELED, 0, false},
};

static void alert_is(void **state)
{
    const struct row *row = *state;
    struct transcript transcript;
    struct leg_evidence evidence = {.version = row->version};
    struct arena arena = {0};
    const uint8_t record[] = {21, 3, 3, 0, 2, row->level, row->alert};
    transcript_init(&transcript, SERVER, &evidence, &arena, 0);
    transcript_received(&transcript, (struct slice){record, sizeof(record)});
    assert_int_equal(transcript.alert_received, row->fatal);
    assert_int_equal(transcript.has_close_notify, row->is_notify);
    assert_int_equal(evidence.moment_count, 1);
    assert_int_equal(evidence.moments[0].is_fatal, row->fatal != 0);
    transcript_clear(&transcript);
    arena_clear(&arena);
}

// ---- limits

static void first_bytes_are_bounded(void **state)
{
    (void)state;
    struct transcript transcript;
    struct leg_evidence evidence = {0};
    struct arena arena = {0};
    transcript_init(&transcript, SERVER, &evidence, &arena, 0);
    for (int i = 0; i < 1000; i++) {
        const uint8_t byte = (uint8_t)i;
        transcript_received(&transcript, (struct slice){&byte, 1});
    }
    assert_int_equal(evidence.first_bytes.len, 64);
    assert_int_equal(evidence.first_bytes.data[63], 63);
    assert_true(arena.used_bytes < 8192);
    transcript_clear(&transcript);
    arena_clear(&arena);
}

// What comes after the handshake takes nothing of the arena, however much it is.
static void nothing_piles_up_after_the_handshake(void **state)
{
    (void)state;
    struct transcript transcript;
    struct leg_evidence evidence = {.version = VERSION_TLS13};
    struct arena arena = {0};
    const uint8_t ticket[] = {HANDSHAKE_NEW_SESSION_TICKET, 0, 0, 1, 0};
    const uint8_t update[] = {HANDSHAKE_KEY_UPDATE, 0, 0, 1, 1};
    const uint8_t hello[] = {HANDSHAKE_CLIENT_HELLO, 0, 0, 1, 0};
    transcript_init(&transcript, CLIENT, &evidence, &arena, 0);
    evidence.client_hello = slice_of_text("the first");
    transcript_done(&transcript);
    for (int i = 0; i < 1000; i++) {
        transcript_message(&transcript, true, CONTENT_HANDSHAKE,
                           (struct slice){ticket, sizeof(ticket)});
        transcript_message(&transcript, false, CONTENT_HANDSHAKE,
                           (struct slice){update, sizeof(update)});
        transcript_message(&transcript, false, CONTENT_HANDSHAKE,
                           (struct slice){hello, sizeof(hello)});
    }
    assert_int_equal(arena.used_bytes, 0);
    assert_int_equal(evidence.moment_count, MOMENTS_MAX);
    assert_int_equal(evidence.moment_total, 3000);
    transcript_clear(&transcript);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alert_of_a_client_without_change_cipher_spec),
        cmocka_unit_test(finished_of_a_client_without_change_cipher_spec),
        cmocka_unit_test(alert_of_a_client_is_noted_once),
        cmocka_unit_test(each_message_names_its_record),
        cmocka_unit_test(first_bytes_are_bounded),
        cmocka_unit_test(nothing_piles_up_after_the_handshake),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    int failed = RUN_ROWS(rows, alert_is);
    return failed + cmocka_run_group_tests(tests, bench_open, bench_close);
}
