// The head of one HTTP/1 request, read strictly: CRLF line ends only, no NUL or other control
// bytes, no folded lines, one space where RFC 9112 section 3 has one. The only header of ours that
// knows http-parser.
#pragma once

#include "fault.h"

struct http_field {
    struct slice name;
    struct slice value; // blanks around it left out
};

#define HTTP_FIELDS_MAX 128

// A whole head. Everything borrows from the http_head it came from.
struct http_request {
    const char *method; // static
    bool is_connect, is_head;
    struct slice target; // the request target as sent: printable ASCII, never empty
    unsigned minor;      // of HTTP/1.minor: 0 or 1
    const struct http_field *fields;
    size_t field_count;
};

struct http_head;

struct http_head *http_head_new(void); // NULL when memory is out
void http_head_free(struct http_head *head);

// http_head_feed takes bytes up to and with the empty line that ends the head; *out_consumed tells
// how many. PARSE_BAD with `fault`: the first wrong byte decides, however the bytes are cut up.
// At most INGRESS_HEAD_MAX bytes and HTTP_FIELDS_MAX fields.
enum parse http_head_feed(struct http_head *head, struct slice bytes, size_t *out_consumed,
                          struct fault *fault);

// http_head_request borrows the result (PARSE_OK only) until http_head_free.
const struct http_request *http_head_request(const struct http_head *head);

// http_field_find gives the value of the first field of that name (without case); NULL when there
// is none. `out_count` (may be NULL) gets how many there are.
const struct slice *http_field_find(const struct http_request *request, const char *name,
                                    size_t *out_count);

// http_list_next steps through a comma-separated list: *at starts at 0. False at the end.
bool http_list_next(struct slice list, size_t *at, struct slice *out_item);

// The parts of an absolute URI or of an authority (CONNECT), as sent. Absent ones are empty.
struct http_uri {
    struct slice scheme;
    struct slice authority; // host and port, brackets of an IPv6 literal included
    struct slice path;
    struct slice query; // its '?' left out
    bool has_query, has_userinfo, has_fragment;
    bool has_port;
    struct endpoint endpoint; // host, and port when has_port
};

// http_uri_parse takes apart "scheme://host:port/path?query" or, for CONNECT, "host:port". False
// when it is none, or its host is no name and no address.
bool http_uri_parse(struct slice text, bool is_connect, struct http_uri *out_uri);

// http_status_name gives the reason phrase of a status, "Error" when nobody registered it.
const char *http_status_name(int status);
