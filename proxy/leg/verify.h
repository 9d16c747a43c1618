// The check of the peer's certificates inside a handshake: runs certs' verification, keeps its
// result as evidence, and tells OpenSSL whether to go on.
#pragma once

#include <openssl/x509_vfy.h>

#include "evidence.h"
#include "trust.h"

struct peer_check {
    const struct trust_store *trust; // borrowed; NULL: nothing is verified
    bool refuses;                    // a fault ends the handshake
    struct verify_spec spec;
    bool did_refuse; // set by peer_check_run
};

// peer_check_run is the body of an SSL_CTX_set_cert_verify_callback: 1 takes the chain; 0 refuses
// it, with the X509_V_ERR_… set that makes OpenSSL send the fitting alert.
int peer_check_run(struct peer_check *check, X509_STORE_CTX *store, struct leg_evidence *evidence,
                   struct arena *arena);
