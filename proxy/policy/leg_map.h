// A leg's keys as a YAML mapping: {min: TLS1.2, ciphers: [a, b]}. Inside policy only.
#pragma once

#include "leg_policy.h"
#include "yaml_tree.h"

// yaml_fail puts "NAME:LINE: " in front of an error that says the rest, and makes one of wrong use
// one of wrong configuration; it is always false.
bool yaml_fail(struct error *error, const char *name, const struct yaml_item *item);

// yaml_refuse_kind says that `item` ("what") is of another kind than `expected`; always false.
bool yaml_refuse_kind(struct error *error, const char *name, const struct yaml_item *item,
                      const char *what, const char *expected);

// leg_map_apply sets every key of `map`; the keys set are added to `said`, and "KEY=VALUE,…" is
// appended to `out_text` unless that is NULL. Errors say "NAME:LINE: client-leg: KEY: …".
bool leg_map_apply(struct leg_policy *policy, enum side side, const struct yaml_item *map,
                   const char *name, uint32_t *said, struct buffer *out_text, struct error *error);
