// Inside of survey: all that a server can be asked for in one version, from the tables of code
// points; and lists that shrink and grow as it answers. Pure. What has an `out` writes it anew.
#pragma once

#include "library.h"
#include "survey.h"

// survey_suites lists cipher suites, modern ones first, in two batches: what servers have, and what
// hardly any has. A hello with both would be too long for some.
void survey_suites(uint16_t version, bool is_usual_batch, struct number_list *out);

// survey_groups lists groups, those first that every client has.
void survey_groups(uint16_t version, struct number_list *out);

// survey_schemes lists signature schemes.
void survey_schemes(uint16_t version, struct number_list *out);

void survey_list_remove(struct number_list *list, uint16_t number);

// survey_list_add is false when the list is full.
bool survey_list_add(struct survey_list *list, uint16_t number, size_t dh_bits);

// survey_shape gives the full handshakes all that the TLS library can, what is usual first: the
// first groups get the key share, and some servers (Java) take the first scheme, even one that TLS
// 1.3 forbids.
void survey_shape(const struct library *library, struct leg_shape *out_shape);
