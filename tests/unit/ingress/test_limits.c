// The limits of a head, and the answers once a target is (not) reached.
#include "ingress.h"

#include <string.h>

#include "rows.h"

static enum ingress_step feed_all(struct ingress *ingress, struct buffer *bytes)
{
    struct slice left = buffer_slice(bytes);
    enum ingress_step step = INGRESS_STEP_MORE;
    while (left.len > 0 && (step == INGRESS_STEP_MORE || step == INGRESS_STEP_REPLY)) {
        size_t consumed;
        step = ingress_feed(ingress, slice_part(left, 0, 1000), &consumed);
        left = slice_part(left, consumed, left.len);
    }
    return step;
}

// A CONNECT head of exactly `len` bytes, one header filling it.
static void put_head_of(struct buffer *out, size_t len)
{
    assert_true(buffer_append_text(out, "CONNECT a.test:443 HTTP/1.1\r\nX: "));
    while (out->len < len - 4) {
        assert_true(buffer_append_byte(out, 'x'));
    }
    assert_true(buffer_append_text(out, "\r\n\r\n"));
}

static void head_of_the_largest_size(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct ingress *ingress = ingress_new(NULL);
    put_head_of(&bytes, INGRESS_HEAD_MAX);
    assert_int_equal(feed_all(ingress, &bytes), INGRESS_STEP_DONE);
    ingress_free(ingress);
    buffer_clear(&bytes);
}

static void head_one_byte_too_long(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct ingress *ingress = ingress_new(NULL);
    put_head_of(&bytes, INGRESS_HEAD_MAX + 1);
    assert_int_equal(feed_all(ingress, &bytes), INGRESS_STEP_BAD);
    assert_string_equal(ingress_fault(ingress), "request head longer than 32768 bytes");
    assert_true(slice_starts_with(ingress_reply(ingress), "HTTP/1.1 431 "));
    ingress_free(ingress);
    buffer_clear(&bytes);
}

static void put_fields(struct buffer *out, int count)
{
    assert_true(buffer_append_text(out, "GET http://a.test/ HTTP/1.1\r\n"));
    for (int i = 0; i < count; i++) {
        assert_true(buffer_printf(out, "X-%d: %d\r\n", i, i));
    }
    assert_true(buffer_append_text(out, "\r\n"));
}

static void as_many_fields_as_allowed(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct ingress *ingress = ingress_new(NULL);
    put_fields(&bytes, 128);
    assert_int_equal(feed_all(ingress, &bytes), INGRESS_STEP_DONE);
    const char *last = "\r\nX-127: 127\r\nConnection: close\r\n\r\n";
    struct slice forward = ingress_forward(ingress);
    struct slice tail = slice_part(forward, forward.len - strlen(last), forward.len);
    assert_true(slice_equals_text(tail, last));
    ingress_free(ingress);
    buffer_clear(&bytes);
}

static void one_field_too_many(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct ingress *ingress = ingress_new(NULL);
    put_fields(&bytes, 129);
    assert_int_equal(feed_all(ingress, &bytes), INGRESS_STEP_BAD);
    assert_string_equal(ingress_fault(ingress), "more than 128 header fields");
    assert_true(slice_starts_with(ingress_reply(ingress), "HTTP/1.1 431 "));
    ingress_free(ingress);
    buffer_clear(&bytes);
}

static void found_names_the_client(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct ingress *ingress = ingress_new(NULL);
    assert_true(buffer_append_text(
        &bytes, "CONNECT a.test:443 HTTP/1.1\r\nHost: b.test:443\r\nuser-agent: x/1 (y)\r\n\r\n"));
    assert_int_equal(feed_all(ingress, &bytes), INGRESS_STEP_DONE);
    assert_string_equal(ingress_found(ingress)->host, "b.test:443");
    assert_string_equal(ingress_found(ingress)->user_agent, "x/1 (y)");
    ingress_free(ingress);
    buffer_clear(&bytes);
}

static void free_takes_null(void **state)
{
    (void)state;
    ingress_free(NULL);
}

#define HEAD_CONNECT  "CONNECT a.test:443 HTTP/1.1\r\n\r\n"
#define HEAD_ABSOLUTE "GET http://a.test/ HTTP/1.1\r\n\r\n"
#define HEAD_HEAD     "HEAD http://a.test/ HTTP/1.1\r\n\r\n"
#define SOCKS                          \
    "\x05\x01\x00\x05\x01\x00\x03\x01" \
    "a\x01\xbb"

static const struct answer {
    const char *name;
    const char *bytes;
    size_t len;
    int status; // 0: success
    const char *text;
    const char *want;
    size_t want_len;
} answers[] = {
    {"CONNECT reached", HEAD_CONNECT, sizeof(HEAD_CONNECT) - 1, 0, NULL,
     "HTTP/1.1 200 Connection established\r\n\r\n", 39},
    {"absolute-form reached: the origin answers", HEAD_ABSOLUTE, sizeof(HEAD_ABSOLUTE) - 1, 0, NULL,
     "", 0},
    {"SOCKS5 reached", SOCKS, sizeof(SOCKS) - 1, 0, NULL, "\x05\0\0\x01\0\0\0\0\0\0", 10},
    {"CONNECT refused, the text escaped", HEAD_CONNECT, sizeof(HEAD_CONNECT) - 1, 502, "no \x1b[m",
     "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 19\r\n"
     "Connection: close\r\n\r\nmidspan: no \\x1b[m\n",
     127},
    {"HEAD timed out: no body", HEAD_HEAD, sizeof(HEAD_HEAD) - 1, 504, "late",
     "HTTP/1.1 504 Gateway Timeout\r\nContent-Type: text/plain; charset=utf-8\r\n"
     "Content-Length: 14\r\nConnection: close\r\n\r\n",
     112},
    {"SOCKS5 refused", SOCKS, sizeof(SOCKS) - 1, 502, "x", "\x05\x05\0\x01\0\0\0\0\0\0", 10},
    {"SOCKS5 timed out", SOCKS, sizeof(SOCKS) - 1, 504, "x", "\x05\x06\0\x01\0\0\0\0\0\0", 10},
    {"SOCKS5 failed otherwise", SOCKS, sizeof(SOCKS) - 1, 503, "x", "\x05\x01\0\x01\0\0\0\0\0\0",
     10},
};

static void answer_is(void **state)
{
    const struct answer *row = *state;
    struct buffer bytes = {0};
    struct buffer out = {0};
    struct ingress *ingress = ingress_new(NULL);
    assert_true(buffer_append(&bytes, (struct slice){(const uint8_t *)row->bytes, row->len}));
    assert_int_equal(feed_all(ingress, &bytes), INGRESS_STEP_DONE);
    assert_true(row->status == 0 ? ingress_success(ingress, &out)
                                 : ingress_failure(ingress, row->status, row->text, &out));
    assert_int_equal(out.len, row->want_len);
    assert_memory_equal(buffer_text(&out), row->want, row->want_len);
    ingress_free(ingress);
    buffer_clear(&bytes);
    buffer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest limits[] = {
        cmocka_unit_test(head_of_the_largest_size),  cmocka_unit_test(head_one_byte_too_long),
        cmocka_unit_test(as_many_fields_as_allowed), cmocka_unit_test(one_field_too_many),
        cmocka_unit_test(found_names_the_client),    cmocka_unit_test(free_takes_null),
    };
    int failed = cmocka_run_group_tests(limits, NULL, NULL);
    return failed + RUN_ROWS(answers, answer_is);
}
