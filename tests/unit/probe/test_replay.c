// A client's hello played to a server of another shape: what fits the cause proves it.
#include "../certs/chain_kit.h"

#include "../policy/hellos.h"
#include "library.h"
#include "replay.h"

#define OLD_HELLO                                                                             \
    {                                                                                         \
        .suites = {0xc02b, 0xc02f}, .groups = {0x0017}, .schemes = { 0x0403, 0x0804, 0x0401 } \
    }

#define FALLBACK_HELLO                                                       \
    {                                                                        \
        .suites = {0xc02b, 0xc02f, 0x5600}, .groups = {0x0017}, .schemes = { \
            0x0403,                                                          \
            0x0804,                                                          \
            0x0401                                                           \
        }                                                                    \
    }
#define H2_HELLO                                                                             \
    {                                                                                        \
        .suites = {0xc02b, 0xc02f}, .groups = {0x0017}, .schemes = {0x0403, 0x0804, 0x0401}, \
        .alpn = "\x02h2"                                                                     \
    }

static const struct row {
    const char *name;
    struct hello_row hello;
    uint16_t min, max, suite, group; // of the bridge's shape; 0: the library's
    const char *alpn;                // likewise
    uint8_t alert;                   // that midspan had answered with
    const char *cause;
    enum side leg;
    bool is_ours, is_proven;
    size_t proof_count; // 0: two where it is ours
} rows[] = {
    {.name = "a version",
     .hello = OLD_HELLO,
     .min = 0x0304,
     .max = 0x0304,
     .alert = ALERT_PROTOCOL_VERSION,
     .cause = "protocol.no-common-version",
     .is_ours = true,
     .is_proven = true},
    {.name = "a suite",
     .hello = OLD_HELLO,
     .min = 0x0303,
     .max = 0x0303,
     .suite = 0xcca9,
     .alert = ALERT_HANDSHAKE_FAILURE,
     .cause = "cipher.no-common-suite",
     .is_ours = true,
     .is_proven = true},
    {.name = "a group",
     .hello = OLD_HELLO,
     .min = 0x0303,
     .max = 0x0303,
     .group = 0x0018,
     .alert = ALERT_HANDSHAKE_FAILURE,
     .cause = "group.no-common",
     .is_ours = true,
     .is_proven = true},
    {.name = "an application protocol",
     .hello = H2_HELLO,
     .min = 0x0303,
     .max = 0x0304,
     .alpn = "\x08http/1.1",
     .alert = ALERT_NO_APPLICATION_PROTOCOL,
     .cause = "alpn.no-overlap",
     .is_ours = true,
     .is_proven = true},
    {.name = "a signal of a fallback",
     .hello = FALLBACK_HELLO,
     .min = 0x0303,
     .max = 0x0304,
     .alert = ALERT_INAPPROPRIATE_FALLBACK,
     .cause = "client.misconfigured",
     .is_ours = true,
     .is_proven = true},
    {.name = "no signal of a fallback in the hello",
     .hello = OLD_HELLO,
     .min = 0x0303,
     .max = 0x0304,
     .alert = ALERT_INAPPROPRIATE_FALLBACK,
     .cause = "client.misconfigured",
     .is_ours = true,
     .proof_count = 1},
    {.name = "it fails again by another alert than was seen",
     .hello = OLD_HELLO,
     .min = 0x0304,
     .max = 0x0304,
     .alert = ALERT_HANDSHAKE_FAILURE,
     .cause = "protocol.no-common-version",
     .is_ours = true},
    {.name = "a suite is not what fails",
     .hello = OLD_HELLO,
     .min = 0x0304,
     .max = 0x0304,
     .alert = ALERT_PROTOCOL_VERSION,
     .cause = "cipher.no-common-suite",
     .is_ours = true},
    {.name = "nothing fails when it is played again",
     .hello = OLD_HELLO,
     .min = 0x0303,
     .max = 0x0303,
     .alert = ALERT_HANDSHAKE_FAILURE,
     .cause = "cipher.no-common-suite",
     .is_ours = true},
    {.name = "the server leg is not played",
     .hello = OLD_HELLO,
     .min = 0x0304,
     .max = 0x0304,
     .alert = ALERT_PROTOCOL_VERSION,
     .cause = "protocol.no-common-version",
     .leg = SERVER},
    {.name = "a cause without a change",
     .hello = OLD_HELLO,
     .min = 0x0304,
     .max = 0x0304,
     .cause = "transport.reset"},
};

static void shape_of(const struct row *row, const struct library *library,
                     struct leg_shape *out_shape)
{
    memset(out_shape, 0, sizeof(*out_shape)); // shapes are compared whole
    out_shape->version_min = row->min;
    out_shape->version_max = row->max;
    out_shape->suites = library->suites;
    if (row->suite != 0) {
        out_shape->suites = (struct number_list){.count = 1, .items = {row->suite}};
    }
    out_shape->groups = library->groups;
    if (row->group != 0) {
        out_shape->groups = (struct number_list){.count = 1, .items = {row->group}};
    }
    out_shape->schemes = library->schemes;
    if (row->alpn != NULL) {
        out_shape->alpn_len = (uint8_t)strlen(row->alpn);
        memcpy(out_shape->alpn, row->alpn, out_shape->alpn_len);
    }
}

static void the_hello_is_played_again(void **state)
{
    const struct row *row = *state;
    const struct recipe recipe = {.subject = "authority", .is_ca = true};
    struct kit_cert root = kit_make(&recipe, NULL);
    const struct authority ca = {.certificate = root.certificate, .key = root.key};
    struct arena arena = {0};
    struct error error;
    struct leg_policy policy;
    struct library library;
    struct leg_shape shape;
    struct made_hello made;
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct mint *mint = mint_new(&ca, 0, &error);
    const struct leaf_spec spec = {.name = "app.test", .key = LEAF_ECDSA};
    struct leaf *leaf = mint_leaf(mint, &spec, &error);
    leg_policy_default(&policy, CLIENT);
    library_ask(&library);
    struct contexts *contexts =
        contexts_new(&(struct context_common){.side = CLIENT, .policy = &policy});
    hello_make(&row->hello, &made);
    shape_of(row, &library, &shape);
    evidence->legs[CLIENT].client_hello = buffer_slice(&made.message);
    evidence->legs[CLIENT].shape = &shape;
    leg_evidence_end(&evidence->legs[CLIENT], ENDING_ALERT_SENT, row->alert, 0, 1000, NULL);
    struct verdict verdict = {.cause = cause_find(row->cause),
                              .leg = row->leg,
                              .phase = PHASE_CLIENT_HELLO,
                              .confidence = CONFIDENCE_DEDUCED};
    const struct replay_setup setup = {.evidence = evidence,
                                       .arena = &arena,
                                       .verdict = &verdict,
                                       .contexts = contexts,
                                       .library = &library,
                                       .mint = mint,
                                       .leaf = leaf,
                                       .name = "app.test"};
    bool is_ours = replay(&setup);
    bool is_proven = verdict.confidence == CONFIDENCE_PROVEN;
    size_t count = verdict.proof_count;
    buffer_clear(&made.message);
    leaf_release(leaf);
    contexts_free(contexts);
    mint_free(mint);
    arena_clear(&arena);
    kit_clear(&root);
    assert_int_equal(is_ours, row->is_ours);
    assert_int_equal(is_proven, row->is_proven);
    size_t wanted = row->proof_count != 0 ? row->proof_count : 2;
    assert_int_equal(count, row->is_ours ? wanted : 0);
}

int main(void)
{
    return RUN_ROWS(rows, the_hello_is_played_again);
}
