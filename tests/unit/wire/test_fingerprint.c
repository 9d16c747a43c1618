#include "fingerprint.h"

#include "handshake.h"
#include "recorded.h"
#include "tls_stream.h"

static struct recorded recordings[RECORDED_ROWS_MAX];

static void parse(const struct exact *flight, struct buffer *joined, struct client_hello *hello)
{
    struct slice message;
    bool is_sslv2;
    size_t at = 0;
    assert_int_equal(first_hello(exact_slice(flight), joined, &message, &is_sslv2), PARSE_OK);
    enum parse parsed = is_sslv2 ? client_hello_parse_sslv2(message, hello, &at)
                                 : client_hello_parse(message, hello, &at);
    assert_int_equal(parsed, PARSE_OK);
}

static void recorded_client_has_its_fingerprints(void **state)
{
    const struct recorded *row = *state;
    struct exact flight = exact_of_hex(row->words[3]);
    struct buffer joined = {0};
    struct client_hello hello;
    char hash[JA3_HASH_MAX], text[JA4_MAX];
    parse(&flight, &joined, &hello);
    bool is_known = strcmp(row->words[1], "-") != 0;
    assert_int_equal(is_known, !hello.is_sslv2);
    assert_string_equal(ja3_hash(&hello, hash), is_known ? row->words[1] : "");
    assert_string_equal(ja4(&hello, text), is_known ? row->words[2] : "");
    buffer_clear(&joined);
    exact_clear(&flight);
}

#define RANDOM "00000000000000000000000000000000000000000000000000000000000000ff"

// Hellos put together from the lists in the two definitions: suites, extensions.
static const struct vector_row {
    const char *name, *version, *suites, *extensions;
    const char *want_text, *want_hash, *want_ja4; // NULL: not looked at
} vector_rows[] = {
    {"JA3's first example", "0301", "0018002f00350005000ac009c00ac013c014003200380013 0004",
     "0000000e 000c 00 0009 6578616d706c6521 21"
     "000a0008 0006 001700180019 000b0002 0100",
     "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
     "ada70206e40642a3e4461f35503241d5", NULL},
    {"JA3's example without extensions", "0301",
     "0016 00040005000a0009006400620003000600130012 0063", NULL,
     "769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6", NULL},
    {"JA4's example, GREASE among it", "0303",
     "0020 fafa 130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035",
     "1a1a0000 001b0003020002 0000000a 0008 00 0005 612e636f6d 00330007 0005 0a0a 000100"
     "0010000e 000c 02 6832 08 687474702f312e31 44690000 00170000 002d00020101"
     "000d0014 0012 2a2a 04030804040105030805050108060601 00050000 00230000 00120000"
     "002b0007 06 4a4a 0304 0303 ff01000100 000b00020100 000a0006 0004 0a0a 001d"
     "00150000 baba0000",
     NULL, NULL, "t13d1516h2_8daaf6152771_e5627efa2ab1"},
    {"JA4's example without signature algorithms", "0303",
     "001e 130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035",
     "001b0003020002 00330002 0000 44690000 00170000 002d00020101 00050000 00230000 00120000"
     "002b0003 02 0304 ff01000100 000b00020100 000a0004 0002 001d 00150000 000d0002 0000",
     NULL, NULL, "t13i151400_8daaf6152771_6d807ffa2a79"},
    {"a hello without extensions has zeros for their hash", "0300", "0002 002f", NULL, "768,47,,,",
     NULL, "ts3i010000_ba72b8082249_000000000000"},
    {"SNI and ALPN alone leave nothing to hash", "0303", "0002 002f",
     "00000000 00100004 0002 01 61", "771,47,0-16,,", NULL, "t12d0102aa_ba72b8082249_000000000000"},
    {"GREASE alone is no cipher suite", "0302", "0002 0a0a", NULL, "770,,,,", NULL,
     "t11i000000_000000000000_000000000000"},
    {"a draft of TLS 1.3 is no version that JA4 knows", "0303", "0002 1301",
     "002b0005 04 7f1c 0303", "771,4865,43,,", NULL, "t00i010100_0f2cb44170f4_b9a491fefe05"},
    {"ALPN ab cd", "0303", "0002 002f", "00100005 0003 02 abcd", NULL, NULL,
     "t12i0101ad_ba72b8082249_000000000000"},
    {"ALPN 20 61", "0303", "0002 002f", "00100005 0003 02 2061", NULL, NULL,
     "t12i010121_ba72b8082249_000000000000"},
    {"ALPN 61 20", "0303", "0002 002f", "00100005 0003 02 6120", NULL, NULL,
     "t12i010160_ba72b8082249_000000000000"},
    {"ALPN 30 31 ab cd", "0303", "0002 002f", "00100007 0005 04 3031abcd", NULL, NULL,
     "t12i01013d_ba72b8082249_000000000000"},
    {"ALPN 30 ab cd 31", "0303", "0002 002f", "00100007 0005 04 30abcd31", NULL, NULL,
     "t12i010101_ba72b8082249_000000000000"},
    {"ALPN ab", "0303", "0002 002f", "00100004 0002 01 ab", NULL, NULL,
     "t12i0101ab_ba72b8082249_000000000000"},
    {"ALPN with an empty first name", "0303", "0002 002f", "00100006 0004 00 02 6832", NULL, NULL,
     "t12i010100_ba72b8082249_000000000000"},
};

static void put_hex(struct buffer *out, const char *hex)
{
    struct exact bytes = exact_of_hex(hex);
    assert_true(buffer_append(out, exact_slice(&bytes)));
    exact_clear(&bytes);
}

static void hello_of_lists_has_its_fingerprints(void **state)
{
    const struct vector_row *row = *state;
    struct buffer body = {0};
    struct buffer message = {0};
    struct buffer text = {0};
    put_hex(&body, row->version);
    put_hex(&body, RANDOM "00");
    put_hex(&body, row->suites);
    put_hex(&body, "0100");
    if (row->extensions != NULL) {
        struct exact list = exact_of_hex(row->extensions);
        assert_true(buffer_append_u16(&body, (uint16_t)list.len));
        assert_true(buffer_append(&body, exact_slice(&list)));
        exact_clear(&list);
    }
    assert_true(handshake_encode(&message, HANDSHAKE_CLIENT_HELLO, buffer_slice(&body)));
    struct client_hello hello;
    size_t at = 0;
    char hash[JA3_HASH_MAX], fingerprint[JA4_MAX];
    assert_int_equal(client_hello_parse(buffer_slice(&message), &hello, &at), PARSE_OK);
    assert_true(ja3_text(&hello, &text));
    if (row->want_text != NULL) {
        assert_string_equal(buffer_text(&text), row->want_text);
    }
    if (row->want_hash != NULL) {
        assert_string_equal(ja3_hash(&hello, hash), row->want_hash);
    }
    if (row->want_ja4 != NULL) {
        assert_string_equal(ja4(&hello, fingerprint), row->want_ja4);
    }
    buffer_clear(&body);
    buffer_clear(&message);
    buffer_clear(&text);
}

static void more_than_99_suites_count_as_99(void **state)
{
    (void)state;
    static uint8_t suites[2 * 120];
    for (size_t i = 0; i < sizeof(suites); i += 2) {
        suites[i + 1] = (uint8_t)(i / 2);
    }
    struct client_hello hello = {
        .legacy_version = 0x0303,
        .cipher_suites = {suites, sizeof(suites)},
    };
    char text[JA4_MAX];
    assert_memory_equal(ja4(&hello, text), "t12i990000_", 11);
    assert_int_equal(strlen(text), JA4_MAX - 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(more_than_99_suites_count_as_99)};
    size_t count = recorded_load(TEST_DATA "/client_hellos.txt", recordings);
    return cmocka_run_group_tests(tests, NULL, NULL) +
           RUN_ROWS(vector_rows, hello_of_lists_has_its_fingerprints) +
           recorded_run("recorded clients", recordings, count,
                        recorded_client_has_its_fingerprints);
}
