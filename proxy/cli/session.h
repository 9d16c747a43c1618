// A session: authority, sinks, recording, recorder, key log and proxy, opened in that order and
// closed in the reverse.
#pragma once

#include "proxy.h"
#include "terminal.h"

struct session {
    struct settings settings;
    struct authority ca;
    bool ca_is_new; // made by this very start
    struct terminal console;
    enum language language; // of the console
    struct sink sinks[3];   // console; JSON Lines and recording when asked for
    size_t sink_count;
    struct recording *recording;
    struct recorder *recorder;
    struct keylog *keylog;
    struct proxy *proxy;
    bool is_drained; // proxy_drain has been called
};

// session_open starts the proxy. The console goes to standard output, or to standard error when
// `console_on_stderr` or when the JSON Lines own standard output (--log -). On false the session is
// closed again. Blocks on disk.
bool session_open(struct session *session, const struct settings *settings, bool console_on_stderr,
                  struct error *error);

// session_close drains for at most `grace_ms`, writes out what is queued and frees. An all-zero or
// closed session is fine.
void session_close(struct session *session, int64_t grace_ms);

// session_tell emits a notice or an error that is of no connection.
void session_tell(const struct session *session, enum event_kind kind, const char *text);

// session_greet tells the console where midspan listens, who its authority is and what to try.
// Says nothing with --quiet.
void session_greet(const struct session *session);

// session_ca opens the authority of `ca_dir` (empty: the user's own); made when there is none.
bool session_ca(const char *ca_dir, struct authority *out_ca, bool *out_is_new,
                struct error *error);
