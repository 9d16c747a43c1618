#include "bridge_case.h"

#include <string.h>

#include "live_server.h"
#include "preset_hello.h"
#include "quote.h"

// The keys that say what a server accepts; the others say nothing to a prediction.
static const char *const server_keys[] = {"min", "max", "ciphers", "groups", "sigalgs", "alpn"};

static bool says_acceptance(size_t key)
{
    for (size_t i = 0; i < COUNT_OF(server_keys); i++) {
        if (strcmp(leg_key_at(key)->name, server_keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_server_text(const char *text, struct leg_policy *out_policy, struct error *error)
{
    uint32_t said = 0;
    leg_policy_default(out_policy, CLIENT);
    if (!leg_policy_apply_for(out_policy, CLIENT, text, &said, error)) {
        return error_prefix(error, "server");
    }
    for (size_t i = 0; leg_key_at(i) != NULL; i++) {
        if ((said & 1u << i) != 0 && !says_acceptance(i)) {
            return error_set(error, ERROR_USAGE,
                             "server: key '%s' says nothing about what a server accepts, expected "
                             "min, max, ciphers, groups, sigalgs or alpn",
                             leg_key_at(i)->name);
        }
    }
    return true;
}

static bool read_server(const char *text, struct leg_policy *out_policy, struct error *error)
{
    if (strchr(text, '=') != NULL) {
        return read_server_text(text, out_policy, error);
    }
    struct endpoint host;
    if (live_server_named(text, &host)) {
        leg_policy_default(out_policy, CLIENT);
        return true;
    }
    struct preset_edge *preset = preset_edge_open(text, error);
    if (preset == NULL) {
        return error_prefix(error, "server");
    }
    *out_policy = preset->legs[CLIENT];
    preset_edge_free(preset);
    return true;
}

static bool read_keys(const struct bridge_words *words, uint32_t *out_keys, struct error *error)
{
    struct endpoint host;
    const char *text = words->keys;
    if (text != NULL && live_server_named(words->server, &host)) {
        return error_set(error, ERROR_USAGE,
                         "server key: not with a host, whose certificates are seen");
    }
    bool is_both = text == NULL || strcmp(text, "both") == 0;
    if (is_both || strcmp(text, "rsa") == 0 || strcmp(text, "ecdsa") == 0) {
        *out_keys = is_both ? KEY_RSA | KEY_ECDSA : text[0] == 'r' ? KEY_RSA : KEY_ECDSA;
        return true;
    }
    return error_set(error, ERROR_USAGE, "server key: '%s', expected rsa, ecdsa or both",
                     quote_text(text).text);
}

bool bridge_case_make(struct bridge_case *out, const struct bridge_words *words,
                      const struct library *library, struct error *error)
{
    *out = (struct bridge_case){0};
    bool has_edge = words->edge != NULL && strcmp(words->edge, "none") != 0;
    struct leg_policy server;
    uint32_t keys = 0;
    if (!read_server(words->server, &server, error) || !read_keys(words, &keys, error)) {
        return false;
    }
    if (has_edge) {
        out->edge = preset_edge_open(words->edge, error);
        if (out->edge == NULL) {
            return error_prefix(error, "edge");
        }
    }
    leg_policy_default(&out->mirror[CLIENT], CLIENT);
    leg_policy_default(&out->mirror[SERVER], SERVER);
    origin_terms_make(&server, keys, library, &out->origin);
    out->terms = (struct bridge_terms){
        .legs = has_edge ? out->edge->legs : out->mirror,
        .order = has_edge ? out->edge->order : ORDER_SERVER_FIRST,
        .library = library,
        .origin = words->live != NULL ? words->live : &out->origin,
    };
    return true;
}

void bridge_case_clear(struct bridge_case *bridge)
{
    preset_edge_free(bridge->edge);
    *bridge = (struct bridge_case){0};
}

const char *bridge_case_say(const struct bridge_case *bridge, enum side side, const char *key,
                            const char *value, struct arena *arena)
{
    struct buffer device = {0};
    const char *leg = side == CLIENT ? "--client-leg" : "--server-leg";
    bool is_said = bridge->edge != NULL && preset_edge_say(bridge->edge, side, key, value, &device);
    const char *words = is_said ? arena_text(arena, buffer_slice(&device)) : NULL;
    buffer_clear(&device);
    if (words == NULL) {
        return arena_printf(arena, "%s %s=%s", leg, key, value);
    }
    return arena_printf(arena, "%s: %s", bridge->edge->dialect, words);
}
