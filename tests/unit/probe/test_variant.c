// Every change of a hello changes just that: the rest stays as recorded, in its order.
#include "rows.h"

#include <string.h>

#include "../policy/hellos.h"
#include "shares.h"
#include "variant.h"
#include "wide.h"

#define HELLO                                                                                 \
    {                                                                                         \
        .versions = {0x0304, 0x0303}, .suites = {0x0a0a, 0x1301, 0xc02f}, .groups = {0x0017}, \
        .schemes = {0x0804}, .shares = {0x0017}, .alpn = "\x02h2"                             \
    }
#define OLD_HELLO                                                             \
    {                                                                         \
        .suites = {0xc02f, 0x00ff}, .groups = {0x0017}, .schemes = { 0x0401 } \
    }

// What may differ.
#define VERSIONS 1u
#define SUITES   2u
#define GROUPS   4u
#define SCHEMES  8u
#define NAME     16u
#define PROTOCOL 32u
#define SHARES   64u

static const struct row {
    const char *name;
    struct hello_row hello;
    struct change change;
    unsigned may_differ;
    uint16_t has_version, has_suite, has_group, has_scheme; // 0: not asked
    uint16_t lacks_version, lacks_suite, lacks_scheme;      // 0: not asked
    const char *sni, *alpn;                                 // NULL: none
} rows[] = {
    {.name = "nothing: byte for byte",
     .hello = HELLO,
     .change = {.kind = CHANGE_NOTHING},
     .alpn = "\x02h2"},
    {.name = "suites widened",
     .hello = HELLO,
     .change = {.kind = CHANGE_WIDEN, .lists = WIDEN(LIST_SUITES)},
     .may_differ = SUITES,
     .has_suite = 0x0035,
     .alpn = "\x02h2"},
    {.name = "elliptic suites, for a hello that names no groups",
     .hello = {.suites = {0x009f}, .schemes = {0x0401}},
     .change = {.kind = CHANGE_WIDEN, .lists = WIDEN(LIST_SUITES)},
     .may_differ = SUITES | GROUPS,
     .has_suite = 0xc02f,
     .has_group = 0x001d},
    {.name = "one suite added",
     .hello = HELLO,
     .change = {.kind = CHANGE_ADD, .list = LIST_SUITES, .number = 0xc02b},
     .may_differ = SUITES,
     .has_suite = 0xc02b,
     .alpn = "\x02h2"},
    {.name = "groups widened, with shares for the new ones",
     .hello = HELLO,
     .change = {.kind = CHANGE_WIDEN, .lists = WIDEN(LIST_GROUPS)},
     .may_differ = GROUPS | SHARES,
     .has_group = 0x001d,
     .alpn = "\x02h2"},
    {.name = "one group added",
     .hello = HELLO,
     .change = {.kind = CHANGE_ADD, .list = LIST_GROUPS, .number = 0x0018},
     .may_differ = GROUPS | SHARES,
     .has_group = 0x0018,
     .alpn = "\x02h2"},
    {.name = "schemes widened",
     .hello = HELLO,
     .change = {.kind = CHANGE_WIDEN, .lists = WIDEN(LIST_SCHEMES)},
     .may_differ = SCHEMES,
     .has_scheme = 0x0403,
     .alpn = "\x02h2"},
    {.name = "one scheme added",
     .hello = HELLO,
     .change = {.kind = CHANGE_ADD, .list = LIST_SCHEMES, .number = 0x0403},
     .may_differ = SCHEMES,
     .has_scheme = 0x0403,
     .alpn = "\x02h2"},
    {.name = "versions widened: TLS 1.0 has no suite yet, so its suites come along",
     .hello = HELLO,
     .change = {.kind = CHANGE_WIDEN, .lists = WIDEN(LIST_VERSIONS)},
     .may_differ = VERSIONS | SUITES,
     .has_version = 0x0301,
     .has_suite = 0xc014,
     .alpn = "\x02h2"},
    {.name = "TLS 1.3 added to a hello of TLS 1.2, with all that it needs",
     .hello = OLD_HELLO,
     .change = {.kind = CHANGE_ADD, .list = LIST_VERSIONS, .number = 0x0304},
     .may_differ = VERSIONS | SUITES | SCHEMES | SHARES,
     .has_version = 0x0304,
     .has_suite = 0x1301,
     .has_scheme = 0x0403},
    {.name = "a name added",
     .hello = HELLO,
     .change = {.kind = CHANGE_SNI, .name = "www.example.com"},
     .may_differ = NAME,
     .sni = "www.example.com",
     .alpn = "\x02h2"},
    {.name = "one protocol",
     .hello = HELLO,
     .change = {.kind = CHANGE_ALPN, .name = "http/1.1"},
     .may_differ = PROTOCOL,
     .alpn = "\x08http/1.1"},
    {.name = "no protocol",
     .hello = HELLO,
     .change = {.kind = CHANGE_ALPN},
     .may_differ = PROTOCOL},
    {.name = "all wide but for RSA certificates only, and nothing above TLS 1.2",
     .hello = HELLO,
     .change = {.kind = CHANGE_WIDEN,
                .lists = WIDEN_ALL,
                .capped_at = 0x0303,
                .only_key = KEY_RSA,
                .drops_alpn = true},
     .may_differ = VERSIONS | SUITES | GROUPS | SCHEMES | SHARES | PROTOCOL,
     .has_version = 0x0303,
     .has_suite = 0x009c,
     .has_group = 0x001d,
     .has_scheme = 0x0401,
     .lacks_version = 0x0304,
     .lacks_suite = 0xc02b,
     .lacks_scheme = 0x0403},
    {.name = "all wide but nothing above TLS 1.1: no schemes either",
     .hello = HELLO,
     .change = {.kind = CHANGE_WIDEN, .lists = WIDEN_ALL, .capped_at = 0x0302},
     .may_differ = VERSIONS | SUITES | GROUPS | SCHEMES | SHARES,
     .has_version = 0x0301,
     .has_suite = 0xc014,
     .lacks_version = 0x0303,
     .lacks_scheme = 0x0804,
     .alpn = "\x02h2"},
    {.name = "capped: no TLS 1.3, no GREASE",
     .hello = HELLO,
     .change = {.kind = CHANGE_CAP},
     .may_differ = VERSIONS | SUITES | SHARES,
     .alpn = "\x02h2"},
};

static void keeps(struct slice was, struct slice is, bool may_differ)
{
    if (!may_differ) {
        assert_true(slice_equals(was, is));
    }
}

// keeps_order: what was there before is still there, first and in its order.
static void keeps_order(struct slice was, struct slice is, bool is_capped)
{
    if (!is_capped) {
        assert_true(is.len >= was.len);
        assert_true(slice_equals(was, slice_part(is, 0, was.len)));
    }
}

static void encode(const struct row *row, const struct made_hello *made, struct buffer *out,
                   struct client_hello *out_hello)
{
    struct variant_base base = {.hello = made->hello};
    struct sets offered;
    size_t at;
    sets_of_hello(&made->hello, &base.offered);
    if (base.offered.is_open_below) { // as a policy of TLS 1.2 alone has it
        base.offered.versions = (struct number_list){.count = 1, .items = {0x0303}};
    }
    assert_true(variant_encode(&base, &row->change, out, &offered));
    assert_int_equal(client_hello_parse(buffer_slice(out), out_hello, &at), PARSE_OK);
    assert_true(row->has_version == 0 || number_list_has(&offered.versions, row->has_version));
    assert_true(row->has_suite == 0 || number_list_has(&offered.suites, row->has_suite));
    assert_true(row->has_group == 0 || number_list_has(&offered.groups, row->has_group));
    assert_true(row->has_scheme == 0 || number_list_has(&offered.schemes, row->has_scheme));
    assert_false(row->lacks_version && number_list_has(&offered.versions, row->lacks_version));
    assert_false(row->lacks_suite && number_list_has(&offered.suites, row->lacks_suite));
    assert_false(row->lacks_scheme && number_list_has(&offered.schemes, row->lacks_scheme));
}

static void variant_changes_just_that(void **state)
{
    const struct row *row = *state;
    struct made_hello made;
    struct buffer out = {0};
    struct client_hello is;
    hello_make(&row->hello, &made);
    encode(row, &made, &out, &is);
    const struct client_hello *was = &made.hello;
    bool is_capped = row->change.kind == CHANGE_CAP;
    bool is_narrowed = row->change.capped_at != 0;
    if (row->may_differ == 0) {
        assert_true(slice_equals(was->whole, is.whole));
    }
    assert_true(slice_equals(was->random, is.random));
    keeps(was->versions, is.versions, (row->may_differ & VERSIONS) != 0);
    keeps(was->cipher_suites, is.cipher_suites, (row->may_differ & SUITES) != 0);
    keeps(was->groups, is.groups, (row->may_differ & GROUPS) != 0);
    keeps(was->schemes, is.schemes, (row->may_differ & SCHEMES) != 0);
    keeps(was->key_shares, is.key_shares, (row->may_differ & SHARES) != 0);
    keeps_order(was->cipher_suites, is.cipher_suites, is_capped || is_narrowed);
    keeps_order(was->groups, is.groups, false);
    keeps_order(was->schemes, is.schemes, is_narrowed);
    assert_true(slice_equals_text(is.sni, row->sni != NULL ? row->sni : ""));
    assert_true(slice_equals(is.alpn, slice_of_text(row->alpn)));
    if (is_capped) {
        assert_int_equal(client_hello_version_max(&is), 0x0303);
        assert_false(is.has_grease);
        assert_false(is.has_key_share);
    }
    buffer_clear(&out);
    buffer_clear(&made.message);
}

static void a_compact_hello_is_short(void **state)
{
    const struct hello_row wide = {
        .versions = {0x0304, 0x0303},
        .suites = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013},
        .groups = {0x11ec, 0x001d, 0x0017, 0x0018, 0x0019},
        .schemes = {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0203},
        .shares = {0x001d},
        .alpn = "\x02h2\x08http/1.1",
    };
    struct made_hello made;
    struct client_hello is;
    struct buffer out = {0};
    const struct row row = {.change = {.kind = CHANGE_COMPACT}};
    (void)state;
    hello_make(&wide, &made);
    encode(&row, &made, &out, &is);
    assert_true(out.len < COMPACT_BYTES_MAX);
    assert_int_equal(client_hello_version_max(&is), 0x0304);
    buffer_clear(&out);
    buffer_clear(&made.message);
}

static void a_retry_changes_the_share_and_adds_the_cookie(void **state)
{
    static const uint8_t cookie[] = {0, 44, 0, 3, 0, 1, 7};
    const struct hello_row first = HELLO;
    struct server_hello retry = {
        .is_retry = true, .group = 0x001d, .extensions = {cookie, sizeof(cookie)}};
    struct made_hello made;
    struct buffer out = {0};
    struct client_hello is;
    struct slice key;
    size_t at = 0;
    uint16_t group = 0;
    (void)state;
    hello_make(&first, &made);
    assert_true(variant_retry(buffer_slice(&made.message), &retry, &out));
    assert_int_equal(client_hello_parse(buffer_slice(&out), &is, &at), PARSE_OK);
    at = 0;
    assert_true(key_share_next(is.key_shares, &at, &group, &key));
    assert_int_equal(group, 0x001d);
    assert_int_equal(key.len, 32);
    assert_false(key_share_next(is.key_shares, &at, &group, &key));
    assert_true(slice_equals(is.cipher_suites, made.hello.cipher_suites));
    assert_memory_equal(is.extensions.data + is.extensions.len - sizeof(cookie), cookie,
                        sizeof(cookie));
    buffer_clear(&out);
    buffer_clear(&made.message);
}

static void wide_lists_begin_with_the_modern(void **state)
{
    struct number_list list;
    (void)state;
    wide_list(LIST_SUITES, &list);
    assert_true(list.count > 40);
    assert_int_equal(suite_find(list.items[0])->class, SUITE_MODERN);
    for (size_t i = 1; i < list.count; i++) {
        assert_true(suite_find(list.items[i - 1])->class <= suite_find(list.items[i])->class);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compact_hello_is_short),
        cmocka_unit_test(a_retry_changes_the_share_and_adds_the_cookie),
        cmocka_unit_test(wide_lists_begin_with_the_modern),
    };
    int failed = RUN_ROWS(rows, variant_changes_just_that);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
