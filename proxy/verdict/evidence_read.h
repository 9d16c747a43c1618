// Inside of the evidence reader: its parts.
#pragma once

#include "json_read.h"

#define READ_BYTES_MAX  ((size_t)128 * 1024) // of one hello, certificate or staple
#define FIRST_BYTES_MAX 64

// leg_read fills one leg from its JSON object.
void leg_read(struct reader *reader, const json_t *leg, struct leg_evidence *out_leg);
