#include "ingress.h"

#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define BYTES(text) text, sizeof(text) - 1
#define V2          "\r\n\r\n\0\r\nQUIT\n"
// The longest line that there is: "worst case … 107 chars".
#define V6 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

struct row {
    const char *name;
    const char *bytes;
    size_t len;
    enum parse want;
    const char *source, *destination; // NULL: is_local
    size_t left;                      // bytes after the header
};

static enum parse parse(const uint8_t *bytes, size_t len, struct proxy_header *out)
{
    // A copy of the exact size, so that a read past the end is one that ASan sees.
    uint8_t *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact + 1, bytes, len);
    enum parse outcome = proxy_header_parse((struct slice){exact + 1, len}, out);
    free(exact);
    return outcome;
}

static void check_prefixes(const struct row *row, size_t header_len)
{
    for (size_t len = 0; len < header_len; len++) {
        struct proxy_header header;
        assert_int_equal(parse((const uint8_t *)row->bytes, len, &header), PARSE_MORE);
    }
}

// No byte that is changed may do harm; what comes out is then still in bounds.
static void change_each_byte(const struct row *row)
{
    uint8_t bytes[512];
    assert_true(row->len <= sizeof(bytes));
    for (size_t at = 0; at < row->len; at++) {
        for (int value = 0; value < 256; value += 15) {
            struct proxy_header header;
            memcpy(bytes, row->bytes, row->len);
            bytes[at] = (uint8_t)value;
            if (parse(bytes, row->len, &header) == PARSE_OK) {
                assert_true(header.len <= row->len);
            }
        }
    }
}

static void header_gives(void **state)
{
    const struct row *row = *state;
    struct proxy_header header = {.len = 4711};
    enum parse outcome = parse((const uint8_t *)row->bytes, row->len, &header);
    assert_int_equal(outcome, row->want);
    if (outcome == PARSE_OK) {
        char target[ENDPOINT_TEXT_MAX];
        assert_int_equal(row->len - header.len, row->left);
        assert_int_equal(header.is_local, row->source == NULL);
        assert_string_equal(header.source, row->source != NULL ? row->source : "");
        assert_string_equal(header.destination, row->source != NULL ? row->destination : "");
        if (row->source != NULL) {
            assert_string_equal(endpoint_text(&header.target, target), row->destination);
        }
        check_prefixes(row, header.len);
    } else {
        assert_int_equal(header.len, 4711); // set on success only
    }
    change_each_byte(row);
}

static const struct row rows[] = {
    {"v1 TCP4", BYTES("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\nGET"), PARSE_OK,
     "192.0.2.1:56324", "198.51.100.2:443", 3},
    {"v1 TCP6", BYTES("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"), PARSE_OK, "[2001:db8::1]:1",
     "[::1]:65535", 0},
    {"v1 UNKNOWN", BYTES("PROXY UNKNOWN\r\n"), PARSE_OK, NULL, NULL, 0},
    {"v1 UNKNOWN with what must be ignored", BYTES("PROXY UNKNOWN " V6 " " V6 " 65535 65535\r\n"),
     PARSE_OK, NULL, NULL, 0},
    {"v1 that could be longer", BYTES("PROXY TCP6 " V6 " " V6 " 65535 6553"), PARSE_MORE, NULL,
     NULL, 0},
    {"v1 of 108 bytes", BYTES("PROXY UNKNOWN " V6 " " V6 " 65535 655355\r\n"), PARSE_BAD, NULL,
     NULL, 0},
    {"v1 without an end", BYTES("PROXY UNKNOWN " V6 " " V6 " 65535 6553555"), PARSE_BAD, NULL, NULL,
     0},
    {"v1 with a bare LF", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"), PARSE_BAD, NULL, NULL, 0},
    {"v1 with a bare CR", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rx"), PARSE_BAD, NULL, NULL, 0},
    {"v1 with two spaces", BYTES("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"), PARSE_BAD, NULL, NULL,
     0},
    {"v1 with a space at the end", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"), PARSE_BAD,
     NULL, NULL, 0},
    {"v1 with a word too many", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"), PARSE_BAD, NULL,
     NULL, 0},
    {"v1 with a word too few", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"), PARSE_BAD, NULL, NULL,
     0},
    {"v1 TCP4 with an IPv6 address", BYTES("PROXY TCP4 ::1 192.0.2.2 1 2\r\n"), PARSE_BAD, NULL,
     NULL, 0},
    {"v1 TCP6 with an IPv4 address", BYTES("PROXY TCP6 192.0.2.1 ::1 1 2\r\n"), PARSE_BAD, NULL,
     NULL, 0},
    {"v1 with a name", BYTES("PROXY TCP4 localhost 192.0.2.2 1 2\r\n"), PARSE_BAD, NULL, NULL, 0},
    {"v1 with a leading zero in a port", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"),
     PARSE_BAD, NULL, NULL, 0},
    {"v1 with port 65536", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), PARSE_BAD, NULL,
     NULL, 0},
    {"v1 with a signed port", BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n"), PARSE_BAD, NULL,
     NULL, 0},
    {"v1 of another family", BYTES("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"), PARSE_BAD, NULL, NULL,
     0},
    {"v1 in lower case", BYTES("proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), PARSE_BAD, NULL, NULL, 0},
    {"v1 with NUL in an address", BYTES("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"), PARSE_BAD,
     NULL, NULL, 0},
    {"v1 with nothing after PROXY", BYTES("PROXY \r\n"), PARSE_BAD, NULL, NULL, 0},

    {"v2 TCP4",
     BYTES(V2 "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb"
              "x"),
     PARSE_OK, "192.0.2.1:56324", "198.51.100.2:443", 1},
    {"v2 TCP4 with TLVs",
     BYTES(V2 "\x21\x11\x00\x13\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb\x01\x00\x04"
              "http"),
     PARSE_OK, "192.0.2.1:56324", "198.51.100.2:443", 0},
    {"v2 TCP6",
     BYTES(V2 "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
              "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\xff\xff"),
     PARSE_OK, "[2001:db8::1]:1", "[::1]:65535", 0},
    {"v2 LOCAL", BYTES(V2 "\x20\x00\x00\x00"), PARSE_OK, NULL, NULL, 0},
    {"v2 LOCAL with addresses to skip",
     BYTES(V2 "\x20\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb"), PARSE_OK, NULL,
     NULL, 0},
    {"v2 UNSPEC", BYTES(V2 "\x21\x00\x00\x03xyz"), PARSE_OK, NULL, NULL, 0},
    {"v2 UNIX that is too short", BYTES(V2 "\x21\x31\x00\x02xy"), PARSE_BAD, NULL, NULL, 0},
    {"v2 TCP4 that is too short",
     BYTES(V2 "\x21\x11\x00\x0b\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01"), PARSE_BAD, NULL,
     NULL, 0},
    {"v2 UDP4", BYTES(V2 "\x21\x12\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\xdc\x04\x01\xbb"),
     PARSE_BAD, NULL, NULL, 0},
    {"v2 of version 3", BYTES(V2 "\x31"), PARSE_BAD, NULL, NULL, 0},
    {"v2 of command 2", BYTES(V2 "\x22"), PARSE_BAD, NULL, NULL, 0},
    {"v2 longer than we read", BYTES(V2 "\x21\x11\x10\x01"), PARSE_BAD, NULL, NULL, 0},
    {"v2 as long as we read", BYTES(V2 "\x21\x11\x10\x00"), PARSE_MORE, NULL, NULL, 0},
    {"v2 with a byte of its signature wrong", BYTES("\r\n\r\n\0\r\nQUIX"), PARSE_BAD, NULL, NULL,
     0},
    {"neither", BYTES("GET / HTTP/1.1\r\n"), PARSE_BAD, NULL, NULL, 0},
    {"nothing", BYTES(""), PARSE_MORE, NULL, NULL, 0},
};

static const struct row unix_rows[] = {
    {"v2 UNIX", NULL, 0, PARSE_OK, NULL, NULL, 0},
};

static void unix_addresses_are_local(void **state)
{
    struct row row = *(const struct row *)*state;
    char bytes[16 + 216] = V2;
    memcpy(bytes + 12, "\x21\x31\x00\xd8", 4);
    row.bytes = bytes;
    row.len = sizeof(bytes);
    void *built = &row;
    header_gives(&built);
}

int main(void)
{
    return RUN_ROWS(rows, header_gives) + RUN_ROWS(unix_rows, unix_addresses_are_local);
}
