#include "dialect.h"

#include <string.h>

#include "judge.h"
#include "presets.h"

// What stands for {} in the device's words.
enum value {
    VALUE_SUITE,
    VALUE_GROUP,
    VALUE_SCHEME,
    VALUE_PROTOCOLS,
    VALUE_SERVER_NAME, // what is to be sent in SNI
    VALUE_WANTED_NAME, // what the certificate is to be for
    VALUE_FILE,
    VALUE_CERTIFICATE,
    VALUE_KEY,
};

#define ON(side)  (1u << (side))
#define OF(party) (1u << (party))
#define ANY_PARTY (OF(PARTY_CLIENT) | OF(PARTY_SERVER) | OF(PARTY_BRIDGE))
#define KEYS_MAX  3

// Which leg keys mend a cause, going forward only. Parties other than the bridge: where the fix
// names what the bridge may do beside theirs.
static const struct row {
    const char *code;
    unsigned sides, parties;
    struct {
        const char *key;
        enum value value;
    } keys[KEYS_MAX];
} rows[] = {
    // clang-format off
    {"cipher.no-common-suite", ON(CLIENT) | ON(SERVER), OF(PARTY_BRIDGE), {{"ciphers", VALUE_SUITE}}},
    {"cipher.certificate-type-mismatch", ON(CLIENT) | ON(SERVER), OF(PARTY_BRIDGE),
     {{"ciphers", VALUE_SUITE}, {"sigalgs", VALUE_SCHEME}}},
    {"group.no-common", ON(CLIENT) | ON(SERVER), OF(PARTY_BRIDGE), {{"groups", VALUE_GROUP}}},
    {"sigalg.no-common", ON(CLIENT) | ON(SERVER), OF(PARTY_BRIDGE), {{"sigalgs", VALUE_SCHEME}}},
    {"alpn.no-overlap", ON(CLIENT) | ON(SERVER), OF(PARTY_BRIDGE), {{"alpn", VALUE_PROTOCOLS}}},
    {"sni.required", ON(SERVER), ANY_PARTY, {{"sni", VALUE_SERVER_NAME}}},
    {"sni.unrecognized", ON(SERVER), ANY_PARTY, {{"sni", VALUE_SERVER_NAME}}},
    {"sni.misdirected", ON(SERVER), ANY_PARTY, {{"sni", VALUE_SERVER_NAME}}},
    {"cert.hostname-mismatch", ON(SERVER), OF(PARTY_BRIDGE), {{"verify-name", VALUE_WANTED_NAME}}},
    {"cert.untrusted-root", ON(SERVER), ANY_PARTY, {{"ca", VALUE_FILE}}},
    {"cert.self-signed", ON(SERVER), ANY_PARTY, {{"ca", VALUE_FILE}}},
    {"intercept.upstream-interceptor", ON(SERVER), ANY_PARTY, {{"ca", VALUE_FILE}}},
    {"client-auth.required", ON(SERVER), ANY_PARTY, {{"cert", VALUE_CERTIFICATE}, {"key", VALUE_KEY}}},
    // clang-format on
};

static const char version_code[] = "protocol.no-common-version";

static const struct row *row_find(const struct verdict *verdict)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(rows[i].code, verdict->cause->code) == 0 &&
            (rows[i].sides & ON(verdict->leg)) != 0 &&
            (rows[i].parties & OF(verdict->party)) != 0) {
            return &rows[i];
        }
    }
    return NULL;
}

// ---- values

// Names come from peers, and the words are there to be copied into a configuration.
static bool is_host_name(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    return text != NULL && text[0] != '\0' && text[0] != '-' && text[strspn(text, letters)] == '\0';
}

static const char *name_value(const struct verdict *verdict, const struct evidence *evidence,
                              enum value value)
{
    const char *asked = evidence->legs[CLIENT].sni_sent;
    bool is_ip = evidence->has_target && evidence->target.is_ip;
    const char *target = evidence->has_target && !is_ip ? evidence->target.host : NULL;
    // "no name" is no host name.
    const char *choices[] = {value == VALUE_SERVER_NAME ? verdict->accepted : NULL, asked, target};
    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        if (is_host_name(choices[i])) {
            return choices[i];
        }
    }
    return "NAME";
}

static bool is_modern(enum list_kind kind, uint16_t number)
{
    const struct suite *suite = kind == LIST_SUITES ? suite_find(number) : NULL;
    const struct group *group = kind == LIST_GROUPS ? group_find(number) : NULL;
    const struct scheme *scheme = kind == LIST_SCHEMES ? scheme_find(number) : NULL;
    return (suite != NULL && suite->openssl != NULL && suite->class == SUITE_MODERN) ||
           (group != NULL && group->in_tls13 && group->openssl != NULL) ||
           (scheme != NULL && scheme->openssl != NULL && !scheme->is_weak);
}

static uint16_t number_named(enum list_kind kind, const char *text)
{
    struct slice name = slice_of_text(text);
    const struct suite *suite = kind == LIST_SUITES ? suite_named(name) : NULL;
    const struct group *group = kind == LIST_GROUPS ? group_named(name) : NULL;
    const struct scheme *scheme = kind == LIST_SCHEMES ? scheme_named(name) : NULL;
    return suite != NULL ? suite->id : group != NULL ? group->id : scheme != NULL ? scheme->id : 0;
}

// The element that the peer takes: what the proof found in the origin, or the first of what the
// client offered that is not outdated. Else what every current stack has.
static const char *element(const struct verdict *verdict, const struct evidence *evidence,
                           enum list_kind kind)
{
    static const char *const usual[] = {
        [LIST_VERSIONS] = "TLS1.3",
        [LIST_SUITES] = "ECDHE-RSA-AES128-GCM-SHA256",
        [LIST_GROUPS] = "secp256r1",
        [LIST_SCHEMES] = "rsa_pss_rsae_sha256",
    };
    uint16_t taken = verdict->accepted != NULL ? number_named(kind, verdict->accepted) : 0;
    if (verdict->leg == SERVER) {
        return is_modern(kind, taken) ? list_item_name(kind, taken) : usual[kind];
    }
    struct judge judge;
    judge_init(&judge, evidence, NULL);
    const struct number_list *offered = sets_list(&judge.client, kind);
    for (size_t i = 0; i < offered->count; i++) {
        if (is_modern(kind, offered->items[i])) {
            return list_item_name(kind, offered->items[i]);
        }
    }
    return usual[kind];
}

static const char *value_text(const struct verdict *verdict, const struct evidence *evidence,
                              enum value value)
{
    switch (value) {
    case VALUE_SUITE:
        return element(verdict, evidence, LIST_SUITES);
    case VALUE_GROUP:
        return element(verdict, evidence, LIST_GROUPS);
    case VALUE_SCHEME:
        return element(verdict, evidence, LIST_SCHEMES);
    case VALUE_PROTOCOLS:
        return "h2:http/1.1";
    case VALUE_SERVER_NAME:
    case VALUE_WANTED_NAME:
        return name_value(verdict, evidence, value);
    case VALUE_FILE:
        return "ca.pem";
    case VALUE_CERTIFICATE:
        return "client.pem";
    case VALUE_KEY:
        break;
    }
    return "client.key";
}

// ---- words

static void add_line(struct verdict *verdict, const struct preset_edge *preset, const char *key,
                     const char *value, struct arena *arena)
{
    struct buffer text = {0};
    bool is_said = verdict->dialect_count < COUNT_OF(verdict->dialect) &&
                   preset_edge_say(preset, verdict->leg, key, value, &text);
    const char *words = is_said ? arena_text(arena, buffer_slice(&text)) : NULL;
    buffer_clear(&text);
    if (words != NULL) {
        verdict->dialect[verdict->dialect_count++] =
            (struct dialect_line){.key = leg_key_find(key)->name, .words = words};
    }
}

// The ceiling where the leg ends below TLS 1.3, the floor where it begins above TLS 1.2.
static void add_versions(struct verdict *verdict, const struct preset_edge *preset,
                         struct arena *arena)
{
    const struct leg_policy *policy = &preset->legs[verdict->leg];
    bool is_low = policy->version_max != 0 && policy->version_max < VERSION_TLS13;
    add_line(verdict, preset, is_low ? "max" : "min", is_low ? "TLS1.3" : "TLS1.2", arena);
}

static void add_rows(struct verdict *verdict, const struct evidence *evidence,
                     const struct preset_edge *preset, struct arena *arena)
{
    if (strcmp(verdict->cause->code, version_code) == 0) {
        if (verdict->party == PARTY_BRIDGE) {
            add_versions(verdict, preset, arena);
        }
        return;
    }
    const struct row *row = row_find(verdict);
    for (size_t i = 0; row != NULL && i < KEYS_MAX && row->keys[i].key != NULL; i++) {
        add_line(verdict, preset, row->keys[i].key,
                 value_text(verdict, evidence, row->keys[i].value), arena);
    }
}

void dialect_add(struct verdict *verdict, const struct evidence *evidence, struct arena *arena)
{
    struct error error;
    if (evidence->edge == NULL || verdict->dialect_count > 0) {
        return;
    }
    struct preset_edge *preset = preset_edge_find(evidence->edge, &error);
    if (preset != NULL && preset->dialect != NULL) {
        add_rows(verdict, evidence, preset, arena);
        verdict->device =
            verdict->dialect_count > 0 ? arena_text(arena, slice_of_text(preset->dialect)) : NULL;
    }
    preset_edge_free(preset); // a log may name one that this version does not know
}
