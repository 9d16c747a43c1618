#include "shares.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "code_points.h"

static EVP_PKEY *make_key(const struct group *group)
{
    bool is_x = group->id == 0x001d || group->id == 0x001e;
    bool is_nist = group->id >= 0x0017 && group->id <= 0x0019;
    if (is_x) {
        return EVP_PKEY_Q_keygen(NULL, NULL, group->openssl);
    }
    return is_nist ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", group->openssl) : NULL;
}

bool share_append(struct buffer *out, uint16_t group)
{
    const struct group *known = group_find(group);
    EVP_PKEY *key = known != NULL ? make_key(known) : NULL;
    unsigned char *public = NULL;
    size_t len = key != NULL ? EVP_PKEY_get1_encoded_public_key(key, &public) : 0;
    bool ok = len > 0 && len <= UINT16_MAX && buffer_append_u16(out, group) &&
              buffer_append_u16(out, (uint16_t)len) &&
              buffer_append(out, (struct slice){public, len});
    OPENSSL_free(public);
    EVP_PKEY_free(key);
    ERR_clear_error(); // a group that it lacks is no error of the loop's
    return ok;
}
