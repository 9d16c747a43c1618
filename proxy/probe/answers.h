// What addresses in certificates answered lately: a client that tries a broken origin again must
// not have its authority asked again, nor wait again for one that is silent. Thread-safe, bounded
// in rows, bytes and time; shared by all workers.
#pragma once

#include "fetch.h"

#define ANSWERS_ROWS_MAX 64
#define ANSWERS_US_MAX   ((int64_t)60 * 1000000)
// Of all bodies together.
#define ANSWERS_BYTES_MAX ((size_t)16 << 20)

// One answer. Text and body live where they were read or copied to.
struct answer_kept {
    enum fetch_result result;
    int status;       // FETCH_ANSWER, like the next three
    const char *date; // "": none
    int64_t held_us;  // by caches on the way: the date is so old
    struct slice body;
    double ms;
    int64_t age_us;  // 0: just fetched
    int64_t keep_us; // how long it may be kept; 0: ANSWERS_US_MAX
};

struct answers;

struct answers *answers_new(void);          // NULL when memory is out
void answers_free(struct answers *answers); // NULL does nothing

// answers_find gives what that question to that address brought if it is known at `now_us` (of the
// monotonic clock), copied into `arena`. The question is the body that is posted, empty for none.
bool answers_find(struct answers *answers, const char *address, struct slice question,
                  int64_t now_us, struct arena *arena, struct answer_kept *out);

// answers_put keeps an answer in place of the oldest ones when full; nothing when memory is out, or
// when it alone is more than ANSWERS_BYTES_MAX.
void answers_put(struct answers *answers, const char *address, struct slice question,
                 int64_t now_us, const struct answer_kept *answer);
