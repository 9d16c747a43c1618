// Asks the addresses that the origin's certificates name, for verdicts which they can prove: the
// issuer that was not sent (missing.h), the revocation responder and the revocation lists
// (revoked.h), and another clock (other_clock.h). The one case in which anybody but the origin is
// dialled. Bounded: INQUIRY_FETCHES_MAX questions, INQUIRY_MS_MAX. One loop's thread.
#pragma once

#include <uv.h>

#include "evidence.h"
#include "trust.h"
#include "verdict.h"

#define INQUIRY_FETCHES_MAX 3
#define INQUIRY_MS_MAX      2000

struct answers;
struct host_route;
struct inquiry;

struct inquiry_setup {
    uv_loop_t *loop;
    int64_t begun_us;                // monotonic: since when the verdict's time runs; 0: since now
    const struct evidence *evidence; // borrowed, like the next three, until `closed`
    struct arena *arena;
    struct verdict *verdict; // rewritten before `done`; its rows so far stay
    const struct trust_store *trust;
    const struct sockaddr *origin; // where the certificates came from; read by inquiry_start alone
    const struct endpoint *via;    // an upstream proxy to ask instead; copied; NULL: none
    // Where the user says that hosts are (--resolve); borrowed until `closed`.
    const struct host_route *routes;
    size_t route_count;
    struct answers *answers;    // of earlier questions, and for these; NULL: none are kept
    void (*done)(void *user);   // the verdict is final; once, never from within inquiry_start
    void (*closed)(void *user); // all handles are closed and the inquiry is freed; once
    void *user;
};

// inquiry_start begins; NULL when the verdict needs nobody asked, no address is named, all is known
// already (the verdict is rewritten then), or nothing could be opened: no hook is called then.
struct inquiry *inquiry_start(const struct inquiry_setup *setup);

// inquiry_stop ends it now; the verdict gets what is known so far. `done` is not called any more,
// `closed` follows from the loop. Idempotent; NULL does nothing.
void inquiry_stop(struct inquiry *inquiry);
