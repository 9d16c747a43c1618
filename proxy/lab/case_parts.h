// What the files that read a case share. Not for other files.
#pragma once

#include "reading.h"
#include "scenario.h"

// part_read_leg sets each leg key of a mapping; those set are added to `said`.
bool part_read_leg(const struct reading *reading, const struct yaml_item *item, const char *what,
                   struct leg_policy *policy, enum side side, uint32_t *said);

// A client's keys, for reading_map over a struct lab_client that part_client_init has made: one
// that trusts the bridge and has the hello of LAB_CLIENT_PRESET.
extern const struct reading_key part_client_keys[];
void part_client_init(struct lab_client *client);
