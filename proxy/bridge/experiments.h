// The findings that are being proven with --experiment: whose they are, what their clients are
// being asked and what they answered. Bounded; thread-safe. A finding is of one client (address and
// JA4) and one name at one target; nobody else's connections are ever served differently.
#pragma once

#include "evidence_json.h"
#include "experiment.h"

struct experiments;

// Findings that are kept, open and over. The one longest untouched makes room.
#define EXPERIMENTS_FINDINGS_MAX 64
// An open finding is forgotten when its client does not come again for so long; one that is over is
// remembered, so that the client is left in peace.
#define EXPERIMENTS_IDLE_US ((int64_t)10 * 60 * 1000000)
#define EXPERIMENTS_REST_US ((int64_t)60 * 60 * 1000000)
// Evidence larger than this as JSON (a chain of a hundred kilobytes) is not kept.
#define EXPERIMENTS_EVIDENCE_BYTES_MAX ((size_t)256 * 1024)

struct experiments *experiments_new(void); // NULL when memory is out
void experiments_free(struct experiments *experiments);

// experiments_open keeps a finding as it was told, unless its client's answers to an earlier one
// are still open or not long over, or nothing can be asked. False: not kept.
bool experiments_open(struct experiments *experiments, const struct evidence *evidence,
                      const struct verdict *verdict, int64_t now_us);

// What a connection is asked.
struct asking {
    bool is_open; // until experiments_answer
    enum experiment_change change;
    uint64_t of; // the finding's connection
};

// experiments_next gives what the connection of this evidence (its ClientHello is read) is to be
// asked; false: nothing, it is served as usual. A finding asks one connection at a time.
bool experiments_next(struct experiments *experiments, const struct evidence *evidence,
                      int64_t now_us, struct asking *out_asking);

// A finding whose client has told all: the caller's, until finding_free.
struct finding {
    struct arena arena; // owns all below
    struct evidence evidence;
    struct verdict verdict;
    struct experiment experiment;
};
void finding_free(struct finding *finding); // NULL does nothing

// experiments_answer takes what the asked connection brought. When that ends the experiment, the
// finding is given, not concluded; else NULL.
struct finding *experiments_answer(struct experiments *experiments, const struct asking *asking,
                                   const struct experiment_row *row, int64_t now_us);
