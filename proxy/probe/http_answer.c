#include "http_answer.h"

#include <string.h>

// What http-parser's callbacks answer.
enum {
    GO_ON = 0,
    STOP = -1
};

static const char wanted[] = "location";

static int on_message_begin(http_parser *parser)
{
    struct http_answer *answer = parser->data;
    answer->status = 0;
    answer->location_len = 0;
    answer->is_in_value = true; // the next name begins a header
    return GO_ON;
}

static int on_header_field(http_parser *parser, const char *at, size_t len)
{
    struct http_answer *answer = parser->data;
    if (answer->is_in_value) {
        answer->is_in_value = false;
        answer->is_other_name = false;
        answer->name_at = 0;
    }
    for (size_t i = 0; i < len && !answer->is_other_name; i++) {
        char letter = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 0x20) : at[i];
        answer->is_other_name =
            answer->name_at == sizeof(wanted) - 1 || letter != wanted[answer->name_at];
        answer->name_at++;
    }
    return GO_ON;
}

// A location that does not fit is counted all the same, and given up at the end of the head.
static int on_header_value(http_parser *parser, const char *at, size_t len)
{
    struct http_answer *answer = parser->data;
    answer->is_in_value = true;
    if (answer->is_other_name || answer->name_at != sizeof(wanted) - 1) {
        return GO_ON;
    }
    if (answer->location_len + len <= HTTP_ANSWER_LOCATION_MAX) {
        memcpy(answer->location + answer->location_len, at, len);
    }
    answer->location_len += len;
    return GO_ON;
}

static int on_headers_complete(http_parser *parser)
{
    struct http_answer *answer = parser->data;
    answer->status = (int)parser->status_code;
    if (answer->location_len > HTTP_ANSWER_LOCATION_MAX ||
        memchr(answer->location, '\0', answer->location_len) != NULL) {
        answer->location_len = 0;
    }
    answer->location[answer->location_len] = '\0';
    answer->is_other_name = true; // trailers are none of ours
    answer->is_in_value = false;
    return GO_ON;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
    struct http_answer *answer = parser->data;
    if (!buffer_append(&answer->body, (struct slice){(const uint8_t *)at, len})) {
        answer->is_refused = true;
        return STOP;
    }
    return GO_ON;
}

static int on_message_complete(http_parser *parser)
{
    struct http_answer *answer = parser->data;
    if (answer->status >= 200) {
        answer->is_whole = true;
        return STOP; // what follows is not ours
    }
    return GO_ON;
}

static const http_parser_settings callbacks = {
    .on_message_begin = on_message_begin,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

void http_answer_init(struct http_answer *answer)
{
    *answer = (struct http_answer){0};
    buffer_init(&answer->body, HTTP_ANSWER_BODY_MAX);
    http_parser_init(&answer->parser, HTTP_RESPONSE);
    answer->parser.data = answer;
}

void http_answer_clear(struct http_answer *answer)
{
    buffer_clear(&answer->body);
}

static enum parse execute(struct http_answer *answer, const char *at, size_t len)
{
    answer->parser.data = answer; // it may have been moved since
    size_t taken = http_parser_execute(&answer->parser, &callbacks, at, len);
    if (answer->is_whole) {
        return PARSE_OK;
    }
    if (answer->is_refused || answer->parser.upgrade || taken != len ||
        HTTP_PARSER_ERRNO(&answer->parser) != HPE_OK) {
        answer->is_refused = true;
        return PARSE_BAD;
    }
    return PARSE_MORE;
}

enum parse http_answer_feed(struct http_answer *answer, struct slice bytes)
{
    if (answer->is_whole) {
        return PARSE_OK;
    }
    if (answer->is_refused || bytes.len > HTTP_ANSWER_BYTES_MAX - answer->bytes) {
        answer->is_refused = true;
        return PARSE_BAD;
    }
    if (bytes.len == 0) {
        return PARSE_MORE; // to http-parser no bytes would be the end
    }
    answer->bytes += bytes.len;
    return execute(answer, (const char *)bytes.data, bytes.len);
}

enum parse http_answer_end(struct http_answer *answer)
{
    if (answer->is_whole || answer->is_refused) {
        return answer->is_whole ? PARSE_OK : PARSE_BAD;
    }
    return execute(answer, NULL, 0) == PARSE_OK ? PARSE_OK : PARSE_BAD;
}

struct slice http_answer_body(const struct http_answer *answer)
{
    return buffer_slice(&answer->body);
}
