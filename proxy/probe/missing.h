// A chain whose end has no issuer: is an intermediate missing, or a root untrusted? What the
// address in the last certificate brought (caIssuers, RFC 5280 section 4.2.2.1) tells. No I/O:
// whoever asks the address gives its bytes.
#pragma once

#include "cert_bundle.h"
#include "judge.h"
#include "recheck.h"

#define MISSING_ADDED_MAX 4

// All-zero is of no chain.
struct missing {
    struct judge judge;
    struct recheck check;
    int64_t age_us;             // of the answer that comes next; 0: it is fresh
    X509 *path[CERT_CHAIN_MAX]; // as sent, then what was found; references to the latter
    size_t path_count, added_count;
    struct cert_facts end;                      // the last of the path: its issuer is missing
    struct cert_facts added[MISSING_ADDED_MAX]; // in the order found
    const char *places[MISSING_ADDED_MAX];      // where each was found
    bool fails_again, mends, trust_mends;       // what the runs gave
};

// missing_open is true if the verdict is about such a chain (cert.chain-incomplete,
// cert.untrusted-root) and its end is not a root already. Text goes into `arena`.
bool missing_open(struct missing *out, const struct evidence *evidence,
                  const struct trust_store *trust, struct arena *arena, struct verdict *verdict);
void missing_clear(struct missing *missing);

// missing_address gives where the issuer of the end can be had; NULL when it is not said, or
// nothing more is to be found out.
const char *missing_address(const struct missing *missing);

// missing_take reads what came from missing_address, adds the rows, and moves the end on.
// missing_none adds the row of an address that gave nothing; it is not asked again.
void missing_take(struct missing *missing, struct slice bytes, double ms);
void missing_none(struct missing *missing, const char *why, double ms);

// missing_conclude rewrites the verdict when it is proven: cert.chain-incomplete when the chain
// verifies with what was found, cert.untrusted-root when only trust in the root found mends it.
void missing_conclude(struct missing *missing);
