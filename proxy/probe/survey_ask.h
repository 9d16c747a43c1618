// Inside of survey: the questions of a plan, made from what was found so far. Pure.
#pragma once

#include "survey_plan.h"

struct survey_version *survey_version_of(struct survey_plan *plan,
                                         const struct survey_track *track);

// survey_suites_track gives the track of the suites of survey.versions[version].
const struct survey_track *survey_suites_track(const struct survey_plan *plan, size_t version);

// survey_curve_suites lists the accepted suites of a version by which a key exchange names group
// and scheme.
void survey_curve_suites(const struct survey_version *version, struct number_list *out);

// survey_rival is the suite that is named before the chosen one to learn whose order counts; of two
// suites at least.
uint16_t survey_rival(const struct survey_list *suites);

// survey_ask_make gives the next question of a track.
struct survey_ask survey_ask_make(struct survey_plan *plan, const struct survey_track *track);

// survey_taker gives the track of a version that took a suite: its own, else the newest; NULL: none
// did.
const struct survey_track *survey_taker(const struct survey_plan *plan,
                                        const struct survey_track *track);

// survey_ask_control gives a question that was answered before; there must be a taker.
struct survey_ask survey_ask_control(struct survey_plan *plan, const struct survey_track *track);
