#include "library.h"

#include <assert.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static void ask_suites(SSL_CTX *ctx, struct number_list *suites)
{
    int ok = SSL_CTX_set_cipher_list(ctx, "ALL:!aNULL:!eNULL:!PSK:!SRP:@SECLEVEL=0");
    assert(ok == 1);
    ok = SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
                                       "TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:"
                                       "TLS_AES_128_CCM_8_SHA256");
    assert(ok == 1);
    (void)ok; // read by the asserts only
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        uint16_t id = SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ciphers, i));
        (void)number_list_add(suites, id); // the library has fewer than NUMBER_LIST_MAX
    }
}

static void ask_groups(SSL_CTX *ctx, struct number_list *groups)
{
    for (size_t i = 0; group_at(i) != NULL; i++) {
        const struct group *group = group_at(i);
        if (group->openssl != NULL && SSL_CTX_set1_groups_list(ctx, group->openssl) == 1) {
            (void)number_list_add(groups, group->id); // as for suites
        }
    }
}

static void ask_schemes(SSL_CTX *ctx, struct number_list *schemes)
{
    for (size_t i = 0; scheme_at(i) != NULL; i++) {
        const struct scheme *scheme = scheme_at(i);
        if (scheme->openssl != NULL && SSL_CTX_set1_sigalgs_list(ctx, scheme->openssl) == 1) {
            (void)number_list_add(schemes, scheme->id); // as for suites
        }
    }
}

void library_ask(struct library *out_library)
{
    memset(out_library, 0, sizeof(*out_library));
    out_library->version_min = VERSION_TLS10;
    out_library->version_max = VERSION_TLS13;
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    assert(ctx != NULL);
    SSL_CTX_set_security_level(ctx, 0);
    ask_suites(ctx, &out_library->suites);
    ask_groups(ctx, &out_library->groups);
    ask_schemes(ctx, &out_library->schemes);
    SSL_CTX_free(ctx);
    ERR_clear_error(); // what it does not know is no error
}
