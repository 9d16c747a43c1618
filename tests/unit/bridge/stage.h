// A stage for loop tests: a real proxy on a free loopback port, its events kept, and peers on
// plain sockets that the test drives itself from one thread. Nothing waits longer than STAGE_MS.
#pragma once

#include "rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "clock.h"
#include "mint.h"
#include "proxy.h"

#define STAGE_MS        20000
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
    char text[160];
};

struct peer {
    int fd;
    struct peer *outer; // the records go through this one's TLS; NULL: through `fd`
    SSL *ssl;
    BIO *in, *out;
    int ended; // 0; 1: FIN; else an errno
};

struct stage {
    char folder[64];
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
    strcpy(stage->folder, "/tmp/midspan-unit-XXXXXX");
    assert_non_null(mkdtemp(stage->folder));
    assert_true(authority_open(stage->folder, &stage->ca, NULL, &error));
    stage->mint = mint_new(&stage->ca, 0, &error);
    assert_non_null(stage->mint);
    settings_default(&stage->settings);
    stage->settings.workers = 1;
    stage->settings.probe = false;
    stage->settings.listen[0].port = 0;
    (void)snprintf(stage->settings.legs[SERVER].ca_file, sizeof(stage->settings.legs[0].ca_file),
                   "%s/ca.pem", stage->folder);
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
    until.tv_sec += STAGE_MS / 1000;
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

// ---- sockets; all non-blocking

static inline int wait_for(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    return poll(&one, 1, STAGE_MS);
}

static inline int tune(int fd)
{
    int on = 1;
    assert_true(fd >= 0);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static inline struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
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

static inline int connect_to(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return tune(fd);
}

static inline int client_open(struct stage *stage)
{
    return connect_to(proxy_endpoint(stage->proxy, 0)->port);
}

static inline void say_bytes(int fd, const void *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t sent = send(fd, (const char *)data + at, len - at, MSG_NOSIGNAL);
        if (sent > 0) {
            at += (size_t)sent;
        } else if (errno != EAGAIN || wait_for(fd, POLLOUT) != 1) {
            fail_msg("cannot send: %s", strerror(errno));
        }
    }
}

static inline void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

// hear reads until `want` has come, or, when it is NULL, until the end; it gives 0, or the errno
// that ended it: ECONNRESET, or EPIPE for an end before `want`. `text` gets all of it.
static inline int hear(int fd, const char *want, char *text, size_t size)
{
    size_t len = 0;
    text[0] = '\0';
    for (;;) {
        if (want != NULL && strstr(text, want) != NULL) {
            return 0;
        }
        if (len + 1 == size || wait_for(fd, POLLIN) != 1) {
            return ETIMEDOUT;
        }
        ssize_t got = recv(fd, text + len, size - len - 1, 0);
        if (got == 0) {
            return want == NULL ? 0 : EPIPE;
        }
        if (got < 0 && errno != EAGAIN) {
            return errno;
        }
        len += got > 0 ? (size_t)got : 0;
        text[len] = '\0';
    }
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

static inline void reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    (void)close(fd);
}

// ---- peers that speak TLS, over memory so that the test decides what goes out when

static inline void peer_init(struct peer *peer, int fd, SSL_CTX *context, bool is_server)
{
    *peer = (struct peer){.fd = fd, .ssl = SSL_new(context)};
    SSL_CTX_free(context);
    peer->in = BIO_new(BIO_s_mem());
    peer->out = BIO_new(BIO_s_mem());
    (void)BIO_set_mem_eof_return(peer->in, -1);
    SSL_set_bio(peer->ssl, peer->in, peer->out);
    if (is_server) {
        SSL_set_accept_state(peer->ssl);
    } else {
        SSL_set_connect_state(peer->ssl);
    }
}

// A client that trusts the stage's authority; `trusts` false: nobody.
static inline SSL_CTX *client_context(struct stage *stage, bool trusts)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
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

// peer_take takes the records that are to be sent.
static inline size_t peer_take(struct peer *peer, void *data, size_t size)
{
    int got = BIO_read(peer->out, data, (int)size);
    return got > 0 ? (size_t)got : 0;
}

static inline void peer_flush(struct peer *peer)
{
    char data[65536];
    for (size_t len; (len = peer_take(peer, data, sizeof(data))) > 0;) {
        if (peer->outer != NULL) {
            assert_int_equal(SSL_write(peer->outer->ssl, data, (int)len), (int)len);
            peer_flush(peer->outer);
        } else if (peer->ended == 0) {
            say_bytes(peer->fd, data, len);
        }
    }
}

// peer_receive moves what has come by now into the engine.
static inline void peer_receive(struct peer *peer)
{
    char data[65536];
    if (peer->outer != NULL) {
        peer_receive(peer->outer);
        for (int len; (len = SSL_read(peer->outer->ssl, data, sizeof(data))) > 0;) {
            (void)BIO_write(peer->in, data, len);
        }
        peer->ended = peer->outer->ended;
        return;
    }
    while (peer->ended == 0) {
        ssize_t got = recv(peer->fd, data, sizeof(data), 0);
        if (got < 0 && errno == EAGAIN) {
            return;
        }
        if (got <= 0) {
            peer->ended = got == 0 ? 1 : errno;
            return;
        }
        (void)BIO_write(peer->in, data, (int)got);
    }
}

// peers_shake runs handshakes, of up to two peers at once, until all are done or one has failed.
static inline bool peers_shake(struct peer *first, struct peer *second)
{
    struct peer *peers[] = {first, second};
    int64_t until_us = clock_monotonic_us() + STAGE_MS * 1000;
    for (;;) {
        bool is_done = true;
        for (size_t i = 0; i < 2; i++) {
            struct peer *peer = peers[i];
            if (peer == NULL || SSL_is_init_finished(peer->ssl)) {
                continue;
            }
            is_done = false;
            peer_receive(peer);
            ERR_clear_error();
            int result = SSL_do_handshake(peer->ssl);
            int why = SSL_get_error(peer->ssl, result);
            peer_flush(peer);
            if (result != 1 && (why != SSL_ERROR_WANT_READ || peer->ended != 0)) {
                return false;
            }
        }
        if (is_done || clock_monotonic_us() > until_us) {
            return is_done;
        }
        struct pollfd fds[2] = {{.fd = -1}, {.fd = -1}};
        for (size_t i = 0; i < 2; i++) {
            if (peers[i] != NULL && !SSL_is_init_finished(peers[i]->ssl)) {
                fds[i] = (struct pollfd){.fd = peers[i]->fd, .events = POLLIN};
            }
        }
        (void)poll(fds, 2, 100);
    }
}

static inline void peer_say(struct peer *peer, const char *text)
{
    assert_int_equal(SSL_write(peer->ssl, text, (int)strlen(text)), (int)strlen(text));
    peer_flush(peer);
}

enum heard {
    HEARD_WANTED,
    HEARD_NOTIFY, // close_notify
    HEARD_FIN,
    HEARD_RESET,
    HEARD_BROKEN, // an alert or a bad record
    HEARD_NOTHING
};

// peer_hear reads until `want` has come, or to the end; `text` gets all of it.
static inline enum heard peer_hear(struct peer *peer, const char *want, char *text, size_t size)
{
    size_t len = 0;
    text[0] = '\0';
    for (;;) {
        peer_receive(peer);
        ERR_clear_error();
        int got = SSL_read(peer->ssl, text + len, (int)(size - len - 1));
        if (got > 0) {
            len += (size_t)got;
            text[len] = '\0';
            if (want != NULL && strstr(text, want) != NULL) {
                return HEARD_WANTED;
            }
            continue;
        }
        switch (SSL_get_error(peer->ssl, got)) {
        case SSL_ERROR_ZERO_RETURN:
            return HEARD_NOTIFY;
        case SSL_ERROR_WANT_READ:
            break;
        default:
            return HEARD_BROKEN;
        }
        if (peer->ended != 0) {
            return peer->ended == 1 ? HEARD_FIN : HEARD_RESET;
        }
        if (wait_for(peer->fd, POLLIN) != 1) {
            return HEARD_NOTHING;
        }
    }
}

static inline void peer_clear(struct peer *peer)
{
    if (peer->ssl != NULL && peer->outer == NULL) {
        (void)close(peer->fd);
    }
    SSL_free(peer->ssl);
    *peer = (struct peer){0};
}

static inline void shake_alone(struct peer *peer)
{
    while (!SSL_is_init_finished(peer->ssl)) {
        int result = SSL_do_handshake(peer->ssl);
        if (result == 1) {
            break; // its Finished is left in `out`
        }
        assert_int_equal(SSL_get_error(peer->ssl, result), SSL_ERROR_WANT_READ);
        peer_flush(peer);
        assert_int_equal(wait_for(peer->fd, POLLIN), 1);
        peer_receive(peer);
    }
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
    char path[128];
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
    (void)snprintf(path, sizeof(path), "%s/ca.pem", stage->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/ca-key.pem", stage->folder);
    (void)unlink(path);
    (void)rmdir(stage->folder);
    free(stage);
    return 0;
}

#define STAGE_TEST(check) cmocka_unit_test_setup_teardown(check, stage_open, stage_close)
