// What a survey found, as what a prediction is made against. Pure.
#pragma once

#include "predict.h"
#include "survey.h"

// All-zero is empty. Its own address is in `terms`: not to be copied.
struct survey_terms {
    struct version_terms seen[VERSIONS_SEEN]; // in the order of survey.versions
    struct server_terms terms;
};

// survey_terms_make fills it from a survey that accepted any version. Versions, suites and their
// order are those seen. Groups below TLS 1.3 were asked for in the newest of these versions and
// hold for the older ones; what was not asked for is left to the TLS library's habits. A server
// that took a hello with only an ALPN name that it does not have does not need one in common; where
// that was not seen it is taken not to.
void survey_terms_make(const struct survey *survey, struct survey_terms *out);
