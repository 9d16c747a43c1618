#include "code_points.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct name_row {
    uint16_t id;
    const char *name;
};

static const struct suite suites[] = {
#include "code_points_suites.inc"
};

static const struct group groups[] = {
#include "code_points_groups.inc"
};

static const struct scheme schemes[] = {
#include "code_points_schemes.inc"
};

static const struct name_row extensions[] = {
#include "code_points_extensions.inc"
};

static const struct name_row alerts[] = {
#include "code_points_alerts.inc"
};

static const struct name_row versions[] = {
#include "code_points_versions.inc"
};

// Every table's rows begin with their number, by which the generator sorted them.
static int compare_ids(const void *wanted, const void *row)
{
    uint16_t a = *(const uint16_t *)wanted;
    uint16_t b = *(const uint16_t *)row;
    return (a > b) - (a < b);
}

static_assert(offsetof(struct suite, id) == 0, "compare_ids reads the first member");
static_assert(offsetof(struct group, id) == 0, "compare_ids reads the first member");
static_assert(offsetof(struct scheme, id) == 0, "compare_ids reads the first member");
static_assert(offsetof(struct name_row, id) == 0, "compare_ids reads the first member");

#define FIND(table, id) bsearch(&(id), (table), COUNT_OF(table), sizeof((table)[0]), compare_ids)

static bool is_name(const char *name, struct slice wanted)
{
    return name != NULL && slice_equals_nocase(slice_of_text(name), wanted);
}

const struct suite *suite_find(uint16_t id)
{
    return FIND(suites, id);
}

// Reads "0xC02F": always four digits, as the registry writes them.
static bool read_hex_id(struct slice text, uint16_t *out_id)
{
    if (text.len != 6 || !slice_equals_nocase(slice_part(text, 0, 2), slice_of_text("0x"))) {
        return false;
    }
    static const char digits[] = "0123456789abcdefABCDEF";
    uint32_t id = 0;
    for (size_t i = 2; i < text.len; i++) {
        const char *digit = memchr(digits, text.data[i], sizeof(digits) - 1);
        if (digit == NULL) {
            return false;
        }
        size_t value = (size_t)(digit - digits);
        id = id << 4 | (uint32_t)(value < 16 ? value : value - 6);
    }
    *out_id = (uint16_t)id;
    return true;
}

const struct suite *suite_named(struct slice name)
{
    uint16_t id;
    if (read_hex_id(name, &id)) {
        return suite_find(id);
    }
    for (size_t i = 0; i < COUNT_OF(suites); i++) {
        if (is_name(suites[i].iana, name) || is_name(suites[i].openssl, name)) {
            return &suites[i];
        }
    }
    return NULL;
}

const struct group *group_find(uint16_t id)
{
    return FIND(groups, id);
}

const struct group *group_named(struct slice name)
{
    // X9.62's names, which OpenSSL takes too and configurations of servers are full of.
    static const struct name_row aliases[] = {{19, "prime192v1"}, {23, "prime256v1"}};
    for (size_t i = 0; i < COUNT_OF(aliases); i++) {
        if (is_name(aliases[i].name, name)) {
            return group_find(aliases[i].id);
        }
    }
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (is_name(groups[i].name, name) || is_name(groups[i].openssl, name)) {
            return &groups[i];
        }
    }
    return NULL;
}

const struct scheme *scheme_find(uint16_t id)
{
    return FIND(schemes, id);
}

const struct scheme *scheme_named(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (is_name(schemes[i].name, name) || is_name(schemes[i].openssl, name)) {
            return &schemes[i];
        }
    }
    return NULL;
}

const struct suite *suite_at(size_t i)
{
    return i < COUNT_OF(suites) ? &suites[i] : NULL;
}

const struct group *group_at(size_t i)
{
    return i < COUNT_OF(groups) ? &groups[i] : NULL;
}

const struct scheme *scheme_at(size_t i)
{
    return i < COUNT_OF(schemes) ? &schemes[i] : NULL;
}

static const char *name_or_why_not(const char *name, uint16_t id)
{
    if (name != NULL) {
        return name;
    }
    return is_grease(id) ? "GREASE" : "unknown";
}

const char *suite_name(uint16_t id)
{
    const struct suite *suite = suite_find(id);
    return suite != NULL && suite->openssl != NULL ? suite->openssl : suite_iana_name(id);
}

const char *suite_iana_name(uint16_t id)
{
    const struct suite *suite = suite_find(id);
    return name_or_why_not(suite != NULL ? suite->iana : NULL, id);
}

const char *group_name(uint16_t id)
{
    const struct group *group = group_find(id);
    return name_or_why_not(group != NULL ? group->name : NULL, id);
}

const char *scheme_name(uint16_t id)
{
    const struct scheme *scheme = scheme_find(id);
    return name_or_why_not(scheme != NULL ? scheme->name : NULL, id);
}

const char *extension_name(uint16_t id)
{
    const struct name_row *row = FIND(extensions, id);
    return name_or_why_not(row != NULL ? row->name : NULL, id);
}

const char *alert_name(uint8_t alert)
{
    uint16_t id = alert; // one byte: RFC 8701 reserves no alerts, so never GREASE
    const struct name_row *row = FIND(alerts, id);
    return row != NULL ? row->name : "unknown";
}

const char *version_name(uint16_t version)
{
    const struct name_row *row = FIND(versions, version);
    return name_or_why_not(row != NULL ? row->name : NULL, version);
}

static struct slice without_prefix(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (!slice_equals_nocase(slice_part(text, 0, len), slice_of_text(prefix))) {
        return SLICE_EMPTY;
    }
    return slice_part(text, len, text.len);
}

uint16_t version_named(struct slice name)
{
    static const struct {
        const char *prefix, *number;
        uint16_t version;
    } rows[] = {
        {"SSL", "3", VERSION_SSL30},   {"SSL", "3.0", VERSION_SSL30}, {"TLS", "1", VERSION_TLS10},
        {"TLS", "1.0", VERSION_TLS10}, {"TLS", "1.1", VERSION_TLS11}, {"TLS", "1.2", VERSION_TLS12},
        {"TLS", "1.3", VERSION_TLS13}, {"", "1.0", VERSION_TLS10},    {"", "1.1", VERSION_TLS11},
        {"", "1.2", VERSION_TLS12},    {"", "1.3", VERSION_TLS13},
    };
    static const char *const separators[] = {"", "v", " "};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice rest = without_prefix(name, rows[i].prefix);
        if (slice_equals_text(rest, rows[i].number)) {
            return rows[i].version;
        }
        for (size_t s = 1; s < COUNT_OF(separators) && rows[i].prefix[0] != '\0'; s++) {
            if (slice_equals_text(without_prefix(rest, separators[s]), rows[i].number)) {
                return rows[i].version;
            }
        }
    }
    return 0;
}

bool is_grease(uint16_t number)
{
    return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}
