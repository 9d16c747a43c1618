// The two files of an authority on disk: found, locked, read, and written without ever passing
// over one that is there. Not for other folders.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base.h"

#define AUTHORITY_PATH_MAX 4096

struct authority_paths {
    char folder[AUTHORITY_PATH_MAX];
    char certificate[AUTHORITY_PATH_MAX]; // FOLDER/ca.pem
    char key[AUTHORITY_PATH_MAX];         // FOLDER/ca-key.pem
};

enum authority_found {
    AUTHORITY_FOUND_NONE,
    AUTHORITY_FOUND_BOTH,
    AUTHORITY_FOUND_KEY_ONLY,
    AUTHORITY_FOUND_CERTIFICATE_ONLY
};

// authority_paths_set fills the paths below `folder`; false when they are too long.
bool authority_paths_set(const char *folder, struct authority_paths *out_paths,
                         struct error *error);

enum authority_found authority_files_look(const struct authority_paths *paths);

// authority_files_lock makes the folder (0700, and its parents) and takes its lock, which holds
// until the descriptor is closed or the process ends; -1 with `error` when it can't.
int authority_files_lock(const struct authority_paths *paths, struct error *error);

// authority_files_read reads both. False when a file can't be read, others may read the key, or
// the two don't belong together. The results are the caller's.
bool authority_files_read(const struct authority_paths *paths, X509 **out_certificate,
                          EVP_PKEY **out_key, struct error *error);

// authority_files_write writes the key (0600), then the certificate (0644), each under another
// name first. When the second fails, the first is taken away again. Call with the lock held.
bool authority_files_write(const struct authority_paths *paths, X509 *certificate, EVP_PKEY *key,
                           struct error *error);
