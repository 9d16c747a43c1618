#include "survey_plan.h"

#include <assert.h>
#include <string.h>

#include "code_points.h"
#include "survey_ask.h"
#include "survey_lists.h"

// ---- tracks

static struct survey_list *list_of(struct survey_plan *plan, const struct survey_track *track)
{
    struct survey_version *version = survey_version_of(plan, track);
    switch (track->topic) {
    case TOPIC_FULL:
    case TOPIC_ORDER:
        break;
    case TOPIC_SUITES:
        return &version->suites;
    case TOPIC_GROUPS:
        return &version->groups;
    case TOPIC_SCHEMES:
        return &version->schemes;
    }
    return NULL;
}

static void end_track(struct survey_plan *plan, struct survey_track *track, enum survey_state state)
{
    struct survey_list *list = list_of(plan, track);
    track->state = TRACK_DONE;
    if (list != NULL) {
        list->state = state;
    }
}

static bool has_ended(const struct survey_plan *plan, size_t version)
{
    return survey_suites_track(plan, version)->state == TRACK_DONE;
}

// Below TLS 1.3 groups are asked for in the newest version that is taken.
static bool is_newest_below(const struct survey *survey, size_t version)
{
    for (size_t i = 1; i < version; i++) {
        if (survey->versions[i].answer == SURVEY_ACCEPTED) {
            return false;
        }
    }
    return survey->versions[version].version < VERSION_TLS13;
}

static bool are_settled(const struct survey_plan *plan, size_t version)
{
    bool all = has_ended(plan, version);
    for (size_t i = 1; i < version; i++) {
        all = all && (plan->survey->versions[i].answer == SURVEY_ACCEPTED || has_ended(plan, i));
    }
    return all;
}

static void prepare_detail(struct survey_plan *plan, struct survey_track *track)
{
    const struct survey_version *version = survey_version_of(plan, track);
    uint16_t number = version->version;
    struct number_list suites;
    if (!are_settled(plan, track->version)) {
        return;
    }
    survey_curve_suites(version, &suites);
    bool is_wanted = number == VERSION_TLS13 ||
                     (track->topic == TOPIC_GROUPS ? is_newest_below(plan->survey, track->version)
                                                   : number == VERSION_TLS12);
    if (version->answer != SURVEY_ACCEPTED || suites.count == 0 || !is_wanted) {
        track->state = TRACK_DONE; // its list stays SURVEY_NOT_CHECKED
        return;
    }
    if (track->topic == TOPIC_GROUPS) {
        survey_groups(number, &track->left);
    } else {
        survey_schemes(number, &track->left);
    }
    track->state = TRACK_READY;
}

static void prepare(struct survey_plan *plan, struct survey_track *track)
{
    const struct survey *survey = plan->survey;
    switch (track->topic) {
    case TOPIC_FULL:
        if (track->full == SURVEY_NAMELESS && !plan->has_name) {
            track->state = TRACK_DONE; // SURVEY_NAMED is that already
        } else if (survey_accepts(survey)) {
            track->state = TRACK_READY;
        }
        break;
    case TOPIC_SUITES:
        survey_suites(survey_version_of(plan, track)->version, true, &track->left);
        track->state = TRACK_READY;
        break;
    case TOPIC_ORDER:
        if (has_ended(plan, track->version)) {
            bool can_ask = survey_version_of(plan, track)->suites.count >= 2;
            track->state = can_ask ? TRACK_READY : TRACK_DONE;
        }
        break;
    case TOPIC_GROUPS:
    case TOPIC_SCHEMES:
        prepare_detail(plan, track);
        break;
    }
}

void survey_plan_open(struct survey_plan *plan, struct survey *survey, bool has_name)
{
    static const uint16_t versions[SURVEY_VERSIONS] = {VERSION_TLS13, VERSION_TLS12, VERSION_TLS11,
                                                       VERSION_TLS10, VERSION_SSL30};
    static const enum survey_topic topics[] = {TOPIC_SUITES, TOPIC_GROUPS, TOPIC_SCHEMES,
                                               TOPIC_ORDER};
    *survey = (struct survey){0};
    *plan = (struct survey_plan){.survey = survey, .has_name = has_name};
    size_t at = 0;
    for (size_t i = 0; i < SURVEY_FULLS; i++) {
        plan->tracks[at++] =
            (struct survey_track){.topic = TOPIC_FULL, .full = (enum survey_full)i};
    }
    for (size_t t = 0; t < COUNT_OF(topics); t++) {
        for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
            survey->versions[i].version = versions[i];
            plan->tracks[at++] = (struct survey_track){.topic = topics[t], .version = i};
        }
    }
    assert(at == SURVEY_TRACKS);
}

// ---- answers

static bool went_on(const struct survey_ask *ask, const struct outcome *outcome)
{
    bool is_answer = outcome->kind == OUTCOME_SERVER_HELLO || outcome->kind == OUTCOME_RETRY;
    return is_answer && outcome->version == ask->version &&
           number_list_has(&ask->suites, outcome->suite);
}

// The suites of both batches, once more in one list: which stands where.
static void begin_union(struct survey_plan *plan, struct survey_track *track)
{
    struct survey_list *list = list_of(plan, track);
    track->left = (struct number_list){0};
    for (size_t i = 0; i < list->count; i++) {
        (void)number_list_add(&track->left, list->items[i]); // as many as were found
    }
    list->count = 0;
    track->batch = 2;
    track->state = TRACK_READY;
}

static void end_batch(struct survey_plan *plan, struct survey_track *track,
                      const struct outcome *outcome)
{
    struct survey_version *version = survey_version_of(plan, track);
    struct survey_list *list = &version->suites;
    bool is_refused_version = outcome->kind == OUTCOME_ALERT && list->count == 0 &&
                              outcome->alert == ALERT_PROTOCOL_VERSION;
    bool answers = outcome->kind == OUTCOME_ALERT || list->count > 0;
    if (track->batch == 0 && answers && !is_refused_version) {
        survey_suites(version->version, false, &track->left);
        track->batch = 1;
        track->first_batch_count = list->count;
        if (track->left.count > 0) {
            track->state = TRACK_READY;
            return;
        }
    }
    bool has_both = track->first_batch_count > 0 && list->count > track->first_batch_count;
    if (track->batch == 1 && has_both) {
        begin_union(plan, track);
        return;
    }
    for (size_t i = 0; track->batch == 2 && i < track->left.count; i++) {
        (void)survey_list_add(list, track->left.items[i],
                              0); // taken before; its place is not known
    }
    if (version->answer == SURVEY_UNANSWERED) {
        version->answer = SURVEY_REFUSED;
    }
    end_track(plan, track, SURVEY_WHOLE);
}

static void take_suite(struct survey_plan *plan, struct survey_track *track,
                       const struct survey_ask *ask, const struct outcome *outcome)
{
    struct survey_version *version = survey_version_of(plan, track);
    bool is_taken = went_on(ask, outcome);
    // A server that chose and then failed by itself (no key for it) has not come to its end.
    bool did_choose = outcome->version == ask->version && outcome->suite != 0 &&
                      number_list_has(&track->left, outcome->suite);
    if (is_taken) {
        version->answer = SURVEY_ACCEPTED;
        track->taken = outcome->suite;
        (void)survey_list_add(&version->suites, outcome->suite,
                              outcome->dh_bits); // dials are fewer
    }
    if (!is_taken && !did_choose) {
        end_batch(plan, track, outcome);
        return;
    }
    survey_list_remove(&track->left, outcome->suite);
    if (track->dials >= SURVEY_DIALS_VERSION_MAX || version->suites.count == SURVEY_ITEMS_MAX) {
        end_track(plan, track, SURVEY_PARTIAL);
    } else if (track->left.count == 0) {
        end_batch(plan, track, outcome);
    }
}

static void take_order(struct survey_version *version, const struct outcome *outcome)
{
    struct survey_list *suites = &version->suites;
    if (outcome->suite == suites->items[0]) {
        suites->order = SURVEY_ORDER_SERVER;
    } else if (outcome->suite == survey_rival(suites)) {
        suites->order = SURVEY_ORDER_CLIENT;
    }
}

// note_group_order: who is asked for groups in our order and finds them in another has its own.
static void note_group_order(struct survey_version *version)
{
    struct survey_list *found = &version->groups;
    struct number_list asked;
    size_t at = 0, in_order = 0;
    survey_groups(version->version, &asked);
    for (size_t i = 0; i < asked.count && at < found->count; i++) {
        if (asked.items[i] == found->items[at]) {
            at++;
            in_order++;
        }
    }
    if (found->count > 1) {
        found->order = in_order == found->count ? SURVEY_ORDER_CLIENT : SURVEY_ORDER_SERVER;
    }
}

// keeps_curve is true if a refusal may be about the certificate: below TLS 1.3 the groups offered
// are also the curves that an ECDSA certificate may have (RFC 8422 section 5.1), so that no group
// is taken once its curve is left out. The one found last is then offered again, behind all others.
static bool keeps_curve(struct survey_plan *plan, struct survey_track *track)
{
    const struct survey_list *found = list_of(plan, track);
    bool is_curve = track->topic == TOPIC_GROUPS && track->kept == 0 && found->count > 0 &&
                    track->left.count > 0 &&
                    survey_version_of(plan, track)->version < VERSION_TLS13;
    if (is_curve) {
        track->kept = found->items[found->count - 1];
        track->state = TRACK_READY;
    }
    return is_curve;
}

static void take_detail(struct survey_plan *plan, struct survey_track *track,
                        const struct survey_ask *ask, const struct outcome *outcome)
{
    bool is_each = track->topic == TOPIC_SCHEMES && ask->version == VERSION_TLS13;
    uint16_t chosen = track->topic == TOPIC_GROUPS ? outcome->group : outcome->scheme;
    if (is_each && outcome->kind == OUTCOME_RETRY) { // it never comes to signing
        end_track(plan, track, SURVEY_NOT_CHECKED);
        return;
    }
    if (is_each) {
        chosen = ask->schemes.items[0];
    }
    bool is_taken = went_on(ask, outcome) && number_list_has(&track->left, chosen);
    if (is_taken) {
        (void)survey_list_add(list_of(plan, track), chosen, 0); // tables are shorter
    }
    survey_list_remove(&track->left, chosen);
    if (!is_taken && !is_each && keeps_curve(plan, track)) {
        return;
    }
    if ((!is_taken && !is_each) || track->left.count == 0) {
        end_track(plan, track, SURVEY_WHOLE);
        if (track->topic == TOPIC_GROUPS) {
            note_group_order(survey_version_of(plan, track));
        }
    }
}

static void take(struct survey_plan *plan, struct survey_track *track, const struct survey_ask *ask,
                 const struct outcome *outcome)
{
    track->doubt = DOUBT_NONE;
    switch (track->topic) {
    case TOPIC_FULL:
        break;
    case TOPIC_SUITES:
        take_suite(plan, track, ask, outcome);
        break;
    case TOPIC_ORDER:
        take_order(survey_version_of(plan, track), outcome);
        track->state = TRACK_DONE;
        break;
    case TOPIC_GROUPS:
    case TOPIC_SCHEMES:
        take_detail(plan, track, ask, outcome);
        break;
    }
}

static void cut_track(struct survey_plan *plan, struct survey_track *track)
{
    struct survey_list *list = list_of(plan, track);
    for (size_t i = 0; track->batch == 2 && i < track->left.count; i++) {
        (void)survey_list_add(list, track->left.items[i], 0); // as at the end of a batch
    }
    plan->survey->was_cut = true;
    end_track(plan, track, list != NULL && list->count > 0 ? SURVEY_PARTIAL : SURVEY_NOT_CHECKED);
}

// ---- doubts

static bool is_unspoken(enum outcome_kind kind)
{
    return kind == OUTCOME_RESET || kind == OUTCOME_CLOSED || kind == OUTCOME_SILENCE ||
           kind == OUTCOME_UNREACHABLE;
}

// Others may yet take something.
static bool is_any_open(const struct survey_plan *plan)
{
    for (size_t i = 0; i < SURVEY_VERSIONS; i++) {
        const struct survey_track *track = survey_suites_track(plan, i);
        if (track->state != TRACK_DONE && track->doubt != DOUBT_CONTROL) {
            return true;
        }
    }
    return false;
}

// doubts is true if something else is asked before this is believed: what it took before, once
// there is such a thing.
static bool doubts(const struct survey_plan *plan, struct survey_track *track,
                   enum outcome_kind kind)
{
    track->unspoken = kind;
    if (track->doubt == DOUBT_LAST) {
        return false;
    }
    bool can_wait = kind != OUTCOME_SILENCE; // that took long enough
    if (track->doubt == DOUBT_NONE && can_wait) {
        track->doubt = DOUBT_AGAIN;
        return true;
    }
    track->doubt = DOUBT_CONTROL;
    track->state = TRACK_WAITING;
    return survey_taker(plan, track) != NULL || is_any_open(plan);
}

// believe takes the end without a word for the answer.
static void believe(struct survey_plan *plan, struct survey_track *track)
{
    struct survey_ask asked = survey_ask_make(plan, track);
    track->state = TRACK_READY;
    take(plan, track, &asked, &(struct outcome){.kind = track->unspoken});
}

static void take_control(struct survey_plan *plan, struct survey_track *track,
                         const struct survey_ask *ask, const struct outcome *outcome)
{
    if (!went_on(ask, outcome)) {
        cut_track(plan, track); // it has stopped answering, whatever is asked
    } else if (track->unspoken == OUTCOME_SILENCE) {
        believe(plan, track);
    } else {
        track->doubt = DOUBT_LAST;
    }
}

// A full handshake is asked for once more when it was cut off.
static void take_full(const struct survey_plan *plan, struct survey_track *track)
{
    const struct leg_evidence *leg = plan->survey->full[track->full];
    enum ending_kind ending = leg != NULL ? leg->handshake.kind : ENDING_NONE;
    bool is_cut_off =
        ending == ENDING_RESET || ending == ENDING_CLOSED || ending == ENDING_UNREACHABLE;
    bool has_next = is_cut_off && track->doubt == DOUBT_NONE;
    track->doubt = DOUBT_AGAIN;
    track->state = has_next ? TRACK_READY : TRACK_DONE;
}

void survey_plan_answer(struct survey_plan *plan, const struct survey_ask *ask,
                        const struct outcome *outcome)
{
    struct survey_track *track = &plan->tracks[ask->track];
    assert(track->state == TRACK_ASKED);
    if (track->topic == TOPIC_FULL) {
        take_full(plan, track);
        return;
    }
    track->state = TRACK_READY;
    if (track->doubt == DOUBT_CONTROL) {
        take_control(plan, track, ask, outcome);
        return;
    }
    if (track->topic == TOPIC_SUITES && (track->dials == 1 || track->is_first_unspoken)) {
        survey_version_of(plan, track)->first = *outcome;
        track->is_first_unspoken = is_unspoken(outcome->kind);
    }
    if (!is_unspoken(outcome->kind) || !doubts(plan, track, outcome->kind)) {
        track->state = TRACK_READY;
        take(plan, track, ask, outcome);
    }
}

// ---- questions

static void prepare_control(struct survey_plan *plan, struct survey_track *track)
{
    if (survey_taker(plan, track) != NULL) {
        track->state = TRACK_READY;
    } else if (!is_any_open(plan)) {
        believe(plan, track); // nothing is taken
    }
}

bool survey_plan_next(struct survey_plan *plan, struct survey_ask *out_ask)
{
    for (size_t i = 0; i < SURVEY_TRACKS; i++) {
        struct survey_track *track = &plan->tracks[i];
        if (track->state == TRACK_WAITING && track->doubt == DOUBT_CONTROL) {
            prepare_control(plan, track);
        } else if (track->state == TRACK_WAITING) {
            prepare(plan, track);
        }
        if (track->state != TRACK_READY) {
            continue;
        }
        *out_ask = track->doubt == DOUBT_CONTROL ? survey_ask_control(plan, track)
                                                 : survey_ask_make(plan, track);
        track->state = TRACK_ASKED;
        track->dials++;
        return true;
    }
    return false;
}

void survey_plan_cut(struct survey_plan *plan)
{
    for (size_t i = 0; i < SURVEY_TRACKS; i++) {
        struct survey_track *track = &plan->tracks[i];
        // Full handshakes wait for a version that is accepted: without one there is none to make.
        bool is_moot = track->state == TRACK_WAITING && track->topic == TOPIC_FULL &&
                       !survey_accepts(plan->survey);
        if (track->state != TRACK_DONE && !is_moot) {
            cut_track(plan, track);
        }
    }
}
