// The watch: a sink that keeps what the bridge told, so that it can be shown and compared once the
// bridge is gone. Evidence and verdicts are copied as they are told.
#pragma once

#include "record.h"

#define WATCH_TOLD_MAX 64

// One event of a connection. Everything lives until watch_free.
struct told {
    enum event_kind kind; // SECURED, VERDICT or CLOSED
    const struct evidence *evidence;
    const struct verdict *verdict; // VERDICT
    const struct verdict *masked;  // SECURED
    size_t masked_count;
};

struct watch;

struct watch *watch_new(void); // NULL when memory is out
void watch_free(struct watch *watch);

// watch_sink makes the sink to give to a recorder, which must be freed before the watch. It writes
// nothing to any descriptor.
struct sink watch_sink(struct watch *watch);

// watch_at gives the i-th thing told, NULL past the end. For use once the recorder is gone.
// watch_is_whole is false when something told was not kept: past WATCH_TOLD_MAX, or memory was out.
const struct told *watch_at(const struct watch *watch, size_t i);
bool watch_is_whole(const struct watch *watch);

// watch_count is how much was told so far; thread-safe.
size_t watch_count(struct watch *watch);
