#include "http_answer.h"

#include <limits.h>
#include <string.h>

#include "text.h"

// What http-parser's callbacks answer.
enum {
    GO_ON = 0,
    STOP = -1
};

static int on_message_begin(http_parser *parser)
{
    struct http_answer *answer = parser->data;
    answer->status = 0;
    answer->location_len = answer->date_len = answer->age_len = 0;
    answer->held_us = 0;
    answer->is_in_head = true;
    answer->is_in_value = true; // the next name begins a header
    return GO_ON;
}

static int on_header_field(http_parser *parser, const char *at, size_t len)
{
    struct http_answer *answer = parser->data;
    if (answer->is_in_value) {
        answer->is_in_value = false;
        answer->name_len = 0;
    }
    for (size_t i = 0; i < len && answer->name_len < sizeof(answer->name); i++) {
        answer->name[answer->name_len++] =
            at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 0x20) : at[i];
    }
    return GO_ON;
}

static bool is_named(const struct http_answer *answer, const char *name)
{
    struct slice got = {(const uint8_t *)answer->name, answer->name_len};
    return answer->is_in_head && slice_equals_text(got, name);
}

// add_value appends to a header's text; what does not fit is counted all the same, and given up at
// the end of the head.
static void add_value(char *text, size_t max, size_t *len, const char *at, size_t at_len)
{
    if (*len + at_len <= max) {
        memcpy(text + *len, at, at_len);
    }
    *len += at_len;
}

static int on_header_value(http_parser *parser, const char *at, size_t len)
{
    struct http_answer *answer = parser->data;
    answer->is_in_value = true;
    if (is_named(answer, "location")) {
        add_value(answer->location, HTTP_ANSWER_LOCATION_MAX, &answer->location_len, at, len);
    } else if (is_named(answer, "date")) {
        add_value(answer->date, HTTP_ANSWER_DATE_MAX, &answer->date_len, at, len);
    } else if (is_named(answer, "age")) {
        add_value(answer->age, HTTP_ANSWER_AGE_MAX, &answer->age_len, at, len);
    }
    return GO_ON;
}

static void end_value(char *text, size_t max, size_t len)
{
    bool is_whole = len <= max && memchr(text, '\0', len) == NULL;
    text[is_whole ? len : 0] = '\0';
}

static void end_age(struct http_answer *answer)
{
    uint64_t seconds = 0;
    end_value(answer->age, HTTP_ANSWER_AGE_MAX, answer->age_len);
    bool is_number = answer->age[0] != '\0' &&
                     text_uint(slice_of_text(answer->age), UINT64_C(9999999999), &seconds);
    if (answer->age_len > 0 && !is_number) {
        answer->date[0] = '\0';
    }
    answer->held_us = is_number ? (int64_t)seconds * 1000000 : 0;
}

static int on_headers_complete(http_parser *parser)
{
    struct http_answer *answer = parser->data;
    answer->status = (int)parser->status_code;
    end_value(answer->location, HTTP_ANSWER_LOCATION_MAX, answer->location_len);
    end_value(answer->date, HTTP_ANSWER_DATE_MAX, answer->date_len);
    end_age(answer);
    answer->is_in_head = false;
    // One that says that it is too long is not waited for; without a length it is ULLONG_MAX.
    bool is_long =
        parser->content_length != ULLONG_MAX && parser->content_length > answer->body.limit;
    answer->is_refused = answer->is_refused || is_long;
    return is_long ? STOP : GO_ON;
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

void http_answer_init(struct http_answer *answer, size_t body_max)
{
    *answer = (struct http_answer){.bytes_max = HTTP_ANSWER_BYTES_MAX(body_max)};
    buffer_init(&answer->body, body_max);
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
    if (answer->is_refused || bytes.len > answer->bytes_max - answer->bytes) {
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
