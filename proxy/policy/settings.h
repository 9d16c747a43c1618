// Everything `proxy` and `bridge` can be told, from flags and from --config FILE.yaml. One table
// of keys serves both, --help, the man page and the completions.
#pragma once

#include "endpoint.h"
#include "host_route.h"
#include "language.h"
#include "leg_policy.h"

#define SETTINGS_LISTEN_MAX  8
#define SETTINGS_PASS_MAX    64
#define SETTINGS_WORKERS_MAX 64

enum order {
    ORDER_SERVER_FIRST,
    ORDER_CLIENT_FIRST
};
enum on_failure {
    ON_FAILURE_PAGE,
    ON_FAILURE_ALERT,
    ON_FAILURE_RESET
};

struct settings {
    struct endpoint listen[SETTINGS_LISTEN_MAX]; // port 0: any free one
    size_t listen_count;
    struct endpoint target; // `bridge`: the fixed target
    bool has_target;
    bool is_transparent;       // --transparent: the target is SO_ORIGINAL_DST
    bool takes_proxy_protocol; // --proxy-protocol: every connection begins with a v1/v2 header
    bool allow_remote;
    int workers; // 0: one for each core
    enum order order;
    enum on_failure on_failure;
    char edge[64];                     // preset's name, empty: none
    unsigned status;                   // of the page, as the preset's device has it; 0: a gateway's
    unsigned certificate_status;       // the same for a bad certificate of the origin, 0: no other
    char log_file[POLICY_PATH_MAX];    // JSON Lines; "-" is standard output, empty: none
    char record_file[POLICY_PATH_MAX]; // a recording, empty: none
    char keylog_file[POLICY_PATH_MAX];
    char ca_dir[POLICY_PATH_MAX];                    // empty: the user's data folder
    char pass[SETTINGS_PASS_MAX][ENDPOINT_HOST_MAX]; // host patterns relayed untouched
    size_t pass_count;
    struct host_route routes[HOST_ROUTES_MAX]; // --resolve: the first that fits counts
    size_t route_count;
    struct endpoint via; // upstream HTTP proxy
    bool has_via;
    bool quiet;                   // console: verdicts only
    enum language language;       // --lang; of the console
    bool has_language;            // else the locale's
    bool probe;                   // default on; --no-probe
    bool experiment;              // --experiment
    int64_t connect_timeout_ms;   // --connect-timeout, default 10 s
    int64_t handshake_timeout_ms; // --handshake-timeout, default 10 s; a leg's timeout= wins
    int64_t idle_timeout_ms;      // --idle-timeout, default 10 min
    struct leg_policy legs[SIDES];

    // What was said, so that a preset never overwrites it, in whatever order the options come.
    uint32_t legs_said[SIDES]; // bit i: leg_key_at(i)
    bool has_order, has_on_failure, has_listen;
};

// settings_default: listens on 127.0.0.1:8080, mirrors, verifies, server-first, page.
void settings_default(struct settings *settings);

// settings_set sets one option by its long name without dashes ("listen", "order", "pass" …); a
// repeatable one appends (the first use replaces the default). `value` is NULL for a switch. An
// unknown name or a bad value is an ERROR_USAGE that names option, value and what was expected.
// `edge` puts a preset under everything else: whatever was said of legs, order and on-failure, by
// flag or file, before or after, wins over it. A switch may also be given on or off as its value.
bool settings_set(struct settings *settings, const char *name, const char *value,
                  struct error *error);

// settings_load applies a YAML file: the same names as keys, lists where an option repeats, and
// mappings for client-leg and server-leg. Errors (ERROR_CONFIG) say file, line, key and what was
// expected. Load the file first, then set the flags: they win, and the first --listen replaces the
// file's. Blocks on disk.
bool settings_load(struct settings *settings, const char *path, struct error *error);
// settings_parse applies the text of such a file; `name` stands for it in errors.
bool settings_parse(struct settings *settings, struct slice text, const char *name,
                    struct error *error);

// settings_check looks at the whole: non-loopback listening without --allow-remote, cert without
// key, min above max, bridge with transparent … ERROR_USAGE.
bool settings_check(const struct settings *settings, struct error *error);

// The options, in the order of --help.
struct option_key {
    const char *name;
    const char *value; // "HOST:PORT", NULL for a switch
    const char *help;  // one line
    bool repeats;      // may be given more than once; a list in the config file
};
const struct option_key *option_key_at(size_t i);           // NULL past the end
const struct option_key *option_key_find(const char *name); // NULL when there is none

const char *order_name(enum order order);            // "server-first"
const char *on_failure_name(enum on_failure manner); // "page"
