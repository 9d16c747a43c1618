// Answers of HTTP/1, whole, in any pieces, cut at every byte, and beyond the limits.
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "http_answer.h"

#define OK "HTTP/1.1 200 OK\r\n"

static const struct row {
    const char *name, *text;
    bool ends; // the peer closes after it
    enum parse want;
    int status;
    const char *body, *location;
} rows[] = {
    {"a body with a length", OK "Content-Length: 3\r\n\r\nabc", false, PARSE_OK, 200, "abc", ""},
    {"a body until the end", OK "\r\nabc", true, PARSE_OK, 200, "abc", ""},
    {"a body until an end that does not come", OK "\r\nabc", false, PARSE_MORE, 200, "abc", ""},
    {"a body in chunks", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
     false, PARSE_OK, 200, "abc", ""},
    {"a body that is cut", OK "Content-Length: 9\r\n\r\nabc", true, PARSE_BAD, 200, "abc", ""},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nx", true, PARSE_OK, 200, "x", ""},
    {"a redirect",
     "HTTP/1.1 302 Found\r\nX: y\r\nLOCATION: http://b.test/\r\nContent-Length: 0\r\n\r\n", false,
     PARSE_OK, 302, "", "http://b.test/"},
    {"a header that only begins like it",
     "HTTP/1.1 302 Found\r\nLocations: x\r\nContent-Length: 0\r\n\r\n", false, PARSE_OK, 302, "",
     ""},
    {"a trailer like it", OK "Transfer-Encoding: chunked\r\n\r\n0\r\nLocation: x\r\n\r\n", false,
     PARSE_OK, 200, "", ""},
    {"an interim answer before",
     "HTTP/1.1 103 Early\r\nLocation: no\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", false, PARSE_OK,
     200, "x", ""},
    {"a switch of protocols", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
     false, PARSE_BAD, 101, "", ""},
    {"no HTTP", "SSH-2.0-OpenSSH_9\r\n", false, PARSE_BAD, 0, "", ""},
    {"a TLS alert", "\x15\x03\x03", false, PARSE_BAD, 0, "", ""},
    {"nothing at all", "", true, PARSE_BAD, 0, "", ""},
    {"a body that says that it is too long", OK "Content-Length: 65537\r\n\r\n", false, PARSE_BAD,
     200, "", ""},
    {"a body as long as it may be", OK "Content-Length: 65536\r\n\r\n", false, PARSE_MORE, 200, "",
     ""},
    {"bytes after the answer", OK "Content-Length: 1\r\n\r\nxyz", false, PARSE_OK, 200, "x", ""},
};

static enum parse feed(struct http_answer *answer, struct slice bytes, bool ends)
{
    enum parse parse = http_answer_feed(answer, bytes);
    return parse == PARSE_MORE && ends ? http_answer_end(answer) : parse;
}

static void check(const struct row *row, struct http_answer *answer, enum parse parse)
{
    struct slice body = http_answer_body(answer);
    bool is_body = slice_equals_text(body, row->body);
    bool is_location = strcmp(answer->location, row->location) == 0;
    int status = answer->status;
    http_answer_clear(answer);
    assert_int_equal(parse, row->want);
    if (row->want != PARSE_BAD) {
        assert_int_equal(status, row->status);
        assert_true(is_body);
        assert_true(is_location);
    }
}

static void reads(void **state)
{
    const struct row *row = *state;
    struct http_answer answer;
    struct slice text = slice_of_text(row->text);
    http_answer_init(&answer, HTTP_ANSWER_BODY_MAX);
    check(row, &answer, feed(&answer, text, row->ends));
    for (size_t i = 0; i <= text.len; i++) { // in two pieces
        http_answer_init(&answer, HTTP_ANSWER_BODY_MAX);
        enum parse parse = http_answer_feed(&answer, slice_part(text, 0, i));
        parse =
            parse == PARSE_MORE ? feed(&answer, slice_part(text, i, text.len), row->ends) : parse;
        check(row, &answer, parse);
    }
    for (size_t i = 0; i < text.len; i++) { // cut: never a crash
        http_answer_init(&answer, HTTP_ANSWER_BODY_MAX);
        (void)feed(&answer, slice_part(text, 0, i), true);
        http_answer_clear(&answer);
    }
}

static enum parse feed_filled(const char *head, size_t len)
{
    struct http_answer answer;
    uint8_t *bytes = calloc(1, len);
    assert_non_null(bytes);
    memset(bytes, 'a', len);
    http_answer_init(&answer, HTTP_ANSWER_BODY_MAX);
    enum parse parse = http_answer_feed(&answer, slice_of_text(head));
    parse = parse == PARSE_MORE ? http_answer_feed(&answer, (struct slice){bytes, len}) : parse;
    http_answer_clear(&answer);
    free(bytes);
    return parse;
}

static void stops_at_the_limits(void **state)
{
    (void)state;
    assert_int_equal(feed_filled(OK "\r\n", HTTP_ANSWER_BODY_MAX), PARSE_MORE);
    assert_int_equal(feed_filled(OK "\r\n", HTTP_ANSWER_BODY_MAX + 1), PARSE_BAD);
    assert_int_equal(feed_filled(OK "X: ", HTTP_ANSWER_BYTES_MAX(HTTP_ANSWER_BODY_MAX)), PARSE_BAD);
}

// A cache passes on the date that it was told, and says how long ago.
static void a_date_is_as_old_as_it_was_held(void **state)
{
    static const struct {
        const char *headers, *date;
        int64_t held_s;
    } dated[] = {
        {"Date: Sun\r\n", "Sun", 0},
        {"Age: 72000\r\nDate: Sun\r\n", "Sun", 72000},
        {"Date: Sun\r\nAge: 9999999999\r\n", "Sun", 9999999999},
        {"Date: Sun\r\nAge: 10000000000\r\n", "", 0},
        {"Date: Sun\r\nAge: -1\r\n", "", 0},
        {"Date: Sun\r\nAge: soon\r\n", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(dated); i++) {
        struct http_answer answer;
        http_answer_init(&answer, HTTP_ANSWER_BODY_MAX);
        (void)http_answer_feed(&answer, slice_of_text(OK));
        (void)http_answer_feed(&answer, slice_of_text(dated[i].headers));
        (void)http_answer_feed(&answer, slice_of_text("\r\n"));
        int64_t held_us = answer.held_us;
        bool is_date = strcmp(answer.date, dated[i].date) == 0;
        http_answer_clear(&answer);
        assert_int_equal(held_us, dated[i].held_s * 1000000);
        assert_true(is_date);
    }
}

static void a_long_location_is_none(void **state)
{
    struct http_answer answer;
    char name[HTTP_ANSWER_LOCATION_MAX + 2];
    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    http_answer_init(&answer, HTTP_ANSWER_BODY_MAX);
    (void)http_answer_feed(&answer, slice_of_text("HTTP/1.1 301 M\r\nLocation: "));
    (void)http_answer_feed(&answer, slice_of_text(name));
    enum parse parse = http_answer_feed(&answer, slice_of_text("\r\nContent-Length: 0\r\n\r\n"));
    bool is_none = answer.location[0] == '\0';
    http_answer_clear(&answer);
    assert_int_equal(parse, PARSE_OK);
    assert_true(is_none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stops_at_the_limits),
                                       cmocka_unit_test(a_long_location_is_none),
                                       cmocka_unit_test(a_date_is_as_old_as_it_was_held)};
    return RUN_ROWS(rows, reads) + cmocka_run_group_tests(tests, NULL, NULL);
}
