// The parts of a case as YAML: origin, box, bridge, client, second-client. Not for other folders.
#pragma once

#include "reading.h"
#include "scenario.h"

// case_init makes the case that a scenario without a word about it has: a healthy modern origin
// named `host`, midspan as it is, a client that trusts it.
bool case_init(struct lab_case *out, const char *host, struct error *error);

// case_read_part reads the part `item` (its key says which) into what `lab_case` has already: keys
// that are not said stay. case_is_part tells its keys from others.
bool case_read_part(const struct reading *reading, const struct yaml_item *item,
                    struct lab_case *lab_case);
bool case_is_part(const char *key);

#define CASE_PARTS "origin, box, bridge, client, second-client"
