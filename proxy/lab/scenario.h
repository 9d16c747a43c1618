// A scenario: one exercise of the lab, as read from its file. Plain data.
#pragma once

#include "box.h"
#include "origin.h"
#include "settings.h"
#include "speech.h"
#include "verdict.h"

#define LESSON_MAP(XX)             \
    XX(CLOCK, "clock")             \
    XX(BROWSER, "browser")         \
    XX(MIDDLE, "middle")           \
    XX(PROTOCOL, "protocol")       \
    XX(CIPHER, "cipher")           \
    XX(CERTIFICATE, "certificate") \
    XX(SNI, "sni")                 \
    XX(MUSEUM, "museum")

enum lesson {
#define XX(name, text) LESSON_##name,
    LESSON_MAP(XX)
#undef XX
    LESSONS
};

const char *lesson_name(enum lesson lesson);
const struct speech *lesson_title(enum lesson lesson);

#define SCENARIO_HINTS_MAX   8
#define SCENARIO_SOURCES_MAX 8
#define SCENARIO_MASKED_MAX  8
#define SCENARIO_CLIENTS     2

// What a lab client trusts.
enum lab_client_trust {
    LAB_CLIENT_TRUSTS_BRIDGE, // the bridge's authority
    LAB_CLIENT_TRUSTS_NOBODY,
    LAB_CLIENT_TRUSTS_ORIGIN // what a client would trust without a bridge: the lab's root
};

// Whose hello a client has that is told nothing else: the very library that it runs on.
#define LAB_CLIENT_PRESET "s-client-3019"

// A name that stands for itself, for the default (empty), or for none at all ("none").
#define LAB_NAME_NONE "none"

struct lab_client {
    struct speech title;                 // what it is called; may be empty
    char preset[64];                     // whose hello it imitates, as far as the library can
    struct leg_policy policy;            // of a server leg: the client speaks TLS as one does
    uint32_t said;                       // leg keys that were set
    char target[ENDPOINT_HOST_MAX];      // what it asks the proxy for; empty: the origin's name
    char name[ENDPOINT_HOST_MAX];        // SNI; empty: `target`; LAB_NAME_NONE: no SNI
    char host[ENDPOINT_HOST_MAX];        // Host of its request; empty: `target`
    char verify_name[ENDPOINT_HOST_MAX]; // that the certificate must carry; empty: `target`
    enum lab_client_trust trust;
    bool pins;               // takes the origin's own key only
    bool refuses_silently;   // leaves without an alert
    bool is_raw;             // says the preset's very hello, and can't go on after the answer
    bool has_certificate;    // of its own, from the lab's root
    bool wants_close_notify; // takes an answer without it for cut off
    bool greases;            // sends an extension that nobody registered (RFC 8701)
    bool lacks_ems;          // does not know extended_master_secret (RFC 7627)
    bool wants_must_staple;  // refuses a must-staple certificate without a staple, as Firefox does
    bool resumes;            // offers the session of its visit before
    unsigned visits;         // connections made one after the other; the last one counts
};

struct lab_bridge {
    char edge[64]; // preset; empty: none
    struct leg_policy legs[SIDES];
    uint32_t said[SIDES];
    bool has_order, has_on_failure;
    enum order order;
    enum on_failure on_failure;
    bool has_expired_authority;
    bool has_certificate; // a client certificate of the lab's root, for the origin
    bool is_fixed;        // as an edge device has it: one target, no CONNECT
    bool passes;          // --pass for every host
};

// What stands in the way, if anything.
struct lab_box {
    bool is_there;
    enum side on; // CLIENT: between client and bridge
    struct box box;
    bool is_interceptor;
    char subject[LAB_SUBJECT_MAX]; // of the interceptor's authority
    char edge[64];                 // whose policies it has
    bool is_trusted;               // its authority is installed where it stands
};

// Everything of one run.
struct lab_case {
    struct origin origin;
    struct lab_box box;
    struct lab_bridge bridge;
    struct lab_client clients[SCENARIO_CLIENTS];
    size_t client_count;
};

// How a connection ends for a lab client.
#define LAB_CLIENT_END_MAP(XX)                                                   \
    XX(SERVED, "served")           /* the answer is there, whole */              \
    XX(CUT, "cut")                 /* … but its end is missing */              \
    XX(NO_ANSWER, "no-answer")     /* secured, and nothing came */               \
    XX(REFUSED, "refused")         /* the client did not take the certificate */ \
    XX(BROKEN, "broken")           /* the handshake failed */                    \
    XX(ANSWERED, "answered")       /* a hello played raw got a ServerHello */    \
    XX(NO_TUNNEL, "no-tunnel")     /* the proxy refused CONNECT */               \
    XX(UNREACHABLE, "unreachable") /* no connection at all */

enum lab_client_end {
#define XX(name, word) LAB_CLIENT_##name,
    LAB_CLIENT_END_MAP(XX)
#undef XX
    LAB_CLIENT_ENDS
};
const char *lab_client_end_word(enum lab_client_end end);

// What has to come of it.
struct lab_expectation {
    bool has_end;
    enum lab_client_end end;   // for the first client
    const struct cause *cause; // NULL: none, the connection works
    enum side leg;
    bool has_party;
    enum party party;
    const struct cause *masked[SCENARIO_MASKED_MAX];
    size_t masked_count;
};

// Text lives until scenario_free.
struct scenario {
    const char *name; // of the file
    enum lesson lesson;
    unsigned order;   // within the lesson
    const char *host; // label below midspan.test under which `lab serve` has it; NULL: it has not
    const char *bug;  // museum: id of the documented bug
    const char *sources[SCENARIO_SOURCES_MAX];
    size_t source_count;
    struct speech title, story, task, answer, fix;
    struct speech hints[SCENARIO_HINTS_MAX];
    size_t hint_count;
    enum party fix_party;
    uint32_t accepts; // bits of enum guard: what a fix may give up, beside what the own one does
    uint32_t parties; // bits of enum party: who may act; the fix's own party, whose parts it
                      // changes, and whom it accepts
    struct lab_case broken, mended;
    struct lab_expectation expect;
    const char *parts; // what a student is told of them, as handout.h writes it
};

// The domain of the lab's names; "NAME." is put in front.
#define LAB_DOMAIN "midspan.test"

// What every scenario's origin is called that says no other name: it stands in each row of a
// ladder, and the scenario's own name would be the answer.
#define LAB_SITE_HOST "site." LAB_DOMAIN

// scenario_parse reads one scenario; `name` stands for the file in errors (ERROR_CONFIG, "NAME:
// LINE: KEY: …") and gives the scenario's name, without folders and ".yaml". scenario_load reads it
// from a file. NULL with `error`. The caller frees it; scenario_free(NULL) does nothing.
struct scenario *scenario_parse(struct slice text, const char *name, struct error *error);
struct scenario *scenario_load(const char *path, struct error *error);
void scenario_free(struct scenario *scenario);

// scenario_mend makes the case in which what the mapping `parts` (keys as in `fix`: origin, box,
// bridge, client, second-client) says is laid over what is broken. `name` is the file's.
struct yaml_item;
bool scenario_mend(const struct scenario *scenario, const struct yaml_item *parts, const char *name,
                   struct lab_case *out_case, struct error *error);

// scenario_may_act is true when such parts change something of a party that may act.
bool scenario_may_act(const struct scenario *scenario, const struct yaml_item *parts);

// The scenarios that are built in, in the order of lessons and within them.
#define SCENARIOS_MAX 256

struct scenario_list {
    struct scenario *items[SCENARIOS_MAX];
    size_t count;
};

bool scenario_list_open(struct scenario_list *list, struct error *error);
void scenario_list_clear(struct scenario_list *list);

// scenario_list_find takes a name or a number, counted from 1; ERROR_USAGE with the nearest name.
// Borrowed from the list.
const struct scenario *scenario_list_find(const struct scenario_list *list, const char *word,
                                          struct error *error);
