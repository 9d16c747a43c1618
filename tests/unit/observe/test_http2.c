// HTTP/2: what is seen of requests and responses, whole, cut at every byte, and byte by byte.
#include "observe.h"

#include <string.h>

#include "rows.h"

// clang-format off
// Header fields in HPACK's static table, and literals (RFC 7541 section 6 and appendix A).
#define GET         "\x82"
#define HEAD        "\x02\x04HEAD"
#define HOST_A      "\x01\x06" "a.test"
#define HOST_B      "\x01\x06" "b.test"
#define PLAIN_HOST  "\x0f\x17\x06" "c.test"
#define STATUS_103  "\x08\x03" "103"
#define STATUS_200  "\x88"
#define STATUS_400  "\x8c"
#define STATUS_421  "\x08\x03" "421"
#define STORE_421   "\x48\x03" "421" // kept in the table …
#define STORED      "\xbe"           // … and taken from there
#define DATE        "\x0f\x12\x1dSun, 06 Nov 1994 08:49:37 GMT"
#define DATE_US     INT64_C(784111777000000)
#define TABLE_65536 "\x3f\xe1\xff\x03"
#define TABLE_65537 "\x3f\xe2\xff\x03"
// clang-format on

enum {
    DATA = 0,
    HEADERS = 1,
    RST_STREAM = 3,
    SETTINGS = 4,
    PUSH_PROMISE = 5,
    CONTINUATION = 9,
    END_STREAM = 1,
    END = 4, // of the header block
    PADDED = 8,
    PRIORITY = 0x20
};

struct frame {
    uint8_t type, flags;
    uint32_t stream;
    const char *payload;
    size_t len;
    size_t zeros; // more payload
};

#define F(type, flags, stream, payload)                      \
    {                                                        \
        type, flags, stream, payload, sizeof(payload) - 1, 0 \
    }
#define LONG(type, flags, stream, payload, zeros)                \
    {                                                            \
        type, flags, stream, payload, sizeof(payload) - 1, zeros \
    }
#define FRAMES_MAX 12

static const struct row {
    const char *name;
    struct frame requests[FRAMES_MAX], responses[FRAMES_MAX];
    int want_status;
    const char *want_host;
    int64_t want_date_us;
    bool want_more;
    const char *want_words;
} rows[] = {
    {"a plain answer",
     {F(SETTINGS, 0, 0, ""), F(HEADERS, END | END_STREAM, 1, GET HOST_A)},
     {F(SETTINGS, 0, 0, "\0\1\0\0\1\0"), F(HEADERS, END, 1, STATUS_200 DATE),
      F(DATA, END_STREAM, 1, "hi")},
     200,
     "a.test",
     DATE_US,
     true,
     NULL},
    {"421",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_421)},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"400, the answer to the second stream comes first",
     {F(HEADERS, END, 1, GET HOST_A), F(HEADERS, END, 3, GET HOST_B)},
     {F(HEADERS, END, 3, STATUS_400), F(HEADERS, END, 1, STATUS_200)},
     400,
     "b.test",
     0,
     false,
     NULL},
    {"400 of nginx for a client certificate, in two frames",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_400), F(DATA, 0, 1, "<title>400 The SSL cert"), F(DATA, 0, 3, "x"),
      F(DATA, END_STREAM, 1, "ificate error</title>")},
     400,
     "a.test",
     0,
     false,
     "The SSL certificate error"},
    {"400 of an application",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_400), F(DATA, END_STREAM, 1, "{}")},
     400,
     "a.test",
     0,
     false,
     NULL},
    {"400 without a body",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END | END_STREAM, 1, STATUS_400)},
     400,
     "a.test",
     0,
     false,
     NULL},
    {"421 of a later stream names that stream's host",
     {F(HEADERS, END, 1, GET HOST_A), F(HEADERS, END, 7, GET HOST_B)},
     {F(HEADERS, END, 1, STATUS_200 DATE), F(DATA, 0, 1, "x"), F(HEADERS, END, 7, STATUS_421)},
     421,
     "b.test",
     DATE_US,
     false,
     NULL},
    {"Host where there is no :authority",
     {F(HEADERS, END, 1, GET PLAIN_HOST)},
     {F(HEADERS, END, 1, STATUS_200)},
     200,
     "c.test",
     0,
     true,
     NULL},
    {":authority outranks Host",
     {F(HEADERS, END, 1, GET PLAIN_HOST HOST_A)},
     {F(HEADERS, END, 1, STATUS_200)},
     200,
     "a.test",
     0,
     true,
     NULL},
    {"a request alone", {F(HEADERS, END, 1, GET HOST_A)}, {{0}}, 0, "a.test", 0, true, NULL},
    {"a HEAD request",
     {F(HEADERS, END, 1, HEAD HOST_A)},
     {F(HEADERS, END, 1, STATUS_200)},
     200,
     "a.test",
     0,
     true,
     NULL},
    {"103 comes before the answer",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_103 DATE), F(HEADERS, END, 1, STATUS_421)},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"trailers are no answer",
     {F(HEADERS, END, 1, GET HOST_A), F(HEADERS, END, 1, PLAIN_HOST)},
     {F(HEADERS, END, 1, STATUS_200), F(HEADERS, END, 1, DATE)},
     200,
     "a.test",
     0,
     true,
     NULL},
    {"a block in three frames",
     {F(HEADERS, 0, 1, "\x82\x01"),
      F(CONTINUATION, 0, 1,
        "\x06"
        "a.t"),
      F(CONTINUATION, END, 1, "est")},
     {F(HEADERS, 0, 1, ""), F(CONTINUATION, END, 1, STATUS_421)},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"padding and priority",
     {F(HEADERS, END | PADDED | PRIORITY, 1, "\x02\0\0\0\0\x10" GET HOST_A "\0\0")},
     {F(HEADERS, END | PADDED, 1, "\x01" STATUS_421 "\0")},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"padding up to the end",
     {F(HEADERS, PADDED, 1, "\x01\0"), F(CONTINUATION, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_421)},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"a promise changes the table too, and is no answer",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(PUSH_PROMISE, END, 1, "\0\0\0\2" STORE_421 GET), F(HEADERS, END, 1, STORED)},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"a table of 64 KiB",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, TABLE_65536 STATUS_421)},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"a table past the limit",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, TABLE_65537 STATUS_421)},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"a long DATA frame between",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_200), LONG(DATA, 0, 1, "", 3000), F(HEADERS, END, 3, STATUS_400)},
     400,
     "a.test",
     0,
     true,
     NULL},
    {"the eighth answer is looked at",
     {F(HEADERS, END, 15, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_200), F(HEADERS, END, 3, STATUS_200),
      F(HEADERS, END, 5, STATUS_200), F(HEADERS, END, 7, STATUS_200),
      F(HEADERS, END, 9, STATUS_200), F(HEADERS, END, 11, STATUS_200),
      F(HEADERS, END, 13, STATUS_200), F(HEADERS, END, 15, STATUS_421)},
     421,
     "a.test",
     0,
     false,
     NULL},
    {"the ninth answer is not",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, STATUS_200), F(HEADERS, END, 3, STATUS_200),
      F(HEADERS, END, 5, STATUS_200), F(HEADERS, END, 7, STATUS_200),
      F(HEADERS, END, 9, STATUS_200), F(HEADERS, END, 11, STATUS_200),
      F(HEADERS, END, 13, STATUS_200), F(HEADERS, END, 15, STATUS_200),
      F(HEADERS, END, 17, STATUS_421)},
     200,
     "a.test",
     0,
     false,
     NULL},
    {"a frame inside a header block",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, 0, 1, ""), F(DATA, 0, 1, ""), F(CONTINUATION, END, 1, STATUS_421)},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"CONTINUATION of another stream",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, 0, 1, ""), F(CONTINUATION, END, 3, STATUS_421)},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"CONTINUATION of nothing",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(CONTINUATION, END, 1, STATUS_421)},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"more padding than there is",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END | PADDED, 1, "\x09" STATUS_421)},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"a padded frame of no bytes",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END | PADDED, 1, "")},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"headers of no stream",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 0, STATUS_421)},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"an index past the table",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1, "\xff\x20")},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"a block that ends inside of a field",
     {F(HEADERS, END, 1, GET HOST_A)},
     {F(HEADERS, END, 1,
        "\x08\x03"
        "42")},
     0,
     "a.test",
     0,
     false,
     NULL},
    {"a block past 16 KiB",
     {F(HEADERS, END, 1, GET HOST_A)},
     {LONG(HEADERS, 0, 1, STATUS_421 "\x0f\x12\x7f\xff\xff\x01", 17000)},
     0,
     "a.test",
     0,
     false,
     NULL},
};

static void append_frame(struct buffer *out, const struct frame *frame)
{
    assert_true(buffer_append_u24(out, (uint32_t)(frame->len + frame->zeros)));
    assert_true(buffer_append_byte(out, frame->type));
    assert_true(buffer_append_byte(out, frame->flags));
    assert_true(buffer_append_u16(out, (uint16_t)(frame->stream >> 16)));
    assert_true(buffer_append_u16(out, (uint16_t)frame->stream));
    assert_true(buffer_append(out, (struct slice){(const uint8_t *)frame->payload, frame->len}));
    for (size_t i = 0; i < frame->zeros; i++) {
        assert_true(buffer_append_byte(out, 0));
    }
}

static struct buffer written(const char *preface, const struct frame *frames)
{
    struct buffer out = {0};
    assert_true(buffer_append_text(&out, preface));
    for (size_t i = 0; i < FRAMES_MAX && frames[i].payload != NULL; i++) {
        append_frame(&out, &frames[i]);
    }
    return out;
}

typedef bool (*feed_fn)(struct observer *observer, struct slice bytes);

static bool feed_cut(feed_fn feed, struct observer *observer, struct slice bytes, size_t cut,
                     size_t step)
{
    bool is_more = feed(observer, slice_part(bytes, 0, cut));
    for (size_t at = cut; at < bytes.len; at += step) {
        is_more = feed(observer, slice_part(bytes, at, step));
    }
    return is_more;
}

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define WHOLE   (SIZE_MAX / 2)

static void run(const struct row *row, struct slice requests, struct slice responses,
                const size_t cuts[2], size_t step)
{
    struct observer *observer = observer_new(OBSERVE_HTTP2);
    assert_non_null(observer);
    (void)feed_cut(observer_requests, observer, requests, cuts[0], step);
    bool is_more = feed_cut(observer_responses, observer, responses, cuts[1], step);
    const struct observed *seen = observer_seen(observer);
    assert_int_equal(seen->status, row->want_status);
    assert_string_equal(seen->host, row->want_host);
    assert_int_equal(seen->date_us, row->want_date_us);
    assert_int_equal(is_more, row->want_more);
    assert_string_equal(seen->words != NULL ? seen->words : "",
                        row->want_words != NULL ? row->want_words : "");
    observer_free(observer);
}

static void http2_shows(void **state)
{
    const struct row *row = *state;
    struct buffer requests = written(PREFACE, row->requests);
    struct buffer responses = written("", row->responses);
    run(row, buffer_slice(&requests), buffer_slice(&responses), (size_t[]){0, 0}, WHOLE);
    run(row, buffer_slice(&requests), buffer_slice(&responses), (size_t[]){0, 0}, 1);
    for (size_t cut = 1; cut < requests.len; cut++) {
        run(row, buffer_slice(&requests), buffer_slice(&responses), (size_t[]){cut, 0}, WHOLE);
    }
    for (size_t cut = 1; cut < responses.len && cut < 600; cut++) {
        run(row, buffer_slice(&requests), buffer_slice(&responses), (size_t[]){0, cut}, WHOLE);
    }
    buffer_clear(&requests);
    buffer_clear(&responses);
}

static void another_preface_ends_all(void **state)
{
    (void)state;
    struct observer *observer = observer_new(OBSERVE_HTTP2);
    assert_non_null(observer);
    assert_true(observer_requests(observer, slice_of_text("PRI * HTTP/2.")));
    assert_false(observer_requests(observer, slice_of_text("1\r\n")));
    assert_false(observer_responses(observer, SLICE_EMPTY));
    observer_free(observer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(another_preface_ends_all)};
    return RUN_ROWS(rows, http2_shows) + cmocka_run_group_tests_name("preface", tests, NULL, NULL);
}
