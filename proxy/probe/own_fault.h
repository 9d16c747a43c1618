// The origin's own fault: its settings contradict one another, so that it fails by itself whatever
// is offered, or whenever it is offered everything. Inside probe only.
#pragma once

#include "plan.h"

// own_fault_say writes the verdict about what passes only when the origin is kept from choosing
// what it can't do (`trial`, narrowed).
void own_fault_say(struct judge *judge, const struct trial *trial, struct verdict *out);

// own_fault_say_hopeless tells, where plan_is_hopeless and the verdict is about what was offered,
// that no hello mends it: the cause stays as deduced, the party is the origin. False otherwise.
bool own_fault_say_hopeless(struct plan *plan, struct verdict *verdict);
