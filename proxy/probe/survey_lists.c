#include "survey_lists.h"

#include <string.h>

#include "code_points.h"
#include "wide.h"

// Some old servers end a hello with more.
#define HELLO_SUITES_MAX 128

// What can be asked for without a shared secret, a ticket or a static key of the client's.
static bool is_askable(const struct suite *suite, uint16_t version)
{
    bool is_for = suite->version_min <= version && version <= suite->version_max;
    return is_for && suite->class != SUITE_SIGNALLING && suite->kx != KX_PSK &&
           suite->kx != KX_OTHER && suite->auth != AUTH_PSK && suite->auth != AUTH_OTHER;
}

// What servers have; hardly any has the rest.
static bool is_usual(const struct suite *suite)
{
    bool signs = suite->auth == AUTH_ANY || suite->auth == AUTH_RSA || suite->auth == AUTH_ECDSA;
    return signs && (suite->class != SUITE_BROKEN || suite->bits >= 112);
}

static void add_class(struct number_list *out, uint16_t version, enum suite_class class,
                      bool is_usual_batch)
{
    for (size_t i = 0; suite_at(i) != NULL; i++) {
        const struct suite *suite = suite_at(i);
        bool is_wanted = suite->class == class && is_askable(suite, version);
        if (is_wanted && is_usual(suite) == is_usual_batch && out->count < HELLO_SUITES_MAX) {
            (void)number_list_add(out, suite->id); // below its limit
        }
    }
}

void survey_suites(uint16_t version, bool is_usual_batch, struct number_list *out)
{
    *out = (struct number_list){0};
    add_class(out, version, SUITE_MODERN, is_usual_batch);
    add_class(out, version, SUITE_LEGACY, is_usual_batch);
    add_class(out, version, SUITE_BROKEN, is_usual_batch);
}

void survey_groups(uint16_t version, struct number_list *out)
{
    *out = (struct number_list){0};
    struct number_list usual;
    wide_list(LIST_GROUPS, &usual);
    for (size_t pass = 0; pass < 2; pass++) { // those that everybody has come first
        for (size_t i = 0; group_at(i) != NULL; i++) {
            const struct group *group = group_at(i);
            bool is_for = version == VERSION_TLS13 ? group->in_tls13
                                                   : !group->is_post_quantum && !group->is_ffdhe;
            if (is_for && number_list_has(&usual, group->id) == (pass == 0)) {
                (void)number_list_add(out, group->id); // a table far below the limit
            }
        }
    }
}

void survey_schemes(uint16_t version, struct number_list *out)
{
    *out = (struct number_list){0};
    for (size_t i = 0; scheme_at(i) != NULL; i++) {
        const struct scheme *scheme = scheme_at(i);
        if (version == VERSION_TLS13 ? scheme->in_tls13 : scheme->in_tls12) {
            (void)number_list_add(out, scheme->id); // as above
        }
    }
}

void survey_list_remove(struct number_list *list, uint16_t number)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] != number) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = (uint16_t)kept;
}

bool survey_list_add(struct survey_list *list, uint16_t number, size_t dh_bits)
{
    if (list->count == SURVEY_ITEMS_MAX) {
        return false;
    }
    list->items[list->count] = number;
    list->dh_bits[list->count] = dh_bits <= UINT16_MAX ? (uint16_t)dh_bits : UINT16_MAX;
    list->count++;
    return true;
}

static void take_usual(enum list_kind kind, const struct number_list *known,
                       struct number_list *out)
{
    struct number_list usual;
    wide_list(kind, &usual);
    for (size_t i = 0; i < usual.count; i++) {
        if (number_list_has(known, usual.items[i])) {
            (void)number_list_add(out, usual.items[i]); // fewer than it holds
        }
    }
}

void survey_shape(const struct library *library, struct leg_shape *out_shape)
{
    memset(out_shape, 0, sizeof(*out_shape)); // a key of contexts: padding as well
    out_shape->version_min = library->version_min;
    out_shape->version_max = library->version_max;
    out_shape->suites = library->suites;
    take_usual(LIST_GROUPS, &library->groups, &out_shape->groups);
    take_usual(LIST_SCHEMES, &library->schemes, &out_shape->schemes);
}
