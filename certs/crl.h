// Revocation lists as web servers give them out: where a certificate says that they are, and the
// one reader of what they say about it. RFC 5280 sections 4.2.1.13, 5 and 6.3.
#pragma once

#include <openssl/x509.h>

#include "base.h"

#define CRL_BYTES_MAX  ((size_t)4 << 20)
#define CRL_PLACES_MAX 4

// What a list comes to: name, words. From EARLY on it is the issuer's own word.
#define CRL_MAP(XX)                                                                     \
    XX(UNREADABLE, "what came is no revocation list")                                   \
    XX(FOREIGN, "a revocation list of another issuer")                                  \
    XX(DELTA, "a delta list, which alone says nothing: not checked")                    \
    XX(INDIRECT, "an indirect list, of several issuers: not checked")                   \
    XX(ODD, "a list with a critical extension that midspan does not know: not checked") \
    XX(ELSEWHERE, "a list for other certificates of the issuer")                        \
    XX(UNSIGNED, "a list that the issuer did not sign")                                 \
    XX(EARLY, "a list from the future")                                                 \
    XX(ABSENT, "not on the list")                                                       \
    XX(REVOKED, "revoked")

enum crl_says {
#define XX(name, words) CRL_##name,
    CRL_MAP(XX)
#undef XX
};

struct crl_answer {
    enum crl_says says;
    int64_t from_us;    // thisUpdate; 0 when the list is not the issuer's word
    int64_t until_us;   // nextUpdate; 0 likewise, or when there is none
    bool is_partial;    // it holds only what is revoked for some reasons (onlySomeReasons)
    bool has_delta;     // changes since are in a delta list (freshestCRL), which is not asked
    int64_t revoked_us; // REVOKED: since when
    const char *reason; // REVOKED: static text as in RFC 5280 section 5.3.1, NULL when not told
};

// crl_places gives the http addresses of a certificate's distribution points, in order: none of a
// point that has another issuer's lists (cRLIssuer). Text lives in `arena`. Gives how many.
size_t crl_places(X509 *certificate, struct arena *arena, const char *out_places[CRL_PLACES_MAX]);

// crl_read reads a list, in DER or PEM, as to `certificate`, at our clock. ABSENT and REVOKED are
// said only of a list that `issuer` signed with the key that signed the certificate, that is for
// such certificates and for the distribution point it was had from (RFC 5280 section 6.3.3); that
// its time is over is for the caller to tell. In time of the order of its bytes, which are at most
// CRL_BYTES_MAX, and without memory for its entries.
void crl_read(struct slice bytes, X509 *certificate, X509 *issuer, int64_t at_us,
              struct crl_answer *out_answer);

// crl_words gives static text: "not on the list".
const char *crl_words(enum crl_says says);
