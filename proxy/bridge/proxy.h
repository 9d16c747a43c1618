// The running proxy: listeners, workers, and everything they share.
#pragma once

#include "authority.h"
#include "record.h"
#include "settings.h"

struct proxy;

// proxy_start opens the listeners, makes the mint and the workers (a thread each), and returns
// when all of them accept. Reads trust stores and certificates: blocks on disk. `settings` is
// copied; `ca`, `recorder` and `keylog` (may be NULL) are kept and must outlive the proxy. Emits
// `listening` for each listener. NULL with `error` (a taken port says so, and names it).
struct proxy *proxy_start(const struct settings *settings, const struct authority *ca,
                          struct recorder *recorder, struct keylog *keylog, struct error *error);

// proxy_endpoint gives the i-th listener's real address (port 0 resolved), NULL past the last.
const struct endpoint *proxy_endpoint(const struct proxy *proxy, size_t i);

// proxy_reload puts new settings in force for new connections (SIGHUP). Listeners and workers stay
// as they are. False with `error` when they can't be used: the old ones stay in force.
bool proxy_reload(struct proxy *proxy, const struct settings *settings, struct error *error);

// proxy_drain stops accepting and lets open connections end; those still open after `grace_ms` are
// dropped. Returns when all workers have stopped. proxy_free then frees; NULL does nothing.
void proxy_drain(struct proxy *proxy, int64_t grace_ms);
void proxy_free(struct proxy *proxy);

// proxy_open_count is how many connections are open now; thread-safe.
size_t proxy_open_count(const struct proxy *proxy);
