// Named policies that imitate something real, from files built into the binary
// (policy/presets/**.yaml) or from a file of the user's.
//
// An edge preset is a device that bridges TLS: both legs, the order of its handshakes, how it
// fails, and its dialect, which is how each leg key is said in its own configuration. A client
// preset is a recorded ClientHello.
#pragma once

#include "settings.h"

struct text_list {
    const char *const *items;
    size_t count;
};

// Everything is borrowed from the preset.
struct preset_edge {
    const char *name, *title;
    const char *kind;              // "reverse proxy", "cloud edge" …
    const char *leg_text[SIDES];   // "KEY=VALUE,…", empty: nothing said
    struct leg_policy legs[SIDES]; // the same, on top of leg_policy_default
    enum order order;
    enum on_failure on_failure;
    unsigned status;             // HTTP status for a broken server leg; 0: not known, or none
    unsigned certificate_status; // for a bad certificate of the origin, where it differs
    const char *dialect;         // name of its dialect, NULL: none
    const char *dialect_text[SIDES][32]; // by the index of leg_key_at; NULL: can't be said there
    const char *dialect_suites13[SIDES]; // the same for suites of TLS 1.3; NULL: can't be said
    const char *dialect_separator;       // between the items of a list
    bool dialect_has_iana_suites;        // names suites as IANA does, not as OpenSSL
    struct text_list device_alpn[SIDES]; // what the device itself offers, where the legs differ
    struct text_list habits;             // known manners and bugs
    struct text_list unverified;         // what nobody checked, said so
    struct text_list sources;
};

// preset_edge_name gives the i-th built-in name in alphabetical order, NULL past the end.
const char *preset_edge_name(size_t i);

// preset_edge_find reads a built-in preset, preset_edge_at the i-th one, preset_edge_load one from
// a file, whose name without folder and ".yaml" becomes its name. NULL with `error`: an unknown
// name is an ERROR_USAGE that lists the names, a bad file an ERROR_CONFIG with file, line, key and
// what was expected. The caller frees it; preset_edge_free(NULL) does nothing.
struct preset_edge *preset_edge_find(const char *name, struct error *error);
struct preset_edge *preset_edge_at(size_t i, struct error *error);
struct preset_edge *preset_edge_load(const char *path, struct error *error);
// preset_edge_open takes either: what ends in ".yaml" is a file, anything else a built-in's name.
struct preset_edge *preset_edge_open(const char *name, struct error *error);
struct preset_edge *preset_edge_parse(struct slice text, const char *name, struct error *error);
void preset_edge_free(struct preset_edge *preset);

// preset_edge_say tells how a leg key is set to `value` (as the leg key takes it, lists joined by
// ':') in the device's configuration, e.g. "proxy_ssl_ciphers AES128-SHA;". False when the device
// has no words for it.
bool preset_edge_say(const struct preset_edge *preset, enum side side, const char *key,
                     const char *value, struct buffer *out_text);

// A ClientHello that a real client sent, as a TLS record.
struct preset_client {
    const char *name, *title;
    const char *family, *platform; // NULL: not known
    unsigned year;
    const char *ja3, *ja4;
    struct slice record; // with the random, session id, key shares and SNI of the capture
    struct text_list notable;
};

const char *preset_client_name(size_t i);
struct preset_client *preset_client_find(const char *name, struct error *error);
struct preset_client *preset_client_at(size_t i, struct error *error);
struct preset_client *preset_client_load(const char *path, struct error *error);
struct preset_client *preset_client_parse(struct slice text, const char *name, struct error *error);
void preset_client_free(struct preset_client *preset);
