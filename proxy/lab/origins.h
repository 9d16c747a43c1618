// The lab's own servers and boxes: one thread with one loop that hosts all of them, on loopback
// ports of the kernel's choice. Bounded in connections and time; they never block the loop.
#pragma once

#include "box.h"
#include "lab_chain.h"
#include "origin.h"

// Connections open at once, all servers and boxes together: one more is closed at once.
#define ORIGINS_VISITS_MAX 256
// How long a connection may take in all.
#define ORIGINS_VISIT_MS_MAX 30000
#define ORIGINS_SERVERS_MAX  128
#define ORIGINS_FILES_MAX    128

struct origins;

// origins_new makes the lab's authority and starts the thread. NULL with `error`.
struct origins *origins_new(struct error *error);
// origins_free drops what is open, closes all ports and ends the thread. NULL does nothing.
void origins_free(struct origins *origins);

// origins_ca borrows the authority that all chains come from; for the thread that adds only.
struct lab_ca *origins_ca(struct origins *origins);

// origins_add starts a server on 127.0.0.1 and returns when it listens (or, refused, when its port
// is held). Mints its chains on the calling thread: one thread at a time may add. Copies `origin`.
bool origins_add(struct origins *origins, const struct origin *origin, uint16_t *out_port,
                 struct error *error);

// origins_add_box likewise for a box.
bool origins_add_box(struct origins *origins, const struct box *box, uint16_t *out_port,
                     struct error *error);

// origins_publish puts a file on the lab's plain web server ("/ca.cer"); its URL goes into
// `out_url`. Copies the bytes. Certificates that AIA addresses name are published by origins_add.
#define ORIGINS_URL_MAX 128
bool origins_publish(struct origins *origins, const char *path, const char *type,
                     struct slice bytes, char out_url[ORIGINS_URL_MAX], struct error *error);

// What all chains added so far want to be trusted, as one PEM bundle, and their CRLs (nothing when
// there are none): for the server leg's ca= and crl=. Each certificate once.
bool origins_trusted_pem(const struct origins *origins, struct buffer *out);
bool origins_crl_pem(const struct origins *origins, struct buffer *out);
