// A stage for loop tests: a real proxy on a free loopback port, its events kept, and peers on
// plain sockets that the test drives itself from one thread. Nothing waits longer than PEER_MS.
#pragma once

#include "peer.h"
#include "scratch_folder.h"

#include <pthread.h>
#include <signal.h>

#include "mint.h"
#include "proxy.h"

#define STAGE_NOTES_MAX 256

// What is kept of an event.
struct note {
    enum event_kind kind;
    uint64_t connection;
    char cause[48];
    enum side leg;
    struct ending ends[SIDES], closes[SIDES]; // `detail` is not kept
    bool was_tls_to_proxy;
    uint64_t app_bytes_received[SIDES];
    size_t addresses_tried;
    uint32_t secured_before, failed_before; // of the client
    char text[160];
};

struct stage {
    struct scratch folder;
    struct authority ca;
    struct mint *mint; // for the origins' certificates
    struct settings settings;
    struct recorder *recorder;
    struct proxy *proxy;
    pthread_mutex_t lock;
    pthread_cond_t noted;
    struct note notes[STAGE_NOTES_MAX];
    size_t note_count;
    struct peer client, origin, outer; // cleared with the stage
    int listener; // of the origin, once origin_open was called; closed likewise
    uint16_t port;
};

static inline void stage_note(void *user, const struct event *event, struct buffer *out)
{
    struct stage *stage = user;
    (void)out;
    (void)pthread_mutex_lock(&stage->lock);
    if (stage->note_count < STAGE_NOTES_MAX) {
        struct note *note = &stage->notes[stage->note_count++];
        *note = (struct note){.kind = event->kind, .connection = event->connection};
        if (event->verdict != NULL) {
            (void)snprintf(note->cause, sizeof(note->cause), "%s", event->verdict->cause->code);
            note->leg = event->verdict->leg;
        }
        if (event->text != NULL) {
            (void)snprintf(note->text, sizeof(note->text), "%s", event->text);
        }
        for (int side = 0; event->evidence != NULL && side < SIDES; side++) {
            const struct leg_evidence *leg = &event->evidence->legs[side];
            note->ends[side] = leg->handshake;
            note->closes[side] = leg->close;
            note->app_bytes_received[side] = leg->app_bytes_received;
            note->addresses_tried += leg->addresses_tried;
            note->secured_before = event->evidence->client_secured_before;
            note->failed_before = event->evidence->client_failed_before;
            note->was_tls_to_proxy = event->evidence->is_tls_to_proxy;
        }
    }
    (void)pthread_cond_broadcast(&stage->noted);
    (void)pthread_mutex_unlock(&stage->lock);
}

// stage_open is a test's setup. It makes the authority and the default settings: a forward proxy on
// a free port that trusts the stage's own authority for origins, and does not prove verdicts.
static inline int stage_open(void **state)
{
    struct error error = {0};
    struct stage *stage = calloc(1, sizeof(*stage));
    assert_non_null(stage);
    *state = stage;
    stage->listener = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)pthread_mutex_init(&stage->lock, NULL);
    (void)pthread_cond_init(&stage->noted, NULL);
    scratch_make(&stage->folder);
    assert_true(authority_open(stage->folder.path, &stage->ca, NULL, &error));
    stage->mint = mint_new(&stage->ca, 0, &error);
    assert_non_null(stage->mint);
    settings_default(&stage->settings);
    stage->settings.workers = 1;
    stage->settings.probe = false;
    stage->settings.listen[0].port = 0;
    (void)snprintf(stage->settings.legs[SERVER].ca_file, sizeof(stage->settings.legs[0].ca_file),
                   "%s/ca.pem", stage->folder.path);
    return 0;
}

static inline void stage_set(struct stage *stage, const char *name, const char *value)
{
    struct error error = {0};
    if (!settings_set(&stage->settings, name, value, &error)) {
        fail_msg("%s", error.text);
    }
}

static inline void stage_start(struct stage *stage)
{
    struct error error = {0};
    struct sink sink = {
        .name = "notes", .render = stage_note, .user = stage, .fd = -1, .events = UINT32_MAX};
    stage->recorder = recorder_new(&sink, 1, &error);
    assert_non_null(stage->recorder);
    stage->proxy = proxy_start(&stage->settings, &stage->ca, stage->recorder, NULL, &error);
    if (stage->proxy == NULL) {
        fail_msg("%s", error.text);
    }
}

// stage_wait waits for the `nth` event of a kind (from 1) and copies it.
static inline struct note stage_wait(struct stage *stage, enum event_kind kind, size_t nth)
{
    struct timespec until;
    struct note note = {0};
    size_t seen = 0;
    int failed = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PEER_MS / 1000;
    (void)pthread_mutex_lock(&stage->lock);
    for (size_t i = 0; seen < nth && failed == 0;) {
        if (i == stage->note_count) {
            failed = pthread_cond_timedwait(&stage->noted, &stage->lock, &until);
        } else if (stage->notes[i++].kind == kind && ++seen == nth) {
            note = stage->notes[i - 1];
        }
    }
    (void)pthread_mutex_unlock(&stage->lock);
    if (seen < nth) {
        fail_msg("no event '%s' number %zu came", event_kind_name(kind), nth);
    }
    return note;
}

static inline size_t stage_count(struct stage *stage, enum event_kind kind)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&stage->lock);
    for (size_t i = 0; i < stage->note_count; i++) {
        count += stage->notes[i].kind == kind;
    }
    (void)pthread_mutex_unlock(&stage->lock);
    return count;
}

// origin_open listens on a free port.
static inline void origin_open(struct stage *stage)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    stage->listener = tune(socket(AF_INET, SOCK_STREAM, 0));
    assert_int_equal(bind(stage->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(stage->listener, 64), 0);
    assert_int_equal(getsockname(stage->listener, (struct sockaddr *)&address, &len), 0);
    stage->port = ntohs(address.sin_port);
}

static inline int origin_accept(struct stage *stage)
{
    assert_int_equal(wait_for(stage->listener, POLLIN), 1);
    return tune(accept(stage->listener, NULL, NULL));
}

static inline int client_open(struct stage *stage)
{
    return connect_to(proxy_endpoint(stage->proxy, 0)->port);
}

// tunnel_open sends CONNECT to the origin's port and reads the answer.
static inline int tunnel_open(struct stage *stage, const char *host)
{
    char text[1024];
    int fd = client_open(stage);
    (void)snprintf(text, sizeof(text), "CONNECT %s:%u HTTP/1.1\r\nHost: x\r\n\r\n", host,
                   stage->port);
    say(fd, text);
    assert_int_equal(hear(fd, "\r\n\r\n", text, sizeof(text)), 0);
    assert_non_null(strstr(text, " 200 "));
    return fd;
}

// A client that trusts the stage's authority; `trusts` false: nobody.
static inline SSL_CTX *client_context(struct stage *stage, bool trusts)
{
    static const unsigned char alpn[] = "\x08http/1.1"; // a program's, not a mere look
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    (void)SSL_CTX_set_alpn_protos(context, alpn, sizeof(alpn) - 1); // else the tests will tell
    if (trusts) {
        (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(context), stage->ca.certificate);
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

static inline SSL_CTX *origin_context(struct stage *stage, const char *name)
{
    struct error error;
    struct leaf_spec spec = {.name = name, .key = LEAF_ECDSA};
    struct leaf *leaf = mint_leaf(stage->mint, &spec, &error);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_non_null(leaf);
    assert_int_equal(SSL_CTX_use_certificate(context, leaf->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, leaf->key), 1);
    (void)SSL_CTX_set_num_tickets(context, 0);
    leaf_release(leaf);
    return context;
}

// bridge_open secures both legs of a tunnel to the origin at "localhost".
static inline void bridge_open(struct stage *stage)
{
    peer_init(&stage->client, tunnel_open(stage, "localhost"), client_context(stage, true), false);
    (void)SSL_do_handshake(stage->client.ssl); // the hello goes out before the origin is there
    peer_flush(&stage->client);
    peer_init(&stage->origin, origin_accept(stage), origin_context(stage, "localhost"), true);
    assert_true(peers_shake(&stage->client, &stage->origin));
}

// stage_close is a test's teardown: it drops what is open; worker_free asserts that uv_loop_close
// is 0.
static inline int stage_close(void **state)
{
    struct stage *stage = *state;
    peer_clear(&stage->client);
    peer_clear(&stage->origin);
    peer_clear(&stage->outer);
    if (stage->listener >= 0) {
        (void)close(stage->listener);
    }
    if (stage->proxy != NULL) {
        proxy_drain(stage->proxy, 0);
        assert_int_equal(proxy_open_count(stage->proxy), 0);
    }
    proxy_free(stage->proxy);
    recorder_free(stage->recorder);
    mint_free(stage->mint);
    authority_clear(&stage->ca);
    scratch_remove_path(stage->folder.path);
    free(stage);
    return 0;
}

#define STAGE_TEST(check) cmocka_unit_test_setup_teardown(check, stage_open, stage_close)
