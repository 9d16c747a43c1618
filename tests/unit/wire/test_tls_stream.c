#include "tls_stream.h"

#include "transcript.h"

static struct recorded flights[RECORDED_ROWS_MAX];

static void recorded_flight_is_read_in_any_segmentation(void **state)
{
    const struct recorded *row = *state;
    struct exact bytes = exact_of_hex(row->words[2]);
    struct transcript whole = {0};
    assert_int_equal(transcript_feed(&whole, exact_slice(&bytes)), PARSE_OK);
    transcript_is(&whole, row->words[1]);
    transcript_clear(&whole);

    struct transcript drops = {0};
    for (size_t i = 0; i < bytes.len; i++) {
        (void)transcript_feed(&drops, (struct slice){bytes.data + i, 1}); // the words tell
    }
    transcript_is(&drops, row->words[1]);
    transcript_clear(&drops);

    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct transcript halves = {0};
        (void)transcript_feed(&halves, slice_part(exact_slice(&bytes), 0, cut)); // likewise
        assert_int_equal(transcript_feed(&halves, slice_part(exact_slice(&bytes), cut, bytes.len)),
                         PARSE_OK);
        transcript_is(&halves, row->words[1]);
        transcript_clear(&halves);
    }
    exact_clear(&bytes);
}

// The flight with every plaintext handshake and alert record cut into records of `size` bytes.
static struct exact refragment(struct slice flight, size_t size)
{
    struct buffer out = {0};
    struct transcript reader = {0};
    struct tls_record record;
    while (tls_record_parse(flight, &record) == PARSE_OK) {
        struct slice whole = slice_part(flight, 0, record.len);
        flight = slice_part(flight, record.len, flight.len);
        assert_int_equal(transcript_feed(&reader, whole), PARSE_OK);
        bool is_cut = !reader.last_is_encrypted && (record.content_type == CONTENT_HANDSHAKE ||
                                                    record.content_type == CONTENT_ALERT);
        if (!is_cut) {
            assert_true(buffer_append(&out, whole));
        }
        for (size_t at = 0; is_cut && at < record.body.len; at += size) {
            assert_true(tls_record_encode(&out, record.content_type, record.version,
                                          slice_part(record.body, at, size)));
        }
    }
    struct exact cut = exact_of(buffer_slice(&out));
    buffer_clear(&out);
    transcript_clear(&reader);
    return cut;
}

static void recorded_flight_is_read_in_any_fragmentation(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 11, 12, 13, 40, 100, 1000};
    const struct recorded *row = *state;
    struct exact flight = exact_of_hex(row->words[2]);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct exact bytes = refragment(exact_slice(&flight), sizes[i]);
        struct transcript transcript = {0};
        assert_int_equal(transcript_feed(&transcript, exact_slice(&bytes)), PARSE_OK);
        transcript_is(&transcript, row->words[1]);
        transcript_clear(&transcript);
        exact_clear(&bytes);
    }
    exact_clear(&flight);
}

static void recorded_flight_survives_changed_bytes(void **state)
{
    const struct recorded *row = *state;
    struct exact bytes = exact_of_hex(row->words[2]);
    for (size_t i = 0; i < bytes.len; i++) {
        struct transcript transcript = {0};
        bytes.data[i] ^= 0xff;
        (void)transcript_feed(&transcript, exact_slice(&bytes)); // ASan judges
        bytes.data[i] ^= 0xff;
        transcript_clear(&transcript);
    }
    exact_clear(&bytes);
}

#define CCS          "1403030001 01"
#define RETRY_RANDOM "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
#define ZEROS        "0000000000000000000000000000000000000000000000000000000000000000"
#define HELLO        "1603010004 01000000"
#define RETRY        "160303002a 02000026 0303" RETRY_RANDOM "00130100"
#define SEALED_20    "0000000000000001aabbccddeeff001122334455"

static const struct row {
    const char *name, *hex;
    enum parse want;
    const char *want_words;
} rows[] = {
    {"nothing", "", PARSE_OK, ""},
    {"half a header", "1603", PARSE_MORE, ""},
    {"half a message in a whole record", "1603010002 0100", PARSE_OK, ""},
    {"two messages in one record", "1603030008 0e000000 00000000", PARSE_OK,
     "server_hello_done,hello_request"},
    {"a message and the start of another", "1603030006 0e000000 0000 1603030002 0000", PARSE_OK,
     "server_hello_done,hello_request"},
    {"an alert", "1503030002 0228", PARSE_OK, "handshake_failure"},
    {"an alert in two records", "1503030001 02 1503030001 28", PARSE_OK, "handshake_failure"},
    {"two alerts in one record", "1503030004 0170 0100", PARSE_OK,
     "unrecognized_name,close_notify"},
    {"an alert inside a message", "1603010002 0100 1503010002 0250 1603010002 0000", PARSE_OK,
     "internal_error,client_hello"},
    {"a ChangeCipherSpec inside a message", "1603010002 0100" CCS, PARSE_BAD, "ccs"},
    {"application data inside a message", "1603010002 0100 1703030001 00", PARSE_BAD, "*"},
    {"a ChangeCipherSpec of two bytes", "1403030002 0101", PARSE_BAD, "ccs"},
    {"a ChangeCipherSpec of another value", "1403030001 02", PARSE_BAD, "ccs"},
    {"application data at once", "1703030003 aabbcc", PARSE_OK, "*"},
    {"application data in part", "1703030003 aabb", PARSE_MORE, ""},
    {"empty application data", "1703030000", PARSE_OK, "*"},
    {"a heartbeat", "1803030003 aabbcc", PARSE_OK, ""},
    {"not TLS", "474554", PARSE_BAD, ""},
    {"not TLS after a message", HELLO "474554", PARSE_BAD, "client_hello"},
    {"a message past the limit", "1603010004 01020000", PARSE_BAD, ""},
    {"a record past the limit", "1603014801", PARSE_BAD, ""},

    {"an SSLv2-format hello", "800c 01 0301 0003 0000 0000 00000a", PARSE_OK, "sslv2"},
    {"an SSLv2-format hello in part", "800c 01 0301 0003 0000 0000 0000", PARSE_MORE, ""},
    {"an SSLv2-format hello, then TLS",
     "800c 01 0301 0003 0000 0000 00000a 1603010004 10000000" CCS "1603010014" SEALED_20, PARSE_OK,
     "sslv2,client_key_exchange,ccs,*"},
    {"an SSLv2-format hello after a record", HELLO "800c010301", PARSE_BAD, "client_hello"},

    {"TLS 1.2: Finished after ChangeCipherSpec", HELLO CCS "1603030014" SEALED_20, PARSE_OK,
     "client_hello,ccs,*"},
    {"TLS 1.2: Finished that begins like a hello of another length",
     HELLO CCS "1603030014 01000010 0303 0000000000000000000000000000", PARSE_OK,
     "client_hello,ccs,*"},
    {"TLS 1.2: Finished that begins like a hello of another version",
     HELLO CCS "1603030014 01000050 0403 0000000000000000000000000000", PARSE_OK,
     "client_hello,ccs,*"},
    {"TLS 1.2: Finished that begins like a shorter hello",
     HELLO CCS "1603030030 01000026 0303" ZEROS "00130100 000000000000", PARSE_OK,
     "client_hello,ccs,*"},
    {"TLS 1.2: Finished that begins like another message",
     HELLO CCS "160303002a 0e000026 0303" ZEROS "00130100", PARSE_OK, "client_hello,ccs,*"},
    {"TLS 1.2: after one sealed message no hello is plaintext",
     HELLO CCS "1603030014" SEALED_20 "1603030014 01000050 0303 0000000000000000000000000000",
     PARSE_OK, "client_hello,ccs,*,*"},
    {"TLS 1.2: after a key exchange no hello is plaintext",
     HELLO "1603030004 10000000" CCS "1603030014 01000050 0303 0000000000000000000000000000",
     PARSE_OK, "client_hello,client_key_exchange,ccs,*"},
    {"TLS 1.2: a sealed alert", HELLO CCS "1503030014" SEALED_20, PARSE_OK, "client_hello,ccs,*"},
    {"TLS 1.2: renegotiation's sealed ChangeCipherSpec", CCS "1403030014" SEALED_20, PARSE_OK,
     "ccs,*"},
    {"TLS 1.2: a sealed heartbeat", CCS "1803030014" SEALED_20, PARSE_OK, "ccs,*"},

    {"TLS 1.3: an alert in plaintext after ChangeCipherSpec", HELLO CCS "1503030002 022f", PARSE_OK,
     "client_hello,ccs,illegal_parameter"},
    {"TLS 1.3: ChangeCipherSpec twice", HELLO CCS CCS "1703030001 00", PARSE_OK,
     "client_hello,ccs,ccs,*"},
    {"TLS 1.3: a second hello after ChangeCipherSpec",
     HELLO CCS "160303002a 01000026 0303" ZEROS "00130100 1703030001 00", PARSE_OK,
     "client_hello,ccs,client_hello,*"},
    {"TLS 1.3: a second hello in short records",
     HELLO CCS "1603030001 01 1603030005 0000260303 1603030024" ZEROS "00130100", PARSE_OK,
     "client_hello,ccs,client_hello"},
    {"TLS 1.3: an empty record is no second hello", HELLO CCS "1603030000 1603030014" SEALED_20,
     PARSE_OK, "client_hello,ccs,*,*"},
    {"TLS 1.3: a third hello is not plaintext",
     HELLO HELLO CCS "160303002a 01000026 0303" ZEROS "00130100", PARSE_OK,
     "client_hello,client_hello,ccs,*"},
    {"TLS 1.3: a ServerHello after a HelloRetryRequest",
     RETRY CCS "160303002a 02000026 0303" ZEROS "00130100 1703030001 00", PARSE_OK,
     "server_hello,ccs,server_hello,*"},
    {"TLS 1.3: no ServerHello after a ServerHello",
     "160303002a 02000026 0303" ZEROS "00130100" CCS "160303002a 02000026 0303" ZEROS "00130100",
     PARSE_OK, "server_hello,ccs,*"},
};

static void stream_finds(void **state)
{
    const struct row *row = *state;
    struct exact bytes = exact_of_hex(row->hex);
    struct transcript whole = {0};
    assert_int_equal(transcript_feed(&whole, exact_slice(&bytes)), row->want);
    transcript_is(&whole, row->want_words);
    transcript_clear(&whole);

    struct transcript drops = {0};
    for (size_t i = 0; i < bytes.len; i++) {
        (void)transcript_feed(&drops, (struct slice){bytes.data + i, 1}); // asked for below
    }
    assert_int_equal(transcript_feed(&drops, SLICE_EMPTY), row->want);
    transcript_is(&drops, row->want_words);
    transcript_clear(&drops);
    exact_clear(&bytes);
}

static void a_bad_stream_stays_bad(void **state)
{
    (void)state;
    struct transcript transcript = {0};
    assert_int_equal(transcript_feed(&transcript, slice_of_text("GET /")), PARSE_BAD);
    struct exact hello = exact_of_hex(HELLO);
    assert_int_equal(transcript_feed(&transcript, exact_slice(&hello)), PARSE_BAD);
    transcript_is(&transcript, "");
    tls_stream_clear(&transcript.stream);
    assert_int_equal(transcript_feed(&transcript, exact_slice(&hello)), PARSE_OK);
    transcript_is(&transcript, "client_hello");
    exact_clear(&hello);
    transcript_clear(&transcript);
}

static void empty_records_are_bounded(void **state)
{
    (void)state;
    struct exact empty = exact_of_hex("1603010000");
    struct exact hello = exact_of_hex(HELLO);
    struct transcript transcript = {0};
    for (int i = 0; i < STREAM_EMPTY_RECORDS_MAX; i++) {
        assert_int_equal(transcript_feed(&transcript, exact_slice(&empty)), PARSE_OK);
    }
    assert_int_equal(transcript_feed(&transcript, exact_slice(&hello)), PARSE_OK);
    for (int i = 0; i < STREAM_EMPTY_RECORDS_MAX; i++) {
        assert_int_equal(transcript_feed(&transcript, exact_slice(&empty)), PARSE_OK);
    }
    assert_int_equal(transcript_feed(&transcript, exact_slice(&empty)), PARSE_BAD);
    transcript_clear(&transcript);
    exact_clear(&empty);
    exact_clear(&hello);
}

// The reader of a ServerHello says that the rest is encrypted while it is being told of it.
static void encryption_may_be_told_from_the_callback(void **state)
{
    (void)state;
    struct exact bytes = exact_of_hex("160303002e 02000026 0303" ZEROS "00130100 0e000000"
                                      "1603030004 0e000000 1503030002 0228 1703030001 00");
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct transcript transcript = {.encrypted_after = "server_hello"};
        (void)transcript_feed(&transcript, slice_part(exact_slice(&bytes), 0, cut)); // see below
        assert_int_equal(
            transcript_feed(&transcript, slice_part(exact_slice(&bytes), cut, bytes.len)),
            PARSE_OK);
        transcript_is(&transcript, "server_hello,*,handshake_failure,*");
        transcript_clear(&transcript);
    }
    exact_clear(&bytes);
}

static void encryption_told_inside_a_message_drops_it(void **state)
{
    (void)state;
    struct exact half = exact_of_hex("1603030002 0e00");
    struct exact rest = exact_of_hex("1603030002 0000 1703030001 00");
    struct transcript transcript = {0};
    assert_int_equal(transcript_feed(&transcript, exact_slice(&half)), PARSE_OK);
    tls_stream_encrypted(&transcript.stream);
    assert_int_equal(transcript_feed(&transcript, exact_slice(&rest)), PARSE_OK);
    transcript_is(&transcript, "*,*");
    assert_int_equal(transcript.stream.message.len, 0);
    transcript_clear(&transcript);
    exact_clear(&half);
    exact_clear(&rest);
}

static void application_data_is_never_held(void **state)
{
    (void)state;
    struct exact header = exact_of_hex("1703034000");
    static const uint8_t body[0x4000];
    struct transcript transcript = {0};
    assert_int_equal(transcript_feed(&transcript, exact_slice(&header)), PARSE_MORE);
    assert_int_equal(transcript_feed(&transcript, (struct slice){body, sizeof(body) - 1}),
                     PARSE_MORE);
    assert_int_equal(transcript.stream.record.len, 0);
    transcript_is(&transcript, "");
    assert_int_equal(transcript_feed(&transcript, (struct slice){body, 1}), PARSE_OK);
    transcript_is(&transcript, "*");
    transcript_clear(&transcript);
    exact_clear(&header);
}

static void the_longest_message_is_joined(void **state)
{
    (void)state;
    struct buffer message = {0};
    struct buffer records = {0};
    assert_true(buffer_append_byte(&message, HANDSHAKE_CERTIFICATE));
    assert_true(buffer_append_u24(&message, HANDSHAKE_MESSAGE_MAX - HANDSHAKE_HEADER_LEN));
    while (message.len < HANDSHAKE_MESSAGE_MAX) {
        assert_true(buffer_append_byte(&message, (uint8_t)message.len));
    }
    assert_true(
        tls_record_encode(&records, CONTENT_HANDSHAKE, VERSION_TLS12, buffer_slice(&message)));
    struct transcript transcript = {0};
    assert_int_equal(transcript_feed(&transcript, buffer_slice(&records)), PARSE_OK);
    transcript_is(&transcript, "certificate");
    assert_int_equal(transcript.stream.message.capacity, 0); // given back
    transcript_clear(&transcript);
    buffer_clear(&message);
    buffer_clear(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_stream_stays_bad),
        cmocka_unit_test(empty_records_are_bounded),
        cmocka_unit_test(encryption_may_be_told_from_the_callback),
        cmocka_unit_test(encryption_told_inside_a_message_drops_it),
        cmocka_unit_test(application_data_is_never_held),
        cmocka_unit_test(the_longest_message_is_joined),
    };
    size_t count = recorded_load(TEST_DATA "/flights.txt", flights);
    return cmocka_run_group_tests(tests, NULL, NULL) + RUN_ROWS(rows, stream_finds) +
           recorded_run("segmentation", flights, count,
                        recorded_flight_is_read_in_any_segmentation) +
           recorded_run("fragmentation", flights, count,
                        recorded_flight_is_read_in_any_fragmentation) +
           recorded_run("changed", flights, count, recorded_flight_survives_changed_bytes);
}
