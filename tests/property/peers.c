#include "peers.h"

#undef NDEBUG // what a test asserts holds in every build
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "code_points.h"

#define WIRE_BYTES (64 * 1024)
#define ROUNDS_MAX 20
#define NAMED_MAX  8192
#define ALL_KEYS   (KEY_RSA | KEY_ECDSA)

// SSL_CTXs are made once; what differs from pair to pair is set on each SSL.
struct peers {
    SSL_CTX *client;
    SSL_CTX *servers[ALL_KEYS + 1]; // by the keys they have
};

static X509 *certify(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    assert(certificate != NULL);
    X509_NAME *name = X509_get_subject_name(certificate);
    int is_ok =
        X509_set_version(certificate, X509_VERSION_3) &&
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -86400) != NULL &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) != NULL &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"peer", -1, -1, 0) &&
        X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
        X509_sign(certificate, key, EVP_sha256()) > 0;
    assert(is_ok);
    return certificate;
}

static SSL_CTX *new_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    assert(context != NULL);
    SSL_CTX_set_security_level(context, 0);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET); // gives back the options: not wanted
    (void)SSL_CTX_set_num_tickets(context, 0);            // 1 by its contract
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

static int select_alpn(SSL *ssl, const unsigned char **out_name, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *argument)
{
    (void)argument;
    const struct terms *server = SSL_get_app_data(ssl);
    if (server->alpn_len == 0) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    unsigned char *name = NULL;
    int found = SSL_select_next_proto(&name, out_len, server->alpn, (unsigned)server->alpn_len,
                                      offered, offered_len);
    *out_name = name;
    if (found == OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_OK;
    }
    return server->needs_alpn_overlap ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

struct peers *peers_new(void)
{
    struct peers *peers = calloc(1, sizeof(*peers));
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    EVP_PKEY *ecdsa = EVP_EC_gen("P-256");
    assert(peers != NULL && rsa != NULL && ecdsa != NULL);
    X509 *rsa_certificate = certify(rsa);
    X509 *ecdsa_certificate = certify(ecdsa);
    peers->client = new_context();
    for (uint32_t keys = 1; keys <= ALL_KEYS; keys++) {
        SSL_CTX *server = new_context();
        (void)SSL_CTX_set_dh_auto(server, 1); // 1 by its contract
        SSL_CTX_set_alpn_select_cb(server, select_alpn, NULL);
        int is_ok = (keys & KEY_RSA) == 0 || (SSL_CTX_use_certificate(server, rsa_certificate) &&
                                              SSL_CTX_use_PrivateKey(server, rsa));
        is_ok = is_ok &&
                ((keys & KEY_ECDSA) == 0 || (SSL_CTX_use_certificate(server, ecdsa_certificate) &&
                                             SSL_CTX_use_PrivateKey(server, ecdsa)));
        assert(is_ok);
        peers->servers[keys] = server;
    }
    X509_free(rsa_certificate);
    X509_free(ecdsa_certificate);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ecdsa);
    return peers;
}

void peers_free(struct peers *peers)
{
    if (peers == NULL) {
        return;
    }
    SSL_CTX_free(peers->client);
    for (uint32_t keys = 1; keys <= ALL_KEYS; keys++) {
        SSL_CTX_free(peers->servers[keys]);
    }
    free(peers);
}

enum table {
    SUITES,
    GROUPS,
    SCHEMES
};

static const char *name_of(enum table table, uint16_t id)
{
    switch (table) {
    case SUITES:
        return suite_find(id)->openssl;
    case GROUPS:
        return group_find(id)->openssl;
    case SCHEMES:
        return scheme_find(id)->openssl;
    }
    return NULL;
}

static const char *join(const struct number_list *list, enum table table, char text[NAMED_MAX])
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < list->count; i++) {
        len += (size_t)snprintf(text + len, NAMED_MAX - len, "%s%s", i > 0 ? ":" : "",
                                name_of(table, list->items[i]));
        assert(len < NAMED_MAX);
    }
    return text;
}

static void set_up(SSL *ssl, const struct terms *terms)
{
    char text[NAMED_MAX];
    int is_ok = SSL_set_min_proto_version(ssl, terms->version_min) &&
                SSL_set_max_proto_version(ssl, terms->version_max) &&
                SSL_set_ciphersuites(ssl, join(&terms->tls13_suites, SUITES, text)) &&
                SSL_set_cipher_list(ssl, join(&terms->suites, SUITES, text)) &&
                (terms->groups.count == 0 ||
                 SSL_set1_groups_list(ssl, join(&terms->groups, GROUPS, text))) &&
                (terms->schemes.count == 0 ||
                 SSL_set1_sigalgs_list(ssl, join(&terms->schemes, SCHEMES, text)));
    assert(is_ok);
    if (terms->prefers_own_order) {
        (void)SSL_set_options(ssl, SSL_OP_CIPHER_SERVER_PREFERENCE); // gives back the options
    }
    if (terms->sends_fallback) {
        (void)SSL_set_mode(ssl, SSL_MODE_SEND_FALLBACK_SCSV); // gives back the modes
    }
}

static void on_message(int is_written, int version, int content_type, const void *bytes, size_t len,
                       SSL *ssl, void *argument)
{
    (void)version;
    (void)ssl;
    struct meeting *out = argument;
    bool is_hello = is_written != 0 && content_type == SSL3_RT_HANDSHAKE && len > 0 &&
                    *(const uint8_t *)bytes == SSL3_MT_CLIENT_HELLO;
    if (!is_hello) {
        return;
    }
    if (out->hellos++ == 0) {
        assert(len <= HELLO_MAX);
        memcpy(out->hello, bytes, len);
        out->hello_len = len;
        out->has_hello = true;
    }
}

// Takes one turn; true while the side can go on. The first error is kept.
static bool take_turn(SSL *ssl, int *reason)
{
    ERR_clear_error();
    int result = SSL_do_handshake(ssl);
    if (result == 1) {
        return true;
    }
    int kind = SSL_get_error(ssl, result);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
        return true;
    }
    if (*reason == 0) {
        *reason = ERR_GET_REASON(ERR_peek_error());
    }
    return false;
}

static uint32_t certificate_key(const SSL *client)
{
    const X509 *certificate = SSL_get0_peer_certificate(client);
    if (certificate == NULL) {
        return 0;
    }
    return EVP_PKEY_is_a(X509_get0_pubkey(certificate), "RSA") ? KEY_RSA : KEY_ECDSA;
}

static void read_secured(SSL *client, SSL *server, struct meeting *out)
{
    const unsigned char *alpn;
    unsigned alpn_len;
    SSL_get0_alpn_selected(client, &alpn, &alpn_len);
    out->alpn_len = alpn_len;
    if (alpn_len > 0) {
        memcpy(out->alpn, alpn, alpn_len);
    }
    out->suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(client));
    out->group_nid = (int)SSL_get_negotiated_group(client);
    out->key = certificate_key(client);
    (void)SSL_get_signature_nid(server, &out->hash_nid); // stay 0 when nothing was signed
    (void)SSL_get_signature_type_nid(server, &out->key_nid);
}

static SSL *new_server(struct peers *peers, const struct terms *server)
{
    SSL *ssl = SSL_new(peers->servers[server->keys]);
    assert(ssl != NULL);
    SSL_set_accept_state(ssl);
    set_up(ssl, server);
    SSL_set_app_data(ssl, (void *)(uintptr_t)server);
    return ssl;
}

SSL *peers_server(struct peers *peers, const struct terms *server)
{
    SSL *ssl = new_server(peers, server);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    assert(in != NULL && out != NULL);
    SSL_set_bio(ssl, in, out);
    return ssl;
}

void peers_meet(struct peers *peers, const struct terms *client, const struct terms *server,
                struct meeting *out)
{
    memset(out, 0, sizeof(*out));
    SSL *ends[2] = {new_server(peers, server), SSL_new(peers->client)};
    BIO *server_wire = NULL, *client_wire = NULL;
    int is_ok =
        ends[1] != NULL && BIO_new_bio_pair(&server_wire, WIRE_BYTES, &client_wire, WIRE_BYTES);
    assert(is_ok);
    SSL_set_bio(ends[0], server_wire, server_wire);
    SSL_set_bio(ends[1], client_wire, client_wire);
    SSL_set_connect_state(ends[1]);
    set_up(ends[1], client);
    is_ok = client->alpn_len == 0 ||
            SSL_set_alpn_protos(ends[1], client->alpn, (unsigned)client->alpn_len) == 0;
    assert(is_ok);
    SSL_set_msg_callback(ends[1], on_message);
    SSL_set_msg_callback_arg(ends[1], out);

    bool is_open = true;
    for (int round = 0; is_open && round < ROUNDS_MAX; round++) {
        is_open = take_turn(ends[1], &out->client_reason);
        is_open = out->has_hello && take_turn(ends[0], &out->server_reason) && is_open;
        out->is_secured = SSL_is_init_finished(ends[0]) && SSL_is_init_finished(ends[1]);
        is_open = is_open && !out->is_secured;
    }
    out->version = (uint16_t)SSL_version(ends[0]);
    if (out->is_secured) {
        read_secured(ends[1], ends[0], out);
    }
    SSL_free(ends[0]);
    SSL_free(ends[1]);
}
