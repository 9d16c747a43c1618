// The local certificate authority that signs what midspan presents to clients.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base.h"

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
    const char *folder; // owned
};

// authority_folder writes the default folder: $XDG_DATA_HOME/midspan, else
// $HOME/.local/share/midspan. False (ERROR_FILE) when neither is set.
bool authority_folder(char out_path[4096], struct error *error);

// authority_open loads ca.pem and ca-key.pem from `folder`, or, when neither is there, makes them:
// P-256, ten years, a subject unique to this machine, the folder 0700, the key 0600, both written
// under another name and moved into place, never over a file that is there. *out_is_new (may be
// NULL) tells. False when only one of the two is there, they do not belong together, the
// key file is readable by others, or the disk says no. Blocks: call before the loops run.
bool authority_open(const char *folder, struct authority *out_ca, bool *out_is_new,
                    struct error *error);

// authority_of_stranger makes an authority that nobody trusts, in memory only and under a name of
// its own: what a client answers to its leaves is its answer to an unknown authority.
bool authority_of_stranger(struct authority *out_ca, struct error *error);

void authority_clear(struct authority *ca);

// authority_pem and authority_der append the certificate (never the key).
bool authority_pem(const struct authority *ca, struct buffer *out);
bool authority_der(const struct authority *ca, struct buffer *out);
// authority_fingerprint writes SHA-256 of the DER as "AB:CD:…" text.
const char *authority_fingerprint(const struct authority *ca, char out_text[96]);
