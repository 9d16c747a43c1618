// The stage of one case: origin, box, bridge and what they trust, all on loopback and in memory.
// Not for other folders.
#pragma once

#include "interceptor.h"
#include "library.h"
#include "memory_file.h"
#include "origins.h"
#include "proxy.h"
#include "scenario.h"
#include "trust.h"
#include "watch.h"

// What a silent peer costs; shorter than the user's, for nothing here is far away.
#define STAGE_HANDSHAKE_MS 2000
#define STAGE_CONNECT_MS   2000

// A host that every client reaches without fault: pinned clients visit it first.
#define STAGE_OTHER_HOST "other." LAB_DOMAIN

// All-zero is a closed stage.
struct stage {
    const struct lab_case *lab_case; // borrowed
    struct library library;
    struct origins *origins;
    uint16_t origin_port, other_port, way_port; // way: where the bridge dials
    struct interceptor *interceptor;
    struct authority ca;       // the bridge's
    struct authority stranger; // that signs nothing: what a client trusts that trusts nobody
    struct memory_file bridge_trust, client_roots, crl, certificate, key;
    struct memory_file bridge_ca; // for an interceptor before it
    struct watch *watch;
    struct recorder *recorder;
    struct proxy *proxy;
    struct endpoint entry; // where clients connect
};

// stage_open opens it; on false it is closed again. stage_rest waits until the bridge has no
// connection left. stage_still ends bridge and recorder: the watch can be read from then on.
bool stage_open(struct stage *stage, const struct lab_case *lab_case, struct error *error);
void stage_rest(struct stage *stage);
void stage_still(struct stage *stage);
void stage_close(struct stage *stage);

// stage_trust makes the trust store of a client; NULL with `error`.
struct trust_store *stage_trust(const struct stage *stage, enum lab_client_trust trust,
                                struct error *error);
// stage_host is the name of the origin.
const char *stage_host(const struct stage *stage);
