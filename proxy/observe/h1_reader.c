#include "h1_reader.h"

#include <string.h>

// What http-parser's callbacks answer.
enum {
    GO_ON = 0,
    SKIP_BODY = 1, // on_headers_complete: there is none, whatever the head says
    STOP = -1
};

static int on_message_begin(http_parser *parser)
{
    struct h1_reader *reader = parser->data;
    reader->is_in_head = true;
    reader->is_in_value = true; // the next name begins a header
    reader->has_value = false;
    reader->value_len = 0;
    return GO_ON;
}

// is_wanted is true if the name that was read is the one that is kept, and the first of them.
static bool is_wanted(const struct h1_reader *reader)
{
    return !reader->is_other && !reader->has_value && reader->name_at == strlen(reader->wanted);
}

static int on_header_field(http_parser *parser, const char *at, size_t len)
{
    struct h1_reader *reader = parser->data;
    if (!reader->is_in_head) {
        return GO_ON;
    }
    if (reader->is_in_value) {
        reader->has_value = reader->has_value || reader->value_len > 0;
        reader->is_in_value = false;
        reader->is_other = false;
        reader->name_at = 0;
    }
    size_t wanted_len = strlen(reader->wanted);
    for (size_t i = 0; i < len && !reader->is_other; i++) {
        char letter = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 0x20) : at[i];
        if (reader->name_at == wanted_len || letter != reader->wanted[reader->name_at]) {
            reader->is_other = true;
        } else {
            reader->name_at++;
        }
    }
    return GO_ON;
}

static int on_header_value(http_parser *parser, const char *at, size_t len)
{
    struct h1_reader *reader = parser->data;
    if (!reader->is_in_head) {
        return GO_ON;
    }
    reader->is_in_value = true;
    if (!is_wanted(reader)) {
        return GO_ON;
    }
    if (reader->value_len + len <= sizeof(reader->value)) {
        memcpy(reader->value + reader->value_len, at, len);
        reader->value_len += len;
    } else {
        reader->value_len = sizeof(reader->value) + 1;
    }
    return GO_ON;
}

// kept_value is what was kept of the wanted header, empty when there was none or it was too long.
static struct slice kept_value(const struct h1_reader *reader)
{
    struct slice value = {reader->value, reader->value_len};
    if (reader->value_len > sizeof(reader->value)) {
        return SLICE_EMPTY;
    }
    while (value.len > 0 &&
           (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t')) {
        value.len--; // http-parser has left out blanks in front only
    }
    return value;
}

static int on_request_head(http_parser *parser)
{
    struct h1_reader *reader = parser->data;
    struct exchanges *exchanges = reader->exchanges;
    reader->is_in_head = false;
    bool is_more = exchanges_request(exchanges, (uint32_t)exchanges->request_count,
                                     parser->method == HTTP_HEAD, kept_value(reader));
    return is_more ? GO_ON : STOP;
}

// RFC 9112 section 6.3: what ends a response depends on its request.
static int on_response_head(http_parser *parser)
{
    struct h1_reader *reader = parser->data;
    struct exchanges *exchanges = reader->exchanges;
    reader->is_in_head = false;
    if (parser->status_code == 101) {
        return STOP; // another protocol from here on
    }
    if (parser->status_code < 200) {
        return GO_ON;
    }
    uint32_t stream = (uint32_t)exchanges->response_count;
    const struct exchange *request = exchanges_find(exchanges, stream);
    if (!exchanges_response(exchanges, stream, parser->status_code, kept_value(reader))) {
        return STOP;
    }
    // A response to nobody, or to a request that was not read: where it ends is not known. Node
    // turns a client away before it has read what that wants.
    if (request == NULL) {
        reader->is_last = true;
        return exchanges->is_in_page ? GO_ON : STOP;
    }
    return request->is_head ? SKIP_BODY : GO_ON;
}

// The last response that a head was seen of.
static uint32_t last_response(const struct exchanges *exchanges)
{
    return (uint32_t)exchanges->response_count - 1;
}

static int on_response_body(http_parser *parser, const char *at, size_t len)
{
    struct h1_reader *reader = parser->data;
    struct exchanges *exchanges = reader->exchanges;
    struct slice bytes = {(const uint8_t *)at, len};
    bool is_more = exchanges_body(exchanges, last_response(exchanges), bytes);
    return is_more && (exchanges->is_in_page || !reader->is_last) ? GO_ON : STOP;
}

static int on_response_end(http_parser *parser)
{
    struct h1_reader *reader = parser->data;
    struct exchanges *exchanges = reader->exchanges;
    if (parser->status_code < 200) {
        return GO_ON; // the answer itself is still to come
    }
    bool is_more = exchanges_body_end(exchanges, last_response(exchanges));
    return is_more && !reader->is_last ? GO_ON : STOP;
}

static const http_parser_settings request_settings = {
    .on_message_begin = on_message_begin,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_request_head,
};

static const http_parser_settings response_settings = {
    .on_message_begin = on_message_begin,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_response_head,
    .on_body = on_response_body,
    .on_message_complete = on_response_end,
};

void h1_reader_init(struct h1_reader *reader, bool is_request, struct exchanges *exchanges)
{
    *reader = (struct h1_reader){
        .exchanges = exchanges,
        .wanted = is_request ? "host" : "date",
    };
    http_parser_init(&reader->parser, is_request ? HTTP_REQUEST : HTTP_RESPONSE);
    reader->parser.data = reader;
}

bool h1_reader_feed(struct h1_reader *reader, struct slice bytes)
{
    if (bytes.len == 0) {
        return true; // to http-parser that would be the end
    }
    const http_parser_settings *settings =
        reader->parser.type == HTTP_REQUEST ? &request_settings : &response_settings;
    size_t taken =
        http_parser_execute(&reader->parser, settings, (const char *)bytes.data, bytes.len);
    return taken == bytes.len && !reader->parser.upgrade &&
           HTTP_PARSER_ERRNO(&reader->parser) == HPE_OK;
}
