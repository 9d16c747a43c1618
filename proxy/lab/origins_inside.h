// What the lab's thread is made of, for the files here that run on it. Not for other folders.
#pragma once

#include "leg.h"
#include "origins.h"

#define VISIT_ROOM_BYTES ((size_t)64 * 1024)

struct visit;

// What a kind of visit does. Called on the lab's thread.
struct visit_kind {
    size_t size; // of the struct whose first member is the visit
    // The link is up; false ends the visit.
    bool (*begun)(struct visit *visit);
    void (*received)(struct visit *visit, struct slice bytes);
    // The client sent FIN, or is gone (then `os_error` is not 0).
    void (*ended)(struct visit *visit, int os_error);
    void (*drained)(struct visit *visit); // the link's queue is empty again; NULL: no matter
    // Called once when the visit begins to close: close what else is open, counting it in
    // open_handles (visit_handle_closed when it is down).
    void (*closing)(struct visit *visit);
    void (*freed)(struct visit *visit); // all handles are down
};

// One connection taken by a server: first member of what each kind has.
struct visit {
    const struct visit_kind *kind;
    struct server *server;
    struct link link;
    uv_timer_t timer; // ends it: a lab visit has a time
    int open_handles;
    bool is_closing;
    struct visit *next, *previous;
};

enum server_kind {
    SERVER_ORIGIN,
    SERVER_BOX,
    SERVER_WEB
};

// A listening port.
struct server {
    enum server_kind kind;
    struct origins *origins;
    uv_tcp_t listener;
    uint16_t port;
    bool is_refused; // bound, and never listened on
    bool is_open;
    uint64_t connections;
    struct origin_tls *tls; // SERVER_ORIGIN
    struct box box;         // SERVER_BOX
    struct server *next;
};

struct web_file {
    char path[64], type[64];
    struct buffer bytes;
};

struct origins {
    uv_thread_t thread;
    uv_loop_t loop;
    uv_async_t wake;
    uv_mutex_t lock; // of all below, but what says otherwise
    uv_cond_t changed;
    struct server *wanted; // to be opened; its status comes back
    bool is_answered;
    int status; // 0, or libuv's error
    bool is_stopping;
    struct server *servers;
    size_t server_count;
    struct web_file files[ORIGINS_FILES_MAX];
    size_t file_count;
    uint16_t web_port;

    struct visit *visits; // the lab's thread only, as the next two
    size_t visit_count;
    uint8_t room[VISIT_ROOM_BYTES];

    struct lab_ca *ca;           // the adding thread only, as all below
    struct trust_store *clients; // … but read by all
    struct library library;
    X509 **trusted;
    size_t trusted_count;
    X509_CRL **crls;
    size_t crl_count;
    uint64_t address_count;
};

// visit_open takes a connection that waits on the server's listener.
void visit_open(struct server *server, const struct visit_kind *kind);
// visit_close ends it now; visit_finish after FIN, once the client has ended too; visit_reset
// with RST. Idempotent; the memory goes from the loop, never within the call.
void visit_close(struct visit *visit);
void visit_finish(struct visit *visit);
void visit_reset(struct visit *visit);
void visit_handle_closed(struct visit *visit);

extern const struct visit_kind origin_visit_kind, box_visit_kind, web_visit_kind;

// visit_segments is how many TCP segments with data have come; 0 when the kernel does not tell.
uint32_t visit_segments(const struct visit *visit);

// origins_trust keeps what the bridge needs for a chain; false when memory is out. origins_web_url
// gives the URL that a path of the web server will have.
bool origins_trust(struct origins *origins, const struct lab_chain *chain);
bool origins_web_url(struct origins *origins, const char *path, char out_url[ORIGINS_URL_MAX],
                     struct error *error);
