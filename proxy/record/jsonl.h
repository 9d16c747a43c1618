// An event as a line of the log; for the sinks that hold it.
#pragma once

#include "event.h"

// jsonl_render appends one JSON object and a newline. Without memory for it a notice takes its
// place, or nothing when that has no room either; false then.
bool jsonl_render(const struct event *event, struct buffer *out);
