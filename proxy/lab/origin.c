#include "origin.h"

#include <stdio.h>
#include <string.h>

static const char *const unknown_words[] = {
#define XX(name, word) [UNKNOWN_NAME_##name] = word,
    UNKNOWN_NAME_MAP(XX)
#undef XX
};

static const char *const end_words[] = {
#define XX(name, word) [ORIGIN_END_##name] = word,
    ORIGIN_END_MAP(XX)
#undef XX
};

// The keys of a client leg that mean something for a server alone.
static const char *const leg_keys[] = {"min",     "max",  "ciphers",    "groups",
                                       "sigalgs", "alpn", "client-auth"};

void origin_init(struct origin *origin)
{
    memset(origin, 0, sizeof(*origin));
    leg_policy_default(&origin->policy, CLIENT);
    origin->status = 200;
}

struct origin_site *origin_site_add(struct origin *origin, const char *name, struct error *error)
{
    struct endpoint endpoint;
    if (origin->site_count == ORIGIN_SITES_MAX) {
        (void)error_set(error, ERROR_CONFIG, "too many names: expected at most %d",
                        ORIGIN_SITES_MAX); // NULL says it
        return NULL;
    }
    if (!endpoint_set_host(&endpoint, slice_of_text(name))) {
        (void)error_set(error, ERROR_CONFIG, "bad name '%.60s': expected a host name", name);
        return NULL;
    }
    struct origin_site *site = &origin->sites[origin->site_count++];
    (void)snprintf(site->name, sizeof(site->name), "%s", endpoint.host); // as long
    return site;
}

static bool set_word(const char *key, const char *value, const char *const *words, size_t count,
                     int *out_number, struct error *error)
{
    char expected[128] = "";
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], value) == 0) {
            *out_number = (int)i;
            return true;
        }
        len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%s%s", i > 0 ? ", " : "",
                                words[i]); // a few short words
    }
    return error_set(error, ERROR_CONFIG, "bad %s '%.60s': expected one of %s", key, value,
                     expected);
}

static bool set_status(const char *key, const char *value, uint16_t *out_status,
                       struct error *error)
{
    uint64_t number;
    if (!text_uint(slice_of_text(value), 599, &number) || number < 200) {
        return error_set(error, ERROR_CONFIG,
                         "bad %s '%.60s': expected an HTTP status from 200 to 599", key, value);
    }
    *out_status = (uint16_t)number;
    return true;
}

static bool set_host_check(struct origin *origin, const char *value, struct error *error)
{
    return leg_switch_read(value, &origin->checks_host) ||
           error_set(error, ERROR_CONFIG, "bad check-host '%.60s': expected on or off", value);
}

static bool set_body(struct origin *origin, const char *value, struct error *error)
{
    if (strlen(value) >= sizeof(origin->body)) {
        return error_set(error, ERROR_CONFIG, "body of %zu bytes: expected at most %d",
                         strlen(value), ORIGIN_BODY_MAX - 1);
    }
    (void)snprintf(origin->body, sizeof(origin->body), "%s", value); // fits
    return true;
}

// set_own handles the origin's own keys; *out_known tells whether `key` is one.
static bool set_own(struct origin *origin, const char *key, const char *value, bool *out_known,
                    struct error *error)
{
    int number = 0;
    bool is_set;
    *out_known = true;
    if (strcmp(key, "unknown") == 0) {
        is_set = set_word(key, value, unknown_words, COUNT_OF(unknown_words), &number, error);
        origin->unknown = is_set ? (enum unknown_name)number : origin->unknown;
        return is_set;
    }
    if (strcmp(key, "end") == 0) {
        is_set = set_word(key, value, end_words, COUNT_OF(end_words), &number, error);
        origin->end = is_set ? (enum origin_end)number : origin->end;
        return is_set;
    }
    if (strcmp(key, "status") == 0) {
        return set_status(key, value, &origin->status, error);
    }
    if (strcmp(key, "no-certificate-status") == 0) {
        return set_status(key, value, &origin->no_certificate_status, error);
    }
    if (strcmp(key, "bad-certificate-status") == 0) {
        return set_status(key, value, &origin->bad_certificate_status, error);
    }
    if (strcmp(key, "check-host") == 0) {
        return set_host_check(origin, value, error);
    }
    if (strcmp(key, "body") == 0) {
        return set_body(origin, value, error);
    }
    *out_known = false;
    return false;
}

static bool is_leg_key(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(leg_keys); i++) {
        if (strcmp(leg_keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

bool origin_set(struct origin *origin, const char *key, const char *value, struct error *error)
{
    bool is_known;
    bool is_set = set_own(origin, key, value, &is_known, error);
    if (is_known) {
        return is_set;
    }
    if (quirk_has_key(key)) {
        return quirk_set(&origin->quirk, key, value, error);
    }
    if (is_leg_key(key)) {
        uint32_t said = 0;
        return leg_policy_set_for(&origin->policy, CLIENT, key, value, &said, error);
    }
    if (lab_recipe_has_key(key) && origin->site_count > 0) {
        return lab_recipe_set(&origin->sites[0].recipe, key, value, error);
    }
    return error_set(error, ERROR_CONFIG,
                     "unknown origin key '%.60s': expected unknown, end, status, body, check-host, "
                     "no-certificate-status, bad-certificate-status, quirk, manner, alert, limit, "
                     "min, max, ciphers, groups, sigalgs, alpn, client-auth, or a key of "
                     "its certificate",
                     key);
}
