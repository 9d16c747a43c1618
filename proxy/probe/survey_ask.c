#include "survey_ask.h"

#include "code_points.h"
#include "wide.h"

// ---- what is known

struct survey_version *survey_version_of(struct survey_plan *plan, const struct survey_track *track)
{
    return &plan->survey->versions[track->version];
}

const struct survey_track *survey_suites_track(const struct survey_plan *plan, size_t version)
{
    for (size_t i = 0; i < SURVEY_TRACKS; i++) {
        const struct survey_track *track = &plan->tracks[i];
        if (track->topic == TOPIC_SUITES && track->version == version) {
            return track;
        }
    }
    return NULL;
}

// The accepted suites of a version by which a key exchange names group and scheme.
void survey_curve_suites(const struct survey_version *version, struct number_list *out)
{
    *out = (struct number_list){0};
    for (size_t i = 0; i < version->suites.count; i++) {
        const struct suite *suite = suite_find(version->suites.items[i]);
        bool is_curve = suite != NULL && (suite->kx == KX_ECDHE || suite->kx == KX_ANY);
        if (is_curve && suite->auth != AUTH_NONE) {
            (void)number_list_add(out, suite->id); // as many as were found
        }
    }
}

// ---- questions

static bool is_chacha(uint16_t suite)
{
    return suite == 0x1303 || (suite >= 0xcca8 && suite <= 0xccae); // RFC 8446, RFC 7905
}

// rival is the suite that is named before the chosen one to learn whose order counts. Not ChaCha20
// if there is another: servers with an order of their own let a client's ChaCha20 pass before it
// (HAProxy and others: OpenSSL's SSL_OP_PRIORITIZE_CHACHA).
uint16_t survey_rival(const struct survey_list *suites)
{
    for (size_t i = 1; i < suites->count; i++) {
        if (!is_chacha(suites->items[i])) {
            return suites->items[i];
        }
    }
    return suites->items[1];
}

static void fill(struct survey_plan *plan, const struct survey_track *track, struct survey_ask *ask)
{
    struct survey_version *version = survey_version_of(plan, track);
    wide_list(LIST_GROUPS, &ask->groups);
    wide_list(LIST_SCHEMES, &ask->schemes);
    switch (track->topic) {
    case TOPIC_FULL:
        break;
    case TOPIC_SUITES:
        ask->suites = track->left;
        break;
    case TOPIC_ORDER:
        (void)number_list_add(&ask->suites, survey_rival(&version->suites)); // both fit
        (void)number_list_add(&ask->suites, version->suites.items[0]);
        break;
    case TOPIC_GROUPS:
        survey_curve_suites(version, &ask->suites);
        ask->groups = track->left;
        if (track->kept != 0) {
            (void)number_list_add(&ask->groups, track->kept); // it was taken out of there
        }
        ask->wants_retry = version->version == VERSION_TLS13;
        break;
    case TOPIC_SCHEMES:
        survey_curve_suites(version, &ask->suites);
        ask->schemes = track->left;
        if (version->version == VERSION_TLS13) { // what signed is encrypted: one at a time
            ask->schemes = (struct number_list){.count = 1, .items = {track->left.items[0]}};
        }
        break;
    }
}

struct survey_ask survey_ask_make(struct survey_plan *plan, const struct survey_track *track)
{
    struct survey_ask ask = {
        .track = (size_t)(track - plan->tracks),
        .topic = track->topic,
        .full = track->full,
        .version = survey_version_of(plan, track)->version,
    };
    fill(plan, track, &ask);
    return ask;
}

// taker gives the track of a version that took a suite: its own, else the newest; NULL: none did.
const struct survey_track *survey_taker(const struct survey_plan *plan,
                                        const struct survey_track *track)
{
    const struct survey_track *own = survey_suites_track(plan, track->version);
    for (size_t i = 0; i < SURVEY_VERSIONS && own->taken == 0; i++) {
        own = survey_suites_track(plan, i);
    }
    return own->taken != 0 ? own : NULL;
}

struct survey_ask survey_ask_control(struct survey_plan *plan, const struct survey_track *track)
{
    const struct survey_track *known = survey_taker(plan, track);
    struct survey_ask ask = {
        .track = (size_t)(track - plan->tracks),
        .topic = track->topic,
        .version = survey_version_of(plan, known)->version,
        .suites = {.count = 1, .items = {known->taken}},
    };
    wide_list(LIST_GROUPS, &ask.groups);
    wide_list(LIST_SCHEMES, &ask.schemes);
    return ask;
}
