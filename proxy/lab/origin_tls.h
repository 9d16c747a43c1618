// The TLS of one lab origin: its chains, and the contexts that its engines work with. Not for other
// folders.
#pragma once

#include "origins_inside.h"

#define TICKET_NAME_LEN 16 // the first bytes of a ticket tell its key
#define ORIGIN_NODES    2  // behind one port, for quirks of tickets

struct origin_tls {
    struct origin origin; // as asked for, with what its quirk needs
    struct lab_chain chains[ORIGIN_SITES_MAX];
    struct context_common common;
    struct contexts *nodes[ORIGIN_NODES]; // NULL past node_count
    struct context contexts[ORIGIN_NODES];
    size_t node_count;
    uint8_t ticket_keys[ORIGIN_NODES][80];
    SSL *current; // of the engine that ran last: for what the engine has no word for
};

// origin_tls_new mints the chains of `origin` (their roots, CRLs and files enter `origins`) and
// makes the contexts. NULL with `error`. On the adding thread.
struct origin_tls *origin_tls_new(struct origins *origins, const struct origin *origin,
                                  struct error *error);
void origin_tls_free(struct origin_tls *tls); // NULL does nothing

// origin_tls_site finds the site of a name as sent; origin.site_count when there is none. Without a
// name it is the first.
size_t origin_tls_site(const struct origin_tls *tls, struct slice sni);

// origin_tls_is_foreign tells whether `ticket` was made by another node than `node`.
bool origin_tls_is_foreign(const struct origin_tls *tls, size_t node, struct slice ticket);
