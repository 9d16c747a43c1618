// Peers on loopback sockets for loop tests, plain and TLS. All are non-blocking and driven by the
// test itself, from one thread; nothing waits longer than PEER_MS.
#pragma once

#include "rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "clock.h"

#define PEER_MS 20000

static inline int wait_for(int fd, short events)
{
    struct pollfd one = {.fd = fd, .events = events};
    return poll(&one, 1, PEER_MS);
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

static inline int connect_to(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return tune(fd);
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

static inline void reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    (void)close(fd);
}

// ---- peers that speak TLS, over memory so that the test decides what goes out when

struct peer {
    int fd;
    struct peer *outer; // the records go through this one's TLS; NULL: through `fd`
    SSL *ssl;
    BIO *in, *out;
    int ended; // 0; 1: FIN; else an errno
};

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
    int64_t until_us = clock_monotonic_us() + PEER_MS * 1000;
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
