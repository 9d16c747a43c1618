#include "code_points.h"
#include "handshake.h"
#include "hello.h"
#include "recorded.h"
#include "tls_stream.h"

#define RANDOM   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HALF     "000102030405060708090a0b0c0d0e0f1011121314151617"
#define RETRY    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
#define NO_RETRY "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339d"

static struct recorded flights[RECORDED_ROWS_MAX];
static size_t flight_count;

static const struct parse_row {
    const char *name, *hex;
    enum parse want;
    size_t want_at; // of PARSE_BAD
} parse_rows[] = {
    {"nothing", "", PARSE_MORE, 0},
    {"the shortest hello", "02000026 0303" RANDOM "00 002f 00", PARSE_OK, 0},
    {"a ClientHello", "01000026", PARSE_BAD, 0},
    {"a length past what any hello needs", "02ffffff", PARSE_BAD, 1},
    {"the body does not come whole", "02000027 0303" RANDOM "00 002f 00", PARSE_MORE, 0},
    {"bytes after the message", "02000026 0303" RANDOM "00 002f 00 00", PARSE_BAD, 42},
    {"a random of 31 bytes", "02000021 0303" RANDOM, PARSE_BAD, 6 + 32 - 1},
    {"a session id of 33 bytes", "02000047 0303" RANDOM "21" RANDOM "ff 002f 00", PARSE_BAD, 38},
    {"no cipher suite", "02000024 0303" RANDOM "00 00", PARSE_BAD, 39},
    {"no compression method", "02000025 0303" RANDOM "00 002f", PARSE_BAD, 41},
    {"an empty extension list", "02000028 0303" RANDOM "00 002f 00 0000", PARSE_OK, 0},
    {"extensions that end early", "02000028 0303" RANDOM "00 002f 00 0001", PARSE_BAD, 42},
    {"bytes after the extensions", "02000029 0303" RANDOM "00 002f 00 0000 00", PARSE_BAD, 42},
    {"half an extension", "0200002a 0303" RANDOM "00 002f 00 0002 0017", PARSE_BAD, 44},
    {"supported_versions as a client sends it",
     "0200002f 0303" RANDOM "00 1301 00 0007 002b 0003 020304", PARSE_BAD, 44},
    {"supported_versions of one byte", "0200002d 0303" RANDOM "00 1301 00 0005 002b 0001 03",
     PARSE_BAD, 44},
    {"key_share without a key", "0200002e 0303" RANDOM "00 1301 00 0006 0033 0002 001d", PARSE_BAD,
     44},
    {"key_share of a retry with a key",
     "02000031 0303" RETRY "00 1301 00 0009 0033 0005 001d 0001 aa", PARSE_BAD, 44},
    {"key_share of a retry", "0200002e 0303" RETRY "00 1301 00 0006 0033 0002 001d", PARSE_OK, 0},
    {"alpn that ends early", "02000031 0303" RANDOM "00 002f 00 0009 0010 0005 0003 03 6832",
     PARSE_BAD, 44},
    {"alpn without a name", "0200002e 0303" RANDOM "00 002f 00 0006 0010 0002 0000", PARSE_OK, 0},
    {"the first of two supported_versions counts, even if the second is bad",
     "02000033 0303" RANDOM "00 1301 00 000b 002b 0002 0304 002b 0001 03", PARSE_OK, 0},
    {"an extension that nobody registered", "0200002c 0303" RANDOM "00 002f 00 0004 7777 0000",
     PARSE_OK, 0},
};

static void server_hello_parse_gives(void **state)
{
    const struct parse_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    struct server_hello hello = {0};
    size_t at = 0;
    assert_int_equal(server_hello_parse(exact_slice(&in), &hello, &at), row->want);
    assert_int_equal(at, row->want_at);
    assert_int_equal(hello.whole.len, row->want == PARSE_OK ? in.len : 0);
    exact_clear(&in);
}

static const struct random_row {
    const char *name, *random;
    bool want_retry;
    uint16_t want_downgrade;
} random_rows[] = {
    {"any random", RANDOM, false, 0},
    {"a HelloRetryRequest", RETRY, true, 0},
    {"one bit from a HelloRetryRequest", NO_RETRY, false, 0},
    {"TLS 1.3 that took 1.2", HALF "444f574e47524401", false, VERSION_TLS13},
    {"TLS 1.2 that took less", HALF "444f574e47524400", false, VERSION_TLS12},
    {"a sentinel that nobody defined", HALF "444f574e47524402", false, 0},
    {"a sentinel in the wrong place", "444f574e47524401" HALF, false, 0},
};

static void random_is_recognised(void **state)
{
    const struct random_row *row = *state;
    char hex[256];
    (void)snprintf(hex, sizeof(hex), "02000026 0303%s00 002f 00", row->random); // 93 characters
    struct exact in = exact_of_hex(hex);
    struct server_hello hello;
    size_t at;
    assert_int_equal(server_hello_parse(exact_slice(&in), &hello, &at), PARSE_OK);
    assert_int_equal(hello.is_retry, row->want_retry);
    assert_int_equal(server_hello_is_retry(exact_slice(&in)), row->want_retry);
    assert_int_equal(hello.downgrade_from, row->want_downgrade);
    in.data[0] = HANDSHAKE_CLIENT_HELLO;
    assert_false(server_hello_is_retry(exact_slice(&in)));
    assert_false(server_hello_is_retry((struct slice){in.data, in.len - 1}));
    exact_clear(&in);
}

// What a flight holds first of a kind, and what it must say.
static const struct flight_row {
    const char *name; // in flights.txt
    uint16_t version, suite, group, downgrade_from;
    const char *alpn; // NULL: none
    bool is_retry, has_ems, has_ticket, has_psk;
    uint16_t exchange_group;
    size_t exchange_dh_bits;
} flight_rows[] = {
    {"tls10-server", 0x0301, 0xc009, 0, 0x0303, NULL, false, true, true, false, 29, 0},
    {"tls11-server", 0x0302, 0xc009, 0, 0x0303, NULL, false, true, true, false, 29, 0},
    {"tls12-server", 0x0303, 0xc02b, 0, 0x0304, "h2", false, true, true, false, 29, 0},
    {"tls12-resumed-server", 0x0303, 0xc02b, 0, 0x0304, "h2", false, true, false, false, 0, 0},
    {"tls12-dhe-server", 0x0303, 0x009e, 0, 0x0304, NULL, false, true, true, false, 0, 2048},
    {"tls12-mutual-server", 0x0303, 0xcca9, 0, 0x0304, NULL, false, true, true, false, 29, 0},
    {"tls13-server", 0x0304, 0x1302, 29, 0, NULL, false, false, false, false, 0, 0},
    {"tls13-resumed-server", 0x0304, 0x1302, 29, 0, NULL, false, false, false, true, 0, 0},
    {"tls13-retry-server", 0x0304, 0x1302, 23, 0, NULL, true, false, false, false, 0, 0},
};

struct first_two {
    struct exact hello, exchange; // the first ServerHello and ServerKeyExchange
};

static void keep_first(void *user, const struct stream_item *item)
{
    struct first_two *found = user;
    if (item->kind != STREAM_MESSAGE) {
        return;
    }
    if (item->bytes.data[0] == HANDSHAKE_SERVER_HELLO && found->hello.data == NULL) {
        found->hello = exact_of(item->bytes);
    }
    if (item->bytes.data[0] == HANDSHAKE_SERVER_KEY_EXCHANGE && found->exchange.data == NULL) {
        found->exchange = exact_of(item->bytes);
    }
}

static struct first_two read_flight(const char *name)
{
    struct first_two found = {0};
    for (size_t i = 0; i < flight_count; i++) {
        if (strcmp(flights[i].name, name) != 0) {
            continue;
        }
        struct exact bytes = exact_of_hex(flights[i].words[2]);
        struct tls_stream stream = {0};
        assert_int_equal(tls_stream_feed(&stream, exact_slice(&bytes), keep_first, &found),
                         PARSE_OK);
        tls_stream_clear(&stream);
        exact_clear(&bytes);
    }
    assert_non_null(found.hello.data);
    return found;
}

static void recorded_server_chose(void **state)
{
    const struct flight_row *row = *state;
    struct first_two found = read_flight(row->name);
    struct server_hello hello;
    size_t at;
    assert_int_equal(server_hello_parse(exact_slice(&found.hello), &hello, &at), PARSE_OK);
    assert_int_equal(hello.version, row->version);
    assert_int_equal(hello.legacy_version, row->version < 0x0303 ? row->version : 0x0303);
    assert_int_equal(hello.cipher_suite, row->suite);
    assert_int_equal(hello.group, row->group);
    assert_int_equal(hello.downgrade_from, row->downgrade_from);
    assert_int_equal(hello.is_retry, row->is_retry);
    assert_int_equal(hello.has_alpn, row->alpn != NULL);
    assert_true(slice_equals_text(hello.alpn, row->alpn));
    assert_int_equal(hello.has_ems, row->has_ems);
    assert_int_equal(hello.has_ticket, row->has_ticket);
    assert_int_equal(hello.has_psk, row->has_psk);
    assert_int_equal(hello.has_renegotiation_info, row->version < VERSION_TLS13);
    if (row->exchange_dh_bits > 0) {
        assert_int_equal(key_exchange_dh_bits(exact_slice(&found.exchange)), row->exchange_dh_bits);
    } else {
        assert_int_equal(key_exchange_group(exact_slice(&found.exchange)), row->exchange_group);
    }
    exact_clear(&found.hello);
    exact_clear(&found.exchange);
}

static void recorded_answer_survives_cuts_and_changes(void **state)
{
    const struct flight_row *row = *state;
    struct first_two found = read_flight(row->name);
    struct exact *messages[] = {&found.hello, &found.exchange};
    for (size_t m = 0; m < COUNT(messages); m++) {
        for (size_t i = 0; i < messages[m]->len; i++) {
            struct server_hello hello;
            size_t at;
            struct exact part = exact_of((struct slice){messages[m]->data, i});
            assert_int_equal(server_hello_parse(exact_slice(&part), &hello, &at),
                             m == 0 || i == 0 ? PARSE_MORE : PARSE_BAD);
            assert_int_equal(key_exchange_group(exact_slice(&part)), 0);
            assert_int_equal(key_exchange_dh_bits(exact_slice(&part)), 0);
            exact_clear(&part);
            messages[m]->data[i] ^= 0xff;
            (void)server_hello_parse(exact_slice(messages[m]), &hello, &at); // ASan judges
            (void)key_exchange_group(exact_slice(messages[m]));              // likewise
            (void)key_exchange_dh_bits(exact_slice(messages[m]));            // likewise
            messages[m]->data[i] ^= 0xff;
        }
    }
    exact_clear(&found.hello);
    exact_clear(&found.exchange);
}

static const struct exchange_row {
    const char *name, *hex;
    uint16_t want_group;
    size_t want_dh_bits;
} exchange_rows[] = {
    {"a point on secp256r1", "0c000006 03 0017 02 0401", 23, 0},
    {"an explicit curve", "0c000006 01 0017 02 0401", 0, 0},
    {"a point that ends early", "0c000005 03 0017 02 04", 0, 0},
    {"a prime of 16 bits", "0c00000a 0002 ffff 0001 02 0001 03", 0, 16},
    {"a prime of 9 bits", "0c00000a 0002 01ff 0001 02 0001 03", 0, 9},
    {"a prime behind a zero byte", "0c00000a 0002 00ff 0001 02 0001 03", 0, 8},
    {"a prime of nothing", "0c000008 0000 0001 02 0001 03", 0, 0},
    {"a prime of zeros", "0c00000a 0002 0000 0001 02 0001 03", 0, 0},
    {"no public key", "0c000007 0002 ffff 0001 02", 0, 0},
    {"another message", "10000006 03 0017 02 0401", 0, 0},
};

static void key_exchange_gives(void **state)
{
    const struct exchange_row *row = *state;
    struct exact in = exact_of_hex(row->hex);
    assert_int_equal(key_exchange_group(exact_slice(&in)), row->want_group);
    assert_int_equal(key_exchange_dh_bits(exact_slice(&in)), row->want_dh_bits);
    exact_clear(&in);
}

int main(void)
{
    flight_count = recorded_load(TEST_DATA "/flights.txt", flights);
    return RUN_ROWS(parse_rows, server_hello_parse_gives) +
           RUN_ROWS(random_rows, random_is_recognised) +
           RUN_ROWS(flight_rows, recorded_server_chose) +
           RUN_ROWS(flight_rows, recorded_answer_survives_cuts_and_changes) +
           RUN_ROWS(exchange_rows, key_exchange_gives);
}
