// What one connection of a lab origin is made of, for the files that it is spread over:
// origin_visit.c (from the first byte to a secured leg) and origin_talk.c (HTTP). On the lab's
// thread. Not for other folders.
#pragma once

#include "http_head.h"
#include "origin_h2.h"
#include "origin_tls.h"

#define ORIGIN_OUT_BYTES_MAX ((size_t)512 * 1024)

enum origin_state {
    ORIGIN_PEEKING,
    ORIGIN_DOOMED,
    ORIGIN_HANDSHAKE,
    ORIGIN_REQUEST,
    ORIGIN_ENDING
};

struct origin_visit {
    struct visit visit; // first
    enum origin_state state;
    size_t node;
    struct buffer first; // PEEKING: what came
    bool had_bytes;
    struct tls_stream watch; // of the client's plaintext, while in HANDSHAKE
    bool saw_second_hello, saw_change_cipher_spec;
    struct arena arena;
    struct leg_evidence evidence;
    struct engine *engine;
    SSL *ssl; // the engine's, borrowed: for what the engine has no word for
    struct buffer out;
    struct slice sni; // in the arena
    struct http_head *head;
    struct origin_h2 *h2;
    bool did_read_head, is_renegotiating;
    struct slice host, target; // of the request, in the arena
    uv_timer_t pace;           // QUIRK_SLOW
    struct buffer waiting;
    bool wants_finish;
};

static inline const struct origin *origin_visit_origin(const struct origin_visit *o)
{
    return &o->visit.server->tls->origin;
}

// origin_visit_say sends bytes, at once or piece by piece; origin_visit_flush what the engine wants
// to send. origin_visit_finish ends the visit once all is said.
void origin_visit_say(struct origin_visit *o, struct slice bytes);
void origin_visit_flush(struct origin_visit *o);
void origin_visit_finish(struct origin_visit *o);

// origin_visit_fail ends it once what is left to say is out.
void origin_visit_fail(struct origin_visit *o);
