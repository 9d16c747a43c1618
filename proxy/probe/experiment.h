// Experiments: what only the client can answer is asked on its next connections, one thing changed
// at a time. This is the plan of one finding: what to ask next, and what the answers prove. Pure;
// `bridge` keeps the findings and serves the connections.
//
//   the finding ──▶ one change after another ──▶ one passed, or none is left
//                                                   │ passed
//                                                   └─▶ the same as at first again ──▶ over
//
// A change that passes proves nothing by itself: the failure may come and go, or another program
// with the same hello may have called. So the unchanged certificate has to be refused once more,
// and in the same way, after it.
#pragma once

#include "refusal.h"
#include "verdict.h"

#define EXPERIMENT_MAP(XX)                                    \
    XX(AGAIN, "nothing: the same certificate again")          \
    XX(SERIAL, "certificate: another serial number")          \
    XX(CLEAN, "certificate: without the fault")               \
    XX(EARLIER, "certificate: valid from ten years ago")      \
    XX(LATER, "certificate: valid as long as the authority")  \
    XX(RSA, "certificate: an RSA key")                        \
    XX(ECDSA, "certificate: an ECDSA key")                    \
    XX(SHORT, "certificate: valid for 47 days")               \
    XX(PURPOSE, "certificate: no purpose named")              \
    XX(STRANGER, "certificate: by an authority nobody knows") \
    XX(UNTOUCHED, "the origin's own certificate, untouched")  \
    XX(ASK, "client certificate: asked for, not demanded")

enum experiment_change {
#define XX(name, text) EXPERIMENT_##name,
    EXPERIMENT_MAP(XX)
#undef XX
    EXPERIMENT_CHANGES
};

enum experiment_result {
    EXPERIMENT_UNTOLD, // the connection ended before the client could tell
    EXPERIMENT_PASSED, // secured, and used
    EXPERIMENT_REFUSED
};

struct experiment_answer {
    enum experiment_result result;
    struct refusal refusal; // EXPERIMENT_REFUSED: how; REFUSAL_NONE: midspan itself refused
};

// The connections of the client that one finding may take.
#define EXPERIMENT_ROWS_MAX 12
// A change that the client left unanswered this often is left out.
#define EXPERIMENT_UNTOLD_MAX 2

struct experiment_row {
    enum experiment_change change;
    uint64_t connection;
    struct experiment_answer answer;
    double ms; // from the connection's beginning to the answer
};

struct experiment {
    struct experiment_answer first; // how the finding's own connection ended
    enum experiment_change order[EXPERIMENT_CHANGES];
    size_t order_count;
    bool may_cut;         // its stack sends an alert at times and at others just leaves
    bool tells_authority; // the refusal says outright that the authority is unknown
    struct experiment_row rows[EXPERIMENT_ROWS_MAX];
    size_t row_count;
};

// What is known of the client besides this finding.
struct experiment_history {
    bool took_another;    // a certificate of midspan's, for whatever name
    bool refused_another; // … or refused one for another name
};

// experiment_open plans for a verdict as it was told. False when no connection of the client can
// tell more: the verdict is proven, is not about what midspan presented, or was of a relayed
// connection.
bool experiment_open(struct experiment *experiment, const struct evidence *evidence,
                     const struct verdict *verdict);

// experiment_next gives what to ask on the client's next connection; false when it is over.
bool experiment_next(const struct experiment *experiment, enum experiment_change *out_change);

// experiment_answer_of reads what the client answered on the connection whose evidence this is: at
// its end, or as soon as it was used.
struct experiment_answer experiment_answer_of(const struct evidence *evidence);

// experiment_note keeps an answer; experiment_next has given its change.
void experiment_note(struct experiment *experiment, const struct experiment_row *row);

// experiment_conclude writes what the answers prove into the finding's verdict (its text into
// `arena`), with a row for each connection. Cause, party and fix may change with it.
void experiment_conclude(const struct experiment *experiment, const struct evidence *evidence,
                         const struct experiment_history *history, struct arena *arena,
                         struct verdict *verdict);

const char *experiment_text(enum experiment_change change); // "certificate: an RSA key"
// experiment_outcome says what an answer was: "secured and used", "refused: unknown_ca (48)".
const char *experiment_outcome(struct arena *arena, const struct experiment_answer *answer);

// For experiment_conclude.

// experiment_row_of gives the last answer that was told to a change; NULL when there is none.
const struct experiment_row *experiment_row_of(const struct experiment *experiment,
                                               enum experiment_change change);
// experiment_passed gives the change of what midspan presents that the client took;
// EXPERIMENT_CHANGES when there is none. A relayed connection is no such change, nor is a
// stranger's leaf.
enum experiment_change experiment_passed(const struct experiment *experiment);
// experiment_is_same is true if an answer is the one of the finding's own connection.
bool experiment_is_same(const struct experiment *experiment,
                        const struct experiment_answer *answer);
// experiment_is_strange is true if a stranger's leaf was refused as ours was.
bool experiment_is_strange(const struct experiment *experiment);
