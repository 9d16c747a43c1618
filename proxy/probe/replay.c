#include "replay.h"

#include <string.h>

#include "clock.h"
#include "engine.h"
#include "judge.h"
#include "predict.h"

#define OUT_BYTES_MAX ((size_t)1 << 18)

struct stage {
    const struct replay_setup *setup;
    struct leg_shape shape;
    struct leaf *leaf;
    struct slice hello;
    bool needs_alpn;
};

// ---- one run, one row

static const char *outcome_of(const struct replay_setup *setup, const struct leg_evidence *leg)
{
    const char *text = NULL;
    if (leg_evidence_saw(leg, HANDSHAKE_SERVER_HELLO, true)) {
        text = arena_printf(setup->arena, "ServerHello, %s, %s", version_name(leg->version),
                            suite_name(leg->suite));
    } else if (leg->handshake.kind == ENDING_ALERT_SENT) {
        text = arena_printf(setup->arena, "alert %s (%u)", alert_name(leg->handshake.alert),
                            leg->handshake.alert);
    }
    return text != NULL ? text : "no answer";
}

// play feeds the hello to a new engine; what it does is noted in `out_leg`.
static bool play(const struct stage *stage, struct leg_evidence *out_leg)
{
    const struct replay_setup *setup = stage->setup;
    struct context context;
    struct error error;
    struct buffer out = {0}, record = {0};
    buffer_init(&out, OUT_BYTES_MAX);
    if (!contexts_get(setup->contexts, &stage->shape, &context, &error)) {
        return false;
    }
    struct engine_setup engine_setup = {
        .side = CLIENT,
        .context = context,
        .alpn = {stage->shape.alpn, stage->shape.alpn_len},
        .needs_alpn = stage->needs_alpn,
        .leaf = stage->leaf,
        .evidence = out_leg,
        .arena = setup->arena,
        .opened_us = clock_monotonic_us(),
        .out = &out,
    };
    struct engine *engine = engine_new(&engine_setup, &error);
    bool ok = engine != NULL &&
              tls_record_encode(&record, CONTENT_HANDSHAKE, VERSION_TLS10, stage->hello);
    if (ok) {
        (void)engine_handshake(engine, buffer_slice(&record)); // its end is in the evidence
    }
    engine_free(engine);
    buffer_clear(&out);
    buffer_clear(&record);
    return ok;
}

static bool has_passed(const struct leg_evidence *leg)
{
    return leg_evidence_saw(leg, HANDSHAKE_SERVER_HELLO, true) ||
           leg_evidence_saw(leg, HANDSHAKE_MESSAGE_HASH, true);
}

// run_leg gives what the server did, NULL when it could not be played.
static const struct leg_evidence *run_leg(const struct stage *stage, const char *changed)
{
    struct verdict *verdict = stage->setup->verdict;
    int64_t begun_us = clock_monotonic_us();
    struct leg_evidence *leg = arena_alloc(stage->setup->arena, sizeof(*leg));
    if (leg == NULL || !play(stage, leg)) {
        return NULL;
    }
    bool passed = has_passed(leg);
    if (verdict->proof_count < PROOF_ROWS_MAX) {
        verdict->proof[verdict->proof_count++] = (struct proof_row){
            .changed = changed,
            .outcome = outcome_of(stage->setup, leg),
            .ms = (double)(clock_monotonic_us() - begun_us) / 1000.0,
            .passed = passed,
        };
    }
    return leg;
}

static bool run(const struct stage *stage, const char *changed)
{
    const struct leg_evidence *leg = run_leg(stage, changed);
    return leg != NULL && has_passed(leg);
}

// run_again plays what was: it must end by the alert that was seen.
static bool run_again(const struct stage *stage)
{
    const struct ending *seen = &stage->setup->evidence->legs[CLIENT].handshake;
    const struct leg_evidence *leg = run_leg(stage, "nothing: the same hello again");
    return leg != NULL && !has_passed(leg) && leg->handshake.kind == seen->kind &&
           leg->handshake.alert == seen->alert;
}

// ---- the changes

static struct leaf *mint_key(const struct stage *stage, enum leaf_key key)
{
    struct error error;
    struct leaf_spec spec = {.name = stage->setup->name, .key = key};
    return mint_leaf(stage->setup->mint, &spec, &error);
}

// run_minted runs with the leaf that the bridge would choose for the changed shape; a configured
// certificate stays.
static bool run_minted(struct stage *stage, const char *changed)
{
    struct client_hello hello;
    size_t at;
    struct server_terms terms = {.shape = stage->shape, .keys = KEY_ECDSA};
    struct prediction prediction;
    if (stage->setup->leaf == NULL || client_hello_parse(stage->hello, &hello, &at) != PARSE_OK) {
        return run(stage, changed);
    }
    predict(&hello, &terms, &prediction);
    struct leaf *leaf =
        mint_key(stage, prediction.mismatch == MISMATCH_NONE ? LEAF_ECDSA : LEAF_RSA);
    stage->leaf = leaf != NULL ? leaf : stage->setup->leaf;
    bool passed = run(stage, changed);
    leaf_release(leaf);
    return passed;
}

static bool with_versions(struct stage *stage)
{
    const struct library *library = stage->setup->library;
    stage->shape.version_min = library->version_min;
    stage->shape.version_max = library->version_max;
    // A version is of no use without its suites.
    stage->shape.suites = library->suites;
    return run_minted(stage, "versions: all that the library has, with their suites");
}

static bool with_suites(struct stage *stage)
{
    stage->shape.suites = stage->setup->library->suites;
    return run_minted(stage, "cipher suites: all that the library has");
}

static bool with_groups(struct stage *stage)
{
    stage->shape.groups = stage->setup->library->groups;
    return run_minted(stage, "groups: all that the library has");
}

static bool with_schemes(struct stage *stage)
{
    stage->shape.schemes = stage->setup->library->schemes;
    return run_minted(stage, "signature schemes: all that the library has");
}

static bool with_leaf(struct stage *stage, enum leaf_key key, const char *changed)
{
    struct leaf *leaf = mint_key(stage, key);
    if (leaf == NULL) {
        return false;
    }
    stage->leaf = leaf;
    bool passed = run(stage, changed);
    leaf_release(leaf);
    return passed;
}

static bool with_other_key(struct stage *stage)
{
    return with_leaf(stage, LEAF_ECDSA, "certificate: an ECDSA one") ||
           with_leaf(stage, LEAF_RSA, "certificate: an RSA one");
}

static bool with_its_protocols(struct stage *stage)
{
    struct leg_shape *shape = &stage->shape;
    struct client_hello hello;
    size_t at;
    if (client_hello_parse(stage->hello, &hello, &at) != PARSE_OK || hello.alpn.len == 0 ||
        hello.alpn.len > sizeof(shape->alpn)) {
        return false;
    }
    memset(shape->alpn, 0, sizeof(shape->alpn)); // shapes are compared whole
    memcpy(shape->alpn, hello.alpn.data, hello.alpn.len);
    shape->alpn_len = (uint8_t)hello.alpn.len;
    return run_minted(stage, "ALPN: what the client offers");
}

// cut_suite appends the hello without one of its suites: two bytes less in the list, and in its
// length and the message's.
static bool cut_suite(struct slice message, uint16_t suite, struct buffer *out)
{
    struct client_hello hello;
    size_t bad_at, i = 0;
    if (client_hello_parse(message, &hello, &bad_at) != PARSE_OK) {
        return false;
    }
    while (i < hello.cipher_suites.len / 2 && slice_u16_at(hello.cipher_suites, i) != suite) {
        i++;
    }
    if (i == hello.cipher_suites.len / 2) {
        return false;
    }
    size_t list_at = (size_t)(hello.cipher_suites.data - message.data), cut_at = list_at + 2 * i;
    struct slice before =
        slice_part(message, HANDSHAKE_HEADER_LEN, list_at - 2 - HANDSHAKE_HEADER_LEN);
    uint32_t len = (uint32_t)(message.len - HANDSHAKE_HEADER_LEN - 2);
    const uint8_t head[] = {HANDSHAKE_CLIENT_HELLO, (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                            (uint8_t)len};
    return buffer_append(out, (struct slice){head, sizeof(head)}) && buffer_append(out, before) &&
           buffer_append_u16(out, (uint16_t)(hello.cipher_suites.len - 2)) &&
           buffer_append(out, slice_part(message, list_at, 2 * i)) &&
           buffer_append(out, slice_part(message, cut_at + 2, message.len));
}

static bool without_fallback(struct stage *stage)
{
    struct buffer hello = {0};
    bool passed = false;
    if (cut_suite(stage->hello, SCSV_FALLBACK, &hello)) {
        stage->hello = buffer_slice(&hello);
        passed = run(stage, "the client's hello: without TLS_FALLBACK_SCSV");
    }
    buffer_clear(&hello);
    return passed;
}

static const struct {
    const char *code;
    bool (*change)(struct stage *stage);
} changes[] = {
    {"protocol.no-common-version", with_versions},
    {"cipher.no-common-suite", with_suites},
    {"cipher.certificate-type-mismatch", with_other_key},
    {"group.no-common", with_groups},
    {"sigalg.no-common", with_schemes},
    {"alpn.no-overlap", with_its_protocols},
    {"client.misconfigured", without_fallback},
};

bool replay(const struct replay_setup *setup)
{
    const struct leg_evidence *leg = &setup->evidence->legs[CLIENT];
    struct verdict *verdict = setup->verdict;
    size_t i = 0;
    while (i < COUNT_OF(changes) && strcmp(changes[i].code, verdict->cause->code) != 0) {
        i++;
    }
    if (i == COUNT_OF(changes) || verdict->leg != CLIENT || verdict->phase != PHASE_CLIENT_HELLO ||
        leg->shape == NULL || leg->is_sslv2_hello || leg->client_hello.len == 0 ||
        setup->evidence->is_passed) {
        return false;
    }
    struct stage same = {
        .setup = setup,
        .shape = *leg->shape,
        .leaf = setup->leaf,
        .hello = leg->client_hello,
        .needs_alpn = leg->handshake.alert == ALERT_NO_APPLICATION_PROTOCOL,
    };
    struct stage changed = same;
    bool fails_again = run_again(&same);
    if (changes[i].change(&changed) && fails_again) {
        verdict->confidence = CONFIDENCE_PROVEN;
    }
    return true;
}
