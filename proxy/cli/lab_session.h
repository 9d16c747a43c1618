// What the parts of `midspan lab` share: the scenarios, the language, the progress.
#pragma once

#include "command.h"
#include "lab_hosts.h"
#include "progress.h"
#include "scenario.h"

struct lab_session {
    const struct invocation *invocation;
    enum language language;
    bool is_json;
    struct scenario_list list;
    struct scenario *own; // a scenario from a file of the user's
    struct progress progress;
    struct lab_hosts hosts; // serve
};

// lab_scenario finds the scenario that an operand names: a number, a name, or (with a '/' or
// ".yaml") a file. *out_number is its place in the list, 0 for a file. NULL, reported.
const struct scenario *lab_scenario(struct lab_session *lab, const char *word, size_t *out_number);

// lab_say chooses one of two texts.
const char *lab_say(const struct lab_session *lab, const char *english, const char *japanese);

// The commands below `lab`; each gives the exit code.
int lab_list(struct lab_session *lab);
int lab_show(struct lab_session *lab);
int lab_run(struct lab_session *lab);
int lab_run_all(struct lab_session *lab);
int lab_check(struct lab_session *lab);
int lab_serve(struct lab_session *lab);
int lab_send(struct lab_session *lab);
