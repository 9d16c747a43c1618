// What was wrong with a client's request to the proxy: a status for the answer and one sentence.
#pragma once

#include "ingress.h"

struct fault {
    int status; // of an HTTP answer
    char text[INGRESS_FAULT_MAX];
};

// fault_set fills `fault` and is always false, so that a reader can `return fault_set(…)`. What
// the client sent is quoted with fault_quote only. Text past INGRESS_FAULT_MAX is cut.
bool fault_set(struct fault *fault, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define FAULT_QUOTE_BYTES_MAX 48
#define FAULT_QUOTE_MAX       (4 * FAULT_QUOTE_BYTES_MAX + 4)

// fault_quote writes the beginning of `bytes`, escaped for a terminal, "..." after it when cut.
const char *fault_quote(struct slice bytes, char out_text[FAULT_QUOTE_MAX]);
