#include "trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "cert_tools.h"
#include "trust_store.h"

static int refuse_passphrase(char *text, int size, int is_writing, void *context)
{
    (void)text, (void)size, (void)is_writing, (void)context; // OpenSSL's signature
    return -1; // without a callback OpenSSL would ask on the terminal
}

// pem_open reads all PEM blocks of a file; NULL with `error` when it can't.
static STACK_OF(X509_INFO) * pem_open(const char *path, struct error *error)
{
    errno = 0;
    BIO *file = BIO_new_file(path, "r");
    if (file == NULL) {
        int why = errno;
        ERR_clear_error();
        (void)error_set(error, ERROR_FILE, "cannot open '%s': %s", path, strerror(why));
        return NULL;
    }
    STACK_OF(X509_INFO) *blocks = PEM_X509_INFO_read_bio(file, NULL, refuse_passphrase, NULL);
    BIO_free(file);
    if (blocks == NULL) {
        ERR_clear_error();
        (void)error_set(error, ERROR_FILE, "broken PEM in '%s'", path); // NULL says it
    }
    return blocks;
}

// file_add puts the certificates, or the CRLs, of a PEM file into the store.
static bool file_add(struct trust_store *store, const char *path, bool wants_crls,
                     struct error *error)
{
    STACK_OF(X509_INFO) *blocks = pem_open(path, error);
    if (blocks == NULL) {
        return false;
    }
    size_t added = 0;
    bool is_fine = true;
    for (int i = 0; is_fine && i < sk_X509_INFO_num(blocks); i++) {
        const X509_INFO *block = sk_X509_INFO_value(blocks, i);
        if (wants_crls && block->crl != NULL) {
            is_fine = X509_STORE_add_crl(store->store, block->crl) == 1;
            added++;
        } else if (!wants_crls && block->x509 != NULL) {
            is_fine = trust_store_add(store, block->x509);
            added++;
        }
    }
    sk_X509_INFO_pop_free(blocks, X509_INFO_free);
    ERR_clear_error();
    if (!is_fine) {
        return error_set(error, ERROR_CRYPTO, "cannot keep what '%s' holds", path);
    }
    return added > 0 || error_set(error, ERROR_FILE, "no %s in '%s': expected PEM",
                                  wants_crls ? "CRL" : "certificate", path);
}

static bool store_fill(struct trust_store *store, const char *file, const char *crl_file,
                       struct error *error)
{
    ERR_clear_error();
    // SSL_CERT_FILE and SSL_CERT_DIR are read here; what they name may be missing, as in OpenSSL.
    if (file == NULL && X509_STORE_set_default_paths(store->store) != 1) {
        return crypto_error_set(error, "cannot use the system's trust store");
    }
    ERR_clear_error();
    if (file != NULL && !file_add(store, file, false, error)) {
        return false;
    }
    store->has_crls = crl_file != NULL;
    return crl_file == NULL || file_add(store, crl_file, true, error);
}

struct trust_store *trust_store_new(const char *file, const char *crl_file, struct error *error)
{
    struct trust_store *store = calloc(1, sizeof(*store));
    if (store != NULL) {
        store->store = X509_STORE_new();
    }
    if (store == NULL || store->store == NULL) {
        (void)error_set(error, ERROR_MEMORY, "out of memory for a trust store"); // NULL says it
        trust_store_free(store);
        return NULL;
    }
    if (!store_fill(store, file, crl_file, error)) {
        trust_store_free(store);
        return NULL;
    }
    return store;
}

void trust_store_free(struct trust_store *store)
{
    if (store == NULL) {
        return;
    }
    X509_STORE_free(store->store);
    free(store);
}

bool trust_store_add(struct trust_store *store, X509 *anchor)
{
    (void)X509_check_purpose(anchor, -1, 0); // reads the extensions before it is shared
    bool is_added = X509_STORE_add_cert(store->store, anchor) == 1;
    ERR_clear_error();
    return is_added;
}

struct trust_store *trust_store_only(X509 *anchor)
{
    struct trust_store *only = calloc(1, sizeof(*only));
    if (only != NULL) {
        only->store = X509_STORE_new();
    }
    if (only == NULL || only->store == NULL || (anchor != NULL && !trust_store_add(only, anchor))) {
        trust_store_free(only);
        return NULL;
    }
    return only;
}

struct trust_store *trust_store_without_crls(const struct trust_store *store)
{
    struct trust_store *without = calloc(1, sizeof(*without));
    if (without != NULL && X509_STORE_up_ref(store->store) == 1) {
        without->store = store->store;
    }
    return without;
}

X509 *trust_store_named(const struct trust_store *store, const X509_NAME *subject)
{
    X509 *found = NULL;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context != NULL && X509_STORE_CTX_init(context, store->store, NULL, NULL) == 1) {
        STACK_OF(X509) *named = X509_STORE_CTX_get1_certs(context, subject);
        X509 *first = sk_X509_num(named) > 0 ? sk_X509_value(named, 0) : NULL;
        found = first != NULL && X509_up_ref(first) == 1 ? first : NULL;
        sk_X509_pop_free(named, X509_free);
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return found;
}

struct fault_text {
    const char *code, *words;
};

static const struct fault_text fault_texts[] = {
#define XX(name, code, words) [CERT_FAULT_##name] = {code, words},
    CERT_FAULT_MAP(XX)
#undef XX
};

const char *cert_fault_code(enum cert_fault fault)
{
    return fault_texts[fault].code;
}

const char *cert_fault_words(enum cert_fault fault)
{
    return fault_texts[fault].words;
}
