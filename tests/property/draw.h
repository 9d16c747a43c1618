// Random clients and servers: the same on every machine, by a fixed seed.
#pragma once

#include "peers.h"

#define DRAW_SEED     0x6d69647370616eu // "midspan"
#define DRAWN_GROUPS  9
#define DRAWN_SCHEMES 16

// The groups and schemes that are drawn from, with OpenSSL's numbers.
extern const struct drawn_group {
    uint16_t id;
    int nid;
    unsigned weight; // slow ones and rare ones come less often
} drawn_groups[DRAWN_GROUPS];
extern const struct drawn_scheme {
    uint16_t id;
    int hash_nid, key_nid;
} drawn_schemes[DRAWN_SCHEMES];

// draw makes the next client or server.
void draw(struct terms *out);

// terms_of gives what the predictor is told of a server.
struct server_terms terms_of(const struct terms *server);

// print_terms shows one side of a pair that went wrong.
void print_terms(const char *name, const struct terms *terms);
