#include "handshake.h"

#include "recorded.h"

static const struct parse_row {
    const char *name, *hex;
    enum parse want;
    size_t want_whole_len;
} parse_rows[] = {
    {"nothing", "", PARSE_MORE, 0},
    {"three bytes of the header", "010000", PARSE_MORE, 0},
    {"a message without a body", "0e000000", PARSE_OK, 4},
    {"a message and what follows it", "14000002aabb 0e00", PARSE_OK, 6},
    {"a type that nobody registered", "63000001aa", PARSE_OK, 5},
    {"a body that is one byte short", "01000002aa", PARSE_MORE, 0},
    {"the longest message, not come yet", "0b01fffc", PARSE_MORE, 0},
    {"one byte more than the longest", "0b01fffd", PARSE_BAD, 0},
    {"a length of sixteen megabytes", "01ffffff", PARSE_BAD, 0},
};

static void handshake_parse_gives(void **state)
{
    const struct parse_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    struct handshake message = {0};
    assert_int_equal(handshake_parse(exact_slice(&in), &message), row->want);
    assert_int_equal(message.whole.len, row->want_whole_len);
    if (row->want == PARSE_OK) {
        assert_int_equal(message.type, in.data[0]);
        assert_ptr_equal(message.whole.data, in.data);
        assert_int_equal(message.body.len, row->want_whole_len - HANDSHAKE_HEADER_LEN);
    }
    exact_clear(&in);
}

static void handshake_encode_is_read_back(void **state)
{
    (void)state;
    struct buffer out = {0};
    struct slice body = slice_of_text("a body");
    assert_true(handshake_encode(&out, HANDSHAKE_FINISHED, body));
    struct handshake message;
    assert_int_equal(handshake_parse(buffer_slice(&out), &message), PARSE_OK);
    assert_int_equal(message.type, HANDSHAKE_FINISHED);
    assert_true(slice_equals(message.body, body));
    buffer_clear(&out);

    buffer_init(&out, HANDSHAKE_HEADER_LEN + body.len - 1);
    assert_false(handshake_encode(&out, HANDSHAKE_FINISHED, body));
    assert_int_equal(out.len, 0);
    buffer_clear(&out);
}

static void handshake_types_have_names(void **state)
{
    (void)state;
    assert_string_equal(handshake_name(HANDSHAKE_CLIENT_HELLO), "client_hello");
    assert_string_equal(handshake_name(HANDSHAKE_MESSAGE_HASH), "message_hash");
    assert_string_equal(handshake_name(99), "unknown");
}

#define CERTS_MAX 2

static const struct certificate_row {
    const char *name, *hex;
    bool is_tls13;
    enum parse want;
    size_t want_count;
    const char *want_certs[CERTS_MAX];
    const char *want_staple;
} certificate_rows[] = {
    {"TLS 1.2: no certificate", "000000", false, PARSE_OK, 0, {""}, ""},
    {"TLS 1.2: one", "000005 000002aabb", false, PARSE_OK, 1, {"aabb"}, ""},
    {"TLS 1.2: two in order", "000009 000002aabb 000001cc", false, PARSE_OK, 2, {"aabb", "cc"}, ""},
    {"TLS 1.2: a third is counted only",
     "00000c 000001aa 000001bb 000001cc",
     false,
     PARSE_OK,
     3,
     {"aa", "bb"},
     ""},
    {"TLS 1.2: the list ends early", "000006 000002aabb", false, PARSE_BAD, 0, {""}, ""},
    {"TLS 1.2: the list is followed by more",
     "000005 000002aabb 00",
     false,
     PARSE_BAD,
     0,
     {""},
     ""},
    {"TLS 1.2: a certificate ends early", "000004 000002aa", false, PARSE_BAD, 0, {""}, ""},
    {"TLS 1.2: an empty certificate", "000003 000000", false, PARSE_BAD, 0, {""}, ""},
    {"TLS 1.2: nothing", "", false, PARSE_BAD, 0, {""}, ""},
    {"TLS 1.3: no certificate", "00 000000", true, PARSE_OK, 0, {""}, ""},
    {"TLS 1.3: one", "00 000007 000002aabb 0000", true, PARSE_OK, 1, {"aabb"}, ""},
    {"TLS 1.3: with a request context",
     "02ffff 000007 000002aabb 0000",
     true,
     PARSE_OK,
     1,
     {"aabb"},
     ""},
    {"TLS 1.3: a stapled response",
     "00 000011 000002aabb 000a 0005 0006 01000002ddee",
     true,
     PARSE_OK,
     1,
     {"aabb"},
     "ddee"},
    {"TLS 1.3: a staple behind another extension",
     "00 000016 000002aabb 000f 0012 0001ff 0005 0006 01000002ddee",
     true,
     PARSE_OK,
     1,
     {"aabb"},
     "ddee"},
    {"TLS 1.3: only the second certificate has a staple",
     "00 000017 000001aa 0000 000002bbcc 000a 0005 0006 01000002ddee",
     true,
     PARSE_OK,
     2,
     {"aa", "bbcc"},
     ""},
    {"TLS 1.3: a staple of another type",
     "00 000011 000002aabb 000a 0005 0006 02000002ddee",
     true,
     PARSE_OK,
     1,
     {"aabb"},
     ""},
    {"TLS 1.3: a staple that ends early",
     "00 000011 000002aabb 000a 0005 0006 01000003ddee",
     true,
     PARSE_OK,
     1,
     {"aabb"},
     ""},
    {"TLS 1.3: no extensions", "00 000005 000002aabb", true, PARSE_BAD, 0, {""}, ""},
    {"TLS 1.3: the context ends early", "05 0000", true, PARSE_BAD, 0, {""}, ""},
};

static void assert_hex(struct slice bytes, const char *hex)
{
    struct exact want = exact_of_hex(hex != NULL ? hex : "");
    assert_true(slice_equals(bytes, exact_slice(&want)));
    exact_clear(&want);
}

static void certificate_parse_gives(void **state)
{
    const struct certificate_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    struct slice certs[CERTS_MAX] = {{NULL, 0}};
    struct slice staple = SLICE_EMPTY;
    size_t count = 0;
    assert_int_equal(
        certificate_parse(exact_slice(&in), row->is_tls13, certs, CERTS_MAX, &count, &staple),
        row->want);
    assert_int_equal(count, row->want_count);
    for (size_t i = 0; i < CERTS_MAX && row->want == PARSE_OK; i++) {
        assert_hex(certs[i], row->want_certs[i]);
    }
    assert_hex(staple, row->want_staple);
    exact_clear(&in);
}

// A Certificate has no length of its own inside: cut anywhere, it must be bad, not crash.
static void cut_certificates_are_bad(void **state)
{
    const struct certificate_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    for (size_t len = 0; len < in.len && row->want == PARSE_OK; len++) {
        struct exact part = exact_of((struct slice){in.data, len});
        struct slice certs[CERTS_MAX], staple;
        size_t count;
        assert_int_equal(
            certificate_parse(exact_slice(&part), row->is_tls13, certs, CERTS_MAX, &count, &staple),
            PARSE_BAD);
        exact_clear(&part);
    }
    exact_clear(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_encode_is_read_back),
        cmocka_unit_test(handshake_types_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(parse_rows, handshake_parse_gives) +
           RUN_ROWS(certificate_rows, certificate_parse_gives) +
           RUN_ROWS(certificate_rows, cut_certificates_are_bad);
}
