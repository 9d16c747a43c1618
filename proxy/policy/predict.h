// What two sides would negotiate: the pure predictor. RFC 8446 section 4.1.1, RFC 5246 section
// 7.4.1.3, RFC 8422 section 4, and OpenSSL 3.0's habits where the RFCs leave room.
#pragma once

#include "shape.h"

// The list that had nothing in common.
#define MISMATCH_MAP(XX)                     \
    XX(NONE, "none")                         \
    XX(VERSION, "version")                   \
    XX(SUITE, "suite")                       \
    XX(CERTIFICATE_TYPE, "certificate-type") \
    XX(GROUP, "group")                       \
    XX(SCHEME, "scheme")                     \
    XX(ALPN, "alpn")

enum mismatch {
#define XX(name, text) MISMATCH_##name,
    MISMATCH_MAP(XX)
#undef XX
};

#define KEY_RSA   1u
#define KEY_ECDSA 2u

// What a server was seen to accept with one version: its lists there, where the shape's hold for
// all. An empty list of groups or schemes says nothing: then it is the shape's.
struct version_terms {
    bool is_taken;
    bool prefers_own_order; // of suites
    bool prefers_own_groups;
    struct number_list suites, groups, schemes;
};

#define CURVE_NONE 0xffffu

#define VERSIONS_SEEN 5 // TLS 1.3 to SSL 3.0

// What a server accepts.
struct server_terms {
    struct leg_shape shape;
    uint32_t keys;           // KEY_… of its certificates
    bool prefers_own_order;  // of suites; OpenSSL's default is the client's
    bool needs_alpn_overlap; // no common name is fatal
    uint16_t curve;          // of its ECDSA certificate; 0: secp256r1; CURVE_NONE: Ed25519, Ed448
    // Newest first; NULL: nobody looked, the shape is what it is configured to. Schemes are then
    // those that it really signs with.
    const struct version_terms *seen;
};

struct prediction {
    enum mismatch mismatch;                 // MISMATCH_NONE: it will be secured
    uint16_t version, suite, group, scheme; // 0 where not reached or not applicable
    struct slice alpn;                      // chosen name, borrowed from the hello; empty: none
    bool is_retry;                          // HelloRetryRequest first
    uint32_t key;                           // KEY_… chosen; 0 with TLS 1.2 anonymous
};

// server_terms_seen gives what was seen of a version, NULL where nobody looked.
const struct version_terms *server_terms_seen(const struct server_terms *terms, uint16_t version);

void predict(const struct client_hello *hello, const struct server_terms *terms,
             struct prediction *out_prediction);

// predict_with_min does the same for a client whose lowest version is known: a hello without
// supported_versions names only the highest, and the client refuses a ServerHello below what it
// takes. 0: not known, as for predict.
void predict_with_min(const struct client_hello *hello, uint16_t client_version_min,
                      const struct server_terms *terms, struct prediction *out_prediction);

const char *mismatch_name(enum mismatch mismatch);
