// A trial: a scenario played as it is and once more with a fix, both held against what the scenario
// says.
#pragma once

#include "play.h"

struct trial_run {
    struct play play;
    bool is_as_wanted;      // broken: what was expected; mended: all works
    char why[PLAY_WHY_MAX]; // when it is not
};

// All-zero is a valid empty one.
struct lab_trial {
    const struct scenario *scenario; // borrowed
    struct trial_run broken, mended;
};

// trial_broken plays the scenario as it is; trial_mended with `mended` (NULL: the scenario's own
// fix), which is none when the bridge verified its origin and does no longer, or when a revoked
// certificate is still in use. False with `error` when it can't be played.
bool trial_broken(struct lab_trial *trial, struct error *error);
bool trial_mended(struct lab_trial *trial, const struct lab_case *mended, struct error *error);
void trial_clear(struct lab_trial *trial);

static inline bool trial_is_good(const struct lab_trial *trial)
{
    return trial->broken.is_as_wanted && trial->mended.is_as_wanted;
}
