// A client without a certificate against a server that demands one: the same alert as was seen, and
// a secured handshake once it is only asked for.
#include "../certs/chain_kit.h"

#include "../policy/hellos.h"
#include "library.h"
#include "rehearse.h"
#include "trust.h"

#define BOTH_HELLO                                                                   \
    {                                                                                \
        .versions = {0x0304, 0x0303}, .suites = {0x1301, 0xc02b, 0xc02f},            \
        .groups = {0x001d, 0x0017}, .schemes = {0x0403, 0x0804, 0x0401}, .shares = { \
            0x001d                                                                   \
        }                                                                            \
    }

static const struct row {
    const char *name;
    uint16_t max; // of the bridge
    struct ending seen;
    const char *cause;
    enum side leg;
    bool asks_nobody; // the client leg has no trust to verify clients with
    bool is_ours, is_proven;
} rows[] = {
    {.name = "TLS 1.3, where the client believes that it is done",
     .max = 0x0304,
     .seen = {ENDING_ALERT_SENT, .alert = ALERT_CERTIFICATE_REQUIRED},
     .cause = "client-auth.required",
     .is_ours = true,
     .is_proven = true},
    {.name = "TLS 1.2",
     .max = 0x0303,
     .seen = {ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .cause = "client-auth.required",
     .is_ours = true,
     .is_proven = true},
    {.name = "it had ended by another alert",
     .max = 0x0304,
     .seen = {ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .cause = "client-auth.required",
     .is_ours = true},
    {.name = "the origin demanded it",
     .max = 0x0304,
     .seen = {ENDING_ALERT_RECEIVED, .alert = ALERT_CERTIFICATE_REQUIRED},
     .cause = "client-auth.required",
     .leg = SERVER},
    {.name = "another cause",
     .max = 0x0304,
     .seen = {ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .cause = "client-auth.rejected"},
    {.name = "a leg that asks nobody",
     .max = 0x0304,
     .seen = {ENDING_ALERT_SENT, .alert = ALERT_HANDSHAKE_FAILURE},
     .cause = "client-auth.required",
     .asks_nobody = true},
};

static void the_handshake_is_played_again(void **state)
{
    const struct row *row = *state;
    static const struct hello_row hello = BOTH_HELLO;
    const struct recipe recipe = {.subject = "authority", .is_ca = true};
    const struct leaf_spec spec = {.name = "app.test", .key = LEAF_ECDSA};
    struct kit_cert root = kit_make(&recipe, NULL);
    const struct authority ca = {.certificate = root.certificate, .key = root.key};
    struct arena arena = {0};
    struct error error;
    struct leg_policy policy;
    struct library library;
    struct leg_shape shape;
    struct made_hello made;
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct leg_evidence *leg = &evidence->legs[CLIENT];
    struct mint *mint = mint_new(&ca, 0, &error);
    struct leaf *leaf = mint_leaf(mint, &spec, &error);
    struct trust_store *trust = row->asks_nobody ? NULL : trust_store_only(root.certificate);
    leg_policy_default(&policy, CLIENT);
    library_ask(&library);
    shape_client(&policy, &library, NULL, &shape);
    shape.version_max = row->max;
    struct contexts *contexts =
        contexts_new(&(struct context_common){.side = CLIENT, .policy = &policy});
    hello_make(&hello, &made);
    leg->client_hello = buffer_slice(&made.message);
    leg->shape = &shape;
    leg->handshake = row->seen;
    struct verdict verdict = {.cause = cause_find(row->cause),
                              .leg = row->leg,
                              .phase = PHASE_CLIENT_CERTIFICATE,
                              .confidence = CONFIDENCE_DEDUCED};
    const struct replay_setup setup = {.evidence = evidence,
                                       .arena = &arena,
                                       .verdict = &verdict,
                                       .contexts = contexts,
                                       .library = &library,
                                       .mint = mint,
                                       .leaf = leaf,
                                       .name = "app.test",
                                       .trust = trust};
    bool is_ours = rehearse(&setup);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    size_t count = verdict.proof_count;
    bool is_mended = count > 0 && verdict.proof[count - 1].passed;
    bool failed = count > 0 && !verdict.proof[0].passed;
    buffer_clear(&made.message);
    trust_store_free(trust);
    leaf_release(leaf);
    contexts_free(contexts);
    mint_free(mint);
    arena_clear(&arena);
    kit_clear(&root);
    assert_int_equal(is_ours, row->is_ours);
    assert_int_equal(is_proven, row->is_proven);
    assert_int_equal(count, row->is_ours ? 2 : 0);
    assert_int_equal(is_mended, row->is_ours);
    assert_int_equal(failed, row->is_ours);
}

int main(void)
{
    return RUN_ROWS(rows, the_handshake_is_played_again);
}
