// The strategy against scripted servers: what is tried, in which order, and what it proves. The
// server is the predictor, with manners of its own; no socket. Each row is one broken handshake.
#pragma once

#include "rows.h"

#include <string.h>

#include "../policy/hellos.h"
#include "conclude.h"
#include "predict.h"

#define BOTH (KEY_RSA | KEY_ECDSA)
#define MODERN13                                                                                  \
    {                                                                                             \
        .versions = {0x0304, 0x0303}, .suites = {0x1301, 0x1302, 0xc02b, 0xc02f, 0xc02c, 0xc030}, \
        .groups = {0x001d, 0x0017, 0x0018}, .schemes = {0x0403, 0x0804, 0x0805, 0x0401},          \
        .shares = {                                                                               \
            0x001d                                                                                \
        }                                                                                         \
    }

struct server {
    uint16_t min, max;
    uint16_t suites[LIST_MAX], groups[LIST_MAX], schemes[LIST_MAX];
    uint32_t keys;
    const char *name;  // the only one that it knows; NULL: any, or none
    const char *alpn;  // NULL: does not look
    size_t len_max;    // longer hellos are reset; 0: any
    bool hates_tls13;  // resets hellos that offer it
    bool is_mute;      // resets whatever it is sent
    bool is_silent;    // never answers
    bool is_plain;     // speaks something else
    uint8_t alert;     // answers with it whatever it is sent; 0: does not
    uint8_t other;     // … and with this when there is no name; 0: the same
    bool wants_ems;    // refuses TLS 1.2 without extended_master_secret
    const char *hated; // resets hellos that name it
    bool is_moody;     // the second hello is taken, whatever it is
    bool is_fickle;   // resets at first, and answers by an alert from then on what it does not take
    uint16_t curve;   // of its certificate's key, which TLS 1.2 wants among the groups; 0: any
    const char *leaf; // … and the certificate, hex
    uint16_t record;  // resets hellos in records of another version; 0: takes any
};

struct plan_row {
    const char *name;
    struct hello_row client, sent; // `sent` without suites: the client's
    const char *client_sni, *sent_sni;
    struct server server;
    bool is_fixed;  // the bridge offers that whatever the client does
    bool is_passed; // … on untouched: the client's own hello is what was sent
    const char *code, *party, *confidence;
    const char *accepted; // NULL: not asked
    const char *direct;
};

// ---- the scripted server

static inline void fill(struct number_list *out, const uint16_t *numbers)
{
    for (size_t i = 0; i < LIST_MAX && numbers[i] != 0; i++) {
        assert_true(number_list_add(out, numbers[i]));
    }
}

static inline uint8_t alert_of(enum mismatch mismatch)
{
    return mismatch == MISMATCH_VERSION ? ALERT_PROTOCOL_VERSION
           : mismatch == MISMATCH_ALPN  ? ALERT_NO_APPLICATION_PROTOCOL
                                        : ALERT_HANDSHAKE_FAILURE;
}

static inline struct slice leaf_of(struct arena *arena, const struct server *server)
{
    struct buffer der = {0};
    if (server->leaf == NULL) {
        return SLICE_EMPTY;
    }
    assert_true(text_unhex(&der, slice_of_text(server->leaf)));
    struct slice copy = arena_copy(arena, buffer_slice(&der));
    buffer_clear(&der);
    return copy;
}

static inline bool lacks_curve(const struct server *server, const struct client_hello *hello)
{
    return server->curve != 0 && !slice_has_u16(hello->groups, server->curve);
}

static inline struct outcome answer(struct arena *arena, const struct server *server,
                                    uint16_t record, struct slice message)
{
    struct client_hello hello;
    struct prediction prediction;
    struct server_terms terms = {.keys = server->keys,
                                 .prefers_own_order = true,
                                 .needs_alpn_overlap = server->alpn != NULL};
    size_t at;
    assert_int_equal(client_hello_parse(message, &hello, &at), PARSE_OK);
    if (server->is_silent || server->is_plain) {
        return (struct outcome){.kind = server->is_plain ? OUTCOME_NOT_TLS : OUTCOME_SILENCE};
    }
    if (server->alert != 0) {
        bool is_other = server->other != 0 && !hello.has_sni;
        return (struct outcome){.kind = OUTCOME_ALERT,
                                .alert = is_other ? server->other : server->alert};
    }
    if (server->hated != NULL && slice_equals_text(hello.sni, server->hated)) {
        return (struct outcome){.kind = OUTCOME_RESET};
    }
    if (server->record != 0 && server->record != record) {
        return (struct outcome){.kind = OUTCOME_RESET};
    }
    if (server->is_mute || (server->len_max > 0 && message.len > server->len_max) ||
        (server->hates_tls13 && client_hello_offers_version(&hello, VERSION_TLS13))) {
        return (struct outcome){.kind = OUTCOME_RESET};
    }
    if (server->wants_ems && !hello.has_ems) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_HANDSHAKE_FAILURE};
    }
    if (server->name != NULL && !slice_equals_text(hello.sni, server->name)) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_UNRECOGNIZED_NAME};
    }
    terms.shape.version_min = server->min;
    terms.shape.version_max = server->max;
    fill(&terms.shape.suites, server->suites);
    fill(&terms.shape.groups, server->groups);
    fill(&terms.shape.schemes, server->schemes);
    if (server->alpn != NULL && hello.has_alpn) {
        terms.shape.alpn_len = (uint8_t)strlen(server->alpn);
        memcpy(terms.shape.alpn, server->alpn, terms.shape.alpn_len);
    }
    predict(&hello, &terms, &prediction);
    if (prediction.mismatch == MISMATCH_NONE && prediction.version < VERSION_TLS13 &&
        lacks_curve(server, &hello)) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_HANDSHAKE_FAILURE};
    }
    if (prediction.mismatch != MISMATCH_NONE) {
        return (struct outcome){.kind = OUTCOME_ALERT, .alert = alert_of(prediction.mismatch)};
    }
    return (struct outcome){
        .kind = OUTCOME_SERVER_HELLO,
        .version = prediction.version,
        .suite = prediction.suite,
        .group = prediction.group,
        .scheme = prediction.version == VERSION_TLS12 ? prediction.scheme : 0,
        .leaf = leaf_of(arena, server),
    };
}

static inline void run_trials(struct plan *plan, const struct server *server, size_t from)
{
    for (size_t i = from; i < plan->count; i++) {
        struct trial *trial = &plan->trials[i];
        struct buffer hello = {0};
        if (trial->change.kind == CHANGE_BLAME) {
            trial->offered = plan->judge.client;
            assert_true(buffer_append(&hello, plan->judge.client_hello.whole));
        } else {
            assert_true(variant_encode(&plan->base, &trial->change, &hello, &trial->offered));
        }
        uint16_t record = trial->change.kind == CHANGE_RECORD ? VERSION_TLS12 : VERSION_TLS10;
        trial->outcome = answer(plan->judge.arena, server, record, buffer_slice(&hello));
        trial_judge(trial, plan->wanted, plan->judge.arena);
        buffer_clear(&hello);
    }
}

// ---- the evidence

static inline struct slice with_name(struct arena *arena, const struct hello_row *row,
                                     const char *sni)
{
    struct made_hello made;
    struct buffer out = {0};
    struct variant_base base;
    struct sets offered;
    hello_make(row, &made);
    base = (struct variant_base){.hello = made.hello};
    sets_of_hello(&made.hello, &base.offered);
    const struct change change = {.kind = CHANGE_SNI, .name = sni};
    assert_true(variant_encode(&base, &change, &out, &offered));
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_clear(&out);
    buffer_clear(&made.message);
    return copy;
}

// window gives the versions that the policy had: those of the row's hello.
static inline void window(const struct hello_row *hello, struct leg_shape *out_shape)
{
    memset(out_shape, 0, sizeof(*out_shape));
    out_shape->version_max = hello->versions[0];
    for (size_t i = 0; hello->versions[i] != 0; i++) {
        out_shape->version_min = hello->versions[i];
    }
}

static inline void make_evidence(const struct plan_row *row, struct arena *arena,
                                 struct leg_shape *shape, struct evidence *out)
{
    const struct hello_row *sent = row->sent.suites[0] != 0 ? &row->sent : &row->client;
    struct leg_evidence *leg = &out->legs[SERVER];
    memset(out, 0, sizeof(*out));
    window(sent, shape);
    out->is_passed = row->is_passed;
    out->fixed = (struct fixed){row->is_fixed, row->is_fixed, row->is_fixed, row->is_fixed};
    out->has_target = true;
    out->target = (struct endpoint){.host = "127.0.0.1", .port = 443, .is_ip = true};
    out->legs[CLIENT].client_hello = with_name(arena, &row->client, row->client_sni);
    out->legs[CLIENT].sni_sent = row->client_sni;
    leg->client_hello = with_name(arena, sent, row->sent_sni);
    leg->sni_sent = row->sent_sni;
    leg->shape = shape;
    leg->peer_address = "127.0.0.1:443";
    leg->is_started = true;
    struct outcome first = answer(arena, &row->server, VERSION_TLS10, leg->client_hello);
    if (row->server.is_fickle) {
        first = (struct outcome){.kind = OUTCOME_RESET};
    }
    if (row->server.is_moody) {
        first = (struct outcome){.kind = OUTCOME_ALERT, .alert = ALERT_HANDSHAKE_FAILURE};
    }
    enum ending_kind kind = first.kind == OUTCOME_ALERT     ? ENDING_ALERT_RECEIVED
                            : first.kind == OUTCOME_SILENCE ? ENDING_SILENCE
                            : first.kind == OUTCOME_NOT_TLS ? ENDING_NOT_TLS
                                                            : ENDING_RESET;
    leg->bytes_received = first.kind == OUTCOME_NOT_TLS ? 8 : 0;
    leg->first_bytes = leg->bytes_received > 0 ? slice_of_text("HTTP/1.1") : SLICE_EMPTY;
    leg_evidence_end(leg, kind, first.alert, 0, 1000, NULL);
}

// Advice goes forward only: nothing that is outdated is ever to be enabled.
static inline void is_forward(const char *fix)
{
    static const char *const outdated[] = {"TLS 1.0",    "TLS 1.1", "SSL",    "SHA1", "sha1",
                                           "3DES",       "DES-CBC", "RC4",    "MD5",  "CBC",
                                           "AES128-SHA", "ffdhe",   "export", "NULL", "lower"};
    for (size_t i = 0; i < COUNT(outdated); i++) {
        assert_null(strstr(fix, outdated[i]));
    }
}

static inline void plan_proves(void **state)
{
    const struct plan_row *row = *state;
    struct arena arena = {0};
    struct evidence *evidence = arena_alloc(&arena, sizeof(*evidence));
    struct plan *plan = arena_alloc(&arena, sizeof(*plan));
    struct leg_shape shape;
    struct verdict found[VERDICTS_MAX];
    make_evidence(row, &arena, &shape, evidence);
    assert_true(verdict_find(evidence, &arena, found, VERDICTS_MAX) > 0);
    assert_true(plan_open(plan, evidence, &found[0], &arena));
    size_t from = 0, added = plan->count;
    int rounds = 0;
    for (; added > 0; added = plan_next(plan)) {
        run_trials(plan, &row->server, from);
        from = plan->count;
        assert_true(++rounds <= 4);
    }
    assert_true(plan->count <= PROBE_DIALS_MAX);
    conclude(plan, &found[0]);
    assert_string_equal(found[0].cause->code, row->code);
    assert_string_equal(party_name(found[0].party), row->party);
    assert_string_equal(confidence_name(found[0].confidence), row->confidence);
    assert_string_equal(direct_name(found[0].direct), row->direct);
    if (row->accepted != NULL) {
        assert_string_equal(found[0].accepted, row->accepted);
    }
    assert_int_equal(found[0].proof_count, plan->count);
    is_forward(found[0].fix);
    assert_true(strlen(found[0].summary) > 0 && strlen(found[0].fix) > 0);
    arena_clear(&arena);
}
