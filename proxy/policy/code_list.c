#include "code_list.h"

#include <string.h>

#include "code_points.h"
#include "quote.h"

static const char *const kind_names[] = {
    [CODE_SUITE] = "cipher suite",
    [CODE_GROUP] = "group",
    [CODE_SCHEME] = "signature scheme",
};

static bool read_number(struct slice text, uint16_t *out_number)
{
    if (text.len < 3 || text.len > 6 || text.data[0] != '0' || (text.data[1] | 0x20) != 'x') {
        return false;
    }
    unsigned number = 0;
    for (size_t i = 2; i < text.len; i++) {
        const char *digits = "0123456789abcdefABCDEF";
        const char *digit = text.data[i] != 0 ? strchr(digits, text.data[i]) : NULL;
        if (digit == NULL) {
            return false;
        }
        size_t value = (size_t)(digit - digits);
        number = number << 4 | (unsigned)(value < 16 ? value : value - 6);
    }
    *out_number = (uint16_t)number;
    return true;
}

static bool find_named(enum code_kind kind, struct slice name, uint16_t *out_number)
{
    const struct suite *suite = kind == CODE_SUITE ? suite_named(name) : NULL;
    const struct group *group = kind == CODE_GROUP ? group_named(name) : NULL;
    const struct scheme *scheme = kind == CODE_SCHEME ? scheme_named(name) : NULL;
    if (suite == NULL && group == NULL && scheme == NULL) {
        return false;
    }
    *out_number = suite != NULL ? suite->id : group != NULL ? group->id : scheme->id;
    return true;
}

static struct quote hint_for(enum code_kind kind, struct slice name)
{
    struct nearest nearest = nearest_to(name);
    switch (kind) {
    case CODE_SUITE:
        for (size_t i = 0; suite_at(i) != NULL; i++) {
            nearest_offer(&nearest, suite_at(i)->openssl);
            nearest_offer(&nearest, suite_at(i)->iana);
        }
        break;
    case CODE_GROUP:
        for (size_t i = 0; group_at(i) != NULL; i++) {
            nearest_offer(&nearest, group_at(i)->name);
            nearest_offer(&nearest, group_at(i)->openssl);
        }
        break;
    case CODE_SCHEME:
        for (size_t i = 0; scheme_at(i) != NULL; i++) {
            nearest_offer(&nearest, scheme_at(i)->name);
            nearest_offer(&nearest, scheme_at(i)->openssl);
        }
        break;
    }
    return nearest_hint(&nearest);
}

bool code_list_read(enum code_kind kind, const char *key, const char *text,
                    struct number_list *out_list, struct error *error)
{
    struct number_list list = {0};
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ":");
        struct slice name = {(const uint8_t *)at, len};
        uint16_t number;
        if (len == 0) {
            return error_set(error, ERROR_USAGE,
                             "%s: empty name in '%s', expected names joined by ':'", key,
                             quote_text(text).text);
        }
        if (!read_number(name, &number) && !find_named(kind, name, &number)) {
            return error_set(
                error, ERROR_USAGE,
                "%s: unknown %s '%s', expected IANA or OpenSSL names or numbers like 0xC02F%s", key,
                kind_names[kind], quote(name).text, hint_for(kind, name).text);
        }
        if (!number_list_has(&list, number) && !number_list_add(&list, number)) {
            return error_set(error, ERROR_USAGE, "%s: too long a list, expected at most %d names",
                             key, NUMBER_LIST_MAX);
        }
        at += len;
        if (*at == '\0') {
            break;
        }
    }
    *out_list = list;
    return true;
}
