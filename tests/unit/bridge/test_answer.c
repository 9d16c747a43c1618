// Answers of midspan's own: HTTP/1.1 and HTTP/2 as bytes, escaped, whole, within a first window.
#include "rows.h"
#include "scratch_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "h2_answer.h"
#include "html.h"

static struct authority authority;

static int open_authority(void **state)
{
    struct scratch folder;
    struct error error;
    (void)state;
    scratch_make(&folder);
    assert_true(authority_open(folder.path, &authority, NULL, &error));
    scratch_remove_path(folder.path);
    return 0;
}

static int close_authority(void **state)
{
    (void)state;
    authority_clear(&authority);
    return 0;
}

static struct answer asked(const char *request)
{
    struct answer answer = {0};
    assert_true(buffer_append_text(&answer.request, request));
    return answer;
}

static struct verdict sample_verdict(void)
{
    return (struct verdict){
        .cause = cause_find("cipher.no-common-suite"),
        .leg = SERVER,
        .summary = "<script>alert(1)</script> & \"quotes\"",
        .fix = "Let the server offer a suite.",
        .offered = "A, B",
        .accepted = "C",
    };
}

static struct evidence sample_evidence(void)
{
    struct evidence evidence = {.connection = 7};
    strcpy(evidence.target.host, "app.test");
    evidence.target.port = 443;
    return evidence;
}

// split_http1 gives the body and checks that the head says its length.
static const char *split_http1(struct answer *answer, size_t *out_len)
{
    const char *text = buffer_text(&answer->response);
    const char *body = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");
    assert_non_null(body);
    assert_non_null(length);
    body += 4;
    *out_len = answer->response.len - (size_t)(body - text);
    assert_non_null(strstr(text, "Connection: close\r\n"));
    assert_non_null(strstr(text, "Cache-Control: no-store\r\n"));
    return body;
}

static size_t stated_length(struct answer *answer)
{
    const char *length = strstr(buffer_text(&answer->response), "Content-Length: ");
    return strtoul(length + strlen("Content-Length: "), NULL, 10);
}

// ---- when the request is there

static const struct request_row {
    const char *name, *request;
    bool wants_more;
} request_rows[] = {
    {"nothing", "", true},
    {"half a head", "GET / HTTP/1.1\r\nHost: x\r\n", true},
    {"a whole head", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false},
    {"a head and a part of the body", "POST / HTTP/1.1\r\n\r\nabc", false},
};

static void request_is_there(void **state)
{
    const struct request_row *row = *state;
    struct answer answer = asked(row->request);
    assert_int_equal(answer_wants_more(&answer, false), row->wants_more);
    answer_clear(&answer);
}

static void long_request_is_answered(void **state)
{
    (void)state;
    struct answer answer = asked("GET /");
    while (answer.request.len < ANSWER_REQUEST_BYTES_MAX) {
        assert_true(buffer_append_text(&answer.request, "aaaaaaaaaaaaaaaa"));
    }
    assert_false(answer_wants_more(&answer, false));
    assert_false(answer_wants_more(&answer, true));
    answer_clear(&answer);
}

// ---- the page of a failure

static void page_in_html(void **state)
{
    (void)state;
    struct answer answer = asked("GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n");
    struct verdict verdict = sample_verdict();
    struct evidence evidence = sample_evidence();
    size_t len;
    assert_true(answer_page(&answer, 502, &verdict, &evidence, false));
    assert_true(slice_starts_with(buffer_slice(&answer.response), "HTTP/1.1 502 Bad Gateway\r\n"));
    const char *body = split_http1(&answer, &len);
    assert_int_equal(len, stated_length(&answer));
    assert_null(strstr(body, "<script>"));
    assert_non_null(strstr(body, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;"));
    assert_non_null(strstr(body, "cipher.no-common-suite"));
    assert_non_null(strstr(body, "app.test:443"));
    assert_non_null(strstr(body, "</html>"));
    answer_clear(&answer);
}

static const struct language_row {
    const char *name, *field;
    bool is_japanese;
} language_rows[] = {
    {"Japanese first", "Accept-Language: ja,en;q=0.5\r\n", true},
    {"Japanese of Japan, name in lower case", "accept-language:ja-JP\r\n", true},
    {"English first", "Accept-Language: en,ja;q=0.5\r\n", false},
    {"none named", "Host: ja\r\n", false},
    {"in another field", "X-Accept-Language: ja\r\n", false},
};

static void page_speaks(void **state)
{
    const struct language_row *row = *state;
    struct answer answer = asked("GET / HTTP/1.1\r\nAccept: text/html\r\n");
    struct verdict verdict = sample_verdict();
    struct evidence evidence = sample_evidence();
    const struct cause_text *text =
        &verdict.cause->text[row->is_japanese ? LANGUAGE_JA : LANGUAGE_EN];
    verdict.direct = DIRECT_WOULD_FAIL;
    verdict.facts[0] = "10 were offered";
    size_t len;
    assert_true(buffer_printf(&answer.request, "%s\r\n", row->field));
    assert_true(answer_page(&answer, 502, &verdict, &evidence, false));
    const char *body = split_http1(&answer, &len);
    assert_int_equal(len, stated_length(&answer));
    assert_non_null(strstr(body, row->is_japanese ? "<html lang=\"ja\">" : "<html lang=\"en\">"));
    assert_non_null(strstr(body, text->title));
    assert_int_equal(strstr(body, "it would fail, too") == NULL, row->is_japanese);
    assert_int_equal(strstr(body, "Let the server offer a suite.") == NULL, row->is_japanese);
    assert_non_null(strstr(body, "<dd>10 were offered</dd>"));
    answer_clear(&answer);
}

static void page_in_text(void **state)
{
    (void)state;
    struct answer answer = asked("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n");
    struct verdict verdict = sample_verdict();
    struct evidence evidence = sample_evidence();
    size_t len;
    assert_true(answer_page(&answer, 504, &verdict, &evidence, false));
    assert_true(slice_starts_with(buffer_slice(&answer.response), "HTTP/1.1 504 Gateway Timeout"));
    const char *body = split_http1(&answer, &len);
    assert_int_equal(len, stated_length(&answer));
    assert_non_null(strstr(buffer_text(&answer.response), "Content-Type: text/plain"));
    assert_non_null(strstr(body, "cipher.no-common-suite"));
    answer_clear(&answer);
}

static void page_without_a_verdict(void **state)
{
    (void)state;
    struct answer answer = asked("GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n");
    struct evidence evidence = sample_evidence();
    size_t len;
    assert_true(answer_page(&answer, 502, NULL, &evidence, false));
    assert_non_null(strstr(split_http1(&answer, &len), "could not be reached"));
    answer_clear(&answer);
}

// RFC 9110 section 9.3.2: "the server MUST NOT send content in the response" to HEAD.
static void head_gets_no_body(void **state)
{
    (void)state;
    struct verdict verdict = sample_verdict();
    struct evidence evidence = sample_evidence();
    size_t len;
    struct answer page = asked("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(answer_page(&page, 502, &verdict, &evidence, false));
    (void)split_http1(&page, &len);
    assert_int_equal(len, 0);
    assert_true(stated_length(&page) > 0);
    answer_clear(&page);
    struct answer local = asked("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(answer_local(&local, NULL, false, &authority, "127.0.0.1:8080", false));
    (void)split_http1(&local, &len);
    assert_int_equal(len, 0);
    answer_clear(&local);
}

static void moved_says_where_to(void **state)
{
    (void)state;
    struct answer answer = {0};
    assert_true(answer_moved(&answer, "http://lab.midspan.test/", false));
    const char *text = buffer_text(&answer.response);
    assert_memory_equal(text, "HTTP/1.1 302 Found\r\n", 20);
    assert_non_null(strstr(text, "\r\nLocation: http://lab.midspan.test/\r\n"));
    answer_clear(&answer);
}

// ---- the proxy itself

static const struct local_row {
    const char *name, *path;
    int status;
    const char *type, *part; // of the body
} local_rows[] = {
    {"front page", "/", 200, "text/html", "127.0.0.1:8080"},
    {"PEM", "/ca.pem", 200, "application/x-pem-file", "-----BEGIN CERTIFICATE-----"},
    {"DER", "/ca.der", 200, "application/x-x509-ca-cert", "\x30\x82"},
    {"DER under its other name", "/ca.crt", 200, "application/x-x509-ca-cert", "\x30\x82"},
    {"the key", "/ca-key.pem", 404, "text/plain", "midspan serves"},
    {"a path with dots", "/../ca-key.pem", 404, "text/plain", "midspan serves"},
    {"nothing", "", 404, "text/plain", "midspan serves"},
};

static void local_path_gives(void **state)
{
    const struct local_row *row = *state;
    char start[32];
    size_t len;
    struct answer answer = {0};
    assert_true(answer_local(&answer, row->path, false, &authority, "127.0.0.1:8080", false));
    (void)snprintf(start, sizeof(start), "HTTP/1.1 %d ", row->status);
    assert_true(slice_starts_with(buffer_slice(&answer.response), start));
    assert_non_null(strstr(buffer_text(&answer.response), row->type));
    const char *body = split_http1(&answer, &len);
    assert_int_equal(len, stated_length(&answer));
    assert_non_null(memmem(body, len, row->part, strlen(row->part)));
    assert_null(memmem(body, len, "PRIVATE KEY", 11));
    answer_clear(&answer);
}

static void path_of_the_request_itself(void **state)
{
    (void)state;
    struct answer answer = asked("GET /ca.pem HTTP/1.1\r\nHost: midspan.test\r\n\r\n");
    size_t len;
    assert_true(answer_local(&answer, NULL, false, &authority, "x", false));
    assert_non_null(strstr(split_http1(&answer, &len), "BEGIN CERTIFICATE"));
    answer_clear(&answer);
}

// ---- HTTP/2, read back frame by frame (RFC 9113 section 4.1)

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

struct frame {
    uint32_t len, stream;
    uint8_t type, flags;
    struct slice body;
};

static bool next_frame(struct cursor *cursor, struct frame *out)
{
    return cursor_u24(cursor, &out->len) && cursor_u8(cursor, &out->type) &&
           cursor_u8(cursor, &out->flags) && cursor_u32(cursor, &out->stream) &&
           cursor_take(cursor, out->len, &out->body);
}

// A client's beginning: preface, SETTINGS with one setting, WINDOW_UPDATE, HEADERS on `stream`.
static struct slice h2_request(uint8_t stream)
{
    static uint8_t bytes[] = PREFACE "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\144"
                                     "\0\0\4\10\0\0\0\0\0\0\1\0\0"
                                     "\0\0\3\1\5\0\0\0\1\202\204\207";
    bytes[sizeof(bytes) - 5] = stream;
    return (struct slice){bytes, sizeof(bytes) - 1};
}

static void h2_request_is_found_at_its_last_byte(void **state)
{
    (void)state;
    struct slice request = h2_request(5);
    for (size_t len = 0; len < request.len; len++) {
        assert_int_equal(h2_request_stream(slice_part(request, 0, len)), 0);
    }
    assert_int_equal(h2_request_stream(request), 5);
    assert_int_equal(h2_request_stream(slice_of_text("GET / HTTP/1.1\r\n\r\n")), 0);
}

// read_field reads a literal field without indexing, its name in the static table (RFC 7541
// section 6.2.2).
static uint8_t read_field(struct cursor *cursor, struct slice *out_value)
{
    uint8_t name = 0, more = 0, len = 0;
    assert_true(cursor_u8(cursor, &name));
    assert_int_equal(name & 0xf0, 0);
    if (name == 15) {
        assert_true(cursor_u8(cursor, &more));
        assert_true(more < 128);
        name = (uint8_t)(name + more);
    }
    assert_true(cursor_u8(cursor, &len));
    assert_true(len < 127); // not Huffman, not continued
    assert_true(cursor_take(cursor, len, out_value));
    return name;
}

static void check_h2(struct slice bytes, uint32_t stream, const char *status, size_t body_len)
{
    struct cursor cursor = cursor_over(bytes), fields;
    struct frame frame;
    struct slice value;
    char length[16];
    (void)snprintf(length, sizeof(length), "%zu", body_len);
    assert_true(next_frame(&cursor, &frame)); // SETTINGS first (section 3.4)
    assert_int_equal(frame.type, 4);
    assert_int_equal(frame.flags, 0);
    assert_int_equal(frame.stream, 0);
    assert_true(next_frame(&cursor, &frame)); // the acknowledgement of the client's
    assert_int_equal(frame.type, 4);
    assert_int_equal(frame.flags, 1);
    assert_int_equal(frame.len, 0);
    assert_true(next_frame(&cursor, &frame)); // HEADERS, END_HEADERS
    assert_int_equal(frame.type, 1);
    assert_int_equal(frame.flags, 4);
    assert_int_equal(frame.stream, stream);
    fields = cursor_over(frame.body);
    assert_int_equal(read_field(&fields, &value), 8); // :status
    assert_true(slice_equals_text(value, status));
    assert_int_equal(read_field(&fields, &value), 31); // content-type
    assert_int_equal(read_field(&fields, &value), 28); // content-length
    assert_true(slice_equals_text(value, length));
    size_t got = 0;
    do {
        assert_true(next_frame(&cursor, &frame));
        assert_int_equal(frame.type, 0);
        assert_int_equal(frame.stream, stream);
        assert_true(frame.len <= 16384);
        got += frame.len;
    } while ((frame.flags & 1) == 0);
    assert_int_equal(got, body_len);
    assert_true(next_frame(&cursor, &frame)); // GOAWAY: that stream was served, no error
    assert_int_equal(frame.type, 7);
    assert_int_equal(frame.stream, 0);
    assert_int_equal(frame.body.data[3], stream);
    assert_memory_equal(frame.body.data + 4, "\0\0\0\0", 4);
    assert_false(next_frame(&cursor, &frame));
}

static void h2_answer_of_any_length(void **state)
{
    (void)state;
    static uint8_t body[40000];
    static const size_t lengths[] = {0, 1, 16383, 16384, 16385, 32768, 40000};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct buffer out = {0};
        assert_true(h2_answer(&out, 3, 502, "text/html", (struct slice){body, lengths[i]}));
        check_h2(buffer_slice(&out), 3, "502", lengths[i]);
        buffer_clear(&out);
    }
}

static void h2_page_fits_the_first_window(void **state)
{
    (void)state;
    struct answer answer = {0};
    struct verdict verdict = sample_verdict();
    struct evidence evidence = sample_evidence();
    char much[14001];
    memset(much, '&', sizeof(much) - 1); // five characters each, once escaped
    much[sizeof(much) - 1] = '\0';
    assert_true(buffer_append(&answer.request, h2_request(1)));
    assert_false(answer_wants_more(&answer, true));
    assert_true(answer_page(&answer, 502, &verdict, &evidence, true));
    assert_true(answer.response.len < 65535);
    answer_clear(&answer);
    verdict.summary = much;
    assert_true(buffer_append(&answer.request, h2_request(1)));
    // RFC 9113 section 6.9.2: 65,535 octets may be sent before the client allows more.
    assert_true(answer_page(&answer, 502, &verdict, &evidence, true));
    assert_true(answer.response.len < 65535);
    struct slice response = buffer_slice(&answer.response);
    assert_non_null(memmem(response.data, response.len, "cipher.no-common-suite", 22));
    answer_clear(&answer);
}

static void h2_front_page(void **state)
{
    (void)state;
    struct answer answer = {0};
    assert_true(buffer_append(&answer.request, h2_request(1)));
    assert_true(answer_local(&answer, NULL, false, &authority, "127.0.0.1:8080", true));
    struct slice response = buffer_slice(&answer.response);
    assert_non_null(memmem(response.data, response.len, "midspan is listening", 20));
    answer_clear(&answer);
}

// ---- HTML

static void html_escapes(void **state)
{
    (void)state;
    struct buffer out = {0};
    assert_true(html_text(&out, "a<b>&\"'c"));
    assert_string_equal(buffer_text(&out), "a&lt;b&gt;&amp;&quot;&#39;c");
    buffer_consume(&out, out.len);
    assert_true(html_text(&out, NULL));
    assert_int_equal(out.len, 0);
    buffer_clear(&out);
    buffer_init(&out, 3);
    assert_false(html_text(&out, "a<b"));
    buffer_clear(&out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_request_is_answered),
        cmocka_unit_test(page_in_html),
        cmocka_unit_test(page_in_text),
        cmocka_unit_test(page_without_a_verdict),
        cmocka_unit_test(head_gets_no_body),
        cmocka_unit_test(moved_says_where_to),
        cmocka_unit_test(path_of_the_request_itself),
        cmocka_unit_test(h2_request_is_found_at_its_last_byte),
        cmocka_unit_test(h2_answer_of_any_length),
        cmocka_unit_test(h2_page_fits_the_first_window),
        cmocka_unit_test(h2_front_page),
        cmocka_unit_test(html_escapes),
    };
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    (void)open_authority(NULL);
    int failed = RUN_ROWS(request_rows, request_is_there);
    failed += RUN_ROWS(local_rows, local_path_gives);
    failed += RUN_ROWS(language_rows, page_speaks);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    (void)close_authority(NULL);
    return failed;
}
