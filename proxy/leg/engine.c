#include "engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "tap.h"
#include "verify.h"

struct engine {
    enum side side;
    SSL *ssl;
    struct tap tap;
    struct transcript transcript;
    struct peer_check check;
    struct slice alpn; // in the arena
    bool needs_alpn;
    bool is_secured;
    bool is_broken;
    bool did_close;
};

static void on_message(int sent, int version, int content_type, const void *bytes, size_t len,
                       SSL *ssl, void *user)
{
    (void)version, (void)user;
    struct engine *engine = SSL_get_app_data(ssl);
    if (engine != NULL && content_type == SSL3_RT_HEADER) {
        transcript_record(&engine->transcript, sent != 0);
    } else if (engine != NULL && content_type < 256) { // above: OpenSSL's own pseudo types
        transcript_message(&engine->transcript, sent != 0, (uint8_t)content_type,
                           (struct slice){bytes, len});
    }
}

static void on_received(void *user, struct slice bytes)
{
    struct engine *engine = user;
    transcript_received(&engine->transcript, bytes);
}

static void on_keylog(const SSL *ssl, const char *line)
{
    const struct context_common *common = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    common->keylog(common->keylog_user, line);
}

static int on_verify(X509_STORE_CTX *store, void *user)
{
    (void)user;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct engine *engine = SSL_get_app_data(ssl);
    return peer_check_run(&engine->check, store, engine->transcript.evidence,
                          engine->transcript.arena);
}

// on_alpn chooses the first of our names that the client offered. No common name ends the handshake
// only where the policy names what it speaks: else the origin has been asked already, or will be.
static int on_alpn(SSL *ssl, const unsigned char **out_name, unsigned char *out_len,
                   const unsigned char *offered, unsigned offered_len, void *user)
{
    (void)user;
    const struct engine *engine = SSL_get_app_data(ssl);
    struct slice ours, theirs;
    for (size_t i = 0; alpn_next(engine->alpn, &i, &ours);) {
        for (size_t j = 0; alpn_next((struct slice){offered, offered_len}, &j, &theirs);) {
            if (slice_equals(ours, theirs)) {
                *out_name = theirs.data;
                *out_len = (unsigned char)theirs.len;
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return engine->needs_alpn ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

void engine_hooks(SSL_CTX *ssl, const struct context_common *common)
{
    // OpenSSL takes a plain pointer; it is only read.
    SSL_CTX_set_app_data(ssl, (void *)(uintptr_t)common);
    SSL_CTX_set_msg_callback(ssl, on_message);
    SSL_CTX_set_cert_verify_callback(ssl, on_verify, NULL);
    if (common->keylog != NULL) {
        SSL_CTX_set_keylog_callback(ssl, on_keylog);
    }
    if (common->side == CLIENT) {
        SSL_CTX_set_alpn_select_cb(ssl, on_alpn, NULL);
    } else {
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    }
}

static bool use_leaf(struct engine *engine, const struct leaf *leaf)
{
    return leaf == NULL || (SSL_use_certificate(engine->ssl, leaf->certificate) == 1 &&
                            SSL_use_PrivateKey(engine->ssl, leaf->key) == 1);
}

static bool setup_client_leg(struct engine *engine, const struct engine_setup *setup)
{
    SSL_set_accept_state(engine->ssl);
    if (setup->client_auth != CLIENT_AUTH_NONE) {
        int mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
        mode |= setup->client_auth == CLIENT_AUTH_REQUIRE ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
        SSL_set_verify(engine->ssl, mode, NULL);
    }
    return use_leaf(engine, setup->leaf);
}

// 112 bits of security are those of a prime of 2048.
static int refuse_small_primes(const SSL *ssl, const SSL_CTX *ctx, int operation, int bits, int nid,
                               void *other, void *extra)
{
    (void)ssl, (void)ctx, (void)nid, (void)other, (void)extra;
    return operation != SSL_SECOP_TMP_DH || bits >= 112;
}

static bool setup_server_leg(struct engine *engine, const struct engine_setup *setup)
{
    SSL_set_connect_state(engine->ssl);
    // SSL_set_alpn_protos is 0 on success, unlike its neighbours.
    if (setup->alpn.len > 0 &&
        SSL_set_alpn_protos(engine->ssl, setup->alpn.data, (unsigned)setup->alpn.len) != 0) {
        return false;
    }
    if (setup->sni != NULL && setup->sni[0] != '\0' &&
        SSL_set_tlsext_host_name(engine->ssl, setup->sni) != 1) {
        return false;
    }
    if (setup->wants_staple &&
        SSL_set_tlsext_status_type(engine->ssl, TLSEXT_STATUSTYPE_ocsp) != 1) {
        return false;
    }
    if (setup->session != NULL && SSL_set_session(engine->ssl, setup->session) != 1) {
        return false;
    }
    if (!setup->offers_ticket) {
        SSL_set_options(engine->ssl, SSL_OP_NO_TICKET);
    }
    if (setup->takes_legacy_server) {
        SSL_set_options(engine->ssl, SSL_OP_LEGACY_SERVER_CONNECT);
    }
    if (setup->refuses_small_primes) {
        SSL_set_security_callback(engine->ssl, refuse_small_primes);
    }
    if (setup->withholds_certificate) {
        SSL_certs_clear(engine->ssl);
    }
    return use_leaf(engine, setup->leaf);
}

struct engine *engine_new(const struct engine_setup *setup, struct error *error)
{
    ERR_clear_error();
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        error_set(error, ERROR_MEMORY, "out of memory for a TLS engine");
        return NULL;
    }
    engine->side = setup->side;
    engine->ssl = SSL_new(setup->context.ssl);
    engine->tap = (struct tap){.out = setup->out, .received = on_received, .user = engine};
    engine->alpn = arena_copy(setup->arena, setup->alpn);
    engine->needs_alpn = setup->needs_alpn;
    engine->check = (struct peer_check){
        .trust = setup->trust,
        .refuses = setup->refuses,
        .spec = {.name = setup->verify_name,
                 .for_client = setup->side == CLIENT,
                 .clock_offset_us = setup->clock_offset_us},
    };
    transcript_init(&engine->transcript, setup->side, setup->evidence, setup->arena,
                    setup->opened_us);
    setup->evidence->is_started = true;
    BIO *bio = engine->ssl != NULL ? tap_bio(&engine->tap) : NULL;
    if (bio == NULL) {
        error_set(error, ERROR_CRYPTO, "the TLS library could not make an engine");
        engine_free(engine);
        return NULL;
    }
    SSL_set_bio(engine->ssl, bio, bio); // takes `bio`
    SSL_set_app_data(engine->ssl, engine);
    bool ok =
        setup->side == CLIENT ? setup_client_leg(engine, setup) : setup_server_leg(engine, setup);
    if (!ok) {
        error_set(error, ERROR_CRYPTO, "the TLS library refused the leg's setup: %s",
                  ERR_reason_error_string(ERR_peek_last_error()));
        ERR_clear_error();
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    if (engine->ssl != NULL) {
        SSL_set_app_data(engine->ssl, NULL);
        SSL_free(engine->ssl);
    }
    transcript_clear(&engine->transcript);
    tap_clear(&engine->tap);
    free(engine);
    ERR_clear_error();
}

// library_words reads and empties OpenSSL's queue. For showing only: nothing decides on it.
static const char *library_words(struct engine *engine)
{
    unsigned long code = ERR_peek_last_error();
    const char *words = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return words != NULL ? arena_text(engine->transcript.arena, slice_of_text(words)) : NULL;
}

// note_first_bytes completes what came instead of TLS by what OpenSSL did not care to read.
static void note_first_bytes(struct engine *engine)
{
    transcript_first_bytes(&engine->transcript, buffer_slice(&engine->tap.held));
    transcript_first_bytes(&engine->transcript, engine->tap.in);
}

// is_no_tls: an SSLv2-format hello is a client's way to begin, never a server's.
static bool is_no_tls(const struct engine *engine)
{
    enum opening opening = opening_of(engine->transcript.evidence->first_bytes);
    return opening == OPENING_OTHER || (engine->side == SERVER && opening == OPENING_SSLV2);
}

// fail_handshake names the ending from facts: what was verified, received, sent, in that order.
static void fail_handshake(struct engine *engine)
{
    struct transcript *transcript = &engine->transcript;
    struct leg_evidence *evidence = transcript->evidence;
    int64_t now_us = transcript_now(transcript);
    const char *words = library_words(engine);
    enum ending_kind kind = ENDING_ALERT_SENT;
    uint8_t alert = transcript->alert_sent;
    if (transcript->alert_received != 0) {
        kind = ENDING_ALERT_RECEIVED;
        alert = transcript->alert_received;
    } else if (engine->check.did_refuse) {
        kind = ENDING_REFUSED;
    } else if (is_no_tls(engine)) {
        kind = ENDING_NOT_TLS;
        note_first_bytes(engine);
    } else if (transcript->has_close_notify && transcript->alert_sent == 0) {
        kind = ENDING_CLOSED;
    }
    leg_evidence_end(evidence, kind, alert, 0, now_us, words);
    engine->is_broken = true;
    transcript_done(transcript);
}

static void note_secured(struct engine *engine)
{
    struct transcript *transcript = &engine->transcript;
    struct leg_evidence *evidence = transcript->evidence;
    evidence->version = (uint16_t)SSL_version(engine->ssl);
    evidence->suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(engine->ssl));
    evidence->alpn = arena_copy(transcript->arena, engine_alpn(engine));
    evidence->is_resumed = SSL_session_reused(engine->ssl) == 1;
    evidence->secured_us = transcript_now(transcript);
    leg_evidence_end(evidence, ENDING_SECURED, 0, 0, evidence->secured_us, NULL);
    engine->is_secured = true;
    transcript_done(transcript);
    // From here raw bytes are of no interest: the tap need not call.
    engine->tap.received = NULL;
}

enum engine_step engine_handshake(struct engine *engine, struct slice in)
{
    assert(!engine->is_secured && !engine->is_broken);
    engine->tap.in = in;
    ERR_clear_error();
    int result = SSL_do_handshake(engine->ssl);
    enum engine_step step = ENGINE_WAITS;
    if (result == 1) {
        note_secured(engine);
        step = ENGINE_SECURED;
    } else if (SSL_get_error(engine->ssl, result) != SSL_ERROR_WANT_READ) {
        fail_handshake(engine);
        step = ENGINE_FAILED;
    }
    if (!engine_hold(engine) && step != ENGINE_FAILED) {
        fail_handshake(engine);
        step = ENGINE_FAILED;
    }
    engine->transcript.evidence->bytes_received = engine->tap.bytes_in;
    engine->transcript.evidence->bytes_sent = engine->tap.bytes_out;
    return step;
}

void engine_feed(struct engine *engine, struct slice in)
{
    engine->tap.in = in;
}

static enum engine_read read_failed(struct engine *engine)
{
    struct transcript *transcript = &engine->transcript;
    bool received = transcript->alert_received != 0;
    enum ending_kind kind = received ? ENDING_ALERT_RECEIVED : ENDING_ALERT_SENT;
    uint8_t alert = received ? transcript->alert_received : transcript->alert_sent;
    leg_evidence_close(transcript->evidence, kind, alert, 0, transcript_now(transcript),
                       library_words(engine));
    engine->is_broken = true;
    return ENGINE_READ_FAILED;
}

enum engine_read engine_read(struct engine *engine, uint8_t *data, size_t size, size_t *out_len)
{
    assert(engine->is_secured);
    if (engine->is_broken) {
        return ENGINE_READ_FAILED;
    }
    ERR_clear_error();
    int result = SSL_read_ex(engine->ssl, data, size, out_len);
    struct leg_evidence *evidence = engine->transcript.evidence;
    evidence->bytes_received = engine->tap.bytes_in;
    if (result == 1) {
        evidence->app_bytes_received += *out_len;
        return ENGINE_READ_DATA;
    }
    switch (SSL_get_error(engine->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return ENGINE_READ_WAITS;
    case SSL_ERROR_ZERO_RETURN:
        return ENGINE_READ_CLOSE_NOTIFY;
    default: // OpenSSL's numbers are no enum of ours; all others mean that the leg is over
        return read_failed(engine);
    }
}

bool engine_hold(struct engine *engine)
{
    return tap_hold(&engine->tap);
}

bool engine_has_unread(const struct engine *engine)
{
    return tap_unread(&engine->tap) > 0 || SSL_has_pending(engine->ssl) == 1;
}

bool engine_write(struct engine *engine, struct slice data)
{
    if (engine->is_broken || engine->did_close || !engine->is_secured) {
        return false;
    }
    size_t written = 0;
    ERR_clear_error();
    if (data.len > 0 && SSL_write_ex(engine->ssl, data.data, data.len, &written) != 1) {
        engine->is_broken = true;
        ERR_clear_error();
        return false;
    }
    assert(written == data.len); // no partial writes: the tap takes all or fails
    struct leg_evidence *evidence = engine->transcript.evidence;
    evidence->app_bytes_sent += written;
    evidence->bytes_sent = engine->tap.bytes_out;
    return true;
}

void engine_close_notify(struct engine *engine)
{
    if (engine->did_close || engine->is_broken || !engine->is_secured) {
        return;
    }
    engine->did_close = true;
    ERR_clear_error();
    (void)SSL_shutdown(engine->ssl); // 0: sent, the peer's is still to come; our tap never blocks
    ERR_clear_error();
}

void engine_peer_ended(struct engine *engine, enum ending_kind kind, int os_error)
{
    struct transcript *transcript = &engine->transcript;
    int64_t now_us = transcript_now(transcript);
    if (engine->is_secured) {
        leg_evidence_close(transcript->evidence, kind, 0, os_error, now_us, NULL);
    } else {
        leg_evidence_end(transcript->evidence, kind, 0, os_error, now_us, NULL);
    }
}

struct slice engine_alpn(const struct engine *engine)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(engine->ssl, &name, &len);
    return (struct slice){name, len};
}

SSL_SESSION *engine_session(const struct engine *engine)
{
    SSL_SESSION *session = engine->is_secured ? SSL_get1_session(engine->ssl) : NULL;
    if (session != NULL && SSL_SESSION_is_resumable(session) != 1) {
        SSL_SESSION_free(session);
        return NULL;
    }
    return session;
}

const X509 *engine_peer_certificate(const struct engine *engine)
{
    return SSL_get0_peer_certificate(engine->ssl);
}

bool engine_is_issuer_named(const struct engine *engine, size_t *out_count)
{
    const STACK_OF(X509_NAME) *named = SSL_get0_peer_CA_list(engine->ssl);
    const X509 *own = SSL_get_certificate(engine->ssl);
    STACK_OF(X509) *chain = NULL;
    (void)SSL_get0_chain_certs(engine->ssl, &chain); // documented to succeed always
    *out_count = named != NULL ? (size_t)sk_X509_NAME_num(named) : 0;
    for (int i = 0; own != NULL && i < sk_X509_NAME_num(named); i++) {
        const X509_NAME *name = sk_X509_NAME_value(named, i);
        bool is_named = X509_NAME_cmp(X509_get_issuer_name(own), name) == 0;
        for (int k = 0; k < sk_X509_num(chain) && !is_named; k++) {
            is_named = X509_NAME_cmp(X509_get_issuer_name(sk_X509_value(chain, k)), name) == 0;
        }
        if (is_named) {
            return true;
        }
    }
    return false;
}
