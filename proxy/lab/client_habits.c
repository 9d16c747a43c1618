#include "client_habits.h"

#include <openssl/err.h>

// RFC 8701 reserves sixteen numbers that nobody must know; this is the third.
#define GREASE_EXTENSION 0x2a2a

static int on_grease(SSL *ssl, unsigned type, unsigned context, const unsigned char **out,
                     size_t *out_len, X509 *x, size_t chain_at, int *alert, void *user)
{
    (void)ssl, (void)type, (void)context, (void)x, (void)chain_at, (void)alert, (void)user;
    *out = NULL;
    *out_len = 0;
    return 1; // present, and empty
}

bool client_habits_apply(SSL_CTX *ssl, const struct lab_client *client)
{
    if (client->lacks_ems) {
        (void)SSL_CTX_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET); // gives all options
    }
    if (!client->greases) {
        return true;
    }
    ERR_clear_error();
    bool is_added = SSL_CTX_add_custom_ext(ssl, GREASE_EXTENSION, SSL_EXT_CLIENT_HELLO, on_grease,
                                           NULL, NULL, NULL, NULL) == 1;
    ERR_clear_error();
    return is_added;
}
