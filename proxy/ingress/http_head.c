#include "http_head.h"

#include <assert.h>
#include <http_parser.h>
#include <stdlib.h>
#include <string.h>

// Bytes [at, at + len) of the head.
struct span {
    size_t at, len;
};

struct http_head {
    struct buffer bytes;
    http_parser parser;
    struct span target;
    struct span names[HTTP_FIELDS_MAX], values[HTTP_FIELDS_MAX];
    size_t field_count;
    bool has_too_many_fields;
    struct http_field fields[HTTP_FIELDS_MAX];
    struct http_request request;
};

struct http_head *http_head_new(void)
{
    struct http_head *head = calloc(1, sizeof(*head));
    if (head == NULL) {
        return NULL;
    }
    buffer_init(&head->bytes, INGRESS_HEAD_MAX);
    http_parser_init(&head->parser, HTTP_REQUEST);
    head->parser.data = head;
    return head;
}

void http_head_free(struct http_head *head)
{
    if (head == NULL) {
        return;
    }
    buffer_clear(&head->bytes);
    free(head);
}

// http-parser gives a name, value or target in as many pieces as it was fed in; pieces that touch
// are one. True when `at` begins a new span.
static bool extend(const struct http_head *head, struct span *span, const char *at, size_t len)
{
    size_t offset = (size_t)((const uint8_t *)at - buffer_slice(&head->bytes).data);
    if (span->len > 0 && span->at + span->len == offset) {
        span->len += len;
        return false;
    }
    *span = (struct span){offset, len};
    return true;
}

static int on_url(http_parser *parser, const char *at, size_t len)
{
    struct http_head *head = parser->data;
    (void)extend(head, &head->target, at, len); // there is one target: new or not is the same
    return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t len)
{
    struct http_head *head = parser->data;
    struct span begun = {0};
    struct span *last = head->field_count > 0 ? &head->names[head->field_count - 1] : &begun;
    struct span before = *last;
    if (!extend(head, last, at, len)) {
        return 0;
    }
    struct span fresh = *last;
    *last = before;
    if (head->field_count == HTTP_FIELDS_MAX) {
        head->has_too_many_fields = true;
        return 1;
    }
    head->names[head->field_count] = fresh;
    head->values[head->field_count] = (struct span){0};
    head->field_count++;
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t len)
{
    struct http_head *head = parser->data;
    (void)extend(head, &head->values[head->field_count - 1], at, len); // one value a name
    return 0;
}

// What ended the scan of fed bytes.
enum scan {
    SCAN_MORE,
    SCAN_END, // the empty line
    SCAN_BAD
};

// scan_byte judges one byte after `before`, the head's bytes so far. RFC 9112 section 2.2: a bare
// CR, and what is no CRLF, makes two readers see two different heads.
static enum scan scan_byte(struct slice before, uint8_t byte, struct fault *fault)
{
    uint8_t last = before.len > 0 ? before.data[before.len - 1] : 0;
    enum scan bad = SCAN_BAD;
    if (last == '\r' && byte != '\n') {
        (void)fault_set(fault, 400, "bare CR in the request head");
        return bad;
    }
    if (byte == '\n' && last != '\r') {
        (void)fault_set(fault, 400, "bare LF in the request head, lines end with CR LF");
        return bad;
    }
    if (byte == '\0') {
        (void)fault_set(fault, 400, "NUL byte in the request head");
        return bad;
    }
    if ((byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7f) {
        (void)fault_set(fault, 400, "control byte 0x%02x in the request head", byte);
        return bad;
    }
    if (last == '\n' && (byte == ' ' || byte == '\t')) {
        (void)fault_set(fault, 400, "folded header line (obs-fold)");
        return bad;
    }
    if (before.len + 1 > INGRESS_HEAD_MAX) {
        (void)fault_set(fault, 431, "request head longer than %zu bytes", INGRESS_HEAD_MAX);
        return bad;
    }
    bool ends_line = byte == '\n' && before.len >= 3;
    return ends_line && memcmp(before.data + before.len - 3, "\r\n\r", 3) == 0 ? SCAN_END
                                                                               : SCAN_MORE;
}

static bool is_token(struct slice name)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.data[i];
        bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        if (!is_letter && !(byte >= '0' && byte <= '9') &&
            (byte == '\0' || strchr(marks, byte) == NULL)) {
            return false;
        }
    }
    return name.len > 0;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct slice trim(struct slice s)
{
    while (s.len > 0 && is_blank(s.data[0])) {
        s = slice_part(s, 1, s.len);
    }
    while (s.len > 0 && is_blank(s.data[s.len - 1])) {
        s.len--;
    }
    return s;
}

static struct slice slice_of_span(const struct http_head *head, struct span span)
{
    return slice_part(buffer_slice(&head->bytes), span.at, span.len);
}

// The line that is being read, without its end: what a fault quotes.
static struct slice current_line(struct slice bytes)
{
    size_t at = bytes.len;
    while (at > 0 && bytes.data[at - 1] != '\n') {
        at--;
    }
    struct slice line = slice_part(bytes, at, bytes.len);
    return line.len > 0 && line.data[line.len - 1] == '\r' ? slice_part(line, 0, line.len - 1)
                                                           : line;
}

static bool fault_of_parser(const struct http_head *head, struct fault *fault)
{
    char quote[FAULT_QUOTE_MAX];
    if (head->has_too_many_fields) {
        return fault_set(fault, 431, "more than %d header fields", HTTP_FIELDS_MAX);
    }
    enum http_errno code = HTTP_PARSER_ERRNO(&head->parser);
    fault_quote(current_line(buffer_slice(&head->bytes)), quote);
    if (code == HPE_INVALID_METHOD) {
        return fault_set(fault, 501, "not a known HTTP method: '%s'", quote);
    }
    if (code == HPE_INVALID_VERSION || code == HPE_INVALID_CONSTANT) {
        return fault_set(fault, 400, "not an HTTP request line: '%s'", quote);
    }
    if (quote[0] == '\0') {
        return fault_set(fault, 400, "bad request head: %s", http_errno_description(code));
    }
    return fault_set(fault, 400, "bad request head: %s, at '%s'", http_errno_description(code),
                     quote);
}

// run_parser gives http-parser the last `len` bytes of the head.
static bool run_parser(struct http_head *head, size_t len, struct fault *fault)
{
    static const http_parser_settings settings = {
        .on_url = on_url,
        .on_header_field = on_header_field,
        .on_header_value = on_header_value,
    };
    struct slice all = buffer_slice(&head->bytes);
    struct slice fresh = slice_part(all, all.len - len, len);
    size_t taken =
        http_parser_execute(&head->parser, &settings, (const char *)fresh.data, fresh.len);
    bool is_fine = HTTP_PARSER_ERRNO(&head->parser) == HPE_OK;
    if (is_fine) {
        return true;
    }
    // The fault quotes what was read up to the wrong byte, so that it is the same however the
    // bytes are cut up.
    size_t wrong_at = all.len - len + (taken < len ? taken : len - 1);
    head->bytes.len = wrong_at + 1;
    return fault_of_parser(head, fault);
}

// http-parser takes several blanks where RFC 9112 section 3 has one, so the line is measured.
static bool check_request_line(struct http_head *head, struct fault *fault)
{
    struct http_request *request = &head->request;
    struct slice all = buffer_slice(&head->bytes);
    if (head->parser.http_major != 1 || head->parser.http_minor > 1) {
        return fault_set(fault, 505, "HTTP/%u.%u where HTTP/1.0 or 1.1 was expected",
                         head->parser.http_major, head->parser.http_minor);
    }
    for (size_t i = 0; i < request->target.len; i++) {
        if (request->target.data[i] <= 0x20 || request->target.data[i] >= 0x7f) {
            return fault_set(fault, 400, "byte 0x%02x in the request target",
                             request->target.data[i]);
        }
    }
    size_t line_len = (size_t)((const uint8_t *)memchr(all.data, '\r', all.len) - all.data);
    size_t want_len = strlen(request->method) + 1 + request->target.len + strlen(" HTTP/1.1");
    if (line_len != want_len || request->target.len == 0) {
        return fault_set(fault, 400, "request line is not METHOD SP TARGET SP HTTP/1.x");
    }
    return true;
}

static bool finish(struct http_head *head, struct fault *fault)
{
    char quote[FAULT_QUOTE_MAX];
    struct http_request *request = &head->request;
    *request = (struct http_request){
        .method = http_method_str((enum http_method)head->parser.method),
        .is_connect = head->parser.method == HTTP_CONNECT,
        .is_head = head->parser.method == HTTP_HEAD,
        .target = slice_of_span(head, head->target),
        .minor = head->parser.http_minor,
        .fields = head->fields,
        .field_count = head->field_count,
    };
    if (!check_request_line(head, fault)) {
        return false;
    }
    for (size_t i = 0; i < head->field_count; i++) {
        struct http_field *field = &head->fields[i];
        field->name = slice_of_span(head, head->names[i]);
        field->value = trim(slice_of_span(head, head->values[i]));
        if (!is_token(field->name)) {
            return fault_set(fault, 400, "bad header name '%s'", fault_quote(field->name, quote));
        }
    }
    return true;
}

enum parse http_head_feed(struct http_head *head, struct slice bytes, size_t *out_consumed,
                          struct fault *fault)
{
    size_t held = head->bytes.len;
    enum scan scan = SCAN_MORE;
    size_t taken = 0;
    struct fault scan_fault;
    while (scan == SCAN_MORE && taken < bytes.len) {
        scan = scan_byte(buffer_slice(&head->bytes), bytes.data[taken], &scan_fault);
        if (scan == SCAN_BAD) {
            break;
        }
        if (!buffer_append_byte(&head->bytes, bytes.data[taken])) {
            scan = SCAN_BAD;
            (void)fault_set(&scan_fault, 503, "out of memory");
            break;
        }
        taken++;
    }
    *out_consumed = taken;
    size_t fresh = head->bytes.len - held;
    if (fresh > 0 && !run_parser(head, fresh, fault)) {
        return PARSE_BAD;
    }
    if (scan == SCAN_BAD) {
        *fault = scan_fault;
        return PARSE_BAD;
    }
    if (scan == SCAN_MORE) {
        return PARSE_MORE;
    }
    return finish(head, fault) ? PARSE_OK : PARSE_BAD;
}

const struct http_request *http_head_request(const struct http_head *head)
{
    return &head->request;
}

const struct slice *http_field_find(const struct http_request *request, const char *name,
                                    size_t *out_count)
{
    const struct slice *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < request->field_count; i++) {
        if (!slice_equals_nocase(request->fields[i].name, slice_of_text(name))) {
            continue;
        }
        found = found != NULL ? found : &request->fields[i].value;
        count++;
    }
    if (out_count != NULL) {
        *out_count = count;
    }
    return found;
}

bool http_list_next(struct slice list, size_t *at, struct slice *out_item)
{
    while (*at < list.len) {
        size_t end = *at;
        while (end < list.len && list.data[end] != ',') {
            end++;
        }
        struct slice item = trim(slice_part(list, *at, end - *at));
        *at = end + 1;
        if (item.len > 0) {
            *out_item = item;
            return true;
        }
    }
    return false;
}

static struct slice uri_part(struct slice text, const struct http_parser_url *url,
                             enum http_parser_url_fields field)
{
    if ((url->field_set & (1u << field)) == 0) {
        return SLICE_EMPTY;
    }
    return slice_part(text, url->field_data[field].off, url->field_data[field].len);
}

bool http_uri_parse(struct slice text, bool is_connect, struct http_uri *out_uri)
{
    struct http_parser_url url;
    http_parser_url_init(&url);
    if (text.len == 0 ||
        http_parser_parse_url((const char *)text.data, text.len, is_connect, &url) != 0) {
        return false;
    }
    struct slice host = uri_part(text, &url, UF_HOST);
    struct http_uri uri = {
        .scheme = uri_part(text, &url, UF_SCHEMA),
        .path = uri_part(text, &url, UF_PATH),
        .query = uri_part(text, &url, UF_QUERY),
        .has_query = (url.field_set & (1u << UF_QUERY)) != 0,
        .has_userinfo = (url.field_set & (1u << UF_USERINFO)) != 0,
        .has_fragment = (url.field_set & (1u << UF_FRAGMENT)) != 0,
        .has_port = (url.field_set & (1u << UF_PORT)) != 0,
    };
    if (host.len == 0 || !endpoint_set_host(&uri.endpoint, host)) {
        return false;
    }
    uri.endpoint.port = url.port;
    bool is_bracketed = host.data > text.data && host.data[-1] == '[';
    if (is_bracketed != (strchr(uri.endpoint.host, ':') != NULL)) {
        return false; // "[name]", or an IPv6 literal without its brackets
    }
    struct slice port = uri_part(text, &url, UF_PORT);
    const uint8_t *begin = host.data - (is_bracketed ? 1 : 0);
    const uint8_t *end = host.data + host.len + (is_bracketed ? 1 : 0);
    uri.authority =
        (struct slice){begin, (size_t)(end - begin) + (uri.has_port ? port.len + 1 : 0)};
    *out_uri = uri;
    return true;
}

const char *http_status_name(int status)
{
    switch (status) {
#define XX(number, name, text) \
    case number:               \
        return #text;
        HTTP_STATUS_MAP(XX)
#undef XX
    default:
        return "Error";
    }
}
