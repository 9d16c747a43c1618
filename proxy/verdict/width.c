#include "width.h"

#include "predict.h"

static bool has(const struct number_list *list, uint16_t number)
{
    return number_list_has(list, number);
}

// What every server of today takes one of, for one kind of key: ECDHE with AES-GCM.
static bool has_main_suite(const struct number_list *suites, enum suite_auth auth)
{
    return auth == AUTH_RSA ? has(suites, 0xc02f) || has(suites, 0xc030)
                            : has(suites, 0xc02b) || has(suites, 0xc02c);
}

static size_t count_suites(const struct number_list *suites, enum suite_auth auth)
{
    size_t count = 0;
    for (size_t i = 0; i < suites->count; i++) {
        const struct suite *suite = suite_find(suites->items[i]);
        bool is_usable = suite != NULL && suite->class != SUITE_BROKEN;
        count += is_usable && suite->auth == auth ? 1 : 0;
    }
    return count;
}

// RFC 8446 section 9.1: TLS_AES_128_GCM_SHA256 must, the other two should be implemented.
static enum width width_of_new_suites(const struct number_list *suites)
{
    if (has(suites, 0x1301)) {
        return WIDTH_FULL;
    }
    return has(suites, 0x1302) || has(suites, 0x1303) ? WIDTH_PARTIAL : WIDTH_NARROW;
}

static enum width width_of_old_suites(const struct number_list *suites)
{
    bool rsa = has_main_suite(suites, AUTH_RSA), ecdsa = has_main_suite(suites, AUTH_ECDSA);
    size_t usable = count_suites(suites, AUTH_RSA) + count_suites(suites, AUTH_ECDSA);
    if (rsa || ecdsa) {
        return usable > 1 ? WIDTH_FULL : WIDTH_PARTIAL;
    }
    return WIDTH_NARROW;
}

static uint32_t keys_of_suites(const struct number_list *suites)
{
    return (count_suites(suites, AUTH_RSA) > 0 ? KEY_RSA : 0) |
           (count_suites(suites, AUTH_ECDSA) > 0 ? KEY_ECDSA : 0);
}

static uint32_t keys_of_schemes(const struct number_list *schemes, bool is_new)
{
    uint32_t keys = 0;
    for (size_t i = 0; i < schemes->count; i++) {
        const struct scheme *scheme = scheme_find(schemes->items[i]);
        if (scheme == NULL || scheme->is_weak || !(is_new ? scheme->in_tls13 : scheme->in_tls12)) {
            continue;
        }
        keys |= scheme->key == AUTH_RSA ? KEY_RSA : scheme->key == AUTH_ECDSA ? KEY_ECDSA : 0;
    }
    return keys;
}

// P-256 must be implemented (RFC 8446 section 9.1); X25519 nearly always is.
static enum width width_of_groups(const struct number_list *groups, bool is_new)
{
    if (groups->count == 0) {
        return is_new ? WIDTH_NARROW : WIDTH_FULL; // below TLS 1.3 its absence forbids nothing
    }
    if (has(groups, 0x0017)) {
        return WIDTH_FULL;
    }
    return has(groups, 0x001d) || has(groups, 0x0018) ? WIDTH_PARTIAL : WIDTH_NARROW;
}

void widths_of(const struct sets *offer, struct widths *out_widths)
{
    const struct number_list *versions = &offer->versions;
    uint16_t newest = versions->count > 0 ? versions->items[versions->count - 1] : 0;
    struct widths widths = {
        .is_old = newest > 0 && newest < VERSION_TLS12,
        .is_only_new = newest == VERSION_TLS13 && versions->count == 1,
        .reaches_new = newest == VERSION_TLS13,
        .old_keys = KEY_RSA | KEY_ECDSA,
    };
    enum width old_suites = width_of_old_suites(&offer->suites);
    enum width new_suites = width_of_new_suites(&offer->suites);
    uint32_t scheme_keys = offer->schemes.count > 0
                               ? keys_of_schemes(&offer->schemes, widths.is_only_new)
                               : (KEY_RSA | KEY_ECDSA);
    if (widths.is_only_new) {
        widths.suites = new_suites;
        widths.keys = scheme_keys;
    } else if (widths.reaches_new) {
        widths.suites = new_suites < old_suites ? new_suites : old_suites;
        widths.keys = scheme_keys;
    } else {
        widths.suites = old_suites;
        widths.keys = keys_of_suites(&offer->suites) & scheme_keys;
    }
    if (!widths.is_only_new) {
        widths.old_suites = old_suites;
        widths.old_keys = keys_of_suites(&offer->suites) & scheme_keys;
    }
    bool lacks_schemes = offer->schemes.count > 0 ? scheme_keys == 0 : widths.reaches_new;
    widths.schemes = lacks_schemes ? WIDTH_NARROW : WIDTH_FULL;
    widths.groups = width_of_groups(&offer->groups, widths.is_only_new);
    *out_widths = widths;
}
