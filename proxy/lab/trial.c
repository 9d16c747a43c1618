#include "trial.h"

bool trial_broken(struct lab_trial *trial, struct error *error)
{
    struct trial_run *run = &trial->broken;
    if (!play_run(&run->play, &trial->scenario->broken, error)) {
        return false;
    }
    run->is_as_wanted = play_meets(&run->play, &trial->scenario->expect, run->why);
    return true;
}

bool trial_mended(struct lab_trial *trial, const struct lab_case *mended, struct error *error)
{
    struct trial_run *run = &trial->mended;
    if (!play_run(&run->play, mended != NULL ? mended : &trial->scenario->mended, error)) {
        return false;
    }
    run->is_as_wanted = play_is_mended(&run->play, &trial->scenario->expect, run->why);
    return true;
}

void trial_clear(struct lab_trial *trial)
{
    play_clear(&trial->broken.play);
    play_clear(&trial->mended.play);
}
