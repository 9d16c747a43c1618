// Runs an open session until a signal ends it: SIGINT and SIGTERM drain, a second one stops at
// once, SIGHUP reads the configuration again.
#pragma once

#include "options.h"
#include "session.h"

#define SERVING_GRACE_MS 5000 // what open connections get after the first SIGINT or SIGTERM

// How a command makes its settings from its line: called at the start and at each SIGHUP.
typedef bool (*settings_build_fn)(const struct invocation *invocation, void *user,
                                  struct settings *out_settings, struct error *error);

// What a command says beyond session_greet, once the listeners are open and unless --quiet.
typedef void (*serving_greet_fn)(void *user, struct buffer *out);

// serve builds the settings, opens a session, greets, runs it, closes it, and gives the exit code.
// Errors are reported. `greet` may be NULL.
int serve(const struct invocation *invocation, settings_build_fn build, serving_greet_fn greet,
          void *user);
