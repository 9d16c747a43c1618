// A certificate that was refused as revoked: what its responder says of it now (RFC 6960). No I/O:
// whoever asks the responder gives its bytes.
#pragma once

#include "judge.h"
#include "recheck.h"
#include "responder.h"

#define REVOKED_QUESTION_TYPE "application/ocsp-request"

// All-zero is of no certificate.
struct revoked {
    struct judge judge;
    struct recheck check;
    int64_t age_us;    // of the answer that comes next; 0: it is fresh
    X509 *certificate; // borrowed from the chain
    X509 *issuer;      // owned
    const char *place; // the responder's address
};

// revoked_open is true if the verdict is cert.revoked, the certificate names a responder, and its
// issuer is known.
bool revoked_open(struct revoked *out, const struct evidence *evidence,
                  const struct trust_store *trust, struct arena *arena, struct verdict *verdict);
void revoked_clear(struct revoked *revoked);

// revoked_question appends the request to send as REVOKED_QUESTION_TYPE.
bool revoked_question(const struct revoked *revoked, struct buffer *out);

// revoked_take reads the responder's answer and adds its row and a fact; revoked_none the row of a
// responder that gave none.
void revoked_take(struct revoked *revoked, struct slice bytes, double ms);
void revoked_none(struct revoked *revoked, const char *why, double ms);
