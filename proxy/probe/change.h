// One counterfactual: what is changed in a recorded ClientHello, and what came of it. Plain data.
#pragma once

#include "sets.h"

enum change_kind {
    CHANGE_NOTHING, // the same hello again
    CHANGE_BLAME,   // the client's own hello, byte for byte
    CHANGE_WIDEN,   // whole lists made wide, by `lists`
    CHANGE_ADD,     // one number added to one list
    CHANGE_SNI,     // another name, or none
    CHANGE_ALPN,    // one protocol, or none
    CHANGE_EMS,     // extended_master_secret is offered as well
    CHANGE_COMPACT, // short (under 250 bytes unless the name is long), its versions kept
    CHANGE_CAP,     // nothing above TLS 1.2, no GREASE
    CHANGE_RECORD   // the same hello, in a record that names TLS 1.2
};

// Bits of change.lists.
#define WIDEN(kind) (1u << (kind))
#define WIDEN_ALL \
    (WIDEN(LIST_VERSIONS) | WIDEN(LIST_SUITES) | WIDEN(LIST_GROUPS) | WIDEN(LIST_SCHEMES))
// Suites and schemes alone do not admit another kind of certificate below TLS 1.3; both do.
#define WIDEN_KEYS (WIDEN(LIST_SUITES) | WIDEN(LIST_SCHEMES))

struct change {
    enum change_kind kind;
    unsigned lists;      // CHANGE_WIDEN
    bool drops_alpn;     // CHANGE_WIDEN: no ALPN either
    uint16_t capped_at;  // CHANGE_WIDEN: nothing above this version; 0: no cap
    uint32_t only_key;   // CHANGE_WIDEN: suites and schemes for this KEY_… alone; 0: for any
    enum list_kind list; // CHANGE_ADD
    uint16_t number;     // CHANGE_ADD
    const char *name;    // CHANGE_SNI, CHANGE_ALPN: NULL for none; borrowed
    bool is_last;        // counts only where nothing else passes: it shortens the hello as well
    bool is_tls12;       // CHANGE_NOTHING, CHANGE_SNI: capped, so that the certificate can be read
};

// lists_count gives how many lists the bits stand for.
static inline int lists_count(unsigned lists)
{
    int count = 0;
    for (; lists != 0; lists &= lists - 1) {
        count++;
    }
    return count;
}

// What became of a dial.
enum outcome_kind {
    OUTCOME_NONE,         // not run, or not ended
    OUTCOME_SERVER_HELLO, // … and the server went on: its certificate, the end of its flight
    OUTCOME_RETRY,        // HelloRetryRequest for a group that we can't make a share for; or,
                          // with no version, a second one
    OUTCOME_ALERT,
    OUTCOME_CLOSED,
    OUTCOME_RESET,
    OUTCOME_SILENCE,
    OUTCOME_NOT_TLS,
    OUTCOME_UNREACHABLE
};

struct outcome {
    enum outcome_kind kind;
    uint8_t alert;                          // OUTCOME_ALERT
    uint16_t version, suite, group, scheme; // as far as seen; 0 where not: a server may say
                                            // hello and then break
    size_t dh_bits;                         // of a DHE ServerKeyExchange
    struct slice leaf;                      // DER, in the arena; TLS 1.2 and below
    double ms;                              // from the dial to the outcome
};

struct trial {
    struct change change;
    struct sets offered; // what the hello offered; `versions` are those that would be taken
    struct outcome outcome;
    int64_t age_us; // of an outcome that an earlier dial brought; 0: this one's own
    bool passed;    // the server answered with something that was offered, and went on
};

// outcome_curve gives the group that the leaf's key is on; 0 when it is not on one, or was not
// seen.
uint16_t outcome_curve(struct arena *arena, const struct outcome *outcome);

// change_text says what was changed: "cipher suites: + 61 more"; outcome_text what came of it:
// "ServerHello, TLS 1.2, AES128-SHA". Never NULL.
const char *change_text(struct arena *arena, const struct trial *trial, const struct sets *base);
const char *outcome_text(struct arena *arena, const struct trial *trial);

// trial_judge sets `passed` from the outcome. `wanted` is a name that the certificate must carry
// for trials that look at it (change.is_tls12); NULL: any will do.
void trial_judge(struct trial *trial, const char *wanted, struct arena *arena);
