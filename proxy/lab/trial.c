#include "trial.h"

#include <stdio.h>

#include "guard.h"

// verifies is true for a bridge that checks its origin's certificate: unless told otherwise, or in
// a preset's place.
static bool verifies(const struct lab_bridge *bridge)
{
    return bridge->edge[0] == '\0' && bridge->legs[SERVER].verify;
}

// Whoever no longer looks sees no fault of a certificate, and no masked one where the fault was the
// look itself: a wrong clock, a wrong name.
static bool looks_away(const struct lab_trial *trial, const struct lab_case *mended)
{
    const struct play *play = &trial->mended.play;
    if (!verifies(&trial->scenario->broken.bridge) || mended->bridge.passes) {
        return false;
    }
    for (size_t i = 0; i < play->part_count; i++) {
        const struct evidence *evidence = play->parts[i].evidence;
        const struct leg_evidence *leg = evidence != NULL ? &evidence->legs[SERVER] : NULL;
        if (leg != NULL && leg->handshake.kind == ENDING_SECURED && !leg->did_verify) {
            return true;
        }
    }
    return false;
}

// A certificate stays revoked when its server, or the bridge's list, no longer tells.
static bool is_revoked(const struct lab_case *mended)
{
    bool is_revoked = false;
    for (size_t i = 0; i < mended->origin.site_count; i++) {
        is_revoked = is_revoked || mended->origin.sites[i].recipe.is_revoked;
    }
    return is_revoked;
}

// deny takes back that it is mended, with the reason.
static void deny(struct trial_run *run, const char *why)
{
    run->is_as_wanted = false;
    (void)snprintf(run->why, sizeof(run->why), "%s", why); // fits
}

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
    mended = mended != NULL ? mended : &trial->scenario->mended;
    if (!play_run(&run->play, mended, error)) {
        return false;
    }
    run->is_as_wanted = play_is_mended(&run->play, &trial->scenario->expect, run->why);
    if (run->is_as_wanted && looks_away(trial, mended)) {
        deny(run, "it works because nobody looks any more: the bridge verifies no certificate");
    } else if (run->is_as_wanted && is_revoked(mended)) {
        deny(run, "it works because nobody looks any more: the certificate is still revoked");
    }
    const char *breach = guard_breach(trial->scenario, mended);
    if (run->is_as_wanted && breach != NULL) {
        deny(run, breach);
    }
    return true;
}

void trial_clear(struct lab_trial *trial)
{
    play_clear(&trial->broken.play);
    play_clear(&trial->mended.play);
}
