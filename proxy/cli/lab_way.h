// The lab's hosts behind a proxy of midspan's: for `lab serve`, and for `exec` and `browser` with
// --lab.
#pragma once

#include "lab_hosts.h"

// lab_way_open starts the hosts of `list`; whoever is told the way trusts the system's authorities
// besides the lab's. False with `error`, and nothing is open then.
bool lab_way_open(struct lab_hosts *hosts, const struct scenario_list *list, struct error *error);
