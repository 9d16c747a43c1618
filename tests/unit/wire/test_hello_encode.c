#include <string.h>

#include "code_points.h"
#include "handshake.h"
#include "hello.h"
#include "recorded.h"
#include "tls_stream.h"

static struct recorded recordings[RECORDED_ROWS_MAX];

static const uint8_t zeros[1 << 16];

static struct slice zero_bytes(size_t len)
{
    return (struct slice){zeros, len};
}

// A spec that is refused or taken for one of its fields.
static const struct limit_row {
    const char *name;
    size_t random, session_id, suites, versions, groups, schemes, alpn, sni, padding;
    const char *more;
    bool want;
} limit_rows[] = {
    {"the least", 32, 0, 2, 0, 0, 0, 0, 0, 0, "", true},
    {"a random of 31 bytes", 31, 0, 2, 0, 0, 0, 0, 0, 0, "", false},
    {"a random of 33 bytes", 33, 0, 2, 0, 0, 0, 0, 0, 0, "", false},
    {"a session id of 32 bytes", 32, 32, 2, 0, 0, 0, 0, 0, 0, "", true},
    {"a session id of 33 bytes", 32, 33, 2, 0, 0, 0, 0, 0, 0, "", false},
    {"no suites", 32, 0, 0, 0, 0, 0, 0, 0, 0, "", false},
    {"half a suite", 32, 0, 3, 0, 0, 0, 0, 0, 0, "", false},
    {"as many suites as fit", 32, 0, 65534, 0, 0, 0, 0, 0, 0, "", true},
    {"one suite too many", 32, 0, 65536, 0, 0, 0, 0, 0, 0, "", false},
    {"half a group", 32, 0, 2, 0, 3, 0, 0, 0, 0, "", false},
    {"half a scheme", 32, 0, 2, 0, 0, 3, 0, 0, 0, "", false},
    {"half a version", 32, 0, 2, 3, 0, 0, 0, 0, 0, "", false},
    {"a host name as long as fits", 32, 0, 2, 0, 0, 0, 0, 65526, 0, "", true},
    {"a host name too long", 32, 0, 2, 0, 0, 0, 0, 65527, 0, "", false},
    {"more padding than fits", 32, 0, 2, 0, 0, 0, 0, 0, 65536, "", false},
    {"padding as long as fits", 32, 0, 2, 0, 0, 0, 0, 0, 65531, "", true},
    {"one byte of padding", 32, 0, 2, 0, 0, 0, 0, 0, 1, "", true},
    {"more: a whole extension", 32, 0, 2, 0, 0, 0, 0, 0, 0, "7777 0001 aa", true},
    {"more: half an extension", 32, 0, 2, 0, 0, 0, 0, 0, 0, "7777 0002 aa", false},
    {"the longest of everything is past any message", 32, 0, 65534, 0, 0, 0, 0, 0, 65531, "",
     false},
};

static void limit_is_kept(void **state)
{
    const struct limit_row *row = *state;
    struct exact more = exact_of_hex(row->more);
    struct hello_spec spec = {
        .legacy_version = VERSION_TLS12,
        .random = zero_bytes(row->random),
        .session_id = zero_bytes(row->session_id),
        .cipher_suites = zero_bytes(row->suites),
        .versions = zero_bytes(row->versions),
        .groups = zero_bytes(row->groups),
        .schemes = zero_bytes(row->schemes),
        .alpn = zero_bytes(row->alpn),
        .sni = zero_bytes(row->sni),
        .padding_len = row->padding,
        .more = exact_slice(&more),
    };
    struct buffer out = {0};
    struct client_hello hello;
    size_t at;
    assert_int_equal(client_hello_encode(&out, &spec), row->want);
    if (row->want) {
        assert_int_equal(client_hello_parse(buffer_slice(&out), &hello, &at), PARSE_OK);
        assert_int_equal(hello.sni.len, row->sni);
        assert_int_equal(hello.has_padding, row->padding > 0);
        size_t len = out.len;
        buffer_clear(&out);
        buffer_init(&out, len - 1);
        assert_false(client_hello_encode(&out, &spec)); // the buffer is full
    }
    assert_int_equal(out.len, 0);
    buffer_clear(&out);
    exact_clear(&more);
}

// The message of a TLS 1.3 hello as it stands on the wire, written down by hand.
static void a_hello_is_these_bytes(void **state)
{
    (void)state;
    struct exact want = exact_of_hex(
        "01 000087 0303 0000000000000000000000000000000000000000000000000000000000000000"
        "01 00 0002 1301 01 00 005b"
        "0000 0009 0007 00 0004 612e6d65 0017 0000 ff01 0001 00 0023 0000 0005 0005 0100000000"
        "000a 0004 0002 001d 0010 0005 0003 02 6832 000d 0004 0002 0403"
        "002b 0003 02 0304 0033 0007 0005 001d 0001 aa 0015 0003 000000 7777 0002 bbcc");
    struct exact lists[] = {exact_of_hex("1301"),          exact_of_hex("0304"),
                            exact_of_hex("001d"),          exact_of_hex("0403"),
                            exact_of_hex("026832"),        exact_of_hex("001d 0001 aa"),
                            exact_of_hex("7777 0002 bbcc")};
    struct hello_spec spec = {
        .legacy_version = VERSION_TLS12,
        .random = zero_bytes(32),
        .session_id = zero_bytes(1),
        .cipher_suites = exact_slice(&lists[0]),
        .versions = exact_slice(&lists[1]),
        .groups = exact_slice(&lists[2]),
        .schemes = exact_slice(&lists[3]),
        .alpn = exact_slice(&lists[4]),
        .sni = slice_of_text("a.me"),
        .key_shares = exact_slice(&lists[5]),
        .ems = true,
        .renegotiation_info = true,
        .status_request = true,
        .session_ticket = true,
        .padding_len = 3,
        .more = exact_slice(&lists[6]),
    };
    struct buffer out = {0};
    assert_true(client_hello_encode(&out, &spec));
    assert_int_equal(out.len, want.len);
    assert_memory_equal(buffer_slice(&out).data, want.data, want.len);
    for (size_t i = 0; i < COUNT(lists); i++) {
        exact_clear(&lists[i]);
    }
    exact_clear(&want);
    buffer_clear(&out);
}

static void below_tls13_there_is_no_version_list(void **state)
{
    (void)state;
    struct exact versions = exact_of_hex("0303 0302");
    struct exact shares = exact_of_hex("001d 0001 aa");
    struct hello_spec spec = {
        .legacy_version = VERSION_TLS12,
        .random = zero_bytes(32),
        .cipher_suites = zero_bytes(2),
        .versions = exact_slice(&versions),
        .key_shares = exact_slice(&shares),
    };
    struct buffer out = {0};
    struct client_hello hello;
    size_t at;
    assert_true(client_hello_encode(&out, &spec));
    assert_int_equal(client_hello_parse(buffer_slice(&out), &hello, &at), PARSE_OK);
    assert_false(hello.has_versions || hello.has_key_share || hello.has_extensions);
    exact_clear(&versions);
    exact_clear(&shares);
    buffer_clear(&out);
}

// The recorded hello's fields, each extension put back by what was understood of it.
static struct hello_spec spec_of(const struct client_hello *hello)
{
    return (struct hello_spec){
        .legacy_version = hello->legacy_version,
        .random = hello->random,
        .session_id = hello->session_id,
        .cipher_suites = hello->cipher_suites,
        .versions = hello->versions,
        .groups = hello->groups,
        .schemes = hello->schemes,
        .alpn = hello->alpn,
        .sni = hello->sni,
        .key_shares = hello->key_shares,
        .ems = hello->has_ems,
        .renegotiation_info = hello->has_renegotiation_info,
        .status_request = hello->has_status_request,
        .session_ticket = hello->has_ticket,
    };
}

static void assert_same_fields(const struct client_hello *a, const struct client_hello *b)
{
    assert_int_equal(a->legacy_version, b->legacy_version);
    assert_true(slice_equals(a->random, b->random));
    assert_true(slice_equals(a->session_id, b->session_id));
    assert_true(slice_equals(a->cipher_suites, b->cipher_suites));
    assert_true(slice_equals(a->groups, b->groups));
    assert_true(slice_equals(a->schemes, b->schemes));
    assert_true(slice_equals(a->alpn, b->alpn));
    assert_true(slice_equals(a->sni, b->sni));
    assert_int_equal(a->has_ems, b->has_ems);
    assert_int_equal(a->has_renegotiation_info, b->has_renegotiation_info);
    assert_int_equal(a->has_status_request, b->has_status_request);
    assert_int_equal(a->has_ticket, b->has_ticket);
    if (client_hello_offers_version(a, VERSION_TLS13)) {
        assert_true(slice_equals(a->versions, b->versions));
        assert_true(slice_equals(a->key_shares, b->key_shares));
    }
}

static void recorded_hello_goes_round(void **state)
{
    const struct recorded *row = *state;
    struct exact flight = exact_of_hex(row->words[3]);
    struct buffer joined = {0};
    struct buffer out = {0};
    struct slice message;
    bool is_sslv2;
    struct client_hello hello, again;
    size_t at;
    assert_int_equal(first_hello(exact_slice(&flight), &joined, &message, &is_sslv2), PARSE_OK);
    if (!is_sslv2) {
        assert_int_equal(client_hello_parse(message, &hello, &at), PARSE_OK);
        struct hello_spec spec = spec_of(&hello);
        assert_true(client_hello_encode(&out, &spec));
        assert_int_equal(client_hello_parse(buffer_slice(&out), &again, &at), PARSE_OK);
        assert_same_fields(&hello, &again);

        // With the extensions taken over as they are, it is the same message again.
        spec = (struct hello_spec){
            .legacy_version = hello.legacy_version,
            .random = hello.random,
            .session_id = hello.session_id,
            .cipher_suites = hello.cipher_suites,
            .more = hello.extensions,
        };
        buffer_clear(&out);
        assert_true(client_hello_encode(&out, &spec));
        assert_true(hello.compressions.len > 1 || slice_equals(buffer_slice(&out), message));
    }
    buffer_clear(&joined);
    buffer_clear(&out);
    exact_clear(&flight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hello_is_these_bytes),
        cmocka_unit_test(below_tls13_there_is_no_version_list),
    };
    size_t count = recorded_load(TEST_DATA "/client_hellos.txt", recordings);
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(limit_rows, limit_is_kept) +
           recorded_run("recorded clients", recordings, count, recorded_hello_goes_round);
}
