// Inside of survey: all that a server can be asked for in one version, from the tables of code
// points. Pure. Each function writes `out` anew.
#pragma once

#include "number_list.h"

// survey_suites lists cipher suites, modern ones first, in two batches: what servers have, and what
// hardly any has. A hello with both would be too long for some.
void survey_suites(uint16_t version, bool is_usual_batch, struct number_list *out);

// survey_groups lists groups, those first that every client has.
void survey_groups(uint16_t version, struct number_list *out);

// survey_schemes lists signature schemes.
void survey_schemes(uint16_t version, struct number_list *out);
