// OCSP: the question to a responder, and the one reader of its answer, fetched or stapled.
// RFC 6960.
#pragma once

#include <openssl/x509.h>

#include "base.h"

#define RESPONDER_BYTES_MAX ((size_t)64 * 1024)

// What an answer comes to: name, words.
#define RESPONDER_MAP(XX)                                \
    XX(UNREADABLE, "an answer that can't be read")       \
    XX(DECLINED, "the responder declined to answer")     \
    XX(FOREIGN, "an answer about other certificates")    \
    XX(UNSIGNED, "an answer that nobody signed who may") \
    XX(GOOD, "good")                                     \
    XX(REVOKED, "revoked")                               \
    XX(UNKNOWN, "unknown to the responder")

enum responder_says {
#define XX(name, words) RESPONDER_##name,
    RESPONDER_MAP(XX)
#undef XX
};

struct responder_answer {
    enum responder_says says;
    int64_t produced_us; // the responder's clock; 0 when the answer can't be read
    int64_t from_us;     // thisUpdate; 0 when there is none
    int64_t until_us;    // nextUpdate; 0 when there is none
    int64_t revoked_us;  // REVOKED: since when
    const char *reason;  // REVOKED: static text, NULL when not told
};

// responder_question appends the DER of a request about `leaf` (SHA-1 names it, as all responders
// know it; RFC 5019 section 2.1.1); false when OpenSSL fails or the buffer is full.
bool responder_question(X509 *leaf, X509 *issuer, struct buffer *out);

// responder_read reads a response about `leaf`. GOOD, REVOKED and UNKNOWN are said only when it is
// signed by `issuer` or by a delegate of its that is in date at `at_us`; times from the future are
// not told apart here.
void responder_read(struct slice der, X509 *leaf, X509 *issuer, int64_t at_us,
                    struct responder_answer *out_answer);

// responder_words gives static text: "revoked".
const char *responder_words(enum responder_says says);
