#include "hello.h"

#include "code_points.h"
#include "handshake.h"
#include "recorded.h"
#include "tls_stream.h"

#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
// Up to the suites: 4 bytes of header, version, random, no session id; 39 bytes in all.
#define START(length) "01" length "0303" RANDOM "00"

static struct recorded recordings[RECORDED_ROWS_MAX];

static const struct parse_row {
    const char *name, *hex;
    enum parse want;
    size_t want_at; // of PARSE_BAD
} parse_rows[] = {
    {"nothing", "", PARSE_MORE, 0},
    {"the shortest hello", START("000029") "0002002f 0100", PARSE_OK, 0},
    {"a ServerHello", "02000029", PARSE_BAD, 0},
    {"a length past what any hello needs", "01020000", PARSE_BAD, 1},
    {"the body does not come whole", START("00002a") "0002002f 0100", PARSE_MORE, 0},
    {"bytes after the message", START("000029") "0002002f 0100 00", PARSE_BAD, 45},
    {"no version", "0100000103", PARSE_BAD, 4},
    {"a random of 31 bytes", "010000210303" RANDOM, PARSE_BAD, 6 + 32 - 1},
    {"a session id of 33 bytes",
     "01000046"
     "0303" RANDOM "21" RANDOM "ff"
     "0002",
     PARSE_BAD, 38},
    {"a session id of 32 bytes",
     "01000049"
     "0303" RANDOM "20" RANDOM "0002002f 0100",
     PARSE_OK, 0},
    {"a session id that ends early",
     "01000024"
     "0303" RANDOM "0200",
     PARSE_BAD, 38},
    {"cipher suite list of odd length", START("00002a") "0003002f00 0100", PARSE_BAD, 39},
    {"empty cipher suite list", START("000027") "0000 0100", PARSE_BAD, 39},
    {"cipher suite list that ends early", START("000027") "0004 0100", PARSE_BAD, 39},
    {"no compression method", START("000028") "0002002f 00", PARSE_BAD, 43},
    {"compression methods that end early", START("000029") "0002002f 0200", PARSE_BAD, 43},
    {"an extension list of no length", START("00002b") "0002002f 0100 0000", PARSE_OK, 0},
    {"half a length of extensions", START("00002a") "0002002f 0100 00", PARSE_BAD, 45},
    {"extensions that end early", START("00002b") "0002002f 0100 0001", PARSE_BAD, 45},
    {"bytes after the extensions", START("00002c") "0002002f 0100 0000 00", PARSE_BAD, 45},
    {"half an extension", START("00002d") "0002002f 0100 0002 0017", PARSE_BAD, 47},
    {"a second extension that ends early", START("000033") "0002002f 0100 0008 00170000 00230001",
     PARSE_BAD, 51},
};

static void client_hello_parse_gives(void **state)
{
    const struct parse_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    struct client_hello hello = {0};
    size_t at = 0;
    assert_int_equal(client_hello_parse(exact_slice(&in), &hello, &at), row->want);
    assert_int_equal(at, row->want == PARSE_BAD ? row->want_at : 0);
    assert_int_equal(hello.whole.len, row->want == PARSE_OK ? in.len : 0);
    exact_clear(&in);
}

// One extension in a hello that is fine otherwise.
static const struct extension_row {
    const char *name, *hex;
    enum parse want;
} extension_rows[] = {
    {"server_name", "0000 0009 0007 00 0004 612e6d65", PARSE_OK},
    {"server_name: empty, as a server sends it", "0000 0000", PARSE_OK},
    {"server_name: an empty list", "0000 0002 0000", PARSE_OK},
    {"server_name: an empty name", "0000 0005 0003 00 0000", PARSE_OK},
    {"server_name: a name of another type", "0000 0006 0004 07 0001 aa", PARSE_OK},
    {"server_name: the list ends early", "0000 0009 0008 00 0004 612e6d65", PARSE_BAD},
    {"server_name: the list is followed by more", "0000 000a 0007 00 0004 612e6d65 00", PARSE_BAD},
    {"server_name: the name ends early", "0000 0009 0007 00 0005 612e6d65", PARSE_BAD},
    {"supported_versions", "002b 0003 02 0304", PARSE_OK},
    {"supported_versions: empty list", "002b 0001 00", PARSE_OK},
    {"supported_versions: empty", "002b 0000", PARSE_BAD},
    {"supported_versions: odd", "002b 0004 03 030403", PARSE_BAD},
    {"supported_versions: as a server sends it", "002b 0002 0304", PARSE_BAD},
    {"supported_groups", "000a 0004 0002 001d", PARSE_OK},
    {"supported_groups: odd", "000a 0005 0003 001d00", PARSE_BAD},
    {"supported_groups: ends early", "000a 0004 0004 001d", PARSE_BAD},
    {"supported_groups: more after it", "000a 0005 0002 001d 00", PARSE_BAD},
    {"ec_point_formats", "000b 0002 0100", PARSE_OK},
    {"ec_point_formats: ends early", "000b 0002 0200", PARSE_BAD},
    {"signature_algorithms", "000d 0004 0002 0403", PARSE_OK},
    {"signature_algorithms: odd", "000d 0003 0001 04", PARSE_BAD},
    {"signature_algorithms_cert", "0032 0004 0002 0403", PARSE_OK},
    {"signature_algorithms_cert: odd", "0032 0003 0001 04", PARSE_BAD},
    {"alpn", "0010 0005 0003 02 6832", PARSE_OK},
    {"alpn: an empty name", "0010 0003 0001 00", PARSE_OK},
    {"alpn: a name ends early", "0010 0005 0003 03 6832", PARSE_BAD},
    {"alpn: more after it", "0010 0006 0003 02 6832 00", PARSE_BAD},
    {"key_share", "0033 0007 0005 001d 0001 aa", PARSE_OK},
    {"key_share: none, to be asked for one", "0033 0002 0000", PARSE_OK},
    {"key_share: a key ends early", "0033 0007 0005 001d 0002 aa", PARSE_BAD},
    {"key_share: half an entry", "0033 0003 0001 00", PARSE_BAD},
    {"padding", "0015 0003 000000", PARSE_OK},
    {"an extension that nobody registered", "7777 0003 010203", PARSE_OK},
    {"GREASE", "0a0a 0001 00", PARSE_OK},
    {"the first of two server_names counts, even if the second is bad",
     "0000 0009 0007 00 0004 612e6d65 0000 0001 ff", PARSE_OK},
};

// A hello of TLS 1.2 with these suites (their length too) and extensions.
static struct exact hello_of(const char *suites, const char *extensions)
{
    struct exact parts[] = {exact_of_hex("0303" RANDOM "00"), exact_of_hex(suites),
                            exact_of_hex("0100"), exact_of_hex(extensions)};
    struct buffer body = {0};
    struct buffer message = {0};
    for (size_t i = 0; i < COUNT(parts); i++) {
        assert_true(i < 3 || buffer_append_u16(&body, (uint16_t)parts[i].len));
        assert_true(buffer_append(&body, exact_slice(&parts[i])));
        exact_clear(&parts[i]);
    }
    assert_true(handshake_encode(&message, HANDSHAKE_CLIENT_HELLO, buffer_slice(&body)));
    struct exact hello = exact_of(buffer_slice(&message));
    buffer_clear(&body);
    buffer_clear(&message);
    return hello;
}

static void extension_is_read(void **state)
{
    const struct extension_row *row = *state;
    struct exact in = hello_of("0002002f", row->hex);
    struct client_hello hello;
    size_t at = 0;
    assert_int_equal(client_hello_parse(exact_slice(&in), &hello, &at), row->want);
    assert_int_equal(at, row->want == PARSE_BAD ? 47 : 0); // where the list's first one begins
    exact_clear(&in);
}

static void every_field_is_found(void **state)
{
    (void)state;
    struct exact in =
        hello_of("0006 0a0a 1301 002f",
                 "0000 000d 000b 00 0004 612e6d65 00 0001 62 0000 0006 0004 00 0001 63"
                 "002b 0007 06 1a1a 0304 0303 000a 0006 0004 001d 0017 000b 0002 0100"
                 "000d 0004 0002 0403 0032 0004 0002 0804 0010 0005 0003 02 6832"
                 "0033 0007 0005 001d 0001 aa 0023 0000 0017 0000 ff01 0001 00 0005 0000"
                 "fe0d 0000 001b 0000 0015 0000 002a 0000 0029 0000");
    struct client_hello hello;
    size_t at = 0;
    assert_int_equal(client_hello_parse(exact_slice(&in), &hello, &at), PARSE_OK);
    assert_int_equal(hello.legacy_version, VERSION_TLS12);
    assert_int_equal(hello.random.data[31], 0x1f);
    assert_int_equal(hello.cipher_suites.len, 6);
    assert_int_equal(slice_u16_at(hello.cipher_suites, 1), 0x1301);
    assert_int_equal(hello.compressions.len, 1);
    assert_true(hello.has_extensions && hello.has_sni && hello.has_versions && hello.has_groups);
    assert_true(slice_equals_text(hello.sni, "a.me"));
    assert_int_equal(hello.versions.len, 6);
    assert_true(slice_has_u16(hello.groups, 23));
    assert_int_equal(hello.point_formats.len, 1);
    assert_true(hello.has_schemes && slice_has_u16(hello.schemes, 0x0403));
    assert_true(slice_has_u16(hello.cert_schemes, 0x0804));
    assert_true(hello.has_alpn && hello.has_key_share && hello.has_ticket && hello.has_ems);
    assert_true(hello.has_renegotiation_info && hello.has_status_request && hello.has_ech);
    assert_true(hello.has_compress_certificate && hello.has_padding && hello.has_early_data);
    assert_true(hello.has_psk && hello.has_grease);

    struct slice name;
    at = 0;
    assert_true(alpn_next(hello.alpn, &at, &name));
    assert_true(slice_equals_text(name, "h2"));
    assert_false(alpn_next(hello.alpn, &at, &name));
    uint16_t group;
    at = 0;
    assert_true(key_share_next(hello.key_shares, &at, &group, &name));
    assert_true(group == 29 && name.len == 1 && name.data[0] == 0xaa);
    assert_false(key_share_next(hello.key_shares, &at, &group, &name));
    exact_clear(&in);
}

// 16,000 empty extensions are as many as fit: they must cost no more than a walk over them.
static void a_hello_full_of_extensions_is_read(void **state)
{
    (void)state;
    struct buffer body = {0};
    struct buffer message = {0};
    struct exact start = exact_of_hex("0303" RANDOM "00 0002002f 0100 fa00");
    assert_true(buffer_append(&body, exact_slice(&start)));
    for (uint16_t i = 0; i < 16000; i++) {
        assert_true(buffer_append_u16(&body, i == 0 ? 0x0017 : 0x7777));
        assert_true(buffer_append_u16(&body, 0));
    }
    assert_true(handshake_encode(&message, HANDSHAKE_CLIENT_HELLO, buffer_slice(&body)));
    struct client_hello hello;
    size_t at;
    assert_int_equal(client_hello_parse(buffer_slice(&message), &hello, &at), PARSE_OK);
    assert_true(hello.has_ems && !hello.has_grease);
    exact_clear(&start);
    buffer_clear(&body);
    buffer_clear(&message);
}

static const struct version_row {
    const char *name;
    uint16_t legacy_version;
    const char *versions; // hex; NULL: no extension
    uint16_t want_max;
    bool want_offers[5]; // SSL 3.0 to TLS 1.3
} version_rows[] = {
    {"SSL 3.0 only", 0x0300, NULL, 0x0300, {true, false, false, false, false}},
    {"TLS 1.0", 0x0301, NULL, 0x0301, {true, true, false, false, false}},
    {"TLS 1.2 without the extension", 0x0303, NULL, 0x0303, {true, true, true, true, false}},
    {"TLS 1.3 in the old field means 1.2", 0x0304, NULL, 0x0303, {true, true, true, true, false}},
    {"version 4.0 in the old field means 1.2",
     0x0400,
     NULL,
     0x0303,
     {true, true, true, true, false}},
    {"SSL 2.0", 0x0002, NULL, 0x0002, {false, false, false, false, false}},
    {"1.3 and 1.2", 0x0303, "03040303", 0x0304, {false, false, false, true, true}},
    {"1.2 and 1.3, GREASE among them",
     0x0303,
     "fafa03030304",
     0x0304,
     {false, false, false, true, true}},
    {"a gap", 0x0303, "03040301", 0x0304, {false, true, false, false, true}},
    {"a draft above the real one", 0x0303, "7f1c0303", 0x0303, {false, false, false, true, false}},
    {"only a draft", 0x0303, "7f1c", 0, {false, false, false, false, false}},
    {"an empty list offers nothing", 0x0303, "", 0, {false, false, false, false, false}},
};

static void offered_versions_are_told(void **state)
{
    const struct version_row *row = *state;
    struct exact versions = exact_of_hex(row->versions != NULL ? row->versions : "");
    struct client_hello hello = {
        .legacy_version = row->legacy_version,
        .has_versions = row->versions != NULL,
        .versions = exact_slice(&versions),
    };
    assert_int_equal(client_hello_version_max(&hello), row->want_max);
    for (uint16_t i = 0; i < 5; i++) {
        assert_int_equal(client_hello_offers_version(&hello, (uint16_t)(VERSION_SSL30 + i)),
                         row->want_offers[i]);
    }
    exact_clear(&versions);
}

static const struct sslv2_row {
    const char *name, *hex;
    enum parse want;
    size_t want_at;
} sslv2_rows[] = {
    {"a hello for TLS 1.0",
     "01 0301 0006 0000 0010 00000a 0700c0 "
     "000102030405060708090a0b0c0d0e0f",
     PARSE_OK, 0},
    {"a hello with a session id",
     "01 0301 0003 0010 0010 00000a "
     "ffffffffffffffffffffffffffffffff"
     "000102030405060708090a0b0c0d0e0f",
     PARSE_OK, 0},
    {"nothing", "", PARSE_MORE, 0},
    {"half the lengths", "01 0301 0006", PARSE_MORE, 0},
    {"the challenge ends early", "01 0301 0003 0000 0010 00000a 00", PARSE_MORE, 0},
    {"another type", "04", PARSE_BAD, 0},
    {"cipher kinds of two bytes", "01 0301 0002 0000 0001 002f 00", PARSE_BAD, 3},
    {"no cipher kind", "01 0301 0000 0000 0001 00", PARSE_BAD, 3},
    {"bytes after the challenge", "01 0301 0003 0000 0001 00000a 00 ff", PARSE_BAD, 13},
};

static void client_hello_parse_sslv2_gives(void **state)
{
    const struct sslv2_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    struct client_hello hello = {0};
    size_t at = 0;
    assert_int_equal(client_hello_parse_sslv2(exact_slice(&in), &hello, &at), row->want);
    assert_int_equal(at, row->want_at);
    if (row->want == PARSE_OK) {
        assert_true(hello.is_sslv2 && !hello.has_extensions);
        assert_int_equal(hello.legacy_version, VERSION_TLS10);
        assert_int_equal(hello.cipher_suites.len % 3, 0);
        assert_int_equal(hello.random.len, 16);
        assert_int_equal(hello.random.data[15], 0x0f);
    }
    for (size_t len = 0; len < in.len && row->want == PARSE_OK; len++) {
        struct exact part = exact_of((struct slice){in.data, len});
        assert_int_equal(client_hello_parse_sslv2(exact_slice(&part), &hello, &at), PARSE_MORE);
        exact_clear(&part);
    }
    exact_clear(&in);
}

// The handshake message of a recorded flight (SSLv2: after its length).
static struct exact message_of(const struct recorded *row, bool *is_sslv2)
{
    struct exact flight = exact_of_hex(row->words[3]);
    struct buffer joined = {0};
    struct slice message;
    assert_int_equal(first_hello(exact_slice(&flight), &joined, &message, is_sslv2), PARSE_OK);
    struct exact copy = exact_of(message);
    buffer_clear(&joined);
    exact_clear(&flight);
    return copy;
}

static enum parse parse_either(struct slice in, bool is_sslv2, struct client_hello *hello)
{
    size_t at = 0;
    enum parse parsed =
        is_sslv2 ? client_hello_parse_sslv2(in, hello, &at) : client_hello_parse(in, hello, &at);
    assert_true(parsed != PARSE_BAD || at <= in.len);
    return parsed;
}

static void recorded_hello_is_read_whole_and_cut(void **state)
{
    bool is_sslv2;
    struct exact message = message_of(*state, &is_sslv2);
    struct client_hello hello;
    assert_int_equal(parse_either(exact_slice(&message), is_sslv2, &hello), PARSE_OK);
    for (size_t len = 0; len < message.len; len++) {
        struct exact part = exact_of((struct slice){message.data, len});
        assert_int_equal(parse_either(exact_slice(&part), is_sslv2, &hello), PARSE_MORE);
        // The same bytes with the length they have: short inside, and never read past.
        if (!is_sslv2 && len >= HANDSHAKE_HEADER_LEN) {
            part.data[2] = (uint8_t)((len - HANDSHAKE_HEADER_LEN) >> 8);
            part.data[3] = (uint8_t)(len - HANDSHAKE_HEADER_LEN);
            assert_int_not_equal(parse_either(exact_slice(&part), is_sslv2, &hello), PARSE_MORE);
        }
        exact_clear(&part);
    }
    exact_clear(&message);
}

static void recorded_hello_survives_changed_bytes(void **state)
{
    static const uint8_t changes[] = {0x01, 0x80, 0xff};
    bool is_sslv2;
    struct exact message = message_of(*state, &is_sslv2);
    for (size_t i = 0; i < message.len * COUNT(changes); i++) {
        struct client_hello hello;
        uint8_t change = changes[i % COUNT(changes)];
        message.data[i / COUNT(changes)] ^= change;
        (void)parse_either(exact_slice(&message), is_sslv2, &hello); // ASan judges
        message.data[i / COUNT(changes)] ^= change;
    }
    exact_clear(&message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_found),
        cmocka_unit_test(a_hello_full_of_extensions_is_read),
    };
    size_t count = recorded_load(TEST_DATA "/client_hellos.txt", recordings);
    return cmocka_run_group_tests(tests, NULL, NULL) +
           RUN_ROWS(parse_rows, client_hello_parse_gives) +
           RUN_ROWS(extension_rows, extension_is_read) +
           RUN_ROWS(version_rows, offered_versions_are_told) +
           RUN_ROWS(sslv2_rows, client_hello_parse_sslv2_gives) +
           recorded_run("whole and cut", recordings, count, recorded_hello_is_read_whole_and_cut) +
           recorded_run("changed", recordings, count, recorded_hello_survives_changed_bytes);
}
