// One run of a case: the stage opened, the clients played one after the other, what came of it kept
// and compared with what was expected.
#pragma once

#include "client.h"
#include "scenario.h"
#include "watch.h"

// One client's part. Borrowed from the play.
struct play_part {
    const struct lab_client *client; // borrowed from the case
    struct lab_client_result result;
    const struct lab_client_result *earlier; // of its connection before the last; NULL: none
    const char *earlier_host;                // … and where it went
    const struct evidence *evidence; // the bridge's, of the last connection; NULL: none reached it
    const struct verdict *verdict;   // the main finding; NULL: none
    const struct verdict *masked;    // what would fail without the bridge
    size_t masked_count;
};

// All-zero is a valid empty one.
struct play {
    const struct lab_case *lab_case; // borrowed
    struct arena arena;
    struct watch *watch;
    struct play_part parts[SCENARIO_CLIENTS];
    size_t part_count;
    int64_t lasted_us;
};

// play_run plays the case; on false the play is empty. Blocks. Thread-safe: several may run.
bool play_run(struct play *play, const struct lab_case *lab_case, struct error *error);
void play_clear(struct play *play);

// play_is_whole is true when the client was served and nothing is wrong.
bool play_is_whole(const struct play_part *part);

// play_meets compares the first client's part with what was expected, the second must be whole.
// False with the difference as text in `out_why`.
#define PLAY_WHY_MAX 256
bool play_meets(const struct play *play, const struct lab_expectation *expect,
                char out_why[PLAY_WHY_MAX]);
// play_is_mended is true when all of it works, nothing deprecated was agreed on and the fault is
// not merely looked away from; else `out_why` says what is wrong.
bool play_is_mended(const struct play *play, const struct lab_expectation *expect,
                    char out_why[PLAY_WHY_MAX]);

// play_end_words says what the client got, in a few words.
const char *play_end_words(const struct lab_client_result *result, enum language language,
                           struct arena *arena);
