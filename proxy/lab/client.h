// The lab client: the engine of a server leg over a blocking socket, which asks the bridge for the
// origin, verifies what it is shown as the scenario says, sends one request and reads the answer.
#pragma once

#include <openssl/ssl.h>

#include "evidence.h"
#include "library.h"
#include "scenario.h"
#include "trust.h"

// Longer than any timeout of the lab's bridge: who gives up first is the bridge.
#define LAB_CLIENT_MS_MAX 8000

struct lab_client_setup {
    const struct lab_client *client; // its policy has the certificate's files, when it has one
    const struct library *library;
    const struct endpoint *entry;    // where to connect
    const char *target;              // host of the origin: of CONNECT, and the default of all names
    uint16_t port;                   // of the origin, as the client says it
    bool does_connect;               // asks a proxy by CONNECT; else TLS begins at once
    const struct trust_store *trust; // borrowed
    SSL_SESSION **session;           // to be resumed, replaced by this visit's; NULL: neither
    const uint8_t *pin;              // SHA-256 of the only key that it takes; NULL: any
    struct arena *arena;
};

struct lab_client_result {
    enum lab_client_end end;
    int status;              // of the answer or of the refused CONNECT; 0: none
    bool has_close_notify;   // the answer ended with one
    struct leg_evidence leg; // as the client saw it
    int64_t opened_us;       // wall clock
    char body[256];          // how the answer's body begins
};

// lab_client_run plays it; blocks for at most LAB_CLIENT_MS_MAX. False with `error` for what is not
// the peer's doing.
bool lab_client_run(const struct lab_client_setup *setup, struct lab_client_result *out_result,
                    struct error *error);

// lab_client_is_served is true when the client got what it asked for: a status below 400, whole.
bool lab_client_is_served(const struct lab_client_result *result);
