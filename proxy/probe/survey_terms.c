#include "survey_terms.h"

#include <string.h>

#include "code_points.h"

static void take_list(const struct survey_list *found, struct number_list *out)
{
    for (size_t i = 0; i < found->count; i++) {
        (void)number_list_add(out, found->items[i]); // SURVEY_ITEMS_MAX is below its limit
    }
}

static void add_once(struct number_list *list, const struct number_list *more)
{
    for (size_t i = 0; i < more->count; i++) {
        if (!number_list_has(list, more->items[i])) {
            (void)number_list_add(list, more->items[i]); // what does not fit is to be shown only
        }
    }
}

// ---- versions

static void take_versions(const struct survey *survey, struct survey_terms *out)
{
    struct leg_shape *shape = &out->terms.shape;
    for (size_t i = 0; i < VERSIONS_SEEN; i++) {
        const struct survey_version *found = &survey->versions[i];
        struct version_terms *seen = &out->seen[i];
        if (found->answer != SURVEY_ACCEPTED) {
            continue;
        }
        seen->is_taken = true;
        seen->prefers_own_order = found->suites.order == SURVEY_ORDER_SERVER;
        seen->prefers_own_groups = found->groups.order == SURVEY_ORDER_SERVER;
        take_list(&found->suites, &seen->suites);
        take_list(&found->groups, &seen->groups);
        take_list(&found->schemes, &seen->schemes);
        shape->version_max = shape->version_max != 0 ? shape->version_max : found->version;
        shape->version_min = found->version;
    }
}

// Below TLS 1.3 the groups of one version are those of all.
static void spread_groups(struct survey_terms *out)
{
    const struct version_terms *newest = NULL;
    for (size_t i = 1; i < VERSIONS_SEEN; i++) {
        struct version_terms *seen = &out->seen[i];
        if (newest == NULL && seen->groups.count > 0) {
            newest = seen;
        } else if (newest != NULL && seen->groups.count == 0) {
            seen->groups = newest->groups;
            seen->prefers_own_groups = newest->prefers_own_groups;
        }
    }
}

// The shape shows what the versions have between them.
static void show_all(struct survey_terms *out)
{
    struct leg_shape *shape = &out->terms.shape;
    for (size_t i = 0; i < VERSIONS_SEEN; i++) {
        add_once(&shape->suites, &out->seen[i].suites);
        add_once(&shape->groups, &out->seen[i].groups);
        add_once(&shape->schemes, &out->seen[i].schemes);
    }
}

// ---- certificates

static uint32_t key_of(enum suite_auth auth)
{
    return auth == AUTH_RSA ? KEY_RSA : auth == AUTH_ECDSA ? KEY_ECDSA : 0;
}

static void take_keys(struct survey_terms *out)
{
    for (size_t i = 0; i < VERSIONS_SEEN; i++) {
        const struct version_terms *seen = &out->seen[i];
        for (size_t s = 0; s < seen->suites.count; s++) {
            const struct suite *suite = suite_find(seen->suites.items[s]);
            out->terms.keys |= suite != NULL ? key_of(suite->auth) : 0;
        }
        for (size_t s = 0; i == 0 && s < seen->schemes.count; s++) {
            const struct scheme *scheme = scheme_find(seen->schemes.items[s]);
            out->terms.keys |= scheme != NULL ? key_of(scheme->key) : 0;
        }
    }
}

static uint16_t curve_of_key(const char *key)
{
    static const struct {
        const char *key;
        uint16_t curve;
    } rows[] = {
        {"EC P-256", 0x0017},    {"EC P-384", 0x0018},  {"EC P-521", 0x0019},
        {"Ed25519", CURVE_NONE}, {"Ed448", CURVE_NONE},
    };
    for (size_t i = 0; key != NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].key, key) == 0) {
            return rows[i].curve;
        }
    }
    return 0;
}

// RFC 8446 section 4.2.3: in TLS 1.3 the scheme says the curve of the key that signs.
static uint16_t curve_of_schemes(const struct number_list *schemes)
{
    return number_list_has(schemes, 0x0403)   ? 0x0017
           : number_list_has(schemes, 0x0503) ? 0x0018
           : number_list_has(schemes, 0x0603) ? 0x0019
                                              : 0;
}

static void take_curve(const struct survey *survey, struct survey_terms *out)
{
    out->terms.curve = curve_of_schemes(&out->seen[0].schemes);
    for (size_t i = 0; i < SURVEY_FULLS && out->terms.curve == 0; i++) {
        const struct leg_evidence *leg = survey->full[i];
        if (leg != NULL && leg->chain_count > 0) {
            out->terms.curve = curve_of_key(leg->chain[0].key);
        }
    }
}

// ---- protocols

static bool add_name(struct leg_shape *shape, struct slice name)
{
    size_t len = shape->alpn_len;
    if (name.len == 0 || name.len > UINT8_MAX || len + 1 + name.len > sizeof(shape->alpn)) {
        return false;
    }
    shape->alpn[len] = (uint8_t)name.len;
    memcpy(shape->alpn + len + 1, name.data, name.len);
    shape->alpn_len = (uint8_t)(len + 1 + name.len);
    return true;
}

static struct slice agreed_name(const struct survey *survey, enum survey_full full)
{
    const struct leg_evidence *leg = survey->full[full];
    return leg != NULL && leg->handshake.kind == ENDING_SECURED ? leg->alpn : SLICE_EMPTY;
}

// refuses_name is true if the server broke off since it has none of the names.
static bool refuses_name(const struct survey *survey, enum survey_full full)
{
    const struct leg_evidence *leg = survey->full[full];
    return leg != NULL && leg->handshake.kind == ENDING_ALERT_RECEIVED &&
           leg->handshake.alert == ALERT_NO_APPLICATION_PROTOCOL;
}

static void take_names(const struct survey *survey, struct survey_terms *out)
{
    struct leg_shape *shape = &out->terms.shape;
    struct slice first = agreed_name(survey, SURVEY_NAMED); // of both
    (void)add_name(shape, first);                           // an empty one: none
    static const enum survey_full alone[] = {SURVEY_H2, SURVEY_HTTP1};
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        struct slice name = agreed_name(survey, alone[i]);
        if (!slice_equals(name, first)) {
            (void)add_name(shape, name); // as above
        }
        out->terms.needs_alpn_overlap =
            out->terms.needs_alpn_overlap || refuses_name(survey, alone[i]);
    }
}

void survey_terms_make(const struct survey *survey, struct survey_terms *out)
{
    *out = (struct survey_terms){0};
    take_versions(survey, out);
    spread_groups(out);
    show_all(out);
    take_keys(out);
    take_curve(survey, out);
    take_names(survey, out);
    out->terms.seen = out->seen;
}
