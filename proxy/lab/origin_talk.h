// The part of a lab origin's visit that speaks HTTP/1.1 and HTTP/2. Not for other folders.
#pragma once

#include "origin_visit.h"

// origin_talk_begin goes on once the leg is secured: REQUEST, with the protocol that was agreed on.
void origin_talk_begin(struct origin_visit *o);

// origin_talk_read reads what the engine holds, until it waits or the visit is past its request.
void origin_talk_read(struct origin_visit *o);

// origin_talk_head takes bytes of a request in plaintext; origin_talk_answer answers with `status`
// and ends the visit.
void origin_talk_head(struct origin_visit *o, struct slice bytes);
void origin_talk_answer(struct origin_visit *o, uint16_t status);
