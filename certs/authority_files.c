#include "authority_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "cert_tools.h"

static bool join(char out_path[AUTHORITY_PATH_MAX], const char *folder, const char *name)
{
    int len = snprintf(out_path, AUTHORITY_PATH_MAX, "%s%s", folder, name);
    return len >= 0 && len < AUTHORITY_PATH_MAX;
}

bool authority_paths_set(const char *folder, struct authority_paths *out_paths, struct error *error)
{
    if (folder[0] == '\0' || !join(out_paths->folder, folder, "") ||
        !join(out_paths->certificate, folder, "/ca.pem") ||
        !join(out_paths->key, folder, "/ca-key.pem")) {
        return error_set(error, ERROR_FILE, "unusable folder for the authority '%.200s'", folder);
    }
    return true;
}

static bool is_there(const char *path)
{
    // Anything but a plain "no such file" counts as there: what can't be seen must not be replaced.
    struct stat info;
    return lstat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum authority_found authority_files_look(const struct authority_paths *paths)
{
    // The certificate is written last: seen first, it can't be missed between the two looks.
    bool has_certificate = is_there(paths->certificate);
    bool has_key = is_there(paths->key);
    if (has_certificate && has_key) {
        return AUTHORITY_FOUND_BOTH;
    }
    if (has_key) {
        return AUTHORITY_FOUND_KEY_ONLY;
    }
    return has_certificate ? AUTHORITY_FOUND_CERTIFICATE_ONLY : AUTHORITY_FOUND_NONE;
}

// folder_make makes `path` and what is missing above it, each 0700 as the XDG base directory
// specification asks for.
static bool folder_make(const char *path, struct error *error)
{
    char part[AUTHORITY_PATH_MAX];
    size_t len = strlen(path);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST) {
            return error_set(error, ERROR_FILE, "cannot make folder '%s': %s", part,
                             strerror(errno));
        }
    }
    return true;
}

int authority_files_lock(const struct authority_paths *paths, struct error *error)
{
    char path[AUTHORITY_PATH_MAX];
    if (!folder_make(paths->folder, error)) {
        return -1;
    }
    if (!join(path, paths->folder, "/.lock")) {
        (void)error_set(error, ERROR_FILE, "path too long '%s'", paths->folder); // -1 says it
        return -1;
    }
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) {
        (void)error_set(error, ERROR_FILE, "cannot open '%s': %s", path, strerror(errno));
        return -1;
    }
    int locked = flock(lock, LOCK_EX);
    while (locked != 0 && errno == EINTR) {
        locked = flock(lock, LOCK_EX);
    }
    if (locked != 0) {
        (void)error_set(error, ERROR_FILE, "cannot lock '%s': %s", path, strerror(errno));
        (void)close(lock); // nothing was written
        return -1;
    }
    return lock;
}

// file_open opens a regular file as a BIO; when `is_secret`, only if nobody else may read it.
static BIO *file_open(const char *path, bool is_secret, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        (void)error_set(error, ERROR_FILE, "cannot open '%s': %s", path, strerror(errno));
        return NULL;
    }
    struct stat info;
    BIO *bio = NULL;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        (void)error_set(error, ERROR_FILE, "not a file '%s': expected PEM", path);
    } else if (is_secret && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)error_set(error, ERROR_FILE,
                        "others may read the key '%s' (mode %04o): expected mode 0600", path,
                        (unsigned)(info.st_mode & 07777));
    } else {
        bio = BIO_new_fd(fd, BIO_CLOSE);
    }
    if (bio == NULL) {
        (void)close(fd); // opened for reading: nothing to lose
    }
    return bio;
}

static int refuse_passphrase(char *text, int size, int is_writing, void *context)
{
    (void)text, (void)size, (void)is_writing, (void)context; // OpenSSL's signature
    return -1; // without a callback OpenSSL would ask on the terminal
}

bool authority_files_read(const struct authority_paths *paths, X509 **out_certificate,
                          EVP_PKEY **out_key, struct error *error)
{
    BIO *key_file = file_open(paths->key, true, error);
    BIO *certificate_file = key_file != NULL ? file_open(paths->certificate, false, error) : NULL;
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    bool is_read = false;
    if (certificate_file == NULL) {
        goto out;
    }
    ERR_clear_error();
    key = PEM_read_bio_PrivateKey(key_file, NULL, refuse_passphrase, NULL);
    if (key == NULL) {
        (void)error_set(error, ERROR_FILE, "no private key in '%s': expected PEM, not encrypted",
                        paths->key);
        goto out;
    }
    certificate = PEM_read_bio_X509(certificate_file, NULL, refuse_passphrase, NULL);
    if (certificate == NULL) {
        (void)error_set(error, ERROR_FILE, "no certificate in '%s': expected PEM",
                        paths->certificate);
        goto out;
    }
    if (X509_check_private_key(certificate, key) != 1) {
        (void)error_set(error, ERROR_FILE, "'%s' is not the key of '%s': expected a pair",
                        paths->key, paths->certificate);
        goto out;
    }
    if (X509_check_ca(certificate) != 1) {
        (void)error_set(error, ERROR_FILE, "'%s' is not a CA certificate: expected CA:TRUE",
                        paths->certificate);
        goto out;
    }
    *out_certificate = certificate;
    *out_key = key;
    certificate = NULL;
    key = NULL;
    is_read = true;
out:
    ERR_clear_error();
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(certificate_file);
    BIO_free(key_file);
    return is_read;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return false;
        }
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

// file_create writes `content` beside `path` and links it into place; link() fails where rename()
// would replace.
static bool file_create(const char *path, mode_t mode, BIO *content, struct error *error)
{
    char beside[AUTHORITY_PATH_MAX];
    if (!join(beside, path, ".XXXXXX")) {
        return error_set(error, ERROR_FILE, "path too long '%.200s'", path);
    }
    int fd = mkostemp(beside, O_CLOEXEC); // 0600
    if (fd < 0) {
        return error_set(error, ERROR_FILE, "cannot write '%s': %s", path, strerror(errno));
    }
    char *bytes = NULL;
    long len = BIO_get_mem_data(content, &bytes);
    bool is_written =
        len > 0 && write_all(fd, bytes, (size_t)len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && is_written) {
        is_written = false;
        why = errno;
    }
    if (is_written && link(beside, path) != 0) {
        is_written = false;
        why = errno;
    }
    (void)unlink(beside); // at worst a stray file, which nothing reads
    return is_written || error_set(error, ERROR_FILE, "cannot write '%s': %s", path, strerror(why));
}

static void folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd); // a file system that can't is no reason to stop
        (void)close(fd);
    }
}

bool authority_files_write(const struct authority_paths *paths, X509 *certificate, EVP_PKEY *key,
                           struct error *error)
{
    BIO *key_pem = BIO_new(BIO_s_secmem());
    BIO *certificate_pem = BIO_new(BIO_s_mem());
    bool is_written = false;
    if (key_pem == NULL || certificate_pem == NULL ||
        PEM_write_bio_PKCS8PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        PEM_write_bio_X509(certificate_pem, certificate) != 1) {
        (void)crypto_error_set(error, "cannot encode the authority");
        goto out;
    }
    if (!file_create(paths->key, 0600, key_pem, error)) {
        goto out;
    }
    if (!file_create(paths->certificate, 0644, certificate_pem, error)) {
        (void)unlink(paths->key); // ours: link() made it a moment ago, and we hold the lock
        goto out;
    }
    folder_sync(paths->folder);
    is_written = true;
out:
    BIO_free(key_pem);
    BIO_free(certificate_pem);
    return is_written;
}
