// The lab's hosts: every scenario with a `host:` at once, each an origin of its own, for whoever
// comes through a proxy that is told the way: HOST.midspan.test, and lab.midspan.test, a page that
// lists them.
#pragma once

#include "local.h"
#include "memory_file.h"
#include "origins.h"
#include "scenario.h"

struct lab_host {
    const struct scenario *scenario; // borrowed
    uint16_t port;                   // of its origin, or of the box before it
};

// All-zero is a valid empty one.
struct lab_hosts {
    struct origins *origins;
    struct lab_host hosts[SCENARIOS_MAX];
    size_t count;
    struct buffer page; // HTML
    uint16_t page_port;
    struct memory_file trust, crl;
};

// lab_hosts_open starts them. `trusted` (PEM) is what the proxy trusts besides the lab's roots.
// False with `error`, and nothing is open then.
bool lab_hosts_open(struct lab_hosts *hosts, const struct scenario_list *list, struct slice trusted,
                    struct error *error);
void lab_hosts_close(struct lab_hosts *hosts);

// lab_hosts_tell tells settings the way to the hosts, and whom to trust on the server leg. They
// must be closed after the proxy that has these settings.
bool lab_hosts_tell(const struct lab_hosts *hosts, struct settings *settings, struct error *error);
