#include "recorded.h"
#include "tls_stream.h"

static struct recorded recordings[RECORDED_ROWS_MAX];

static const struct row {
    const char *name, *hex;
    enum parse want;
    const char *want_message;
    bool want_sslv2;
} rows[] = {
    {"nothing", "", PARSE_MORE, "", false},
    {"half a record", "1603010005 01000001", PARSE_MORE, "", false},
    {"a hello in one record", "1603010005 01000001aa", PARSE_OK, "01000001aa", false},
    {"a hello and what follows it", "1603010005 01000001aa 1703010001 00", PARSE_OK, "01000001aa",
     false},
    {"a hello and another message in its record", "1603010009 01000001aa 0e000000", PARSE_OK,
     "01000001aa", false},
    {"a hello in two records", "1603010002 0100 1603010003 0001aa", PARSE_OK, "01000001aa", false},
    {"a hello in records of one byte",
     "1603010001 01 1603010001 00 1603010001 00 1603010001 01 1603010001 aa", PARSE_OK,
     "01000001aa", false},
    {"an empty record first", "1603010000 1603010005 01000001aa", PARSE_OK, "01000001aa", false},
    {"an empty record inside", "1603010002 0100 1603010000 1603010003 0001aa", PARSE_OK,
     "01000001aa", false},
    {"a hello whose rest has not come", "1603010002 0100 1603010003 00", PARSE_MORE, "", false},
    {"an alert", "1503010002 0228", PARSE_BAD, "", false},
    {"an alert inside a hello", "1603010002 0100 1503010002 0228", PARSE_BAD, "", false},
    {"a ServerHello", "1603010001 02", PARSE_BAD, "", false},
    {"a hello past the limit", "1603010004 01020000", PARSE_BAD, "", false},
    {"HTTP", "474554202f", PARSE_BAD, "", false},
    {"not TLS after half a hello", "1603010002 0100 47", PARSE_BAD, "", false},
    {"an SSLv2-format hello", "8009 010301000000000000", PARSE_OK, "010301000000000000", true},
    {"an SSLv2-format hello and what follows it", "8009 010301000000000000 16", PARSE_OK,
     "010301000000000000", true},
    {"half an SSLv2-format hello", "8009 0103010000", PARSE_MORE, "", false},
};

static void first_hello_gives(void **state)
{
    const struct row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    struct exact want = exact_of_hex(row->want_message);
    struct buffer joined = {0};
    struct slice message = SLICE_EMPTY;
    bool is_sslv2 = false;
    // More of the flight each time, with the same buffer, as when it is peeked again and again.
    for (size_t len = 0; len <= in.len; len++) {
        struct exact part = exact_of((struct slice){in.data, len});
        enum parse parsed = first_hello(exact_slice(&part), &joined, &message, &is_sslv2);
        assert_true(len < in.len || parsed == row->want);
        assert_true(parsed != PARSE_BAD || row->want == PARSE_BAD);
        assert_true(parsed != PARSE_OK || slice_equals(message, exact_slice(&want)));
        exact_clear(&part);
    }
    assert_int_equal(is_sslv2, row->want_sslv2);
    buffer_clear(&joined);
    exact_clear(&want);
    exact_clear(&in);
}

static void too_many_empty_records_are_bad(void **state)
{
    (void)state;
    struct buffer in = {0};
    struct buffer joined = {0};
    struct slice message;
    bool is_sslv2;
    for (int i = 0; i <= STREAM_EMPTY_RECORDS_MAX; i++) {
        assert_int_equal(first_hello(buffer_slice(&in), &joined, &message, &is_sslv2), PARSE_MORE);
        assert_true(tls_record_encode(&in, CONTENT_HANDSHAKE, 0x0301, SLICE_EMPTY));
    }
    assert_int_equal(first_hello(buffer_slice(&in), &joined, &message, &is_sslv2), PARSE_BAD);
    buffer_clear(&in);
    buffer_clear(&joined);
}

// Where the hello is: in the flight itself when it came in one record, else joined.
static void recorded_hello_is_found(void **state)
{
    const struct recorded *row = *state;
    struct exact flight = exact_of_hex(row->words[3]);
    struct buffer joined = {0};
    struct buffer cut = {0};
    struct slice message, again;
    bool is_sslv2;
    assert_int_equal(first_hello(exact_slice(&flight), &joined, &message, &is_sslv2), PARSE_OK);
    assert_true(joined.len > 0 || (message.data > flight.data &&
                                   message.data + message.len <= flight.data + flight.len));
    assert_int_equal(is_sslv2, strcmp(row->words[1], "-") == 0);
    for (size_t size = 1; size < message.len && !is_sslv2; size = size * 3 + 1) {
        struct buffer rejoined = {0};
        buffer_clear(&cut);
        for (size_t at = 0; at < message.len; at += size) {
            assert_true(
                tls_record_encode(&cut, CONTENT_HANDSHAKE, 0x0301, slice_part(message, at, size)));
        }
        assert_int_equal(first_hello(buffer_slice(&cut), &rejoined, &again, &is_sslv2), PARSE_OK);
        assert_true(slice_equals(again, message));
        assert_int_equal(rejoined.len, message.len);
        buffer_clear(&rejoined);
    }
    buffer_clear(&cut);
    buffer_clear(&joined);
    exact_clear(&flight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(too_many_empty_records_are_bad)};
    size_t count = recorded_load(TEST_DATA "/client_hellos.txt", recordings);
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(rows, first_hello_gives) +
           recorded_run("recorded clients", recordings, count, recorded_hello_is_found);
}
