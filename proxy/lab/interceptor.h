// A second interceptor: another bridge of ours, with an authority that calls itself as antivirus
// and corporate proxies do, between client and bridge or between bridge and origin.
#pragma once

#include "authority.h"
#include "endpoint.h"

struct interceptor_spec {
    const char *subject;    // of its authority: "O=Fortinet/CN=FortiGate CA"
    struct endpoint target; // an IP literal and a port
    const char *ca_file;    // what it trusts on its own server leg; NULL: it verifies nothing
    const char *edge;       // a preset that both its legs follow; NULL: it mirrors
};

struct interceptor;

// interceptor_start returns when it listens on 127.0.0.1, at *out_port. It keeps no log. NULL with
// `error`.
struct interceptor *interceptor_start(const struct interceptor_spec *spec, uint16_t *out_port,
                                      struct error *error);
// interceptor_authority borrows its authority: whoever shall trust it must be told.
const struct authority *interceptor_authority(const struct interceptor *interceptor);
void interceptor_free(struct interceptor *interceptor); // NULL does nothing
