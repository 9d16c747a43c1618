#include "leg_policy.h"

#include <stdlib.h>
#include <string.h>

#include "code_list.h"
#include "code_points.h"
#include "quote.h"
#include "text.h"

#define BOTH_SIDES  (1u << CLIENT | 1u << SERVER)
#define SPLIT_MAX   1000
#define CLOCK_MAX   ((int64_t)100 * 366 * 86400 * 1000)
#define TIMEOUT_MAX ((int64_t)86400 * 1000)

// One key: how it is said, and the bytes of struct leg_policy that it sets.
struct row {
    struct leg_key key;
    size_t from, to;
    bool (*set)(const struct row *row, struct leg_policy *policy, const char *value,
                struct error *error);
};

static void *field_of(const struct row *row, struct leg_policy *policy)
{
    return (uint8_t *)policy + row->from;
}

static bool refuse(const struct row *row, const char *value, const char *expected,
                   struct error *error)
{
    return error_set(error, ERROR_USAGE, "%s: bad value '%s', expected %s", row->key.name,
                     quote_text(value).text, expected);
}

// Writes `text` and zeroes the rest, so that equal policies stay equal under memcmp.
static bool fill_text(char *field, size_t size, const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len >= size) {
        return false;
    }
    memset(field, 0, size);
    memcpy(field, text, len);
    return true;
}

static bool set_version(const struct row *row, struct leg_policy *policy, const char *value,
                        struct error *error)
{
    uint16_t version = version_named(slice_of_text(value));
    if (version < VERSION_SSL30 || version > VERSION_TLS13) {
        return refuse(row, value, "TLS1.0, TLS1.1, TLS1.2 or TLS1.3", error);
    }
    *(uint16_t *)field_of(row, policy) = version;
    return true;
}

static bool set_suites(const struct row *row, struct leg_policy *policy, const char *value,
                       struct error *error)
{
    return code_list_read(CODE_SUITE, row->key.name, value, &policy->suites, error);
}

static bool set_groups(const struct row *row, struct leg_policy *policy, const char *value,
                       struct error *error)
{
    return code_list_read(CODE_GROUP, row->key.name, value, &policy->groups, error);
}

static bool set_schemes(const struct row *row, struct leg_policy *policy, const char *value,
                        struct error *error)
{
    return code_list_read(CODE_SCHEME, row->key.name, value, &policy->schemes, error);
}

static bool set_alpn(const struct row *row, struct leg_policy *policy, const char *value,
                     struct error *error)
{
    uint8_t names[POLICY_ALPN_MAX] = {0};
    size_t names_len = 0;
    bool is_none = strcmp(value, "none") == 0;
    for (const char *at = value; !is_none; at++) {
        size_t len = strcspn(at, ":");
        if (len == 0 || names_len + 1 + len > sizeof(names)) {
            return refuse(row, value, "'none', or names joined by ':' of at most 128 bytes", error);
        }
        names[names_len] = (uint8_t)len;
        memcpy(names + names_len + 1, at, len);
        names_len += 1 + len;
        at += len;
        if (*at == '\0') {
            break;
        }
    }
    memcpy(policy->alpn, names, sizeof(names));
    policy->alpn_len = (uint8_t)names_len;
    policy->has_alpn = true;
    return true;
}

// Anything that can be sent is taken: a name that no server should get is what some people test.
static bool is_name_text(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7f) {
            return false;
        }
    }
    return true;
}

static bool set_sni(const struct row *row, struct leg_policy *policy, const char *value,
                    struct error *error)
{
    bool is_forward = strcmp(value, "forward") == 0;
    bool is_none = strcmp(value, "none") == 0;
    char name[sizeof(policy->sni_name)] = {0};
    if (!is_forward && !is_none &&
        (!is_name_text(value) || !fill_text(name, sizeof(name), value))) {
        return refuse(row, value, "forward, none or a host name", error);
    }
    policy->sni = is_forward ? SNI_FORWARD : is_none ? SNI_NONE : SNI_NAME;
    memcpy(policy->sni_name, name, sizeof(name));
    return true;
}

static bool set_name(const struct row *row, struct leg_policy *policy, const char *value,
                     struct error *error)
{
    struct endpoint endpoint;
    if (!endpoint_set_host(&endpoint, slice_of_text(value))) {
        return refuse(row, value, "a host name or IP address", error);
    }
    return fill_text(field_of(row, policy), ENDPOINT_HOST_MAX, endpoint.host);
}

static bool set_path(const struct row *row, struct leg_policy *policy, const char *value,
                     struct error *error)
{
    return fill_text(field_of(row, policy), POLICY_PATH_MAX, value) ||
           refuse(row, value, "a file name of at most 1023 bytes", error);
}

bool leg_switch_read(const char *text, bool *out_on)
{
    static const char *const words[] = {"on", "off", "true", "false", "yes", "no"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out_on = i % 2 == 0;
            return true;
        }
    }
    return false;
}

static bool set_switch(const struct row *row, struct leg_policy *policy, const char *value,
                       struct error *error)
{
    return leg_switch_read(value, field_of(row, policy)) || refuse(row, value, "on or off", error);
}

static bool set_clock(const struct row *row, struct leg_policy *policy, const char *value,
                      struct error *error)
{
    int64_t offset_ms;
    if (!text_duration_ms(value, true, &offset_ms) || llabs(offset_ms) > CLOCK_MAX) {
        return refuse(row, value, "an offset such as +3d, -2h or 0s, at most 100 years", error);
    }
    policy->clock_offset_ms = offset_ms;
    return true;
}

static bool set_timeout(const struct row *row, struct leg_policy *policy, const char *value,
                        struct error *error)
{
    int64_t timeout_ms;
    if (!text_duration_ms(value, false, &timeout_ms) || timeout_ms < 1 ||
        timeout_ms > TIMEOUT_MAX) {
        return refuse(row, value, "a time such as 500ms, 10s or 2m, at most 24h", error);
    }
    policy->timeout_ms = timeout_ms;
    return true;
}

static bool set_split(const struct row *row, struct leg_policy *policy, const char *value,
                      struct error *error)
{
    uint64_t split;
    if (!text_uint(slice_of_text(value), SPLIT_MAX, &split) || split == 0) {
        return refuse(row, value, "a number of segments from 1 to 1000", error);
    }
    policy->split = (uint32_t)split;
    return true;
}

// The faults of certs/mint.h, which is on this floor and so out of reach; "none" is leaf=clean.
static const char *const leaf_faults[] = {"expired", "not-yet-valid", "wrong-name", "self-signed",
                                          "no-san",  "sha1",          "wrong-usage"};

static bool set_leaf(const struct row *row, struct leg_policy *policy, const char *value,
                     struct error *error)
{
    static const char prefix[] = "replace:";
    char fault[sizeof(policy->leaf_fault)] = {0};
    enum leaf_mode mode = strcmp(value, "mirror") == 0 ? LEAF_MIRROR : LEAF_CLEAN;
    if (strncmp(value, prefix, sizeof(prefix) - 1) == 0) {
        for (size_t i = 0; i < COUNT_OF(leaf_faults); i++) {
            if (strcmp(value + sizeof(prefix) - 1, leaf_faults[i]) == 0) {
                mode = LEAF_REPLACE;
                (void)fill_text(fault, sizeof(fault), leaf_faults[i]); // ours: it fits
            }
        }
    }
    if (mode == LEAF_CLEAN && strcmp(value, "clean") != 0) {
        return refuse(row, value,
                      "clean, mirror, or replace: and one of expired, not-yet-valid, wrong-name, "
                      "self-signed, no-san, sha1, wrong-usage",
                      error);
    }
    policy->leaf = mode;
    memcpy(policy->leaf_fault, fault, sizeof(fault));
    return true;
}

static bool set_client_auth(const struct row *row, struct leg_policy *policy, const char *value,
                            struct error *error)
{
    static const char *const words[] = {
        [CLIENT_AUTH_NONE] = "none", [CLIENT_AUTH_ASK] = "ask", [CLIENT_AUTH_REQUIRE] = "require"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(value, words[i]) == 0) {
            policy->client_auth = (enum client_auth)i;
            return true;
        }
    }
    return refuse(row, value, "none, ask or require", error);
}

#define FIELDS(first, last)             \
    offsetof(struct leg_policy, first), \
        offsetof(struct leg_policy, last) + sizeof(((struct leg_policy *)NULL)->last)

// clang-format off
static const struct row rows[] = {
    {{"min", "VERSION", "lowest TLS version, e.g. TLS1.2", BOTH_SIDES, false},
     FIELDS(version_min, version_min), set_version},
    {{"max", "VERSION", "highest TLS version, e.g. TLS1.3", BOTH_SIDES, false},
     FIELDS(version_max, version_max), set_version},
    {{"ciphers", "LIST", "cipher suites of all versions in order, OpenSSL or IANA names", BOTH_SIDES, true},
     FIELDS(suites, suites), set_suites},
    {{"groups", "LIST", "key exchange groups in order, e.g. X25519:P-256", BOTH_SIDES, true},
     FIELDS(groups, groups), set_groups},
    {{"sigalgs", "LIST", "signature schemes in order, e.g. rsa_pss_rsae_sha256", BOTH_SIDES, true},
     FIELDS(schemes, schemes), set_schemes},
    {{"alpn", "LIST|none", "application protocols in order, e.g. h2:http/1.1", BOTH_SIDES, true},
     FIELDS(alpn, has_alpn), set_alpn},
    {{"sni", "forward|none|NAME", "the server name sent to the origin", 1u << SERVER, false},
     FIELDS(sni, sni_name), set_sni},
    {{"mirror", "on|off", "offer the origin what the client offered", 1u << SERVER, false},
     FIELDS(mirror, mirror), set_switch},
    {{"verify", "on|off", "verify the peer's certificate", BOTH_SIDES, false},
     FIELDS(verify, verify), set_switch},
    {{"verify-name", "NAME", "the name the origin's certificate must have", 1u << SERVER, false},
     FIELDS(verify_name, verify_name), set_name},
    {{"ca", "FILE", "trust these certificates instead of the system's", BOTH_SIDES, false},
     FIELDS(ca_file, ca_file), set_path},
    {{"crl", "FILE", "revocation list to check the peer's certificate against", BOTH_SIDES, false},
     FIELDS(crl_file, crl_file), set_path},
    {{"clock", "OFFSET", "run this leg's clock ahead or behind, e.g. +3d", BOTH_SIDES, false},
     FIELDS(clock_offset_ms, clock_offset_ms), set_clock},
    {{"cert", "FILE", "own certificate chain, PEM", BOTH_SIDES, false},
     FIELDS(cert_file, cert_file), set_path},
    {{"key", "FILE", "private key of cert=, PEM", BOTH_SIDES, false},
     FIELDS(key_file, key_file), set_path},
    {{"leaf", "clean|mirror|replace:FAULT", "the certificate shown to the client", 1u << CLIENT, false},
     FIELDS(leaf, leaf_fault), set_leaf},
    {{"client-auth", "none|ask|require", "ask the client for a certificate", 1u << CLIENT, false},
     FIELDS(client_auth, client_auth), set_client_auth},
    {{"timeout", "TIME", "longest time for the handshake, e.g. 10s", BOTH_SIDES, false},
     FIELDS(timeout_ms, timeout_ms), set_timeout},
    {{"split", "N", "send the hello in N segments", 1u << SERVER, false},
     FIELDS(split, split), set_split},
};
// clang-format on

_Static_assert(COUNT_OF(rows) <= 32, "a bit of `said` for each key");

void leg_policy_default(struct leg_policy *policy, enum side side)
{
    memset(policy, 0, sizeof(*policy));
    policy->mirror = side == SERVER;
    policy->verify = side == SERVER;
}

const struct leg_key *leg_key_at(size_t i)
{
    return i < COUNT_OF(rows) ? &rows[i].key : NULL;
}

const struct leg_key *leg_key_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i].key.name, name) == 0) {
            return &rows[i].key;
        }
    }
    return NULL;
}

static bool refuse_key(struct slice key, struct error *error)
{
    struct nearest nearest = nearest_to(key);
    struct name_line names = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        nearest_offer(&nearest, rows[i].key.name);
        name_line_add(&names, rows[i].key.name);
    }
    return error_set(error, ERROR_USAGE, "unknown key '%s', expected one of %s%s", quote(key).text,
                     names.text, nearest_hint(&nearest).text);
}

static const char *only_side_text(unsigned sides)
{
    return sides == 1u << CLIENT ? "client" : "server";
}

static bool set_key(struct leg_policy *policy, unsigned sides, struct slice key, const char *value,
                    uint32_t *said, struct error *error)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!slice_equals_text(key, rows[i].key.name)) {
            continue;
        }
        if ((rows[i].key.sides & sides) == 0) {
            return error_set(error, ERROR_USAGE, "%s: only the %s leg has this key",
                             rows[i].key.name, only_side_text(rows[i].key.sides));
        }
        if (!rows[i].set(&rows[i], policy, value, error)) {
            return false;
        }
        *said |= (uint32_t)1 << i;
        return true;
    }
    return refuse_key(key, error);
}

static bool apply(struct leg_policy *policy, unsigned sides, const char *text, uint32_t *said,
                  struct error *error)
{
    char *copy = strdup(text);
    struct leg_policy *changed = malloc(sizeof(*changed));
    bool is_ok = copy != NULL && changed != NULL;
    if (!is_ok) {
        (void)error_set(error, ERROR_MEMORY, "out of memory");
        goto out;
    }
    memcpy(changed, policy, sizeof(*changed));
    char *rest = copy;
    while (is_ok && rest != NULL) {
        char *item = strsep(&rest, ",");
        size_t key_len = strcspn(item, "=");
        struct slice key = {(const uint8_t *)item, key_len};
        is_ok = item[key_len] == '=' ||
                error_set(error, ERROR_USAGE, "no '=' in '%s', expected KEY=VALUE[,KEY=VALUE...]",
                          quote_text(item).text);
        is_ok = is_ok && set_key(changed, sides, key, item + key_len + 1, said, error);
    }
    if (is_ok) {
        memcpy(policy, changed, sizeof(*policy));
    }
out:
    free(changed);
    free(copy);
    return is_ok;
}

bool leg_policy_apply(struct leg_policy *policy, const char *text, struct error *error)
{
    uint32_t said = 0;
    return apply(policy, BOTH_SIDES, text, &said, error);
}

bool leg_policy_set_for(struct leg_policy *policy, enum side side, const char *key,
                        const char *value, uint32_t *said, struct error *error)
{
    return set_key(policy, 1u << side, slice_of_text(key), value, said, error);
}

bool leg_policy_apply_for(struct leg_policy *policy, enum side side, const char *text,
                          uint32_t *said, struct error *error)
{
    return apply(policy, 1u << side, text, said, error);
}

void leg_policy_copy_keys(struct leg_policy *to, const struct leg_policy *from, uint32_t said)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if ((said >> i & 1) != 0) {
            memcpy((uint8_t *)to + rows[i].from, (const uint8_t *)from + rows[i].from,
                   rows[i].to - rows[i].from);
        }
    }
}
