#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "presets.h"
#include "quote.h"
#include "settings_option.h"
#include "text.h"

#define PORT_DEFAULT     8080
#define VIA_PORT_DEFAULT 8080
#define TIMEOUT_MAX_MS   ((int64_t)7 * 86400 * 1000)

struct row {
    struct option_key key;
    size_t field; // offset in struct settings
    bool (*set)(struct settings *settings, const struct row *row, const char *what,
                const char *value, struct error *error);
};

static void *field_of(struct settings *settings, const struct row *row)
{
    return (uint8_t *)settings + row->field;
}

static bool refuse(const char *what, const char *value, const char *expected, struct error *error)
{
    return error_set(error, ERROR_USAGE, "%s: bad value '%s', expected %s", what,
                     quote_text(value).text, expected);
}

static bool set_listen(struct settings *settings, const struct row *row, const char *what,
                       const char *value, struct error *error)
{
    (void)row;
    struct endpoint endpoint;
    if (!endpoint_parse(slice_of_text(value), 0, what, &endpoint, error)) {
        return false;
    }
    size_t count = settings->has_listen ? settings->listen_count : 0;
    if (count == SETTINGS_LISTEN_MAX) {
        return error_set(error, ERROR_USAGE, "%s: too many, expected at most %d addresses", what,
                         SETTINGS_LISTEN_MAX);
    }
    settings->listen[count] = endpoint;
    settings->listen_count = count + 1;
    settings->has_listen = true;
    return true;
}

static bool set_web(struct settings *settings, const struct row *row, const char *what,
                    const char *value, struct error *error)
{
    (void)settings;
    (void)row;
    return strcmp(value, "off") == 0 ||
           error_set(error, ERROR_USAGE,
                     "%s: bad value '%s', expected off (this version has no page yet)", what,
                     quote_text(value).text);
}

static bool set_workers(struct settings *settings, const struct row *row, const char *what,
                        const char *value, struct error *error)
{
    (void)row;
    uint64_t workers;
    if (!text_uint(slice_of_text(value), SETTINGS_WORKERS_MAX, &workers)) {
        return refuse(what, value, "a number from 0 (one for each core) to 64", error);
    }
    settings->workers = (int)workers;
    return true;
}

// The preset goes under what was said: see settings.h.
static void put_under(struct settings *settings, const struct preset_edge *preset)
{
    for (enum side side = CLIENT; side < SIDES; side++) {
        struct leg_policy leg;
        memcpy(&leg, &preset->legs[side], sizeof(leg));
        leg_policy_copy_keys(&leg, &settings->legs[side], settings->legs_said[side]);
        memcpy(&settings->legs[side], &leg, sizeof(leg));
    }
    settings->status = preset->status;
    settings->certificate_status = preset->certificate_status;
    settings->order = settings->has_order ? settings->order : preset->order;
    settings->on_failure = settings->has_on_failure ? settings->on_failure : preset->on_failure;
}

static bool set_edge(struct settings *settings, const struct row *row, const char *what,
                     const char *value, struct error *error)
{
    (void)row;
    struct preset_edge *preset = preset_edge_open(value, error);
    if (preset == NULL) {
        return error_prefix(error, what);
    }
    put_under(settings, preset);
    memset(settings->edge, 0, sizeof(settings->edge));
    (void)snprintf(settings->edge, sizeof(settings->edge), "%s",
                   preset->name); // a file's may be cut
    preset_edge_free(preset);
    return true;
}

static bool set_leg(struct settings *settings, const struct row *row, const char *what,
                    const char *value, struct error *error)
{
    enum side side = strcmp(row->key.name, "client-leg") == 0 ? CLIENT : SERVER;
    return leg_policy_apply_for(&settings->legs[side], side, value, &settings->legs_said[side],
                                error) ||
           error_prefix(error, what);
}

const char *order_name(enum order order)
{
    switch (order) {
    case ORDER_SERVER_FIRST:
        return "server-first";
    case ORDER_CLIENT_FIRST:
        return "client-first";
    }
    return "unknown";
}

const char *on_failure_name(enum on_failure manner)
{
    switch (manner) {
    case ON_FAILURE_PAGE:
        return "page";
    case ON_FAILURE_ALERT:
        return "alert";
    case ON_FAILURE_RESET:
        return "reset";
    }
    return "unknown";
}

static bool set_order(struct settings *settings, const struct row *row, const char *what,
                      const char *value, struct error *error)
{
    (void)row;
    bool is_client_first = strcmp(value, "client-first") == 0;
    if (!is_client_first && strcmp(value, "server-first") != 0) {
        return refuse(what, value, "server-first or client-first", error);
    }
    settings->order = is_client_first ? ORDER_CLIENT_FIRST : ORDER_SERVER_FIRST;
    settings->has_order = true;
    return true;
}

static bool set_on_failure(struct settings *settings, const struct row *row, const char *what,
                           const char *value, struct error *error)
{
    (void)row;
    for (enum on_failure manner = ON_FAILURE_PAGE; manner <= ON_FAILURE_RESET; manner++) {
        if (strcmp(value, on_failure_name(manner)) == 0) {
            settings->on_failure = manner;
            settings->has_on_failure = true;
            return true;
        }
    }
    return refuse(what, value, "page, alert or reset", error);
}

static bool set_path(struct settings *settings, const struct row *row, const char *what,
                     const char *value, struct error *error)
{
    size_t len = strlen(value);
    if (len == 0 || len >= POLICY_PATH_MAX) {
        return refuse(what, value, "a file name of at most 1023 bytes", error);
    }
    memcpy(field_of(settings, row), value, len + 1);
    return true;
}

static bool set_record(struct settings *settings, const struct row *row, const char *what,
                       const char *value, struct error *error)
{
    if (strcmp(value, "-") == 0) {
        return refuse(what, value, "a file name, a database is no stream", error);
    }
    return set_path(settings, row, what, value, error);
}

static bool set_pass(struct settings *settings, const struct row *row, const char *what,
                     const char *value, struct error *error)
{
    (void)row;
    char pattern[ENDPOINT_HOST_MAX] = "";
    if (!host_pattern_read(slice_of_text(value), pattern)) {
        return refuse(what, value, "a host name, *.DOMAIN or *", error);
    }
    if (settings->pass_count == SETTINGS_PASS_MAX) {
        return error_set(error, ERROR_USAGE, "%s: too many, expected at most %d patterns", what,
                         SETTINGS_PASS_MAX);
    }
    memcpy(settings->pass[settings->pass_count++], pattern, sizeof(pattern));
    return true;
}

static bool set_resolve(struct settings *settings, const struct row *row, const char *what,
                        const char *value, struct error *error)
{
    (void)row;
    struct host_route route;
    if (!host_route_parse(value, what, &route, error)) {
        return false;
    }
    if (settings->route_count == HOST_ROUTES_MAX) {
        return error_set(error, ERROR_USAGE, "%s: too many, expected at most %d", what,
                         HOST_ROUTES_MAX);
    }
    settings->routes[settings->route_count++] = route;
    return true;
}

static bool set_via(struct settings *settings, const struct row *row, const char *what,
                    const char *value, struct error *error)
{
    (void)row;
    static const char scheme[] = "http://";
    size_t scheme_len = sizeof(scheme) - 1;
    if (strncmp(value, scheme, scheme_len) != 0) {
        return refuse(what, value, "http://HOST:PORT", error);
    }
    struct slice text = slice_of_text(value + scheme_len);
    if (text.len > 0 && text.data[text.len - 1] == '/') {
        text.len--;
    }
    if (!endpoint_parse(text, VIA_PORT_DEFAULT, what, &settings->via, error)) {
        return false;
    }
    settings->has_via = true;
    return true;
}

static bool read_switch(const char *what, const char *value, bool *out_on, struct error *error)
{
    *out_on = true;
    return value == NULL || leg_switch_read(value, out_on) ||
           refuse(what, value, "on or off", error);
}

static bool set_switch(struct settings *settings, const struct row *row, const char *what,
                       const char *value, struct error *error)
{
    bool is_on;
    if (!read_switch(what, value, &is_on, error)) {
        return false;
    }
    *(bool *)field_of(settings, row) = is_on;
    return true;
}

static bool set_no_switch(struct settings *settings, const struct row *row, const char *what,
                          const char *value, struct error *error)
{
    bool is_on;
    if (!read_switch(what, value, &is_on, error)) {
        return false;
    }
    *(bool *)field_of(settings, row) = !is_on;
    return true;
}

static bool set_timeout(struct settings *settings, const struct row *row, const char *what,
                        const char *value, struct error *error)
{
    int64_t timeout_ms;
    if (!text_duration_ms(value, false, &timeout_ms) || timeout_ms < 1 ||
        timeout_ms > TIMEOUT_MAX_MS) {
        return refuse(what, value, "a time such as 500ms, 10s or 2m, at most 7d", error);
    }
    *(int64_t *)field_of(settings, row) = timeout_ms;
    return true;
}

static bool set_language(struct settings *settings, const struct row *row, const char *what,
                         const char *value, struct error *error)
{
    (void)row;
    if (!language_named(value, &settings->language)) {
        return refuse(what, value, "en or ja", error);
    }
    settings->has_language = true;
    return true;
}

#define FIELD(name) offsetof(struct settings, name)

// clang-format off
static const struct row rows[] = {
    {{"listen", "HOST:PORT", "accept clients here; repeatable; port 0 takes any free one", true},
     FIELD(listen), set_listen},
    {{"allow-remote", NULL, "allow listening on other than loopback addresses", false},
     FIELD(allow_remote), set_switch},
    {{"transparent", NULL, "connections are redirected here by the firewall", false},
     FIELD(is_transparent), set_switch},
    {{"proxy-protocol", NULL, "every connection begins with a PROXY protocol header", false},
     FIELD(takes_proxy_protocol), set_switch},
    {{"web", "off", "the page; only off in this version", false}, 0, set_web},
    {{"workers", "N", "worker threads; 0 means one for each core", false}, FIELD(workers), set_workers},
    {{"edge", "NAME", "imitate this edge device (see: midspan presets edges)", false},
     FIELD(edge), set_edge},
    {{"client-leg", "KEY=VALUE[,...]", "what the client leg may speak", false}, FIELD(legs), set_leg},
    {{"server-leg", "KEY=VALUE[,...]", "what the server leg may speak", false}, FIELD(legs), set_leg},
    {{"order", "server-first|client-first", "which leg's handshake is made first", false},
     FIELD(order), set_order},
    {{"on-failure", "page|alert|reset", "what the client gets when the server leg breaks", false},
     FIELD(on_failure), set_on_failure},
    {{"log", "FILE|-", "append events as JSON Lines; - is standard output", false},
     FIELD(log_file), set_path},
    {{"record", "FILE.db", "append events and evidence to an SQLite database", false},
     FIELD(record_file), set_record},
    {{"keylog", "FILE", "append TLS secrets for Wireshark (also SSLKEYLOGFILE)", false},
     FIELD(keylog_file), set_path},
    {{"ca-dir", "DIR", "where the authority's ca.pem and ca-key.pem are", false},
     FIELD(ca_dir), set_path},
    {{"no-probe", NULL, "never dial an origin or ask an authority to prove a verdict", false},
     FIELD(probe), set_no_switch},
    {{"experiment", NULL, "ask clients why they refuse, on their next connections", false},
     FIELD(experiment), set_switch},
    {{"pass", "HOSTPATTERN", "relay these hosts untouched; repeatable", true}, FIELD(pass), set_pass},
    {{"resolve", "HOST=ADDRESS:PORT", "reach HOST there, without DNS; repeatable", true},
     FIELD(routes), set_resolve},
    {{"via", "http://HOST:PORT", "reach origins through this HTTP proxy", false}, FIELD(via), set_via},
    {{"connect-timeout", "TIME", "longest time to connect to an origin (10s)", false},
     FIELD(connect_timeout_ms), set_timeout},
    {{"handshake-timeout", "TIME", "longest time for a handshake (10s)", false},
     FIELD(handshake_timeout_ms), set_timeout},
    {{"idle-timeout", "TIME", "longest silence on a relayed connection (10m)", false},
     FIELD(idle_timeout_ms), set_timeout},
    {{"quiet", NULL, "print verdicts only", false}, FIELD(quiet), set_switch},
    {{"lang", "en|ja", "the language of all texts (else LANG's)", false}, FIELD(language), set_language},
};
// clang-format on

void settings_default(struct settings *settings)
{
    memset(settings, 0, sizeof(*settings));
    struct endpoint *listen = &settings->listen[0];
    (void)endpoint_set_host(listen, slice_of_text("127.0.0.1")); // ours: it is one
    listen->port = PORT_DEFAULT;
    settings->listen_count = 1;
    settings->probe = true;
    settings->connect_timeout_ms = 10 * 1000;
    settings->handshake_timeout_ms = 10 * 1000;
    settings->idle_timeout_ms = 10 * 60 * 1000;
    leg_policy_default(&settings->legs[CLIENT], CLIENT);
    leg_policy_default(&settings->legs[SERVER], SERVER);
}

const struct option_key *option_key_at(size_t i)
{
    return i < COUNT_OF(rows) ? &rows[i].key : NULL;
}

static const struct row *row_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i].key.name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const struct option_key *option_key_find(const char *name)
{
    const struct row *row = row_find(name);
    return row != NULL ? &row->key : NULL;
}

static bool refuse_name(const char *name, const char *what, struct error *error)
{
    struct nearest nearest = nearest_to(slice_of_text(name));
    struct name_line names = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        nearest_offer(&nearest, rows[i].key.name);
        name_line_add(&names, rows[i].key.name);
    }
    return error_set(error, ERROR_USAGE, "unknown option '%s', expected one of %s%s",
                     quote_text(what).text, names.text, nearest_hint(&nearest).text);
}

bool option_set(struct settings *settings, const char *name, const char *what, const char *value,
                struct error *error)
{
    const struct row *row = row_find(name);
    if (row == NULL) {
        return refuse_name(name, what, error);
    }
    if (value == NULL && row->key.value != NULL) {
        return error_set(error, ERROR_USAGE, "%s: no value, expected %s", what, row->key.value);
    }
    return row->set(settings, row, what, value, error);
}

bool settings_set(struct settings *settings, const char *name, const char *value,
                  struct error *error)
{
    char what[QUOTE_MAX + 2];
    (void)snprintf(what, sizeof(what), "--%s", quote_text(name).text); // fits: it adds two
    return option_set(settings, name, what, value, error);
}

static bool check_leg(const struct leg_policy *leg, enum side side, struct error *error)
{
    if ((leg->cert_file[0] == '\0') != (leg->key_file[0] == '\0')) {
        return error_set(error, ERROR_USAGE, "%s-leg: %s without %s, expected both",
                         side_name(side), leg->cert_file[0] != '\0' ? "cert" : "key",
                         leg->cert_file[0] != '\0' ? "key" : "cert");
    }
    if (leg->version_min > 0 && leg->version_max > 0 && leg->version_min > leg->version_max) {
        return error_set(error, ERROR_USAGE, "%s-leg: min is above max, expected it at or below",
                         side_name(side));
    }
    return true;
}

// Lines in the middle of a database would be its end, and secrets are not for who may read the log.
static bool check_files(const struct settings *settings, struct error *error)
{
    const char *log = settings->log_file, *keys = settings->keylog_file;
    const struct {
        const char *what, *path, *owner, *other;
    } pairs[] = {
        {"record", settings->record_file, "log", log},
        {"record", settings->record_file, "keylog", keys},
        {"keylog", keys, "log", log},
    };
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        if (pairs[i].path[0] != '\0' && strcmp(pairs[i].path, pairs[i].other) == 0) {
            return error_set(error, ERROR_USAGE,
                             "%s: '%s' is the file of %s, expected one of its own", pairs[i].what,
                             pairs[i].path, pairs[i].owner);
        }
    }
    return true;
}

bool settings_check(const struct settings *settings, struct error *error)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        char text[ENDPOINT_TEXT_MAX];
        if (!settings->allow_remote && !endpoint_is_loopback(&settings->listen[i])) {
            return error_set(error, ERROR_USAGE,
                             "listen: '%s' can be reached from other machines, expected a loopback "
                             "address or --allow-remote",
                             endpoint_text(&settings->listen[i], text));
        }
    }
    if (settings->has_target && settings->is_transparent) {
        return error_set(error, ERROR_USAGE,
                         "transparent: bridge has a fixed target, expected one of the two");
    }
    return check_files(settings, error) && check_leg(&settings->legs[CLIENT], CLIENT, error) &&
           check_leg(&settings->legs[SERVER], SERVER, error);
}
