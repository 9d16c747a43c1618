// What a server takes: versions, suites in its order, groups, signature schemes, ALPN, what it
// makes of names, its chain. Asked by handshakes only, mostly raw hellos that stop at the
// ServerHello; never application data. Bounded by the limits below. One loop's thread.
#pragma once

#include "change.h"
#include "evidence.h"
#include "trust.h"

#include <uv.h>

#define SURVEY_DIALS_MAX         300
#define SURVEY_DIALS_AT_ONCE_MAX 4
#define SURVEY_DIALS_VERSION_MAX 64 // for the suites of one version
#define SURVEY_MS_MAX            20000
#define SURVEY_DIAL_MS_MAX       3000
#define SURVEY_ITEMS_MAX         64
#define SURVEY_VERSIONS          5

// The name that no server has (RFC 6761 section 6.4).
#define SURVEY_UNKNOWN_NAME "midspan-probe.invalid"

enum survey_state {
    SURVEY_NOT_CHECKED,
    SURVEY_PARTIAL, // a limit ended it, ours or the server's: there may be more
    SURVEY_WHOLE
};

enum survey_order {
    SURVEY_ORDER_UNKNOWN,
    SURVEY_ORDER_SERVER, // offered in reverse, the server chose the same
    SURVEY_ORDER_CLIENT  // … it took the first that was offered
};

// In the order in which the server chose them.
struct survey_list {
    enum survey_state state;
    enum survey_order order; // of suites, and of groups as far as it shows
    size_t count;
    uint16_t items[SURVEY_ITEMS_MAX];
    uint16_t dh_bits[SURVEY_ITEMS_MAX]; // of DHE suites; 0: not seen
};

enum survey_answer {
    SURVEY_UNANSWERED, // a limit was reached before
    SURVEY_ACCEPTED,
    SURVEY_REFUSED
};

struct survey_version {
    uint16_t version;
    enum survey_answer answer;
    struct outcome first; // how the version, offered alone, was answered
    struct survey_list suites, groups, schemes;
};

// Full handshakes, by the TLS library.
enum survey_full {
    SURVEY_NAMED,      // the name asked for, both ALPN names
    SURVEY_NAMELESS,   // no SNI
    SURVEY_OTHER_NAME, // SURVEY_UNKNOWN_NAME
    SURVEY_H2,         // the name, only h2 offered
    SURVEY_HTTP1,      // the name, only http/1.1 offered
    SURVEY_FULLS
};

struct survey {
    struct survey_version versions[SURVEY_VERSIONS]; // newest first
    struct leg_evidence *full[SURVEY_FULLS];         // in the arena; NULL: not run
    size_t dial_count;
    int64_t lasted_us;
    bool was_cut; // by the limit on dials or time, or a server that stopped answering
};

struct survey_setup {
    uv_loop_t *loop;
    struct arena *arena;            // for what `survey` points to; outlives it
    const struct sockaddr *address; // copied
    const char *tunnel;      // an upstream proxy stands at `address`: "host:port" to ask it for
    const char *sni;         // NULL: none is sent
    const char *verify_name; // what the certificate must carry
    const struct trust_store *trust;
    struct survey *survey;    // filled by the time that `done` is called
    void (*done)(void *user); // all sockets are closed and the surveyor is freed; once
    void *user;
};

// survey_start begins; false with `error` when it can't: `done` is not called then.
bool survey_start(const struct survey_setup *setup, struct error *error);

// survey_accepts is true if any version was accepted; survey_speaks if anything that came back was
// TLS at all.
bool survey_accepts(const struct survey *survey);
bool survey_speaks(const struct survey *survey);

// survey_cause gives the cause code for a survey in which no version was accepted; NULL when none
// can be named.
const char *survey_cause(const struct survey *survey, const char *sni);
