// The heads of one direction of HTTP/1, by http-parser: Host of requests, status and Date of
// responses, and what of a response's body is read at all.
#pragma once

#include <http_parser.h>

#include "exchanges.h"

struct h1_reader {
    http_parser parser;
    struct exchanges *exchanges; // not owned
    const char *wanted;          // the header that is kept, lower case
    size_t name_at;              // how much of `wanted` the header's name has matched so far
    bool is_other;               // the header's name is another
    bool is_in_value;            // http-parser is past the name
    bool has_value;              // the first such header is whole: later ones don't count
    size_t value_len;            // may pass the room there is: then it is not kept
    uint8_t value[EXCHANGE_HOST_MAX];
    bool is_in_head; // and not in the trailers of a chunked body
    bool is_last;    // where this response ends is not known: its page is all that is still read
};

// h1_reader_init reads requests or responses into `exchanges`, which must outlive it.
void h1_reader_init(struct h1_reader *reader, bool is_request, struct exchanges *exchanges);

// h1_reader_feed takes the next bytes. False when nothing more of this direction can be read or is
// wanted; it must not be fed again then.
bool h1_reader_feed(struct h1_reader *reader, struct slice bytes);
