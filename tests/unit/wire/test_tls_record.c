#include "tls_record.h"

#include "recorded.h"

static const struct parse_row {
    const char *name, *hex;
    enum parse want;
    size_t want_len;
} parse_rows[] = {
    {"nothing", "", PARSE_MORE, 0},
    {"a handshake record", "1603010002aabb", PARSE_OK, 7},
    {"an alert and what follows it", "15030300020228 1703", PARSE_OK, 7},
    {"an empty application_data record", "1703030000", PARSE_OK, 5},
    {"a change_cipher_spec", "140303000101", PARSE_OK, 6},
    {"a heartbeat", "180303000101", PARSE_OK, 6},
    {"a version 3.9 that nobody made", "1603090000", PARSE_OK, 5},
    {"four bytes of the header", "16030100", PARSE_MORE, 0},
    {"a body that is one byte short", "1603010002aa", PARSE_MORE, 0},
    {"the longest body, not come yet", "1603034800", PARSE_MORE, 0},
    {"one byte more than the longest body", "1603034801", PARSE_BAD, 0},
    {"content type 19", "13", PARSE_BAD, 0},
    {"content type 25", "19", PARSE_BAD, 0},
    {"HTTP", "474554202f", PARSE_BAD, 0},
    {"major version 2", "1602", PARSE_BAD, 0},
    {"major version 4", "1604", PARSE_BAD, 0},
};

static void tls_record_parse_gives(void **state)
{
    const struct parse_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    struct tls_record record = {0};
    assert_int_equal(tls_record_parse(exact_slice(&in), &record), row->want);
    assert_int_equal(record.len, row->want_len);
    if (row->want == PARSE_OK) {
        assert_int_equal(record.content_type, in.data[0]);
        assert_int_equal(record.version, in.data[1] << 8 | in.data[2]);
        assert_int_equal(record.body.len, row->want_len - TLS_RECORD_HEADER_LEN);
        assert_true(record.body.len == 0 || record.body.data == in.data + TLS_RECORD_HEADER_LEN);
    }
    exact_clear(&in);
}

static const struct opening_row {
    const char *name, *hex;
    enum opening want;
} opening_rows[] = {
    {"nothing", "", OPENING_UNDECIDED},
    {"a ClientHello", "16030100c8 010000c4", OPENING_TLS},
    {"an SSL 3.0 hello", "1603000040", OPENING_TLS},
    {"an alert", "1503010002", OPENING_TLS},
    {"the start of a handshake record", "160301", OPENING_UNDECIDED},
    {"an SSLv2-format hello for TLS 1.0", "802e010301", OPENING_SSLV2},
    {"an SSLv2-format hello for SSL 2.0", "802e010002", OPENING_SSLV2},
    {"a long SSLv2-format hello", "812e010301", OPENING_SSLV2},
    {"four bytes of an SSLv2-format hello", "802e0103", OPENING_UNDECIDED},
    {"one byte of an SSLv2-format hello", "80", OPENING_UNDECIDED},
    {"an SSLv2 message of another type", "802e04", OPENING_OTHER},
    {"an SSLv2-format hello of no length", "8008", OPENING_OTHER},
    {"an SSLv2-format hello that is too long", "ffff", OPENING_OTHER},
    {"an SSLv2-format hello of version 4", "802e0104", OPENING_OTHER},
    {"an SSLv2-format hello of version 0.3", "802e010003", OPENING_OTHER},
    {"a GET", "4745", OPENING_OTHER},
    {"a CONNECT", "43", OPENING_OTHER},
    {"SSH", "5353482d32", OPENING_OTHER},
    {"SOCKS5", "050100", OPENING_OTHER},
    {"PROXY protocol v2", "0d0a0d0a00", OPENING_OTHER},
    {"an HTTP/2 preface", "505249202a", OPENING_OTHER},
    {"a handshake record of version 5", "1605", OPENING_OTHER},
    {"a handshake record that is too long", "1603014801", OPENING_OTHER},
};

// It never needs more than five bytes, and fewer never give another answer than "undecided".
static void opening_of_gives(void **state)
{
    const struct opening_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    assert_int_equal(opening_of(exact_slice(&in)), row->want);
    enum opening last = OPENING_UNDECIDED;
    for (size_t len = 0; len <= in.len; len++) {
        struct exact part = exact_of((struct slice){in.data, len});
        enum opening opening = opening_of(exact_slice(&part));
        assert_true(last == OPENING_UNDECIDED || opening == last);
        assert_true(len < 5 || opening != OPENING_UNDECIDED);
        last = opening;
        exact_clear(&part);
    }
    exact_clear(&in);
}

static const struct encode_row {
    const char *name;
    size_t body_len, want_records;
} encode_rows[] = {
    {"an empty body is one record", 0, 1},
    {"a short body is one record", 5, 1},
    {"a full record", TLS_RECORD_PLAIN_MAX, 1},
    {"one byte more makes two", TLS_RECORD_PLAIN_MAX + 1, 2},
    {"three full records", 3 * TLS_RECORD_PLAIN_MAX, 3},
};

static void tls_record_encode_is_read_back(void **state)
{
    const struct encode_row *row = *state;
    struct buffer body = {0};
    struct buffer out = {0};
    struct buffer back = {0};
    for (size_t i = 0; i < row->body_len; i++) {
        assert_true(buffer_append_byte(&body, (uint8_t)(i * 31)));
    }
    assert_true(tls_record_encode(&out, CONTENT_HANDSHAKE, 0x0301, buffer_slice(&body)));
    struct slice left = buffer_slice(&out);
    size_t records = 0;
    while (left.len > 0) {
        struct tls_record record;
        assert_int_equal(tls_record_parse(left, &record), PARSE_OK);
        assert_int_equal(record.version, 0x0301);
        assert_true(record.body.len <= TLS_RECORD_PLAIN_MAX);
        assert_true(buffer_append(&back, record.body));
        left = slice_part(left, record.len, left.len);
        records++;
    }
    assert_int_equal(records, row->want_records);
    assert_true(slice_equals(buffer_slice(&back), buffer_slice(&body)));
    buffer_clear(&body);
    buffer_clear(&out);
    buffer_clear(&back);
}

static void a_full_buffer_stays_as_it_was(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 2 * TLS_RECORD_HEADER_LEN + TLS_RECORD_PLAIN_MAX);
    static const uint8_t body[TLS_RECORD_PLAIN_MAX + 1];
    struct slice whole = {body, sizeof(body)};
    assert_false(tls_record_encode(&out, CONTENT_HANDSHAKE, 0x0301, whole));
    assert_int_equal(out.len, 0);
    whole.len--;
    assert_true(tls_record_encode(&out, CONTENT_HANDSHAKE, 0x0301, whole));
    buffer_clear(&out);
}

static void content_types_have_names(void **state)
{
    (void)state;
    assert_string_equal(content_type_name(CONTENT_HANDSHAKE), "handshake");
    assert_string_equal(content_type_name(CONTENT_HEARTBEAT), "heartbeat");
    assert_string_equal(content_type_name(0), "unknown");
    for (uint8_t type = CONTENT_CHANGE_CIPHER_SPEC; type <= CONTENT_HEARTBEAT; type++) {
        assert_string_not_equal(content_type_name(type), "unknown");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_buffer_stays_as_it_was),
        cmocka_unit_test(content_types_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) +
           RUN_ROWS(parse_rows, tls_record_parse_gives) + RUN_ROWS(opening_rows, opening_of_gives) +
           RUN_ROWS(encode_rows, tls_record_encode_is_read_back);
}
