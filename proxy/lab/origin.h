// What a lab origin is to be: plain data that scenarios fill in, key by key. It is served by
// origins.h.
#pragma once

#include "lab_recipe.h"
#include "leg_policy.h"
#include "quirk.h"

#define ORIGIN_SITES_MAX 8
#define ORIGIN_BODY_MAX  512

// What is done with a name that no site has.
#define UNKNOWN_NAME_MAP(XX)                                  \
    XX(DEFAULT, "default") /* the first site's certificate */ \
    XX(ALERT, "alert")     /* unrecognized_name */            \
    XX(RESET, "reset")

#define ORIGIN_END_MAP(XX)                                      \
    XX(CLOSE_NOTIFY, "close-notify") /* then FIN */             \
    XX(FIN, "fin")                   /* without close_notify */ \
    XX(RESET, "reset")

#define XX(name, word) UNKNOWN_NAME_##name,
enum unknown_name {
    UNKNOWN_NAME_MAP(XX) UNKNOWN_NAMES
};
#undef XX
#define XX(name, word) ORIGIN_END_##name,
enum origin_end {
    ORIGIN_END_MAP(XX) ORIGIN_ENDS
};
#undef XX

// One name of an origin, and the chain shown for it.
struct origin_site {
    char name[ENDPOINT_HOST_MAX];
    struct lab_recipe recipe;
};

// All of it by value but the page. origin_init makes a healthy one that has no site yet.
struct origin {
    struct leg_policy policy; // of a client leg: versions, suites, groups, schemes, alpn,
                              // client-auth (a certificate of the lab's root is wanted)
    struct origin_site sites[ORIGIN_SITES_MAX]; // the first is the default
    size_t site_count;
    enum unknown_name unknown;
    struct quirk quirk;
    enum origin_end end;
    uint16_t status; // of the answer
    char body[ORIGIN_BODY_MAX];
    // An HTML page, borrowed: served at "/" and nowhere else, with TLS and without. Empty: the
    // body, at every path, with TLS only.
    struct slice page;
    bool checks_host;                // 421 when Host and SNI disagree
    uint16_t no_certificate_status;  // client-auth=ask and none came: 400, 403, 496; 0: as `status`
    uint16_t bad_certificate_status; // … and it does not verify: 495, 403; 0: the handshake fails
};

void origin_init(struct origin *origin);

// origin_site_add appends a site with an empty recipe; NULL with `error` when there are too many or
// the name is none.
struct origin_site *origin_site_add(struct origin *origin, const char *name, struct error *error);

// origin_set sets one key: unknown, end, status, body, check-host, no-certificate-status,
// bad-certificate-status, those of quirk.h, those of a client leg (min, max, ciphers, groups,
// sigalgs, alpn, client-auth), and those of lab_recipe.h (for the first site, which must be there).
// An unknown key or value is an ERROR_CONFIG or ERROR_USAGE that says what was expected.
bool origin_set(struct origin *origin, const char *key, const char *value, struct error *error);
