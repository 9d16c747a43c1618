// Each row is one client's bytes; each is fed whole, cut in two at every byte, and byte by byte,
// and all of them must end in the same way.
#include "ingress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

static const char *const local_names[] = {"midspan.test", "proxy.test", NULL};

#define BYTES(text) text, sizeof(text) - 1

struct row {
    const char *name;
    const char *bytes;
    size_t len;
    enum ingress_step want;
    enum ingress_form form;
    const char *target; // "host:port"
    const char *path;
    const char *forward;
    const char *fault; // a part of it
    const char *reply; // how what is sent begins, as hex for SOCKS
    size_t left;       // bytes that must not be consumed
};

struct outcome {
    enum ingress_step step;
    struct buffer sent; // every reply, in order
    struct buffer text; // all else, to compare
    size_t consumed;
};

static void note(struct buffer *text, const char *what, const char *value)
{
    assert_true(buffer_printf(text, "%s=%s\n", what, value != NULL ? value : "-"));
}

static void note_found(struct buffer *text, const struct ingress *ingress)
{
    const struct ingress_found *found = ingress_found(ingress);
    char target[ENDPOINT_TEXT_MAX];
    assert_true(buffer_printf(text, "form=%d head=%d\n", found->form, found->is_head));
    note(text, "target", endpoint_text(&found->target, target));
    note(text, "path", found->path);
    note(text, "host", found->host);
    note(text, "agent", found->user_agent);
    assert_true(buffer_append(text, ingress_forward(ingress)));
}

// Feeds bytes [from, to); true while more is wanted.
static bool feed(struct ingress *ingress, const struct row *row, size_t from, size_t to,
                 struct outcome *out)
{
    for (size_t at = from;;) {
        // A copy of the exact size, so that a read past the end is one that ASan sees.
        uint8_t *exact = malloc(to - at + 1);
        size_t consumed = 1 << 20;
        assert_non_null(exact);
        memcpy(exact, row->bytes + at, to - at);
        out->step = ingress_feed(ingress, (struct slice){exact, to - at}, &consumed);
        free(exact);
        assert_true(consumed <= to - at);
        at += consumed;
        out->consumed += consumed;
        if (out->step == INGRESS_STEP_MORE) {
            assert_int_equal(at, to);
            return true;
        }
        if (out->step == INGRESS_STEP_REPLY || out->step == INGRESS_STEP_BAD) {
            assert_true(buffer_append(&out->sent, ingress_reply(ingress)));
        }
        if (out->step != INGRESS_STEP_REPLY) {
            return false;
        }
    }
}

// cut 0: whole; len: byte by byte; else in two.
static struct outcome run(const struct row *row, size_t cut)
{
    struct outcome out = {0};
    struct ingress *ingress = ingress_new(local_names);
    assert_non_null(ingress);
    size_t at = 0;
    bool wants_more = true;
    while (wants_more && at < row->len) {
        size_t to = cut == row->len ? at + 1 : at < cut ? cut : row->len;
        wants_more = feed(ingress, row, at, to, &out);
        at = to;
    }
    if (out.step == INGRESS_STEP_DONE) {
        note_found(&out.text, ingress);
    }
    if (out.step == INGRESS_STEP_BAD) {
        note(&out.text, "fault", ingress_fault(ingress));
        note(&out.text, "code", ingress_fault_code(ingress));
    }
    size_t consumed;
    enum ingress_step again = ingress_feed(ingress, SLICE_EMPTY, &consumed);
    assert_true(out.step == INGRESS_STEP_REPLY || again == out.step); // the answer stays
    ingress_free(ingress);
    return out;
}

static void release(struct outcome *out)
{
    buffer_clear(&out->sent);
    buffer_clear(&out->text);
}

static void contains(struct buffer *text, const char *part)
{
    if (strstr(buffer_text(text), part) == NULL) {
        print_error("no '%s' in:\n%s\n", part, buffer_text(text));
        fail();
    }
}

static void check_reply(struct outcome *out, const struct row *row)
{
    struct buffer hex = {0};
    bool is_http = strncmp(row->reply, "HTTP/", 5) == 0;
    if (is_http) {
        assert_memory_equal(buffer_text(&out->sent), row->reply, strlen(row->reply));
    } else {
        assert_true(text_hex(&hex, buffer_slice(&out->sent)));
        assert_string_equal(buffer_text(&hex), row->reply);
    }
    buffer_clear(&hex);
}

static void check_whole(struct outcome *out, const struct row *row)
{
    char line[512];
    assert_int_equal(out->step, row->want);
    if (row->want == INGRESS_STEP_DONE) {
        assert_int_equal(row->len - out->consumed, row->left);
        (void)snprintf(line, sizeof(line), "form=%d ", row->form);
        contains(&out->text, line);
    }
    if (row->target != NULL) {
        (void)snprintf(line, sizeof(line), "target=%s\n", row->target);
        contains(&out->text, line);
    }
    if (row->path != NULL) {
        (void)snprintf(line, sizeof(line), "path=%s\n", row->path);
        contains(&out->text, line);
    }
    if (row->forward != NULL) {
        const char *begin = strstr(buffer_text(&out->text), "agent=");
        assert_string_equal(strchr(begin, '\n') + 1, row->forward);
    }
    if (row->fault != NULL) {
        contains(&out->text, row->fault);
        contains(&out->text, "code=ingress.malformed");
    }
    if (row->reply != NULL) {
        check_reply(out, row);
    }
}

static void ends_the_same_however_cut(void **state)
{
    const struct row *row = *state;
    struct outcome whole = run(row, 0);
    check_whole(&whole, row);
    for (size_t cut = 1; cut <= row->len; cut++) {
        struct outcome other = run(row, cut);
        assert_int_equal(other.step, whole.step);
        assert_string_equal(buffer_text(&other.text), buffer_text(&whole.text));
        assert_int_equal(other.sent.len, whole.sent.len);
        assert_true(slice_equals(buffer_slice(&other.sent), buffer_slice(&whole.sent)));
        if (whole.step != INGRESS_STEP_BAD) {
            assert_int_equal(other.consumed, whole.consumed);
        }
        release(&other);
    }
    release(&whole);
}

#define DONE     INGRESS_STEP_DONE
#define BAD      INGRESS_STEP_BAD
#define MORE     INGRESS_STEP_MORE
#define TLS      INGRESS_STEP_TLS
#define CONNECT  INGRESS_FORM_CONNECT
#define ABSOLUTE INGRESS_FORM_ABSOLUTE
#define SOCKS5   INGRESS_FORM_SOCKS5
#define LOCAL    INGRESS_FORM_LOCAL

static const struct row rows[] = {
    {"CONNECT as curl sends it",
     BYTES("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nUser-Agent: curl/8.5.0\r\n"
           "Proxy-Connection: Keep-Alive\r\n\r\n"),
     DONE, CONNECT, .target = "example.com:443"},
    {"CONNECT leaves the hello behind it alone",
     BYTES("CONNECT a.test:443 HTTP/1.1\r\n\r\n\x16\x03\x01\x02"), DONE, CONNECT,
     .target = "a.test:443", .left = 4},
    {"CONNECT without Host", BYTES("CONNECT a.test:8443 HTTP/1.0\r\n\r\n"), DONE, CONNECT,
     .target = "a.test:8443"},
    {"CONNECT to an IPv6 literal", BYTES("CONNECT [2001:DB8::1]:443 HTTP/1.1\r\n\r\n"), DONE,
     CONNECT, .target = "[2001:db8::1]:443"},
    {"CONNECT to an upper-case name", BYTES("CONNECT EXAMPLE.com:443 HTTP/1.1\r\n\r\n"), DONE,
     CONNECT, .target = "example.com:443"},
    {"CONNECT to a name with an underscore", BYTES("CONNECT a_b.test:443 HTTP/1.1\r\n\r\n"), DONE,
     CONNECT, .target = "a_b.test:443"},
    {"CONNECT without a port", BYTES("CONNECT example.com HTTP/1.1\r\n\r\n"), BAD,
     .fault = "bad CONNECT target 'example.com'", .reply = "HTTP/1.1 400 Bad Request\r\n"},
    {"CONNECT with an empty port", BYTES("CONNECT example.com: HTTP/1.1\r\n\r\n"), BAD,
     .fault = "CONNECT"},
    {"CONNECT to port 0", BYTES("CONNECT a.test:0 HTTP/1.1\r\n\r\n"), BAD, .fault = "port 0"},
    {"CONNECT to port 65536", BYTES("CONNECT a.test:65536 HTTP/1.1\r\n\r\n"), BAD,
     .fault = "bad CONNECT target"},
    {"CONNECT to a bare IPv6 literal", BYTES("CONNECT ::1:443 HTTP/1.1\r\n\r\n"), BAD,
     .fault = "bad CONNECT target"},
    {"CONNECT to a name in brackets", BYTES("CONNECT [example.com]:443 HTTP/1.1\r\n\r\n"), BAD,
     .fault = "bad CONNECT target"},
    {"CONNECT to hex in brackets", BYTES("CONNECT [abcd]:443 HTTP/1.1\r\n\r\n"), BAD,
     .fault = "bad CONNECT target"},
    {"CONNECT with a path", BYTES("CONNECT a.test:443/x HTTP/1.1\r\n\r\n"), BAD,
     .fault = "CONNECT"},
    {"CONNECT with a user", BYTES("CONNECT u@a.test:443 HTTP/1.1\r\n\r\n"), BAD,
     .fault = "a.test:443'"},
    {"CONNECT to an absolute URI", BYTES("CONNECT http://a.test:443 HTTP/1.1\r\n\r\n"), BAD,
     .fault = "CONNECT"},

    {"absolute-form, Host and hop-by-hop fields replaced",
     BYTES("GET http://example.com:8080/a?b=c HTTP/1.1\r\nHost: other\r\nAccept: */*\r\n"
           "Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n"
           "Connection: X-Foo, keep-alive\r\nX-Foo: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
           "Empty:\r\nLast:  x \t\r\n\r\n"),
     DONE, ABSOLUTE, .target = "example.com:8080",
     .forward = "GET /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nAccept: */*\r\nEmpty: \r\n"
                "Last: x\r\nConnection: close\r\n\r\n"},
    {"absolute-form leaves the body alone",
     BYTES("POST http://a.test/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"), DONE, ABSOLUTE,
     .target = "a.test:80",
     .forward = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n"
                "Connection: close\r\n\r\n",
     .left = 4},
    {"absolute-form keeps Transfer-Encoding",
     BYTES("POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), DONE,
     ABSOLUTE,
     .forward = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n"
                "Connection: close\r\n\r\n",
     .left = 5},
    {"absolute-form without a path", BYTES("GET http://a.test HTTP/1.0\r\n\r\n"), DONE, ABSOLUTE,
     .forward = "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: close\r\n\r\n"},
    {"absolute-form with a query and no path", BYTES("GET http://a.test?q HTTP/1.1\r\n\r\n"), DONE,
     ABSOLUTE, .forward = "GET /?q HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"},
    {"OPTIONS without a path is OPTIONS *", BYTES("OPTIONS http://a.test HTTP/1.1\r\n\r\n"), DONE,
     ABSOLUTE, .forward = "OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"},
    {"an upgrade stays one",
     BYTES("GET http://a.test/ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\n"
           "Upgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n"),
     DONE, ABSOLUTE,
     .forward = "GET /ws HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\n"
                "Sec-WebSocket-Key: eA==\r\nConnection: Upgrade\r\n\r\n"},
    {"Upgrade that Connection does not name is dropped",
     BYTES("GET http://a.test/ HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"), DONE, ABSOLUTE,
     .forward = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"},
    {"absolute-form to an IPv6 literal", BYTES("GET http://[::1]:81/ HTTP/1.1\r\n\r\n"), DONE,
     ABSOLUTE, .target = "[::1]:81",
     .forward = "GET / HTTP/1.1\r\nHost: [::1]:81\r\nConnection: close\r\n\r\n"},
    {"absolute-form with an upper-case scheme", BYTES("GET HTTP://a.test/ HTTP/1.1\r\n\r\n"), DONE,
     ABSOLUTE, .target = "a.test:80"},
    {"https in absolute-form", BYTES("GET https://a.test/ HTTP/1.1\r\n\r\n"), BAD,
     .fault = "expected CONNECT for https", .reply = "HTTP/1.1 400 Bad Request\r\n"},
    {"ftp in absolute-form", BYTES("GET ftp://a.test/ HTTP/1.1\r\n\r\n"), BAD,
     .fault = "cannot proxy the scheme of 'ftp://a.test/'"},
    {"user and password in absolute-form", BYTES("GET http://u:p@a.test/ HTTP/1.1\r\n\r\n"), BAD,
     .fault = "user name or password"},
    {"fragment in absolute-form", BYTES("GET http://a.test/#x HTTP/1.1\r\n\r\n"), BAD,
     .fault = "fragment"},
    {"port 0 in absolute-form", BYTES("GET http://a.test:0/ HTTP/1.1\r\n\r\n"), BAD,
     .fault = "port 0"},
    {"Connection names Content-Length",
     BYTES("POST http://a.test/ HTTP/1.1\r\nContent-Length: 4\r\n"
           "Connection: close, content-length\r\n\r\n"),
     BAD, .fault = "Connection names Content-Length"},
    {"Connection names Transfer-Encoding",
     BYTES("POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
           "Connection: transfer-encoding\r\n\r\n"),
     BAD, .fault = "Connection names Transfer-Encoding"},

    {"origin-form is for the proxy itself",
     BYTES("GET /ca.pem?x=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"), DONE, LOCAL,
     .path = "/ca.pem"},
    {"absolute-form to a name of the proxy",
     BYTES("GET http://MidSpan.test/ca.der HTTP/1.1\r\n\r\n"), DONE, LOCAL, .path = "/ca.der"},
    {"absolute-form to a name of the proxy, no path",
     BYTES("GET http://proxy.test:8080 HTTP/1.1\r\n\r\n"), DONE, LOCAL, .path = "/"},
    {"HEAD to the proxy itself", BYTES("HEAD / HTTP/1.1\r\n\r\n"), DONE, LOCAL, .path = "/"},
    {"POST to the proxy itself", BYTES("POST / HTTP/1.1\r\n\r\n"), BAD,
     .fault = "POST to the proxy itself", .reply = "HTTP/1.1 405 Method Not Allowed\r\n"},
    {"OPTIONS * to the proxy itself", BYTES("OPTIONS * HTTP/1.1\r\n\r\n"), BAD,
     .fault = "OPTIONS * to the proxy itself"},

    {"bare LF ends the request line", BYTES("GET / HTTP/1.1\nHost: a\r\n\r\n"), BAD,
     .fault = "bare LF"},
    {"bare LF in a header", BYTES("GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n"), BAD, .fault = "bare LF"},
    {"bare CR in a header", BYTES("GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n"), BAD, .fault = "bare CR"},
    {"two CR before LF", BYTES("GET / HTTP/1.1\r\r\n\r\n"), BAD, .fault = "bare CR"},
    {"folded header", BYTES("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), BAD, .fault = "obs-fold"},
    {"blank before the first header", BYTES("GET / HTTP/1.1\r\n A: b\r\n\r\n"), BAD,
     .fault = "obs-fold"},
    {"NUL in a header", BYTES("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"), BAD, .fault = "NUL byte"},
    {"NUL in the target", BYTES("GET /\0 HTTP/1.1\r\n\r\n"), BAD, .fault = "NUL byte"},
    {"escape sequence in a header", BYTES("GET / HTTP/1.1\r\nA: \x1b[31m\r\n\r\n"), BAD,
     .fault = "control byte 0x1b"},
    {"blank before the colon", BYTES("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), BAD,
     .fault = "bad header name 'Host '"},
    {"header without a colon", BYTES("GET / HTTP/1.1\r\nHost\r\n\r\n"), BAD,
     .fault = "bad request head"},
    {"header without a name", BYTES("GET / HTTP/1.1\r\n: a\r\n\r\n"), BAD,
     .fault = "bad request head"},
    {"two Host headers", BYTES("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), BAD,
     .fault = "2 Host headers"},
    {"Host with a path", BYTES("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), BAD,
     .fault = "bad Host header 'a/b'"},
    {"Host of two names", BYTES("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), BAD,
     .fault = "bad Host header 'a b'"},
    {"Content-Length and Transfer-Encoding",
     BYTES("POST http://a.test/ HTTP/1.1\r\nContent-Length: 4\r\n"
           "Transfer-Encoding: chunked\r\n\r\n"),
     BAD, .fault = "bad request head"},
    {"two Content-Length",
     BYTES("POST http://a.test/ HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n"), BAD,
     .fault = "bad request head"},
    {"Content-Length that is no number",
     BYTES("POST http://a.test/ HTTP/1.1\r\nContent-Length: +4\r\n\r\n"), BAD,
     .fault = "content-length"},
    {"chunked is not the last coding",
     BYTES("POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"), BAD,
     .fault = "bad request head"},
    {"two blanks in the request line", BYTES("GET  / HTTP/1.1\r\n\r\n"), BAD,
     .fault = "request line is not"},
    {"blank at the end of the request line", BYTES("GET / HTTP/1.1 \r\n\r\n"), BAD,
     .fault = "HTTP/1.1 '"},
    {"non-ASCII in the target", BYTES("GET /\xc3\xa9 HTTP/1.1\r\n\r\n"), BAD,
     .fault = "byte 0xc3 in the request target"},
    {"no version", BYTES("GET /\r\n\r\n"), BAD, .fault = "HTTP/0.9",
     .reply = "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    {"HTTP/2.0", BYTES("GET / HTTP/2.0\r\n\r\n"), BAD, .fault = "HTTP/2.0"},
    {"HTTP/1.2", BYTES("GET / HTTP/1.2\r\n\r\n"), BAD, .fault = "HTTP/1.2"},
    {"preface of HTTP/2", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), BAD,
     .fault = "not a known HTTP method: 'PRI'", .reply = "HTTP/1.1 501 Not Implemented\r\n"},
    {"banner of SSH", BYTES("SSH-2.0-OpenSSH_9.6\r\n"), BAD, .fault = "not a known HTTP method"},
    {"lower-case method", BYTES("get / HTTP/1.1\r\n\r\n"), BAD, .fault = "the first byte is 0x67",
     .reply = "HTTP/1.1 400 Bad Request\r\n"},
    {"garbage", BYTES("\xff\xfe\xfd"), BAD, .fault = "the first byte is 0xff"},
    {"half a head", BYTES("CONNECT a.test:443 HTTP/1.1\r\nHost: a.te"), .want = MORE},

    {"TLS to the proxy port", BYTES("\x16\x03\x01\x02\x00"), .want = TLS},
    {"SSLv2-format hello to the proxy port", BYTES("\x80\x2e\x01\x03\x01"), .want = TLS},

    {"SOCKS5 to a name",
     BYTES("\x05\x01\x00\x05\x01\x00\x03\x06"
           "a.test\x01\xbb\x16\x03"),
     DONE, SOCKS5, .target = "a.test:443", .reply = "0500", .left = 2},
    {"SOCKS5 to an IPv4 address", BYTES("\x05\x02\x00\x02\x05\x01\x00\x01\x7f\x00\x00\x01\x1f\x90"),
     DONE, SOCKS5, .target = "127.0.0.1:8080", .reply = "0500"},
    {"SOCKS5 to an IPv6 address",
     BYTES("\x05\x01\x00\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50"), DONE, SOCKS5,
     .target = "[::1]:80", .reply = "0500"},
    {"SOCKS5 with user and password only",
     BYTES("\x05\x01\x02\x01\x02me\x03key\x05\x01\x00\x03\x01"
           "a\x00\x50"),
     DONE, SOCKS5, .target = "a:80", .reply = "05020100"},
    {"SOCKS5 with empty user and password",
     BYTES("\x05\x01\x02\x01\x00\x00\x05\x01\x00\x03\x01"
           "a\x00\x50"),
     DONE, SOCKS5, .target = "a:80", .reply = "05020100"},
    {"SOCKS5 with GSSAPI only", BYTES("\x05\x01\x01"), BAD, .fault = "neither", .reply = "05ff"},
    {"SOCKS5 with no method", BYTES("\x05\x00"), BAD, .fault = "neither", .reply = "05ff"},
    {"SOCKS5 BIND", BYTES("\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x1f\x90"), BAD,
     .fault = "SOCKS5 command 2", .reply = "050005070001000000000000"},
    {"SOCKS5 UDP ASSOCIATE", BYTES("\x05\x01\x00\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00"), BAD,
     .fault = "SOCKS5 command 3", .reply = "050005070001000000000000"},
    {"SOCKS5 address of no known type", BYTES("\x05\x01\x00\x05\x01\x00\x09\x00"), BAD,
     .fault = "address type 9", .reply = "050005080001000000000000"},
    {"SOCKS5 to port 0", BYTES("\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x00"), BAD,
     .fault = "port 0", .reply = "050005010001000000000000"},
    {"SOCKS5 with a reserved byte", BYTES("\x05\x01\x00\x05\x01\x07\x01\x7f\x00\x00\x01\x00\x50"),
     BAD, .fault = "reserved byte of a SOCKS5 request is 0x07"},
    {"SOCKS5 with an empty name", BYTES("\x05\x01\x00\x05\x01\x00\x03\x00\x00\x50"), BAD,
     .fault = "bad host name ''"},
    {"SOCKS5 with NUL in the name",
     BYTES("\x05\x01\x00\x05\x01\x00\x03\x03"
           "a\0b\x00\x50"),
     BAD, .fault = "bad host name 'a\\x00b'"},
    {"SOCKS5 request of another version", BYTES("\x05\x01\x00\x04\x01\x00"), BAD,
     .fault = "begins with 0x04"},
    {"SOCKS5 password of another version", BYTES("\x05\x01\x02\x05\x01"), BAD,
     .fault = "begins with 0x05, expected 0x01"},
    {"half a SOCKS5 request",
     BYTES("\x05\x01\x00\x05\x01\x00\x03\x06"
           "a.t"),
     MORE, .reply = "0500"},
    {"SOCKS4", BYTES("\x04\x01\x01\xbb\x7f\x00\x00\x01\x00"), BAD, .fault = "SOCKS4",
     .reply = "005b000000000000"},
};

int main(void)
{
    return RUN_ROWS(rows, ends_the_same_however_cut);
}
