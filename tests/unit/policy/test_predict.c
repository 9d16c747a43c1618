// The predictor's rules, one a row. That OpenSSL does the same is tests/property/test_predict.c.
#include "rows.h"

#include <stdio.h>

#include "hellos.h"
#include "predict.h"

#define BOTH (KEY_RSA | KEY_ECDSA)

#define CLIENT13                                                                             \
    {                                                                                        \
        .versions = {0x0304, 0x0303}, .suites = {0x1301, 0x1302, 0xc02b, 0xc02f, 0x002f},    \
        .groups = {0x001d, 0x0017}, .schemes = {0x0403, 0x0804, 0x0401}, .shares = {0x001d}, \
        .alpn = "\x02h2\x08http/1.1"                                                         \
    }
#define CLIENT12                                                                             \
    {                                                                                        \
        .suites = {0xc02b, 0xc02f, 0x009e, 0x002f}, .groups = {0x001d, 0x0017}, .schemes = { \
            0x0403,                                                                          \
            0x0804,                                                                          \
            0x0401                                                                           \
        }                                                                                    \
    }

static const struct row {
    const char *name;
    struct hello_row hello;
    uint16_t min, max;
    uint16_t suites[LIST_MAX], groups[LIST_MAX], schemes[LIST_MAX];
    const char *alpn;
    uint32_t keys;
    bool own_order, needs_alpn;
    const char *want; // "mismatch version suite group scheme key alpn", and "retry"
} rows[] = {
    {.name = "TLS 1.3, the client's first choices",
     .hello = CLIENT13,
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1302, 0x1301, 0xc02f},
     .alpn = "\x08http/1.1\x02h2",
     .keys = BOTH,
     .want = "none 0304 1301 001d 0403 2 http/1.1"},
    {.name = "TLS 1.3, the server's first choices",
     .hello = CLIENT13,
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1302, 0x1301},
     .schemes = {0x0804, 0x0403},
     .keys = BOTH,
     .own_order = true,
     .want = "none 0304 1302 001d 0804 1 -"},
    {.name = "TLS 1.3, a share for another group",
     .hello = CLIENT13,
     .min = 0x0304,
     .max = 0x0304,
     .suites = {0x1301},
     .groups = {0x0018, 0x0017},
     .keys = KEY_RSA,
     .want = "none 0304 1301 0017 0804 1 - retry"},
    {.name = "TLS 1.3, no group",
     .hello = CLIENT13,
     .min = 0x0304,
     .max = 0x0304,
     .suites = {0x1301},
     .groups = {0x0018},
     .keys = KEY_RSA,
     .want = "group 0304 1301 0000 0000 0 -"},
    {.name = "TLS 1.3, no suite, though TLS 1.2 would have one",
     .hello = CLIENT13,
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1303, 0xc02f},
     .keys = KEY_RSA,
     .want = "suite 0304 0000 0000 0000 0 -"},
    {.name = "TLS 1.3, ECDSA asked for, RSA there",
     .hello = {.versions = {0x0304},
               .suites = {0x1301},
               .groups = {0x001d},
               .schemes = {0x0403},
               .shares = {0x001d}},
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1301},
     .keys = KEY_RSA,
     .want = "certificate-type 0304 1301 001d 0000 0 -"},
    {.name = "TLS 1.3, PKCS #1 is no signature there",
     .hello = {.versions = {0x0304},
               .suites = {0x1301},
               .groups = {0x001d},
               .schemes = {0x0401},
               .shares = {0x001d}},
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1301},
     .keys = KEY_RSA,
     .want = "scheme 0304 1301 001d 0000 0 -"},
    {.name = "TLS 1.3, SHA-384 goes with P-384, and the key is on P-256",
     .hello = {.versions = {0x0304},
               .suites = {0x1301},
               .groups = {0x001d},
               .schemes = {0x0503},
               .shares = {0x001d}},
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1301},
     .keys = KEY_ECDSA,
     .want = "scheme 0304 1301 001d 0000 0 -"},
    {.name = "TLS 1.3, a client without signature schemes",
     .hello = {.versions = {0x0304}, .suites = {0x1301}, .groups = {0x001d}, .shares = {0x001d}},
     .min = 0x0304,
     .max = 0x0304,
     .suites = {0x1301},
     .keys = BOTH,
     .want = "scheme 0304 1301 001d 0000 0 -"},
    {.name = "TLS 1.3 is left out with an ECDSA key that no scheme of the server's signs with",
     .hello = CLIENT13,
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1301, 0xc02b},
     .schemes = {0x0804, 0x0503},
     .keys = KEY_ECDSA,
     .want = "scheme 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.2, ECDSA",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0304,
     .suites = {0x1301, 0xc02f, 0xc02b},
     .keys = BOTH,
     .want = "none 0303 c02b 001d 0403 2 -"},
    {.name = "TLS 1.2, RSA only",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02f, 0xc02b},
     .keys = KEY_RSA,
     .want = "none 0303 c02f 001d 0804 1 -"},
    {.name = "TLS 1.2, the server's order",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0x002f, 0xc02f},
     .keys = KEY_RSA,
     .own_order = true,
     .want = "none 0303 002f 0000 0000 1 -"},
    {.name = "TLS 1.2, DHE has no named group",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0x009e},
     .keys = KEY_RSA,
     .want = "none 0303 009e 0000 0804 1 -"},
    {.name = "TLS 1.2, the suites of the other key",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02b},
     .keys = KEY_RSA,
     .want = "certificate-type 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.2, no suite",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc030},
     .keys = BOTH,
     .want = "suite 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.2, ECDHE without a common group",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02f},
     .groups = {0x0018},
     .keys = KEY_RSA,
     .want = "group 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.2, RFC 7919 groups are none for ECDHE",
     .hello = {.suites = {0xc02f}, .groups = {0x0100}, .schemes = {0x0804}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02f},
     .groups = {0x0100},
     .keys = KEY_RSA,
     .want = "group 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.2, an ECDSA certificate on a curve the client does not list",
     .hello = {.suites = {0xc02b}, .groups = {0x001d}, .schemes = {0x0403}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02b},
     .keys = KEY_ECDSA,
     .want = "group 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.2, no scheme in common",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02f},
     .schemes = {0x0805},
     .keys = KEY_RSA,
     .want = "scheme 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.2, a client without schemes takes SHA-1",
     .hello = {.suites = {0xc02f}, .groups = {0x0017}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02f},
     .keys = KEY_RSA,
     .want = "none 0303 c02f 0017 0201 1 -"},
    {.name = "TLS 1.2, a client without schemes, a server without SHA-1",
     .hello = {.suites = {0xc02f}, .groups = {0x0017}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02f},
     .schemes = {0x0401},
     .keys = KEY_RSA,
     .want = "scheme 0303 c02f 0017 0000 1 -"},
    {.name = "anonymous",
     .hello = {.suites = {0x0034}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0x0034},
     .keys = KEY_RSA,
     .want = "none 0303 0034 0000 0000 0 -"},
    {.name = "pre-shared key is no choice",
     .hello = {.suites = {0x00a8}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0x00a8},
     .keys = KEY_RSA,
     .want = "suite 0303 0000 0000 0000 0 -"},
    {.name = "TLS 1.1",
     .hello = CLIENT12,
     .min = 0x0301,
     .max = 0x0302,
     .suites = {0xc02f, 0x002f},
     .keys = KEY_RSA,
     .want = "none 0302 002f 0000 0000 1 -"},
    {.name = "server above the client",
     .hello = CLIENT12,
     .min = 0x0304,
     .max = 0x0304,
     .suites = {0x1301},
     .keys = BOTH,
     .want = "version 0000 0000 0000 0000 0 -"},
    {.name = "client above the server",
     .hello = {.versions = {0x0304}, .suites = {0x1301}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0xc02f},
     .keys = BOTH,
     .want = "version 0000 0000 0000 0000 0 -"},
    {.name = "a fallback that was not needed",
     .hello = {.suites = {0xc02f, 0x5600}},
     .min = 0x0301,
     .max = 0x0304,
     .suites = {0x1301, 0xc02f},
     .keys = BOTH,
     .want = "version 0303 0000 0000 0000 0 -"},
    {.name = "a fallback that was needed",
     .hello = {.suites = {0x002f, 0x5600}, .schemes = {0x0804}},
     .min = 0x0301,
     .max = 0x0303,
     .suites = {0x002f},
     .keys = BOTH,
     .want = "none 0303 002f 0000 0000 1 -"},
    {.name = "no common ALPN name, and the server minds",
     .hello = CLIENT13,
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1301},
     .alpn = "\x02h3",
     .keys = BOTH,
     .needs_alpn = true,
     .want = "alpn 0304 1301 0000 0000 0 -"},
    {.name = "no common ALPN name, and the server does not mind",
     .hello = CLIENT13,
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0x1301},
     .alpn = "\x02h3",
     .keys = BOTH,
     .want = "none 0304 1301 001d 0403 2 -"},
    {.name = "a client without ALPN",
     .hello = CLIENT12,
     .min = 0x0303,
     .max = 0x0304,
     .suites = {0xc02f},
     .alpn = "\x02h2",
     .keys = BOTH,
     .needs_alpn = true,
     .want = "none 0303 c02f 001d 0804 1 -"},
};

static void fill(struct number_list *list, const uint16_t *numbers)
{
    for (size_t i = 0; i < LIST_MAX && numbers[i] != 0; i++) {
        assert_true(number_list_add(list, numbers[i]));
    }
}

static void rule_is_followed(void **state)
{
    const struct row *row = *state;
    struct made_hello made;
    hello_make(&row->hello, &made);
    struct server_terms terms = {.keys = row->keys,
                                 .prefers_own_order = row->own_order,
                                 .needs_alpn_overlap = row->needs_alpn};
    terms.shape.version_min = row->min;
    terms.shape.version_max = row->max;
    fill(&terms.shape.suites, row->suites);
    fill(&terms.shape.groups, row->groups);
    fill(&terms.shape.schemes, row->schemes);
    if (row->alpn != NULL) {
        memcpy(terms.shape.alpn, row->alpn, strlen(row->alpn));
        terms.shape.alpn_len = (uint8_t)strlen(row->alpn);
    }
    struct prediction said;
    predict(&made.hello, &terms, &said);
    char text[128];
    (void)snprintf(text, sizeof(text), "%s %04x %04x %04x %04x %u %.*s%s",
                   mismatch_name(said.mismatch), said.version, said.suite, said.group, said.scheme,
                   said.key, said.alpn.len > 0 ? (int)said.alpn.len : 1,
                   said.alpn.len > 0 ? (const char *)said.alpn.data : "-",
                   said.is_retry ? " retry" : "");
    buffer_clear(&made.message);
    assert_string_equal(text, row->want);
}

static void a_known_minimum_counts(void **state)
{
    (void)state;
    static const struct hello_row client12 = CLIENT12;
    struct made_hello made;
    hello_make(&client12, &made);
    struct server_terms terms = {.keys = KEY_RSA};
    terms.shape.version_min = terms.shape.version_max = VERSION_TLS10;
    terms.shape.suites = (struct number_list){.count = 1, .items = {0x002f}};
    struct prediction said;
    predict_with_min(&made.hello, VERSION_TLS10, &terms, &said);
    assert_int_equal(said.mismatch, MISMATCH_NONE);
    predict_with_min(&made.hello, VERSION_TLS12, &terms, &said);
    assert_int_equal(said.mismatch, MISMATCH_VERSION);
    assert_int_equal(said.version, VERSION_TLS10);
    buffer_clear(&made.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_known_minimum_counts)};
    return RUN_ROWS(rows, rule_is_followed) +
           cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
