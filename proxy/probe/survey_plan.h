// Inside of survey: what to ask next, and what an answer means. Pure: answers come from whoever
// dials, or from a test.
//
// A track is a row of questions, one after the other, each made from the answers before it: the
// suites of one version by leaving out the one chosen until the server refuses, and so on. Tracks
// do not wait for each other but where one needs what another found.
#pragma once

#include "survey.h"

enum survey_topic {
    TOPIC_FULL,    // one full handshake
    TOPIC_SUITES,  // is the version taken, and which suites
    TOPIC_ORDER,   // two suites in reverse
    TOPIC_GROUPS,  // left out one by one
    TOPIC_SCHEMES, // left out one by one (TLS 1.2) or offered one by one (TLS 1.3)
};

enum track_state {
    TRACK_WAITING, // for what another track finds
    TRACK_READY,
    TRACK_ASKED,
    TRACK_DONE
};

// A question that ended without a word may have been refused so. Or the server is busy, or it has
// had enough of us: one that it has answered before tells.
enum survey_doubt {
    DOUBT_NONE,
    DOUBT_AGAIN,   // a reset or a close: it is asked once more
    DOUBT_CONTROL, // a suite is offered that was taken before
    DOUBT_LAST     // that was taken again: whatever comes now is the answer
};

struct survey_track {
    enum survey_topic topic;
    enum survey_full full; // TOPIC_FULL
    size_t version;        // index in survey.versions
    enum track_state state;
    int batch;                // TOPIC_SUITES: see survey_suites; 2: both, once more
    size_t first_batch_count; // … how many suites of the first batch were taken
    enum survey_doubt doubt;
    enum outcome_kind unspoken; // how the question in doubt ended
    bool is_first_unspoken;     // TOPIC_SUITES: the version's `first` may yet become an answer
    uint16_t taken;             // TOPIC_SUITES: the suite chosen last; 0: none yet
    uint16_t kept; // TOPIC_GROUPS: stays on offer, last, as the certificate's curve; 0: none
    size_t dials;  // so far
    struct number_list left; // what is still offered
};

#define SURVEY_TRACKS (SURVEY_FULLS + 4 * SURVEY_VERSIONS)

struct survey_plan {
    struct survey *survey;
    bool has_name; // an SNI will be sent
    struct survey_track tracks[SURVEY_TRACKS];
};

// One hello to send (a full handshake for TOPIC_FULL: then only `full` counts).
struct survey_ask {
    size_t track;
    enum survey_topic topic;
    enum survey_full full;
    uint16_t version;
    struct number_list suites, groups, schemes;
    bool wants_retry; // TLS 1.3: no key share, so that the server names the group
};

void survey_plan_open(struct survey_plan *plan, struct survey *survey, bool has_name);

// survey_plan_next gives a question that can be asked now; false: there is none until an answer
// comes, or, when none is under way, none at all.
bool survey_plan_next(struct survey_plan *plan, struct survey_ask *out_ask);

// survey_plan_answer takes what came of it. For TOPIC_FULL `outcome` is NULL.
void survey_plan_answer(struct survey_plan *plan, const struct survey_ask *ask,
                        const struct outcome *outcome);

// survey_plan_cut ends it: what is not whole says so.
void survey_plan_cut(struct survey_plan *plan);

// survey_hello_encode appends the ClientHello of a question; false when it can't be made.
bool survey_hello_encode(const struct survey_ask *ask, const char *sni, struct buffer *out);
