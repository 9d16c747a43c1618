#include "tunnel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define HEAD "HTTP/1.1 200 Connection established\r\nVia: 1.1 a.test\r\n\r\n"

static const struct row {
    const char *name, *bytes;
    enum parse want;
    int status;
    size_t len;
    enum tunnel tunnel;
} rows[] = {
    {"opened", HEAD, PARSE_OK, 200, sizeof(HEAD) - 1, TUNNEL_OPEN},
    {"HTTP/1.0, and another 2xx", "HTTP/1.0 204 x\r\n\r\n", PARSE_OK, 204, 18, TUNNEL_OPEN},
    {"no reason", "HTTP/1.1 200\r\n\r\n", PARSE_OK, 200, 16, TUNNEL_OPEN},
    {"the target speaks at once", HEAD "220 mail.test", PARSE_OK, 200, sizeof(HEAD) - 1,
     TUNNEL_OPEN},
    {"refused", "HTTP/1.1 403 Forbidden\r\n\r\n", PARSE_OK, 403, 26, TUNNEL_REFUSED},
    {"sent elsewhere", "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", PARSE_OK, 302, 35,
     TUNNEL_REFUSED},
    {"a head that goes on", "HTTP/1.1 200 OK\r\nVia: a\r\n", PARSE_MORE, 0, 0, TUNNEL_WAITS},
    {"nothing", "", PARSE_MORE, 0, 0, TUNNEL_WAITS},
    {"mail", "220 mail.test ESMTP\r\n\r\n", PARSE_BAD, 0, 0, TUNNEL_REFUSED},
    {"HTTP/2 in words", "HTTP/2 200 OK\r\n\r\n", PARSE_BAD, 0, 0, TUNNEL_REFUSED},
    {"letters for a status", "HTTP/1.1 2x0 OK\r\n\r\n", PARSE_BAD, 0, 0, TUNNEL_REFUSED},
    {"no status", "HTTP/1.1\r\n\r\nHTTP/1.1 200 OK", PARSE_BAD, 0, 0, TUNNEL_REFUSED},
};

// A copy of the exact size, so that a read past the end is one that ASan sees.
static enum parse parse(const char *bytes, size_t len, int *out_status, size_t *out_len)
{
    uint8_t *exact = malloc(len + 1);
    assert_non_null(exact);
    memcpy(exact + 1, bytes, len);
    enum parse parsed = tunnel_answer_parse((struct slice){exact + 1, len}, out_status, out_len);
    free(exact);
    return parsed;
}

static void answer_gives(void **state)
{
    const struct row *row = *state;
    int status = 0;
    size_t len = 0;
    assert_int_equal(parse(row->bytes, strlen(row->bytes), &status, &len), row->want);
    assert_int_equal(status, row->status);
    assert_int_equal(len, row->len);
}

// Byte by byte: as long as the head is not whole it waits, then it is as if all had come at once.
static void answer_in_pieces_gives(void **state)
{
    const struct row *row = *state;
    struct buffer head;
    enum tunnel tunnel = TUNNEL_WAITS;
    buffer_init(&head, TUNNEL_HEAD_BYTES_MAX);
    for (size_t i = 0; i < strlen(row->bytes) && tunnel == TUNNEL_WAITS; i++) {
        tunnel = tunnel_feed(&head, slice_part(slice_of_text(row->bytes), i, 1));
    }
    assert_int_equal(tunnel, row->tunnel);
    buffer_clear(&head);
}

static void an_answer_without_end_is_refused(void **state)
{
    static const char line[] =
        "HTTP/1.1 200 OK\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    struct buffer head;
    size_t fed = 0;
    (void)state;
    buffer_init(&head, TUNNEL_HEAD_BYTES_MAX);
    while (tunnel_feed(&head, slice_of_text(line)) == TUNNEL_WAITS) {
        fed += sizeof(line) - 1;
        assert_true(fed <= TUNNEL_HEAD_BYTES_MAX);
    }
    assert_true(fed + sizeof(line) - 1 > TUNNEL_HEAD_BYTES_MAX);
    buffer_clear(&head);
}

static void the_longest_name_fits(void **state)
{
    struct endpoint longest = {.port = 65535};
    char target[ENDPOINT_TEXT_MAX], room[TUNNEL_ASK_BYTES_MAX], want[TUNNEL_ASK_BYTES_MAX];
    (void)state;
    memset(longest.host, 'a', sizeof(longest.host) - 1);
    struct slice asked = tunnel_ask(endpoint_text(&longest, target), room);
    (void)snprintf(want, sizeof(want), "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target);
    assert_int_equal(asked.len, strlen(want));
    assert_memory_equal(asked.data, want, asked.len);
}

int main(void)
{
    static const struct CMUnitTest cases[] = {
        cmocka_unit_test(an_answer_without_end_is_refused),
        cmocka_unit_test(the_longest_name_fits),
    };
    return RUN_ROWS(rows, answer_gives) + RUN_ROWS(rows, answer_in_pieces_gives) +
           cmocka_run_group_tests(cases, NULL, NULL);
}
