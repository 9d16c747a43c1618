#include "context.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "buffer.h"
#include "engine.h"

#define LIST_TEXT_MAX ((size_t)16 * 1024)
// Bits of security (a 1024-bit prime has 80). Below this a DHE prime is refused whatever the policy
// says: it can be broken on a laptop.
#define DH_SECURITY_BITS_MIN 80

struct entry {
    struct leg_shape shape;
    SSL_CTX *ssl; // NULL: free
    uint64_t used;
};

struct contexts {
    struct context_common common;
    uint64_t clock; // counts uses
    struct entry entries[CONTEXTS_MAX];
};

struct contexts *contexts_new(const struct context_common *common)
{
    struct contexts *contexts = calloc(1, sizeof(*contexts));
    if (contexts != NULL) {
        contexts->common = *common;
    }
    return contexts;
}

void contexts_free(struct contexts *contexts)
{
    if (contexts == NULL) {
        return;
    }
    for (size_t i = 0; i < CONTEXTS_MAX; i++) {
        SSL_CTX_free(contexts->entries[i].ssl);
    }
    free(contexts);
}

// fail_library tells what the library could not do, with its own words, and empties its queue.
static bool fail_library(struct error *error, const char *what, const char *list)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    error_set(error, ERROR_CRYPTO, "the TLS library cannot use %s '%.200s': %s", what, list,
              why != NULL ? why : "none of them is known to it");
    ERR_clear_error();
    return false;
}

typedef const char *(*name_fn)(uint16_t number);

static const char *suite_openssl_12(uint16_t id)
{
    const struct suite *suite = suite_find(id);
    return suite != NULL && suite->version_max < VERSION_TLS13 ? suite->openssl : NULL;
}

static const char *suite_openssl_13(uint16_t id)
{
    const struct suite *suite = suite_find(id);
    return suite != NULL && suite->version_max >= VERSION_TLS13 ? suite->openssl : NULL;
}

static const char *group_openssl(uint16_t id)
{
    const struct group *group = group_find(id);
    return group != NULL ? group->openssl : NULL;
}

static const char *scheme_openssl(uint16_t id)
{
    const struct scheme *scheme = scheme_find(id);
    return scheme != NULL ? scheme->openssl : NULL;
}

// join writes the library's names of `list` as it takes them; numbers it has no name for are left
// out.
static const char *join(struct buffer *out, const struct number_list *list, name_fn name)
{
    buffer_clear(out);
    for (uint16_t i = 0; i < list->count; i++) {
        const char *text = name(list->items[i]);
        if (text == NULL) {
            continue;
        }
        if (!(out->len == 0 || buffer_append_byte(out, ':')) || !buffer_append_text(out, text)) {
            return "";
        }
    }
    const char *text = buffer_text(out);
    return text != NULL ? text : "";
}

static bool configure_suites(SSL_CTX *ssl, const struct leg_shape *shape, struct buffer *text,
                             uint16_t *version_min, uint16_t *version_max, struct error *error)
{
    if (shape->suites.count == 0) {
        if (SSL_CTX_set_cipher_list(ssl, "DEFAULT:@SECLEVEL=0") != 1) {
            return fail_library(error, "suites", "DEFAULT");
        }
        return true;
    }
    const char *list = join(text, &shape->suites, suite_openssl_13);
    bool has_13 = list[0] != '\0';
    if (SSL_CTX_set_ciphersuites(ssl, list) != 1) {
        return fail_library(error, "TLS 1.3 suites", list);
    }
    list = join(text, &shape->suites, suite_openssl_12);
    bool has_12 = list[0] != '\0';
    if (!has_12 && !has_13) {
        return fail_library(error, "suites", suite_name(shape->suites.items[0]));
    }
    if (has_12 && SSL_CTX_set_cipher_list(ssl, list) != 1) {
        return fail_library(error, "suites", list);
    }
    // Without a suite for it, a version must not be offered: the library would fill in its own.
    if (!has_12 && *version_max >= VERSION_TLS13 && *version_min < VERSION_TLS13) {
        *version_min = VERSION_TLS13;
    }
    if (!has_13 && *version_max > VERSION_TLS12 && *version_min <= VERSION_TLS12) {
        *version_max = VERSION_TLS12;
    }
    return true;
}

static bool configure_lists(SSL_CTX *ssl, const struct leg_shape *shape, struct buffer *text,
                            struct error *error)
{
    if (shape->groups.count > 0) {
        const char *list = join(text, &shape->groups, group_openssl);
        if (list[0] == '\0' || SSL_CTX_set1_groups_list(ssl, list) != 1) {
            return fail_library(error, "groups", list);
        }
    }
    if (shape->schemes.count > 0) {
        const char *list = join(text, &shape->schemes, scheme_openssl);
        if (list[0] == '\0' || SSL_CTX_set1_sigalgs_list(ssl, list) != 1) {
            return fail_library(error, "signature schemes", list);
        }
    }
    return true;
}

// allow lets everything pass that the shape names: midspan must be able to speak what it
// diagnoses. Only a DH prime that anyone can break is refused.
static int allow(const SSL *ssl, const SSL_CTX *ctx, int operation, int bits, int nid, void *other,
                 void *extra)
{
    (void)ssl, (void)ctx, (void)nid, (void)other, (void)extra;
    return operation != SSL_SECOP_TMP_DH || bits >= DH_SECURITY_BITS_MIN;
}

static bool configure_certificate(SSL_CTX *ssl, const struct leg_policy *policy,
                                  struct error *error)
{
    if (policy->cert_file[0] == '\0') {
        return true;
    }
    const char *key = policy->key_file[0] != '\0' ? policy->key_file : policy->cert_file;
    if (SSL_CTX_use_certificate_chain_file(ssl, policy->cert_file) != 1) {
        return fail_library(error, "certificate", policy->cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ssl) != 1) {
        return fail_library(error, "private key", key);
    }
    return true;
}

static SSL_CTX *context_make(struct contexts *contexts, const struct leg_shape *shape,
                             struct error *error)
{
    const struct context_common *common = &contexts->common;
    uint16_t version_min = shape->version_min, version_max = shape->version_max;
    struct buffer text;
    buffer_init(&text, LIST_TEXT_MAX);
    ERR_clear_error();
    SSL_CTX *ssl = SSL_CTX_new(common->side == CLIENT ? TLS_server_method() : TLS_client_method());
    bool ok = false;
    if (ssl == NULL) {
        (void)fail_library(error, "a context", "");
        goto out;
    }
    SSL_CTX_set_security_level(ssl, 0);
    SSL_CTX_set_security_callback(ssl, allow);
    ok = configure_suites(ssl, shape, &text, &version_min, &version_max, error) &&
         configure_lists(ssl, shape, &text, error) &&
         configure_certificate(ssl, common->policy, error);
    if (ok && (SSL_CTX_set_min_proto_version(ssl, version_min) != 1 ||
               SSL_CTX_set_max_proto_version(ssl, version_max) != 1)) {
        ok = fail_library(error, "version", version_name(version_max));
    }
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_NO_AUTO_CHAIN);
    // Every handshake is a full one: a resumed one would hide what this program is for.
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    if (common->side == CLIENT) {
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_num_tickets(ssl, 0); // documented to succeed always
        (void)SSL_CTX_set_dh_auto(ssl, 1);     // likewise
    }
    engine_hooks(ssl, common);
out:
    buffer_clear(&text);
    if (!ok) {
        SSL_CTX_free(ssl);
        return NULL;
    }
    return ssl;
}

bool contexts_get(struct contexts *contexts, const struct leg_shape *shape,
                  struct context *out_context, struct error *error)
{
    struct leg_shape key = *shape;
    memset(key.alpn, 0, sizeof(key.alpn));
    key.alpn_len = 0;
    struct entry *oldest = &contexts->entries[0];
    contexts->clock++;
    for (size_t i = 0; i < CONTEXTS_MAX; i++) {
        struct entry *entry = &contexts->entries[i];
        if (entry->ssl != NULL && memcmp(&entry->shape, &key, sizeof(key)) == 0) {
            entry->used = contexts->clock;
            out_context->ssl = entry->ssl;
            return true;
        }
        if (entry->used < oldest->used) {
            oldest = entry;
        }
    }
    SSL_CTX *ssl = context_make(contexts, &key, error);
    if (ssl == NULL) {
        return false;
    }
    SSL_CTX_free(oldest->ssl);
    *oldest = (struct entry){.shape = key, .ssl = ssl, .used = contexts->clock};
    out_context->ssl = ssl;
    return true;
}
