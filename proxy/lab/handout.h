// What a student is given of a scenario's parts: the configurations that their administrators could
// show, and nothing of what misbehaves. Pure.
#pragma once

#include "buffer.h"
#include "yaml_tree.h"

// handout_write appends origin, bridge, client and, where there is one, second-client of a
// scenario's file as YAML: policies, presets and habits as they are said there. What is left out
// (recipes, quirks, boxes, clocks, trust) leaves no trace: each part is named whether or not
// anything is wrong with it. False: out of memory.
bool handout_write(struct buffer *out, const struct yaml_item *scenario);
