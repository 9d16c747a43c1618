#include "wide.h"

#include "code_points.h"

static bool is_usable(const struct suite *suite)
{
    bool signs = suite->auth == AUTH_ANY || suite->auth == AUTH_RSA || suite->auth == AUTH_ECDSA;
    return signs && suite->kx != KX_PSK && suite->kx != KX_OTHER;
}

static void add_class(enum suite_class class, struct number_list *out_list)
{
    for (size_t i = 0; suite_at(i) != NULL; i++) {
        const struct suite *suite = suite_at(i);
        // Of the broken ones, those that old servers really have: 3DES and RC4 with whole keys.
        bool is_real = class != SUITE_BROKEN || suite->bits >= 128;
        if (suite->class == class && is_usable(suite) && is_real) {
            (void)number_list_add(out_list, suite->id); // what does not fit is the least likely
        }
    }
}

static void add_all(struct number_list *list, const uint16_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)number_list_add(list, numbers[i]); // tables far below the limit
    }
}

void wide_list(enum list_kind kind, struct number_list *out_list)
{
    static const uint16_t versions[] = {VERSION_TLS13, VERSION_TLS12, VERSION_TLS11, VERSION_TLS10};
    static const uint16_t groups[] = {0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0100,
                                      0x0101, 0x0102, 0x0103, 0x0104, 0x001a, 0x001b,
                                      0x001c, 0x0016, 0x0015, 0x0013, 0x11ec};
    static const uint16_t schemes[] = {0x0403, 0x0804, 0x0503, 0x0805, 0x0603, 0x0806,
                                       0x0807, 0x0808, 0x0401, 0x0501, 0x0601, 0x0809,
                                       0x080a, 0x080b, 0x0303, 0x0301, 0x0203, 0x0201};
    *out_list = (struct number_list){0};
    switch (kind) {
    case LIST_VERSIONS:
        add_all(out_list, versions, COUNT_OF(versions));
        return;
    case LIST_SUITES:
        add_class(SUITE_MODERN, out_list);
        add_class(SUITE_LEGACY, out_list);
        add_class(SUITE_BROKEN, out_list);
        return;
    case LIST_GROUPS:
        add_all(out_list, groups, COUNT_OF(groups));
        return;
    case LIST_SCHEMES:
        add_all(out_list, schemes, COUNT_OF(schemes));
        return;
    }
}
