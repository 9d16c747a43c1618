// A session around one program: it has a port and a folder of its own, and leaves nothing behind.
#pragma once

#include "lab_hosts.h"
#include "options.h"
#include "scratch.h"
#include "session.h"

#define WRAPPED_GRACE_MS 1000 // what connections get that outlive the program

struct wrapped {
    struct session session;
    struct scratch scratch;
    struct scenario_list scenarios; // --lab
    struct lab_hosts lab;
    struct endpoint proxy; // where the program finds it
};

// wrapped_open makes the folder and starts the proxy on a free port of 127.0.0.1 (or where --listen
// says), with the lab's hosts behind it after --lab. The console goes to standard error and, unless
// `verbose`, shows findings only. On false nothing is left.
bool wrapped_open(struct wrapped *wrapped, const struct invocation *invocation, bool verbose,
                  struct error *error);

// The option of commands that wrap a program.
#define WRAPPED_LAB_OPTION                                                                    \
    {                                                                                         \
        .name = "lab", .help = "the lab's broken hosts are behind it, see 'midspan help lab'" \
    }

// wrapped_close ends the session and removes the folder. Reports what it could not remove.
void wrapped_close(struct wrapped *wrapped);
