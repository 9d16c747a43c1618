// A verdict's fix in the words of the device that the bridge imitates. Pure.
#pragma once

#include "verdict.h"

// dialect_add says, for every leg key that mends the verdict, how the configuration of the preset
// in force (evidence->edge) sets it; it fills `device` and `dialect`. Nothing is added without a
// preset, for a fix that is no leg key, or where the device has no words for the key. Texts live
// in `arena`. A verdict that has words already keeps them.
void dialect_add(struct verdict *verdict, const struct evidence *evidence, struct arena *arena);
