// Broad lists: what servers may take, for hellos that look for the one thing that a server wants.
#pragma once

#include "sets.h"

// wide_list gives the broad list of a kind, the modern first, then what is deprecated: it is there
// to be diagnosed, never to be advised.
void wide_list(enum list_kind kind, struct number_list *out_list);
