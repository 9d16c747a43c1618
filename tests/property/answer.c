#include "answer.h"

#undef NDEBUG // what a test asserts holds in every build
#include <assert.h>

#include <openssl/err.h>

#include "hello.h"
#include "tls_stream.h"
#include "variant.h"

#define ROUNDS_MAX 3

struct reading {
    SSL *ssl;
    struct slice first; // the hello
    struct outcome *out;
    struct buffer *out_message;
    bool did_retry, is_sealed;
};

static void say(SSL *ssl, struct slice message)
{
    struct buffer record = {0};
    bool is_ok = tls_record_encode(&record, CONTENT_HANDSHAKE, VERSION_TLS10, message);
    struct slice bytes = buffer_slice(&record);
    is_ok = is_ok && BIO_write(SSL_get_rbio(ssl), bytes.data, (int)bytes.len) == (int)bytes.len;
    assert(is_ok);
    buffer_clear(&record);
}

static void on_server_hello(struct reading *reading, struct slice message)
{
    struct server_hello hello;
    struct buffer second = {0};
    size_t at;
    bool is_ok = server_hello_parse(message, &hello, &at) == PARSE_OK;
    assert(is_ok);
    if (!hello.is_retry) {
        reading->out->version = hello.version;
        reading->out->suite = hello.cipher_suite;
        reading->out->group = hello.group;
        is_ok = reading->out_message == NULL || buffer_append(reading->out_message, message);
    } else if (variant_retry(reading->first, &hello, &second)) {
        reading->did_retry = true;
        say(reading->ssl, buffer_slice(&second));
    } else { // a group that we make no share for
        *reading->out = (struct outcome){.kind = OUTCOME_RETRY,
                                         .version = hello.version,
                                         .suite = hello.cipher_suite,
                                         .group = hello.group};
    }
    assert(is_ok);
    buffer_clear(&second);
}

static void on_message(struct reading *reading, struct slice whole)
{
    struct handshake message;
    bool is_ok = handshake_parse(whole, &message) == PARSE_OK;
    assert(is_ok);
    const struct suite *suite = suite_find(reading->out->suite);
    if (message.type == HANDSHAKE_SERVER_HELLO) {
        on_server_hello(reading, whole);
    } else if (message.type == HANDSHAKE_SERVER_KEY_EXCHANGE && suite->kx == KX_ECDHE) {
        reading->out->group = key_exchange_group(whole);
        // RFC 8422 section 5.4: curve type, curve, point; then (TLS 1.2) the scheme.
        size_t at = 4 + (size_t)message.body.data[3];
        bool is_signed = reading->out->version == VERSION_TLS12 && message.body.len >= at + 2;
        reading->out->scheme =
            is_signed ? slice_u16_at(slice_part(message.body, at, 2), 0) : (uint16_t)0;
    } else if (message.type == HANDSHAKE_SERVER_HELLO_DONE) {
        reading->out->kind = OUTCOME_SERVER_HELLO;
    }
}

static void on_item(void *user, const struct stream_item *item)
{
    struct reading *reading = user;
    if (item->kind == STREAM_MESSAGE) {
        on_message(reading, item->bytes);
    } else if (item->kind == STREAM_ALERT) {
        reading->out->kind = OUTCOME_ALERT;
        reading->out->alert = item->alert;
    } else if (item->content_type == CONTENT_APPLICATION_DATA && reading->out->version != 0) {
        reading->out->kind = OUTCOME_SERVER_HELLO; // it goes on: a certificate and more
    }
}

void answer_hello(struct peers *peers, const struct terms *server, struct slice hello,
                  struct outcome *out, struct buffer *out_message)
{
    *out = (struct outcome){0};
    struct tls_stream stream = {0};
    SSL *ssl = peers_server(peers, server);
    struct reading reading = {.ssl = ssl, .first = hello, .out = out, .out_message = out_message};
    say(ssl, hello);
    for (int round = 0; round < ROUNDS_MAX && out->kind == OUTCOME_NONE; round++) {
        ERR_clear_error();
        (void)SSL_do_handshake(ssl); // what it did is in its output
        char *bytes = NULL;
        long len = BIO_get_mem_data(SSL_get_wbio(ssl), &bytes);
        enum parse parsed = tls_stream_feed(
            &stream, (struct slice){(const uint8_t *)bytes, (size_t)len}, on_item, &reading);
        assert(parsed != PARSE_BAD);
        (void)BIO_reset(SSL_get_wbio(ssl)); // 1 by its contract
    }
    if (out->kind == OUTCOME_NONE) {
        out->kind = OUTCOME_CLOSED;
    }
    ERR_clear_error();
    tls_stream_clear(&stream);
    SSL_free(ssl);
}
