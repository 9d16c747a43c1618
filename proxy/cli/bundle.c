#include "bundle.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "file.h"

#define JKS_MAGIC   0xfeedfeedu
#define JKS_VERSION 2u
#define JKS_TRUSTED 2u // the entry is a trusted certificate
#define CERTS_MAX   4096

static const char *const system_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/ssl/cert.pem",
};

const char *bundle_system(void)
{
    const char *own = getenv("SSL_CERT_FILE");
    if (own != NULL && own[0] != '\0' && file_exists(own)) {
        return own;
    }
    for (size_t i = 0; i < COUNT_OF(system_bundles); i++) {
        if (file_exists(system_bundles[i])) {
            return system_bundles[i];
        }
    }
    return NULL;
}

bool bundle_pem(const struct authority *ca, struct buffer *out, struct error *error)
{
    const char *path = bundle_system();
    if (path != NULL && !file_read(path, out, error)) {
        return false;
    }
    // A bundle without a last newline would glue two PEM lines together.
    bool is_whole = (path == NULL || buffer_append_byte(out, '\n')) && authority_pem(ca, out);
    return is_whole || error_set(error, ERROR_MEMORY, "out of memory");
}

// Calls `visit` for each certificate of a bundle until it gives false.
static void each_certificate(struct slice pem, bool (*visit)(void *user, X509 *certificate),
                             void *user)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (bio == NULL) {
        return;
    }
    bool goes_on = true;
    for (int i = 0; i < CERTS_MAX && goes_on; i++) {
        X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        // What is there but can't be read is skipped; at the end there is nothing left to read.
        if (certificate == NULL && BIO_pending(bio) == 0) {
            break;
        }
        goes_on = certificate == NULL || visit(user, certificate);
        X509_free(certificate);
    }
    ERR_clear_error(); // the end of the bundle is told as an error
    (void)BIO_free(bio);
}

struct search {
    const X509 *wanted;
    bool is_found;
};

static bool compare(void *user, X509 *certificate)
{
    struct search *search = user;
    search->is_found = X509_cmp(search->wanted, certificate) == 0;
    return !search->is_found;
}

bool bundle_has(struct slice pem, const X509 *certificate)
{
    struct search search = {.wanted = certificate};
    each_certificate(pem, compare, &search);
    return search.is_found;
}

struct java_store {
    struct buffer entries;
    uint32_t count;
    int64_t now_ms;
    bool failed;
};

static bool append_u32(struct buffer *out, uint32_t value)
{
    return buffer_append_u16(out, (uint16_t)(value >> 16)) &&
           buffer_append_u16(out, (uint16_t)value);
}

static bool append_utf(struct buffer *out, const char *text)
{
    struct slice bytes = slice_of_text(text);
    return buffer_append_u16(out, (uint16_t)bytes.len) && buffer_append(out, bytes);
}

static bool append_entry(void *user, X509 *certificate)
{
    struct java_store *store = user;
    struct buffer *out = &store->entries;
    unsigned char *der = NULL;
    int der_len = i2d_X509(certificate, &der);
    char alias[32];
    (void)snprintf(alias, sizeof(alias), "midspan-%u", store->count); // fits
    bool is_whole = der_len > 0 && append_u32(out, JKS_TRUSTED) && append_utf(out, alias) &&
                    append_u32(out, (uint32_t)((uint64_t)store->now_ms >> 32)) &&
                    append_u32(out, (uint32_t)store->now_ms) && append_utf(out, "X.509") &&
                    append_u32(out, (uint32_t)der_len) &&
                    buffer_append(out, (struct slice){der, (size_t)der_len});
    OPENSSL_free(der);
    store->count++;
    store->failed = !is_whole;
    return is_whole;
}

// SHA-1 over the password as UTF-16, a phrase, and the store: a check, not a protection.
static bool append_digest(struct buffer *out, size_t at, const char *password)
{
    struct buffer text = {0};
    bool is_whole = true;
    for (const char *c = password; *c != '\0'; c++) {
        is_whole = is_whole && buffer_append_u16(&text, (uint16_t)(unsigned char)*c);
    }
    struct slice store = buffer_slice(out);
    is_whole = is_whole && buffer_append_text(&text, "Mighty Aphrodite") &&
               buffer_append(&text, slice_part(store, at, store.len));
    uint8_t digest[SHA_DIGEST_LENGTH];
    struct slice all = buffer_slice(&text);
    is_whole = is_whole && EVP_Q_digest(NULL, "SHA1", NULL, all.data, all.len, digest, NULL) == 1 &&
               buffer_append(out, (struct slice){digest, sizeof(digest)});
    buffer_clear(&text);
    return is_whole;
}

bool bundle_java(struct slice pem, const char *password, int64_t now_us, struct buffer *out,
                 struct error *error)
{
    struct java_store store = {.now_ms = now_us / 1000};
    each_certificate(pem, append_entry, &store);
    size_t at = buffer_slice(out).len;
    bool is_whole = !store.failed && append_u32(out, JKS_MAGIC) && append_u32(out, JKS_VERSION) &&
                    append_u32(out, store.count) &&
                    buffer_append(out, buffer_slice(&store.entries)) &&
                    append_digest(out, at, password);
    buffer_clear(&store.entries);
    return is_whole || error_set(error, ERROR_CRYPTO, "cannot make a key store for Java");
}
