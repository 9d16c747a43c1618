// Exclusion: the third form of proof, for causes that say "whatever is offered". The same hello,
// the client's own, and hellos that differ in everything that a hello can differ in all end as the
// broken handshake did. Pure.
#pragma once

#include "plan.h"

// exclusion_fits is true if the cause is one that exclusion proves: transport.*, alert.*, and a
// name refused by the alert that says so.
bool exclusion_fits(const struct judge *judge, const struct verdict *verdict);

// exclusion_holds is true if every trial was run and ended as the broken handshake did, and the
// trials leave nothing of the hello unchanged.
bool exclusion_holds(const struct plan *plan);

// exclusion_lacks_record is true if only a record of another version is left to be tried.
bool exclusion_lacks_record(const struct plan *plan);

// exclusion_say makes the verdict proven and adds what was tried.
void exclusion_say(struct plan *plan, struct verdict *verdict);
