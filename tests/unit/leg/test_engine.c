// Handshakes between two engines in memory: what is agreed, how each end ends, and data after it.
#include "rows.h"
#include "scratch_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "leg.h"

// ---- two engines in memory that talk to each other without a port

struct pair {
    struct library library;
    struct authority ca;
    struct mint *mint;
    struct trust_store *trust;
    struct scratch folder;
};

struct pair_end {
    struct leg_policy policy;
    struct leg_shape shape;
    struct contexts *contexts;
    struct engine *engine;
    struct leg_evidence evidence;
    struct buffer out;
    struct leaf *leaf;
};

// One handshake: ends[CLIENT] is our TLS server, ends[SERVER] our TLS client.
struct talk {
    struct pair *pair;
    struct arena arena;
    struct pair_end ends[SIDES];
    enum engine_step steps[SIDES];
};

struct talk_spec {
    const char *client_leg, *server_leg; // leg policies, as on the command line; NULL: defaults
    const char *leaf_name;               // NULL: "www.example.test"
    const char *verify_name;             // NULL: "www.example.test"
    enum leaf_key key;
    enum leaf_fault fault;
    bool trusts_nothing;
};

static struct pair shared_pair;

static void pair_open(struct pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    scratch_make(&pair->folder);
    struct error error = {0};
    if (!authority_open(pair->folder.path, &pair->ca, NULL, &error)) {
        fail_msg("%s", error.text);
    }
    pair->mint = mint_new(&pair->ca, 0, &error);
    assert_non_null(pair->mint);
    pair->trust = trust_store_new("/dev/null", NULL, &error);
    if (pair->trust == NULL) {
        pair->trust = trust_store_new(NULL, NULL, &error);
    }
    assert_non_null(pair->trust);
    assert_true(trust_store_add(pair->trust, pair->ca.certificate));
    library_ask(&pair->library);
}

static void pair_close(struct pair *pair)
{
    mint_free(pair->mint);
    trust_store_free(pair->trust);
    authority_clear(&pair->ca);
    scratch_remove_path(pair->folder.path);
}

static void make_shape(struct talk *talk, enum side side, const char *text)
{
    struct pair_end *end = &talk->ends[side];
    struct error error = {0};
    struct losses lost;
    leg_policy_default(&end->policy, side);
    if (text != NULL && !leg_policy_apply(&end->policy, text, &error)) {
        fail_msg("%s", error.text);
    }
    if (side == CLIENT) {
        struct slice chosen = {end->policy.alpn + 1,
                               end->policy.alpn_len > 0 ? end->policy.alpn[0] : 0};
        shape_client(&end->policy, &talk->pair->library, end->policy.alpn_len > 0 ? &chosen : NULL,
                     &end->shape);
    } else {
        shape_server(&end->policy, NULL, &talk->pair->library, NULL, &end->shape, &lost);
    }
}

static void talk_start(struct talk *talk, struct pair *pair, const struct talk_spec *spec)
{
    static const struct trust_store *none;
    struct error error = {0};
    const char *name = spec->leaf_name != NULL ? spec->leaf_name : "www.example.test";
    memset(talk, 0, sizeof(*talk));
    talk->pair = pair;
    make_shape(talk, CLIENT, spec->client_leg);
    make_shape(talk, SERVER, spec->server_leg);
    for (int side = 0; side < SIDES; side++) {
        struct pair_end *end = &talk->ends[side];
        struct context_common common = {.side = (enum side)side, .policy = &end->policy};
        struct context context = {0};
        buffer_init(&end->out, (size_t)1 << 20);
        end->contexts = contexts_new(&common);
        if (!contexts_get(end->contexts, &end->shape, &context, &error)) {
            fail_msg("%s", error.text);
        }
        struct engine_setup setup = {
            .side = (enum side)side,
            .context = context,
            .alpn = {end->shape.alpn, end->shape.alpn_len},
            .client_auth = end->policy.client_auth,
            .refuses = true,
            .evidence = &end->evidence,
            .arena = &talk->arena,
            .opened_us = clock_monotonic_us(),
            .out = &end->out,
        };
        if (side == CLIENT) {
            struct leaf_spec leaf = {.name = name, .key = spec->key, .fault = spec->fault};
            end->leaf = mint_leaf(pair->mint, &leaf, &error);
            assert_non_null(end->leaf);
            setup.leaf = end->leaf;
            setup.trust = end->policy.client_auth != CLIENT_AUTH_NONE ? pair->trust : NULL;
        } else {
            setup.sni = "www.example.test";
            setup.trust = spec->trusts_nothing ? none : pair->trust;
            setup.verify_name = spec->verify_name != NULL ? spec->verify_name : "www.example.test";
        }
        end->engine = engine_new(&setup, &error);
        assert_non_null(end->engine);
    }
}

// pass gives one piece of what `from` has to say to the other end.
static bool pass(struct talk *talk, enum side from, size_t piece_len)
{
    struct pair_end *end = &talk->ends[from];
    struct slice bytes = buffer_slice(&end->out);
    if (piece_len > 0) {
        bytes = slice_part(bytes, 0, piece_len);
    }
    if (bytes.len == 0 || talk->steps[!from] != ENGINE_WAITS) {
        return false;
    }
    talk->steps[!from] = engine_handshake(talk->ends[!from].engine, bytes);
    buffer_consume(&end->out, bytes.len);
    return true;
}

static void talk_run(struct talk *talk, size_t piece_len)
{
    talk->steps[SERVER] = engine_handshake(talk->ends[SERVER].engine, SLICE_EMPTY);
    bool moved = true;
    while (moved) {
        moved = pass(talk, SERVER, piece_len);
        moved = pass(talk, CLIENT, piece_len) || moved;
    }
}

static void talk_end(struct talk *talk)
{
    for (int side = 0; side < SIDES; side++) {
        struct pair_end *end = &talk->ends[side];
        engine_free(end->engine);
        contexts_free(end->contexts);
        leaf_release(end->leaf);
        buffer_clear(&end->out);
    }
    arena_clear(&talk->arena);
}

// ---- what is agreed, and how each end ends

static const struct row {
    const char *name;
    struct talk_spec spec;
    enum ending_kind client_ends, server_ends;
    uint8_t alert; // of either end, 0: none
    uint16_t version, suite, group;
    enum cert_fault fault;
} rows[] = {
    {"defaults agree on TLS 1.3",
     {0},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS13,
     0,
     0x001d,
     0},
    {"TLS 1.2 with ECDSA",
     {.server_leg = "max=TLS1.2,ciphers=ECDHE-ECDSA-AES128-GCM-SHA256,groups=P-256"},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS12,
     0xc02b,
     0x0017,
     0},
    {"TLS 1.2 with RSA key exchange",
     {.server_leg = "max=TLS1.2,ciphers=AES128-SHA", .key = LEAF_RSA},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS12,
     0x002f,
     0,
     0},
    {"TLS 1.2 with DHE",
     {.server_leg = "max=TLS1.2,ciphers=DHE-RSA-AES128-GCM-SHA256", .key = LEAF_RSA},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS12,
     0x009e,
     0,
     0},
    {"TLS 1.1",
     {.client_leg = "min=TLS1.0", .server_leg = "min=TLS1.0,max=TLS1.1", .key = LEAF_RSA},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS11,
     0,
     0,
     0},
    {"TLS 1.0",
     {.client_leg = "min=TLS1.0", .server_leg = "min=TLS1.0,max=TLS1.0", .key = LEAF_RSA},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS10,
     0,
     0,
     0},
    {"TLS 1.3 with a HelloRetryRequest",
     {.client_leg = "groups=P-384", .server_leg = "groups=X25519:P-384"},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS13,
     0,
     0x0018,
     0},
    {"no common version",
     {.client_leg = "min=TLS1.3", .server_leg = "max=TLS1.2"},
     ENDING_ALERT_SENT,
     ENDING_ALERT_RECEIVED,
     ALERT_PROTOCOL_VERSION,
     0,
     0,
     0,
     0},
    {"no common suite",
     {.client_leg = "max=TLS1.2,ciphers=ECDHE-ECDSA-AES256-GCM-SHA384",
      .server_leg = "max=TLS1.2,ciphers=ECDHE-ECDSA-AES128-GCM-SHA256"},
     ENDING_ALERT_SENT,
     ENDING_ALERT_RECEIVED,
     ALERT_HANDSHAKE_FAILURE,
     0,
     0,
     0,
     0},
    {"suites for another kind of certificate",
     {.server_leg = "max=TLS1.2,ciphers=ECDHE-RSA-AES128-GCM-SHA256"},
     ENDING_ALERT_SENT,
     ENDING_ALERT_RECEIVED,
     ALERT_HANDSHAKE_FAILURE,
     0,
     0,
     0,
     0},
    {"no common group",
     {.client_leg = "min=TLS1.3,groups=P-384", .server_leg = "groups=X25519"},
     ENDING_ALERT_SENT,
     ENDING_ALERT_RECEIVED,
     ALERT_HANDSHAKE_FAILURE,
     0,
     0,
     0,
     0},
    {"another name is refused by us",
     {.verify_name = "other.example.test"},
     ENDING_ALERT_RECEIVED,
     ENDING_REFUSED,
     ALERT_BAD_CERTIFICATE,
     VERSION_TLS13,
     0,
     0,
     CERT_FAULT_HOSTNAME},
    {"an expired leaf is refused by us",
     {.fault = LEAF_FAULT_EXPIRED},
     ENDING_ALERT_RECEIVED,
     ENDING_REFUSED,
     ALERT_CERTIFICATE_EXPIRED,
     VERSION_TLS13,
     0,
     0,
     CERT_FAULT_EXPIRED},
    {"a self-signed leaf is refused by us",
     {.fault = LEAF_FAULT_SELF_SIGNED},
     ENDING_ALERT_RECEIVED,
     ENDING_REFUSED,
     ALERT_UNKNOWN_CA,
     VERSION_TLS13,
     0,
     0,
     CERT_FAULT_SELF_SIGNED},
    {"an expired leaf is refused by us on TLS 1.2",
     {.server_leg = "max=TLS1.2", .fault = LEAF_FAULT_EXPIRED},
     ENDING_ALERT_RECEIVED,
     ENDING_REFUSED,
     ALERT_CERTIFICATE_EXPIRED,
     VERSION_TLS12,
     0,
     0,
     CERT_FAULT_EXPIRED},
    {"without a trust store nothing is refused",
     {.fault = LEAF_FAULT_EXPIRED, .trusts_nothing = true},
     ENDING_SECURED,
     ENDING_SECURED,
     0,
     VERSION_TLS13,
     0,
     0,
     0},
    {"a client certificate that is required and absent, TLS 1.2",
     {.client_leg = "client-auth=require", .server_leg = "max=TLS1.2"},
     ENDING_ALERT_SENT,
     ENDING_ALERT_RECEIVED,
     ALERT_HANDSHAKE_FAILURE,
     VERSION_TLS12,
     0,
     0,
     0},
    {"a client certificate that is required and absent, TLS 1.3",
     {.client_leg = "client-auth=require"},
     ENDING_ALERT_SENT,
     ENDING_SECURED,
     ALERT_CERTIFICATE_REQUIRED,
     VERSION_TLS13,
     0,
     0,
     0},
};

static void check_ends(const struct row *row, const struct talk *talk)
{
    const struct leg_evidence *client = &talk->ends[CLIENT].evidence;
    const struct leg_evidence *server = &talk->ends[SERVER].evidence;
    assert_string_equal(ending_kind_name(client->handshake.kind),
                        ending_kind_name(row->client_ends));
    assert_string_equal(ending_kind_name(server->handshake.kind),
                        ending_kind_name(row->server_ends));
    if (row->client_ends != ENDING_SECURED) {
        assert_int_equal(client->handshake.alert, row->alert);
    }
    if (row->server_ends != ENDING_SECURED) {
        assert_int_equal(server->handshake.alert, row->alert);
    }
    assert_true(client->client_hello.len > 0);
    assert_true(slice_equals(client->client_hello, server->client_hello));
    assert_true(slice_equals(client->server_hello, server->server_hello));
    assert_true(slice_equals(client->retry_request, server->retry_request));
    if (row->version != 0) {
        assert_int_equal(server->version, row->version);
        assert_int_equal(client->version, row->version);
        assert_int_equal(client->suite, server->suite);
        if (row->server_ends == ENDING_SECURED) {
            assert_int_equal(client->group, server->group);
        }
    }
    if (row->suite != 0) {
        assert_int_equal(server->suite, row->suite);
    }
    if (row->group != 0) {
        assert_int_equal(server->group, row->group);
    }
    assert_int_equal(server->verification.fault, row->fault);
}

static void handshake_ends_as_told(void **state)
{
    const struct row *row = *state;
    // Segmentation must change nothing that is noted.
    static const size_t pieces[] = {0, 1, 7, 1000};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct talk talk;
        talk_start(&talk, &shared_pair, &row->spec);
        talk_run(&talk, pieces[i]);
        check_ends(row, &talk);
        talk_end(&talk);
    }
}

// ---- bytes that are no TLS, and data

static void not_tls(void **state)
{
    (void)state;
    struct talk talk;
    struct talk_spec spec = {0};
    talk_start(&talk, &shared_pair, &spec);
    struct engine *engine = talk.ends[SERVER].engine;
    assert_int_equal(engine_handshake(engine, SLICE_EMPTY), ENGINE_WAITS);
    struct slice http = slice_of_text("HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_int_equal(engine_handshake(engine, http), ENGINE_FAILED);
    assert_int_equal(talk.ends[SERVER].evidence.handshake.kind, ENDING_NOT_TLS);
    assert_true(slice_starts_with(talk.ends[SERVER].evidence.first_bytes, "HTTP/1.1 400"));
    talk_end(&talk);
}

static void data_and_close_notify(void **state)
{
    (void)state;
    struct talk talk;
    struct talk_spec spec = {0};
    talk_start(&talk, &shared_pair, &spec);
    talk_run(&talk, 0);
    struct pair_end *client = &talk.ends[CLIENT], *server = &talk.ends[SERVER];
    assert_true(engine_write(server->engine, slice_of_text("ping")));
    engine_close_notify(server->engine);
    engine_close_notify(server->engine);
    assert_false(engine_write(server->engine, slice_of_text("too late")));
    engine_feed(client->engine, buffer_slice(&server->out));
    uint8_t data[64];
    size_t len = 0;
    assert_int_equal(engine_read(client->engine, data, sizeof(data), &len), ENGINE_READ_DATA);
    assert_int_equal(len, 4);
    assert_memory_equal(data, "ping", 4);
    assert_int_equal(engine_read(client->engine, data, sizeof(data), &len),
                     ENGINE_READ_CLOSE_NOTIFY);
    assert_int_equal(client->evidence.app_bytes_received, 4);
    talk_end(&talk);
}

static void held_bytes_are_read_later(void **state)
{
    (void)state;
    struct talk talk;
    struct talk_spec spec = {.server_leg = "max=TLS1.2"};
    talk_start(&talk, &shared_pair, &spec);
    talk_run(&talk, 0);
    struct pair_end *client = &talk.ends[CLIENT], *server = &talk.ends[SERVER];
    assert_true(engine_write(client->engine, slice_of_text("early")));
    engine_feed(server->engine, buffer_slice(&client->out));
    assert_true(engine_hold(server->engine));
    buffer_clear(&client->out);
    assert_true(engine_has_unread(server->engine));
    uint8_t data[64];
    size_t len = 0;
    assert_int_equal(engine_read(server->engine, data, sizeof(data), &len), ENGINE_READ_DATA);
    assert_int_equal(len, 5);
    assert_int_equal(engine_read(server->engine, data, sizeof(data), &len), ENGINE_READ_WAITS);
    talk_end(&talk);
}

static void broken_record(void **state)
{
    (void)state;
    struct talk talk;
    struct talk_spec spec = {0};
    talk_start(&talk, &shared_pair, &spec);
    talk_run(&talk, 0);
    uint8_t data[64], record[] = {23, 3,  3,  0,  20, 1,  2,  3,  4,  5,  6,  7, 8,
                                  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
    size_t len = 0;
    struct pair_end *client = &talk.ends[CLIENT];
    engine_feed(client->engine, (struct slice){record, sizeof(record)});
    assert_int_equal(engine_read(client->engine, data, sizeof(data), &len), ENGINE_READ_FAILED);
    assert_int_equal(client->evidence.close.kind, ENDING_ALERT_SENT);
    assert_int_equal(client->evidence.close.alert, ALERT_BAD_RECORD_MAC);
    assert_true(client->out.len > 0);
    talk_end(&talk);
}

static void first_ending_wins(void **state)
{
    (void)state;
    struct talk talk;
    struct talk_spec spec = {.client_leg = "min=TLS1.3", .server_leg = "max=TLS1.2"};
    talk_start(&talk, &shared_pair, &spec);
    talk_run(&talk, 0);
    engine_peer_ended(talk.ends[SERVER].engine, ENDING_RESET, 104);
    assert_int_equal(talk.ends[SERVER].evidence.handshake.kind, ENDING_ALERT_RECEIVED);
    talk_end(&talk);
}

int main(void)
{
    pair_open(&shared_pair);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_tls),
        cmocka_unit_test(data_and_close_notify),
        cmocka_unit_test(held_bytes_are_read_later),
        cmocka_unit_test(broken_record),
        cmocka_unit_test(first_ending_wins),
    };
    int failed = RUN_ROWS(rows, handshake_ends_as_told);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    pair_close(&shared_pair);
    return failed;
}
