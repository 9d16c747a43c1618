#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "authority_files.h"
#include "cert_tools.h"

// Backdated far past a leaf's two days: a client whose clock is behind should stumble over the
// leaf, which can be made anew with an earlier date, not over the authority, which cannot.
#define BACKDATE_US (3652 * DAY_US)
#define LIFETIME_US (3652 * DAY_US)

// "midspan local authority on " + host + " xxxxxx" stays within the 64 characters of a common name
// (RFC 5280 appendix A, ub-common-name).
#define HOST_SHOWN_MAX 30

bool authority_folder(char out_path[4096], struct error *error)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int len = 0;
    // "All paths set in these environment variables must be absolute. […] consider the path
    // invalid and ignore it" (XDG base directory specification).
    if (data != NULL && data[0] == '/') {
        len = snprintf(out_path, 4096, "%s/midspan", data);
    } else if (home != NULL && home[0] != '\0') {
        len = snprintf(out_path, 4096, "%s/.local/share/midspan", home);
    } else {
        return error_set(error, ERROR_FILE,
                         "no folder for the authority: expected HOME or XDG_DATA_HOME to be set");
    }
    if (len < 0 || len >= 4096) {
        return error_set(error, ERROR_FILE, "path of the authority's folder too long");
    }
    return true;
}

// random_name ends a name with six random digits; at most 64 characters.
static bool random_name(const char *words, const char *host, char out_text[65])
{
    uint8_t random[3];
    if (RAND_bytes(random, sizeof(random)) != 1) {
        return false;
    }
    int len =
        snprintf(out_text, 65, "%s%s %02x%02x%02x", words, host, random[0], random[1], random[2]);
    return len > 0 && len < 65;
}

// subject_text writes a name that no other machine's authority has, so that stores which hold
// several can tell them apart.
static bool subject_text(char out_text[65])
{
    char host[HOST_SHOWN_MAX + 1] = "";
    if (gethostname(host, sizeof(host)) != 0 || host[0] == '\0') {
        (void)snprintf(host, sizeof(host), "this machine");
    }
    host[HOST_SHOWN_MAX] = '\0'; // a cut name need not be terminated
    for (char *c = host; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            *c = '-';
        }
    }
    return random_name("midspan local authority on ", host, out_text);
}

static bool subject_set(X509 *certificate, const char *organization, const char *text)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)organization, -1,
                                      -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)text, -1, -1,
                                      0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1;
}

static X509 *certificate_make(EVP_PKEY *key, const char *organization, const char *name)
{
    X509 *made = X509_new();
    int64_t now_us = clock_wall_us();
    if (made != NULL && X509_set_version(made, X509_VERSION_3) == 1 && cert_serial_set(made) &&
        subject_set(made, organization, name) && X509_set_pubkey(made, key) == 1 &&
        cert_time_set(X509_getm_notBefore(made), now_us - BACKDATE_US) &&
        cert_time_set(X509_getm_notAfter(made), now_us + LIFETIME_US) &&
        cert_extension_add(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        cert_extension_add(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        cert_extension_add(made, made, NID_subject_key_identifier, "hash") &&
        X509_sign(made, key, cert_digest_for(key)) > 0) {
        return made;
    }
    X509_free(made);
    return NULL;
}

static bool authority_make(const struct authority_paths *paths, struct error *error)
{
    ERR_clear_error();
    char name[65];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    bool is_named = key != NULL && subject_text(name);
    X509 *certificate = is_named ? certificate_make(key, "midspan", name) : NULL;
    bool is_made = certificate != NULL ? authority_files_write(paths, certificate, key, error)
                                       : crypto_error_set(error, "cannot make the authority");
    X509_free(certificate);
    EVP_PKEY_free(key);
    return is_made;
}

static bool refuse_half(const char *path, const char *missing, struct error *error)
{
    return error_set(error, ERROR_FILE,
                     "'%s' is there without '%s': expected both or neither; put the missing one "
                     "back, or move the other away",
                     path, missing);
}

// ensure_made makes the authority unless it is there. Of several processes that start at once one
// makes it; the others wait for the lock and find it.
static bool ensure_made(const struct authority_paths *paths, bool *out_is_new, struct error *error)
{
    *out_is_new = false;
    if (authority_files_look(paths) == AUTHORITY_FOUND_BOTH) {
        return true; // without the lock: the folder may be read-only
    }
    int lock = authority_files_lock(paths, error);
    if (lock < 0) {
        return false;
    }
    bool is_there = false;
    switch (authority_files_look(paths)) {
    case AUTHORITY_FOUND_BOTH:
        is_there = true;
        break;
    case AUTHORITY_FOUND_KEY_ONLY:
        is_there = refuse_half(paths->key, "ca.pem", error);
        break;
    case AUTHORITY_FOUND_CERTIFICATE_ONLY:
        is_there = refuse_half(paths->certificate, "ca-key.pem", error);
        break;
    case AUTHORITY_FOUND_NONE:
        is_there = authority_make(paths, error);
        *out_is_new = is_there;
        break;
    }
    (void)close(lock); // gives the lock back; nothing was written to it
    return is_there;
}

bool authority_open(const char *folder, struct authority *out_ca, bool *out_is_new,
                    struct error *error)
{
    struct authority_paths paths;
    struct authority ca = {0};
    bool is_new = false;
    if (!authority_paths_set(folder, &paths, error) || !ensure_made(&paths, &is_new, error) ||
        !authority_files_read(&paths, &ca.certificate, &ca.key, error)) {
        return false;
    }
    ca.folder = strdup(folder);
    if (ca.folder == NULL) {
        authority_clear(&ca);
        return error_set(error, ERROR_MEMORY, "out of memory for the authority");
    }
    *out_ca = ca;
    if (out_is_new != NULL) {
        *out_is_new = is_new;
    }
    return true;
}

bool authority_of_stranger(struct authority *out_ca, struct error *error)
{
    ERR_clear_error();
    char name[65];
    struct authority ca = {.key = EVP_EC_gen("P-256")};
    if (ca.key != NULL && random_name("An authority that nobody knows", "", name)) {
        ca.certificate = certificate_make(ca.key, "nobody", name);
    }
    if (ca.certificate == NULL) {
        authority_clear(&ca);
        return crypto_error_set(error, "cannot make an unknown authority");
    }
    *out_ca = ca;
    return true;
}

void authority_clear(struct authority *ca)
{
    X509_free(ca->certificate);
    EVP_PKEY_free(ca->key);
    free((char *)ca->folder); // owned: const only for readers
    *ca = (struct authority){0};
}

bool authority_pem(const struct authority *ca, struct buffer *out)
{
    BIO *pem = BIO_new(BIO_s_mem());
    bool is_appended = false;
    if (pem != NULL && PEM_write_bio_X509(pem, ca->certificate) == 1) {
        char *bytes = NULL;
        long len = BIO_get_mem_data(pem, &bytes);
        is_appended = buffer_append(out, (struct slice){(const uint8_t *)bytes, (size_t)len});
    }
    BIO_free(pem);
    return is_appended;
}

bool authority_der(const struct authority *ca, struct buffer *out)
{
    uint8_t *der = NULL;
    int len = i2d_X509(ca->certificate, &der);
    bool is_appended = len > 0 && buffer_append(out, (struct slice){der, (size_t)len});
    OPENSSL_free(der);
    return is_appended;
}

const char *authority_fingerprint(const struct authority *ca, char out_text[96])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    out_text[0] = '\0';
    if (X509_digest(ca->certificate, EVP_sha256(), digest, &len) == 1 && len == 32) {
        for (size_t i = 0; i < 32; i++) {
            const char *format = i < 31 ? "%02X:" : "%02X";
            (void)snprintf(out_text + 3 * i, 4, format, digest[i]); // always fits
        }
    }
    return out_text;
}
