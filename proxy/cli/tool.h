// Small programs of the system (certutil, update-ca-certificates), run to their end.
#pragma once

#include "buffer.h"
#include "error.h"

#define TOOL_OUTPUT_MAX ((size_t)256 << 10)

// tool_find writes the path of a program as $PATH finds it; false when it is not there.
bool tool_find(const char *name, char out_path[4096]);

// tool_run runs a program (argv[0] is looked up in $PATH), gives it `input` as standard input, and
// appends what it prints on either stream, cut at TOOL_OUTPUT_MAX. *out_status is its exit code,
// 128 + signal when one ended it. False when it could not be started. Waits for its end.
bool tool_run(const char *const argv[], struct slice input, struct buffer *out, int *out_status,
              struct error *error);
