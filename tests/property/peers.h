// A client and a server of OpenSSL that shake hands in memory, set up from numbers.
#pragma once

#include <openssl/ssl.h>

#include "predict.h"

#define NAMES_MAX 160 // an ALPN list as on the wire

// What one side is told. Empty lists leave OpenSSL's own in force.
struct terms {
    uint16_t version_min, version_max;
    struct number_list tls13_suites; // always set
    struct number_list suites;       // of TLS 1.2 and below; always set
    struct number_list groups, schemes;
    uint8_t alpn[NAMES_MAX];
    size_t alpn_len;
    // server
    uint32_t keys;
    bool prefers_own_order, needs_alpn_overlap;
    // client
    bool sends_fallback;
};

#define HELLO_MAX 4096

// What happened. Times and bytes left out: only what a predictor could have said.
struct meeting {
    bool has_hello; // false: OpenSSL refused to write one, nothing else is set
    uint8_t hello[HELLO_MAX];
    size_t hello_len;
    size_t hellos; // ClientHellos sent
    bool is_secured;
    int server_reason; // ERR_GET_REASON of the server's first error, 0 when none
    int client_reason;
    uint16_t version;
    uint16_t suite; // below: set when secured
    int group_nid;
    int hash_nid, key_nid; // of the server's signature
    uint32_t key;          // of the certificate the client got, 0 when none
    uint8_t alpn[256];
    size_t alpn_len;
};

struct peers;

struct peers *peers_new(void); // makes the certificates
void peers_free(struct peers *peers);

// peers_meet runs one handshake.
void peers_meet(struct peers *peers, const struct terms *client, const struct terms *server,
                struct meeting *out);

// peers_server makes a server of `server`'s terms that waits for a ClientHello in its own memory
// BIOs; the caller frees it. `server` is borrowed until then.
SSL *peers_server(struct peers *peers, const struct terms *server);
