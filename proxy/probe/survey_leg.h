// Inside of probe: one full handshake by the TLS library, then close_notify and FIN. What came of
// it is the evidence. One loop's thread.
#pragma once

#include "engine.h"
#include "link.h"

struct survey_leg;

struct survey_leg_setup {
    uv_loop_t *loop;
    const struct sockaddr *address;
    const char *tunnel;         // an upstream proxy's target; NULL: none
    struct engine_setup engine; // `out` and `opened_us` are filled in; its evidence is written
    struct slice room;
    // The handshake is complete and the server's last word is waited for: an alert about the
    // client's certificate comes behind our Finished. Until survey_leg_stop, or whatever it says.
    // NULL: there is no waiting.
    void (*late)(void *user, struct survey_leg *leg);
    void (*done)(void *user, struct survey_leg *leg);   // the handshake has ended; once
    void (*closed)(void *user, struct survey_leg *leg); // its memory may go; once
    void *user;
};

enum survey_leg_state {
    SURVEY_LEG_IDLE,
    SURVEY_LEG_CONNECTING,
    SURVEY_LEG_TUNNEL,
    SURVEY_LEG_HANDSHAKE,
    SURVEY_LEG_LATE, // secured; listening
    SURVEY_LEG_DONE, // reading to the end
    SURVEY_LEG_CLOSING
};

// All-zero is one that was not started.
struct survey_leg {
    enum survey_leg_state state;
    struct survey_leg_setup setup;
    struct link link;
    uv_connect_t connect;
    struct engine *engine;
    struct buffer out, head;
};

// survey_leg_start begins; false when no socket or engine could be made: no hook is called then.
bool survey_leg_start(struct survey_leg *leg, const struct survey_leg_setup *setup,
                      struct error *error);

// survey_leg_stop ends the wait; `done` follows within the call. A leg that was late has ended well
// then: its `close` is ENDING_NONE.
void survey_leg_stop(struct survey_leg *leg);

// survey_leg_close closes the socket; `closed` follows from the loop, without `done`. Idempotent.
void survey_leg_close(struct survey_leg *leg);
