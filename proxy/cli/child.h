// The program that midspan runs: started, signalled, waited for.
#pragma once

#include <stdbool.h>

enum child_code {
    CHILD_NOT_RUNNABLE = 126, // as the shells say it
    CHILD_NOT_FOUND = 127,
    CHILD_SIGNALLED = 128 // plus the signal's number
};

// child_hold_signals makes signals wait until child_run listens for them, and again after it: what
// the caller has yet to remove is then removed. Threads started afterwards inherit it.
void child_hold_signals(void);

// child_run starts argv[0] (looked up in the $PATH of `environment`) with our standard streams,
// hands on the signals that we get (not those that the terminal sent to both), and gives its exit
// code, or one of the above. What could not be started is reported.
int child_run(char *const *argv, char *const *environment);
