// What a survey says as a whole.
#include "code_points.h"
#include "survey.h"

bool survey_accepts(const struct survey *survey)
{
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        if (survey->versions[i].answer == SURVEY_ACCEPTED) {
            return true;
        }
    }
    return false;
}

static bool has_first(const struct survey *survey, enum outcome_kind kind)
{
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        if (survey->versions[i].first.kind == kind) {
            return true;
        }
    }
    return false;
}

bool survey_speaks(const struct survey *survey)
{
    return survey_accepts(survey) || has_first(survey, OUTCOME_ALERT) ||
           has_first(survey, OUTCOME_SERVER_HELLO) || has_first(survey, OUTCOME_RETRY);
}

const char *survey_cause(const struct survey *survey, const char *sni)
{
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        const struct outcome *first = &survey->versions[i].first;
        if (first->kind == OUTCOME_ALERT && first->alert == ALERT_UNRECOGNIZED_NAME) {
            return sni != NULL ? "sni.unrecognized" : "sni.required";
        }
    }
    if (survey_speaks(survey)) {
        return NULL; // an alert alone names no cause
    }
    static const struct {
        enum outcome_kind kind;
        const char *cause;
    } rows[] = {
        {OUTCOME_NOT_TLS, "transport.not-tls"},     {OUTCOME_RESET, "transport.reset"},
        {OUTCOME_CLOSED, "transport.closed"},       {OUTCOME_SILENCE, "transport.timeout"},
        {OUTCOME_UNREACHABLE, "transport.refused"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (has_first(survey, rows[i].kind)) {
            return rows[i].cause;
        }
    }
    return NULL;
}
