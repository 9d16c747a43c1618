#include "legs.h"

#include <string.h>

#include "ask.h"
#include "failure.h"
#include "predict.h"
#include "relay.h"

const char *legs_leaf_name(struct connection *c)
{
    const char *sni = c->evidence.legs[CLIENT].sni_sent;
    struct endpoint name;
    if (sni != NULL && endpoint_set_host(&name, slice_of_text(sni))) {
        return connection_text(c, name.host); // lower case, a host's characters only
    }
    return c->evidence.target.host;
}

// ---- driving

// send_split sends the first flight in `count` segments of nearly the same size (leg key split=N).
static bool send_split(struct connection *c, uint32_t count)
{
    struct slice bytes = buffer_slice(&c->worker->out[SERVER]);
    bool ok = true;
    for (uint32_t i = 0; i < count && ok; i++) {
        size_t at = bytes.len * i / count, end = bytes.len * (i + 1) / count;
        ok = connection_send(c, SERVER, slice_part(bytes, at, end - at));
    }
    buffer_consume(&c->worker->out[SERVER], bytes.len);
    return ok;
}

// drive feeds raw bytes to a leg's engine, sends what it wrote, and gives its step.
static enum engine_step drive(struct connection *c, enum side side, struct slice bytes)
{
    enum engine_step step = engine_handshake(c->engines[side], bytes);
    uint32_t split = connection_settings(c)->legs[side].split;
    if (side == SERVER && split > 1 && bytes.len == 0) {
        (void)send_split(c, split);
    } else {
        // A socket that takes no more is read to its end; that end is what counts.
        (void)connection_flush(c, side);
    }
    return step;
}

// fail_own ends a leg that we could not even build.
static enum step fail_own(struct connection *c, enum side side, const struct error *error)
{
    leg_evidence_end(&c->evidence.legs[side], ENDING_DROPPED, 0, 0, connection_now(c),
                     connection_text(c, error->text));
    return failure_of_leg(c, side);
}

static void note_shape(struct connection *c, enum side side, const struct leg_shape *shape)
{
    struct leg_shape *kept = arena_alloc(&c->arena, sizeof(*kept));
    if (kept != NULL) {
        *kept = *shape;
        c->evidence.legs[side].shape = kept;
    }
}

static int64_t leg_timeout_ms(const struct connection *c, enum side side)
{
    const struct settings *settings = connection_settings(c);
    int64_t own_ms = settings->legs[side].timeout_ms;
    return own_ms > 0 ? own_ms : settings->handshake_timeout_ms;
}

// ---- the server leg

static const char *sni_to_send(struct connection *c, const struct leg_policy *policy)
{
    switch (policy->sni) {
    case SNI_FORWARD:
        return c->evidence.legs[CLIENT].sni_sent;
    case SNI_NAME:
        return policy->sni_name;
    case SNI_NONE:
        break;
    }
    return NULL;
}

static bool make_server_engine(struct connection *c, struct error *error)
{
    const struct terms *terms = c->kit->terms;
    const struct leg_policy *policy = &terms->settings.legs[SERVER];
    struct leg_evidence *leg = &c->evidence.legs[SERVER];
    const struct client_hello *hello = c->has_hello && !c->hello.is_sslv2 ? &c->hello : NULL;
    struct slice agreed =
        c->engines[CLIENT] != NULL ? engine_alpn(c->engines[CLIENT]) : SLICE_EMPTY;
    struct leg_shape shape;
    struct context context;
    shape_server(policy, hello, &terms->library, c->engines[CLIENT] != NULL ? &agreed : NULL,
                 &shape, &c->evidence.lost);
    shape_fixed(policy, &c->evidence.fixed);
    note_shape(c, SERVER, &shape);
    if (!contexts_get(c->kit->contexts[SERVER], &shape, &context, error)) {
        return false;
    }
    leg->sni_sent = sni_to_send(c, policy);
    const char *name = leg->sni_sent != NULL ? leg->sni_sent : c->evidence.target.host;
    struct engine_setup setup = {
        .side = SERVER,
        .context = context,
        .alpn = {shape.alpn, shape.alpn_len},
        .sni = leg->sni_sent,
        .wants_staple = hello == NULL || hello->has_status_request,
        .offers_ticket = hello == NULL || hello->has_ticket,
        .trust = terms->trust[SERVER],
        .refuses = policy->verify,
        .verify_name = policy->verify_name[0] != '\0' ? policy->verify_name : name,
        .clock_offset_us = policy->clock_offset_ms * 1000,
        .evidence = leg,
        .arena = &c->arena,
        .opened_us = c->opened_us,
        .out = &c->worker->out[SERVER],
    };
    c->engines[SERVER] = engine_new(&setup, error);
    return c->engines[SERVER] != NULL;
}

static enum step both_secured(struct connection *c)
{
    struct verdict masked[VERDICTS_MAX];
    struct recorder *recorder = c->worker->shared->recorder;
    c->did_secure = true;
    if (recorder_wants(recorder, EVENT_SECURED)) {
        struct event event = {
            .kind = EVENT_SECURED,
            .connection = c->evidence.connection,
            .wall_us = clock_wall_us(),
            .lasted_us = connection_now(c),
            .evidence = &c->evidence,
            .masked = masked,
            .masked_count = verdict_masked(&c->evidence, &c->arena, masked, VERDICTS_MAX),
        };
        recorder_emit(recorder, &event);
    }
    return relay_start(c);
}

static enum step server_secured(struct connection *c)
{
    link_watch_end(&c->links[SERVER], false);
    link_read(&c->links[SERVER], false); // until there is somebody to give its bytes to
    if (c->engines[CLIENT] != NULL) {
        return both_secured(c);
    }
    c->state = CONNECTION_CLIENT_HANDSHAKE;
    return STEP_NEXT;
}

static enum step after_server_step(struct connection *c, enum engine_step step)
{
    switch (step) {
    case ENGINE_WAITS:
        return STEP_WAIT;
    case ENGINE_SECURED:
        return server_secured(c);
    case ENGINE_FAILED:
        break;
    }
    return failure_of_leg(c, SERVER);
}

enum step do_server_handshake(struct connection *c)
{
    if (c->engines[SERVER] != NULL) {
        return STEP_WAIT;
    }
    struct error error = {0};
    if (!make_server_engine(c, &error)) {
        return fail_own(c, SERVER, &error);
    }
    connection_patience(c, leg_timeout_ms(c, SERVER));
    link_watch_end(&c->links[SERVER], true);
    link_read(&c->links[SERVER], true);
    return after_server_step(c, drive(c, SERVER, SLICE_EMPTY));
}

void legs_server_received(struct connection *c, struct slice bytes)
{
    if (after_server_step(c, drive(c, SERVER, bytes)) == STEP_NEXT) {
        connection_advance(c);
    }
}

// ---- the client leg

// leaf_key chooses the key that the client can take: ECDSA, which costs least, else RSA.
static enum leaf_key leaf_key(const struct connection *c, const struct leg_shape *shape)
{
    struct server_terms terms = {.shape = *shape, .keys = KEY_ECDSA};
    struct prediction prediction;
    if (!c->has_hello || c->hello.is_sslv2) {
        return LEAF_RSA;
    }
    predict(&c->hello, &terms, &prediction);
    return prediction.mismatch == MISMATCH_NONE ? LEAF_ECDSA : LEAF_RSA;
}

static struct leaf *make_leaf(struct connection *c, const struct leg_shape *shape,
                              struct error *error)
{
    const struct leg_policy *policy = &connection_settings(c)->legs[CLIENT];
    struct leaf_spec spec = {
        .name = legs_leaf_name(c),
        .key = leaf_key(c, shape),
        .mirrors_faults = policy->leaf == LEAF_MIRROR,
    };
    if (policy->leaf == LEAF_REPLACE && !leaf_fault_named(policy->leaf_fault, &spec.fault)) {
        error_set(error, ERROR_CONFIG, "unknown leaf fault '%s'", policy->leaf_fault);
        return NULL;
    }
    if (c->engines[SERVER] != NULL && !c->has_failed) {
        spec.origin = engine_peer_certificate(c->engines[SERVER]);
    }
    struct mint *mint = ask_leaf(c, &spec);
    return mint_leaf(mint, &spec, error);
}

static bool offers_alpn(const struct connection *c, const char *name)
{
    struct slice offered;
    for (size_t at = 0; c->has_hello && alpn_next(c->hello.alpn, &at, &offered);) {
        if (slice_equals_text(offered, name)) {
            return true;
        }
    }
    return false;
}

// alpn_of_answer is what an answer of ours is spoken in: HTTP/1.1 unless the client takes HTTP/2
// only.
static struct slice alpn_of_answer(const struct connection *c)
{
    if (!offers_alpn(c, "http/1.1") && offers_alpn(c, "h2")) {
        return slice_of_text("h2");
    }
    return slice_of_text(offers_alpn(c, "http/1.1") ? "http/1.1" : "");
}

// note_leaf notes the leaf, and our authority after it once that is over: it is in no flight, but
// no client can take what it signed.
static void note_leaf(struct connection *c)
{
    struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    const X509 *own = c->worker->shared->ca->certificate;
    leg->chain = arena_alloc(&c->arena, 2 * sizeof(*leg->chain));
    if (leg->chain == NULL || !cert_facts_read(c->leaf->certificate, &c->arena, leg->chain)) {
        return;
    }
    leg->chain_count = 1;
    if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0 &&
        cert_facts_read(own, &c->arena, leg->chain + 1)) {
        leg->chain_count = 2;
    }
}

// note_own notes the certificate that the policy names, and which kind of key it has.
static void note_own(struct connection *c, SSL_CTX *ssl)
{
    struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    const EVP_PKEY *key = SSL_CTX_get0_privatekey(ssl);
    leg->keys = key != NULL && EVP_PKEY_is_a(key, "RSA") ? KEY_RSA : KEY_ECDSA;
    leg->chain = arena_alloc(&c->arena, sizeof(*leg->chain));
    const X509 *own = SSL_CTX_get0_certificate(ssl);
    if (leg->chain != NULL && own != NULL && cert_facts_read(own, &c->arena, leg->chain)) {
        leg->chain_count = 1;
    }
}

static bool make_client_engine(struct connection *c, struct error *error)
{
    const struct terms *terms = c->kit->terms;
    const struct leg_policy *policy = &terms->settings.legs[CLIENT];
    struct leg_evidence *leg = &c->evidence.legs[CLIENT];
    bool is_answer = c->has_failed || c->is_local;
    bool is_chosen = is_answer || c->engines[SERVER] != NULL;
    struct slice chosen = is_answer ? alpn_of_answer(c) : SLICE_EMPTY;
    if (is_chosen && !is_answer) {
        chosen = engine_alpn(c->engines[SERVER]);
    }
    struct leg_shape shape;
    struct context context;
    shape_client(policy, &terms->library, is_chosen ? &chosen : NULL, &shape);
    note_shape(c, CLIENT, &shape);
    if (!contexts_get(c->kit->contexts[CLIENT], &shape, &context, error)) {
        return false;
    }
    if (policy->cert_file[0] == '\0') {
        c->leaf = make_leaf(c, &shape, error);
        if (c->leaf == NULL) {
            return false;
        }
        note_leaf(c);
    } else {
        note_own(c, context.ssl);
    }
    enum client_auth auth = ask_is(c, EXPERIMENT_ASK) ? CLIENT_AUTH_ASK : policy->client_auth;
    struct engine_setup setup = {
        .side = CLIENT,
        .context = context,
        .alpn = {shape.alpn, shape.alpn_len},
        .needs_alpn = policy->has_alpn && policy->alpn_len > 0 && !is_answer,
        .leaf = c->leaf,
        .trust = terms->trust[CLIENT],
        .refuses = auth == CLIENT_AUTH_REQUIRE,
        .clock_offset_us = policy->clock_offset_ms * 1000,
        .client_auth = is_answer ? CLIENT_AUTH_NONE : auth,
        .evidence = leg,
        .arena = &c->arena,
        .opened_us = c->opened_us,
        .out = &c->worker->out[CLIENT],
    };
    c->engines[CLIENT] = engine_new(&setup, error);
    return c->engines[CLIENT] != NULL;
}

static enum step client_secured(struct connection *c)
{
    if (c->has_failed || c->is_local) {
        c->state = CONNECTION_ANSWERING;
        connection_patience(c, connection_settings(c)->handshake_timeout_ms);
        legs_read_request(c, SLICE_EMPTY); // what came behind the Finished
        return STEP_NEXT;
    }
    if (c->engines[SERVER] != NULL) {
        return both_secured(c);
    }
    connection_patience(c, 0); // the dial and the server leg have their own
    link_read(&c->links[CLIENT], false);
    c->state = CONNECTION_DIALLING;
    return STEP_NEXT;
}

enum step do_client_handshake(struct connection *c)
{
    if (c->engines[CLIENT] == NULL) {
        struct error error = {0};
        if (!make_client_engine(c, &error)) {
            return fail_own(c, CLIENT, &error);
        }
        connection_patience(c, leg_timeout_ms(c, CLIENT));
        link_read(&c->links[CLIENT], true);
    }
    if (c->peeked.len == 0) {
        return STEP_WAIT;
    }
    enum engine_step step = drive(c, CLIENT, buffer_slice(&c->peeked));
    buffer_clear(&c->peeked); // taken or held by the engine
    switch (step) {
    case ENGINE_WAITS:
        return STEP_WAIT;
    case ENGINE_SECURED:
        return client_secured(c);
    case ENGINE_FAILED:
        break;
    }
    return failure_of_leg(c, CLIENT);
}

void legs_read_request(struct connection *c, struct slice bytes)
{
    size_t len = 0;
    enum engine_read got = ENGINE_READ_DATA;
    engine_feed(c->engines[CLIENT], bytes);
    while (got == ENGINE_READ_DATA) {
        got = engine_read(c->engines[CLIENT], c->worker->plain, sizeof(c->worker->plain), &len);
        // A request longer than we care for: the rest is dropped, the answer is the same.
        (void)(got == ENGINE_READ_DATA &&
               buffer_append(&c->answer.request, (struct slice){c->worker->plain, len}));
    }
    (void)connection_flush(c, CLIENT); // an alert, at most
    if (got != ENGINE_READ_WAITS) {
        c->answer.is_abandoned = true;
    }
}

enum step legs_ended(struct connection *c, enum side side, enum ending_kind kind, int os_error)
{
    bool server_waits = side == SERVER && c->state == CONNECTION_CLIENT_HANDSHAKE;
    if (server_waits) {
        return STEP_WAIT; // passed on once the client leg is there
    }
    if (c->engines[side] != NULL) {
        engine_peer_ended(c->engines[side], kind, os_error);
    } else {
        leg_evidence_end(&c->evidence.legs[side], kind, 0, os_error, connection_now(c), NULL);
    }
    return failure_of_leg(c, side);
}

// ---- TLS to the proxy port

// own_address writes the address that the client reached us at.
static void own_address(struct connection *c, char out_host[INET6_ADDRSTRLEN + 1])
{
    struct sockaddr_storage address = {0};
    int len = sizeof(address);
    (void)uv_tcp_getsockname(&c->links[CLIENT].tcp, (struct sockaddr *)&address, &len);
    if (address.ss_family == AF_INET6) {
        (void)uv_ip6_name((struct sockaddr_in6 *)&address, out_host, INET6_ADDRSTRLEN);
    } else {
        (void)uv_ip4_name((struct sockaddr_in *)&address, out_host, INET6_ADDRSTRLEN);
    }
}

// outer_name is the name that the proxy's own certificate must carry.
static const char *outer_name(struct connection *c)
{
    struct buffer joined = {0};
    struct slice message = SLICE_EMPTY;
    bool is_sslv2 = false;
    struct client_hello hello;
    struct endpoint name;
    size_t at;
    char host[INET6_ADDRSTRLEN + 1] = "";
    own_address(c, host);
    const char *found = connection_text(c, host);
    buffer_init(&joined, HANDSHAKE_MESSAGE_MAX + HANDSHAKE_HEADER_LEN);
    if (first_hello(buffer_slice(&c->peeked), &joined, &message, &is_sslv2) == PARSE_OK &&
        !is_sslv2 && client_hello_parse(message, &hello, &at) == PARSE_OK && hello.has_sni &&
        endpoint_set_host(&name, hello.sni)) {
        found = connection_text(c, name.host);
    }
    buffer_clear(&joined);
    return found;
}

bool legs_open_outer(struct connection *c)
{
    const struct terms *terms = c->kit->terms;
    struct leg_policy policy;
    struct leg_shape shape;
    struct context context;
    struct error error;
    struct slice http = slice_of_text("http/1.1");
    leg_policy_default(&policy, CLIENT);
    shape_client(&policy, &terms->library, &http, &shape);
    c->outer_evidence = arena_alloc(&c->arena, sizeof(*c->outer_evidence));
    if (c->outer_evidence == NULL || !contexts_get(c->kit->outer, &shape, &context, &error)) {
        return false;
    }
    struct leaf_spec spec = {.name = outer_name(c), .key = LEAF_ECDSA};
    c->outer_leaf = mint_leaf(c->worker->shared->mint, &spec, &error);
    if (c->outer_leaf == NULL) {
        return false;
    }
    struct engine_setup setup = {
        .side = CLIENT,
        .context = context,
        .alpn = {shape.alpn, shape.alpn_len},
        .leaf = c->outer_leaf,
        .evidence = c->outer_evidence,
        .arena = &c->arena,
        .opened_us = c->opened_us,
        .out = &c->worker->outer_out,
    };
    c->outer = engine_new(&setup, &error);
    return c->outer != NULL;
}
