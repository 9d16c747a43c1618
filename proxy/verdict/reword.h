// Verdicts on captured handshakes, in which midspan was not in the middle.
#pragma once

#include "verdict.h"

// reword_captured puts, in a verdict as it is said in `language`, the client where the texts of a
// passed connection say midspan. The catalogue and what peers sent stay as they are. Text in the
// arena; a text stays as it was when memory is out.
void reword_captured(struct verdict *verdict, enum language language, struct arena *arena);
