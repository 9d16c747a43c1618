// What the trials prove: the verdict's rows, its confidence, and, where the proof shows another
// cause than the suspected one, its cause, party and fix. Pure.
#pragma once

#include "plan.h"

// conclude rewrites `verdict` by the trials of `plan`; text goes into the judge's arena.
void conclude(struct plan *plan, struct verdict *verdict);
