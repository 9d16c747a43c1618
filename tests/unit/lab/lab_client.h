// A client for lab servers: OpenSSL over a blocking socket of its own, with a time. The lab has its
// own thread, so blocking is fine here.
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "certs.h"
#include "lab.h"
#include "rows.h"

#define CLIENT_HOST      "www.lab.midspan.test"
#define CLIENT_WAIT_MS   20000 // bounds a hang: the machine may be busy
#define CLIENT_SILENT_MS 400   // for servers that are to say nothing

struct client_offer {
    int min, max;        // OpenSSL's numbers; 0: its defaults at level 0
    const char *sni;     // NULL: CLIENT_HOST; "": none
    const char *host;    // Host header; NULL: CLIENT_HOST
    const char *ciphers; // below TLS 1.3; NULL: all
    const char *groups, *alpn;
    const struct lab_chain *certificate;
    uint64_t options;          // more SSL_OP_…
    bool has_no_compatibility; // no session id in TLS 1.3
    bool wants_staple;
    SSL_SESSION *session; // to resume; borrowed
    int split_at;         // bytes of the hello in the first segment; 0: all
    int wait_ms;          // after which the server is called silent; 0: CLIENT_WAIT_MS
};

enum client_end {
    CLIENT_SECURED,
    CLIENT_ALERT,   // received
    CLIENT_REFUSES, // the client itself gave up
    CLIENT_CLOSED,
    CLIENT_RESET,
    CLIENT_SILENCE,
    CLIENT_NOT_CONNECTED
};

#define SILENT                      \
    {                               \
        .wait_ms = CLIENT_SILENT_MS \
    }

struct client_result {
    enum client_end end;
    int alert;       // the last one received, whatever its level; -1: none
    int alert_level; // 1 or 2
    int status;      // HTTP's; 0: no answer
    bool did_notify; // close_notify came at the end
    bool was_cut;    // FIN without it
    bool was_reset;
    bool is_resumed;
    int version;
    char alpn[16];
    char text[4096];        // of the answer
    STACK_OF(X509) * chain; // owned
    size_t staple_len;
    SSL_SESSION *session; // owned; NULL: none came
};

static inline void client_clear(struct client_result *result)
{
    sk_X509_pop_free(result->chain, X509_free);
    SSL_SESSION_free(result->session);
    *result = (struct client_result){.alert = -1};
}

static inline void client_wait(int fd, int ms)
{
    struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
}

static inline int client_socket(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    client_wait(fd, CLIENT_WAIT_MS);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline void client_on_message(int sent, int version, int type, const void *bytes, size_t len,
                                     SSL *ssl, void *user)
{
    (void)version, (void)ssl;
    struct client_result *result = user;
    if (sent == 0 && type == SSL3_RT_ALERT && len == 2) {
        const uint8_t *alert = bytes;
        if (alert[1] == 0) {
            result->did_notify = true;
            return;
        }
        result->alert_level = alert[0];
        result->alert = alert[1];
    }
}

static inline int client_on_session(SSL *ssl, SSL_SESSION *session)
{
    struct client_result *result = SSL_get_app_data(ssl);
    SSL_SESSION_free(result->session);
    result->session = session;
    return 1; // kept
}

static inline SSL_CTX *client_context(const struct client_offer *offer)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_options(context, offer->options);
    if (offer->has_no_compatibility) {
        SSL_CTX_clear_options(context, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    }
    (void)SSL_CTX_set_min_proto_version(context, offer->min != 0 ? offer->min : TLS1_VERSION);
    (void)SSL_CTX_set_max_proto_version(context, offer->max);
    assert_int_equal(SSL_CTX_set_cipher_list(context, offer->ciphers != NULL ? offer->ciphers
                                                                             : "ALL:@SECLEVEL=0"),
                     1);
    if (offer->groups != NULL) {
        assert_int_equal(SSL_CTX_set1_groups_list(context, offer->groups), 1);
    }
    if (offer->certificate != NULL) {
        const struct lab_chain *chain = offer->certificate;
        assert_int_equal(SSL_CTX_use_certificate(context, chain->sent[0]), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(context, chain->key), 1);
        for (size_t i = 1; i < chain->sent_count; i++) {
            assert_int_equal(SSL_CTX_add1_chain_cert(context, chain->sent[i]), 1);
        }
    }
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, client_on_session);
    return context;
}

static inline SSL *client_ssl(const struct client_offer *offer, struct client_result *result)
{
    SSL_CTX *context = client_context(offer);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    const char *sni = offer->sni != NULL ? offer->sni : CLIENT_HOST;
    SSL_set_app_data(ssl, result);
    SSL_set_msg_callback(ssl, client_on_message);
    SSL_set_msg_callback_arg(ssl, result);
    if (sni[0] != '\0') {
        assert_int_equal(SSL_set_tlsext_host_name(ssl, sni), 1);
    }
    if (offer->alpn != NULL) {
        uint8_t names[32];
        size_t len = strlen(offer->alpn);
        names[0] = (uint8_t)len;
        memcpy(names + 1, offer->alpn, len);
        assert_int_equal(SSL_set_alpn_protos(ssl, names, (unsigned)len + 1), 0);
    }
    if (offer->wants_staple) {
        SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    }
    if (offer->session != NULL) {
        // A copy: OpenSSL forbids a session to be resumed once a server refused it.
        SSL_SESSION *copy = SSL_SESSION_dup(offer->session);
        assert_int_equal(SSL_set_session(ssl, copy), 1);
        SSL_SESSION_free(copy);
    }
    return ssl;
}

// client_ended names the end of a call that failed.
static inline enum client_end client_ended(SSL *ssl, int got, struct client_result *result)
{
    int why = SSL_get_error(ssl, got), os_error = errno;
    unsigned long reason = ERR_peek_last_error();
    ERR_clear_error();
    if (result->alert >= 0 && result->alert_level == 2) {
        return CLIENT_ALERT;
    }
    if (why == SSL_ERROR_ZERO_RETURN) {
        return CLIENT_CLOSED;
    }
    if (why == SSL_ERROR_SYSCALL) {
        return os_error == EAGAIN                            ? CLIENT_SILENCE
               : os_error == ECONNRESET || os_error == EPIPE ? CLIENT_RESET
                                                             : CLIENT_CLOSED;
    }
    if (why == SSL_ERROR_WANT_READ) {
        return CLIENT_SILENCE;
    }
    return ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? CLIENT_CLOSED
                                                                        : CLIENT_REFUSES;
}

// client_split sends the hello in two segments, by a pair of memory BIOs.
static inline void client_split(SSL *ssl, int fd, int at)
{
    BIO *out = BIO_new(BIO_s_mem()), *in = BIO_new(BIO_s_mem());
    char bytes[8192];
    (void)BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
    (void)SSL_connect(ssl);
    ERR_clear_error();
    int len = BIO_read(out, bytes, sizeof(bytes));
    assert_true(len > at);
    assert_int_equal(send(fd, bytes, (size_t)at, MSG_NOSIGNAL), at);
    assert_int_equal(send(fd, bytes + at, (size_t)(len - at), MSG_NOSIGNAL), len - at);
}

static inline void client_ask(SSL *ssl, const struct client_offer *offer,
                              struct client_result *result)
{
    char request[300];
    size_t held = 0;
    int len = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
                       offer->host != NULL ? offer->host : CLIENT_HOST);
    ERR_clear_error();
    errno = 0;
    // A server that refused already is read below; but a reset is told only once.
    bool was_reset = SSL_write(ssl, request, len) != len && (errno == ECONNRESET || errno == EPIPE);
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int got = SSL_read(ssl, result->text + held, (int)(sizeof(result->text) - 1 - held));
        if (got > 0) {
            held += (size_t)got;
            continue;
        }
        result->text[held] = '\0';
        enum client_end end = client_ended(ssl, got, result);
        end = end == CLIENT_CLOSED && was_reset ? CLIENT_RESET : end;
        result->was_cut = end == CLIENT_CLOSED && !result->did_notify;
        result->was_reset = end == CLIENT_RESET;
        if (end == CLIENT_ALERT || (held == 0 && end != CLIENT_CLOSED)) {
            result->end = end;
        }
        break;
    }
    if (strncmp(result->text, "HTTP/1.1 ", 9) == 0) {
        result->status = atoi(result->text + 9);
    }
}

// client_go connects, shakes hands and, unless `alpn` is h2, asks for a page.
static inline void client_go(uint16_t port, const struct client_offer *offer,
                             struct client_result *result)
{
    *result = (struct client_result){.alert = -1};
    int fd = client_socket(port);
    if (fd < 0) {
        result->end = CLIENT_NOT_CONNECTED;
        return;
    }
    if (offer->wait_ms > 0) {
        client_wait(fd, offer->wait_ms);
    }
    SSL *ssl = client_ssl(offer, result);
    if (offer->split_at > 0) {
        client_split(ssl, fd, offer->split_at);
    }
    SSL_set_fd(ssl, fd);
    ERR_clear_error();
    errno = 0;
    int got = SSL_connect(ssl);
    if (got != 1) {
        result->end = client_ended(ssl, got, result);
    } else {
        const unsigned char *name = NULL, *staple = NULL;
        unsigned name_len = 0;
        result->end = CLIENT_SECURED;
        result->version = SSL_version(ssl);
        result->is_resumed = SSL_session_reused(ssl) == 1;
        result->chain = X509_chain_up_ref(SSL_get_peer_cert_chain(ssl));
        long staple_len = SSL_get_tlsext_status_ocsp_resp(ssl, &staple);
        result->staple_len = staple_len > 0 ? (size_t)staple_len : 0;
        SSL_get0_alpn_selected(ssl, &name, &name_len);
        memcpy(result->alpn, name != NULL ? (const char *)name : "", name_len);
        client_ask(ssl, offer, result);
    }
    // Else OpenSSL forbids the session to be resumed.
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
    close(fd);
}
