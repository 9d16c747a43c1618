// A certificate that was refused as revoked: what those who may say so say of it now, its responder
// (RFC 6960) and, when that does not tell, the lists of its distribution points (RFC 5280 section
// 4.2.1.13). Of a connection that was passed on, where midspan itself found nothing revoked, each
// certificate is asked about, leaf first. No I/O: whoever asks gives the bytes.
#pragma once

#include "crl.h"
#include "judge.h"
#include "recheck.h"
#include "responder.h"

#define REVOKED_QUESTION_TYPE "application/ocsp-request"
#define REVOKED_PLACES_MAX    (1 + CRL_PLACES_MAX)
// A list is not asked for again until its next one is due, or until then at most: whoever mends
// something waits for the change.
#define REVOKED_LIST_US_MAX ((int64_t)3600 * 1000000)

// All-zero is of no certificate.
struct revoked {
    struct judge judge;
    struct recheck check;
    int64_t age_us;    // of the answer that comes next; 0: it is fresh
    int64_t keep_us;   // how long the last answer may be kept; 0: as others
    bool is_passed;    // the client refused it, not midspan
    size_t depth;      // of the certificate asked about
    X509 *certificate; // borrowed from the chain
    X509 *issuer;      // owned
    const char *places[REVOKED_PLACES_MAX];
    size_t place_count, place_next;
    bool has_responder;       // places[0] is one, the others are lists
    bool is_told, is_revoked; // an answer that counts came
};

// revoked_open is true if the verdict is cert.revoked, of midspan or of a client that was passed
// on, and a certificate that it may be about names a responder or a list and has a known issuer.
bool revoked_open(struct revoked *out, const struct evidence *evidence,
                  const struct trust_store *trust, struct arena *arena, struct verdict *verdict);
void revoked_clear(struct revoked *revoked);

// revoked_place gives whom to ask now, NULL when nobody is left or all is told.
const char *revoked_place(const struct revoked *revoked);
// revoked_asks_responder is true if a responder is asked now, by POST; else it is a list, by GET.
bool revoked_asks_responder(const struct revoked *revoked);

// revoked_question appends the request to send as REVOKED_QUESTION_TYPE; nothing for a list. False
// when nobody is left to ask, or memory is out.
bool revoked_question(const struct revoked *revoked, struct buffer *out);

// revoked_take reads the answer, adds its row, and a fact when it tells; revoked_none adds the row
// of a place that gave none. The next place is then asked.
void revoked_take(struct revoked *revoked, struct slice bytes, double ms);
void revoked_none(struct revoked *revoked, const char *why, double ms);
