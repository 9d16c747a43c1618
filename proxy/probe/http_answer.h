// One answer of HTTP/1, read as it comes: status, where it sends us, its date, its body.
// http-parser is behind this door. Bounded; bytes in, facts out, no I/O.
#pragma once

#include <http_parser.h>

#include "base.h"

#define HTTP_ANSWER_BODY_MAX ((size_t)64 * 1024) // of most answers
// Head, chunk sizes and body together.
#define HTTP_ANSWER_BYTES_MAX(body_max) ((body_max) + (body_max) / 2)
#define HTTP_ANSWER_LOCATION_MAX        ((size_t)1024)
#define HTTP_ANSWER_DATE_MAX            ((size_t)64)
#define HTTP_ANSWER_AGE_MAX             ((size_t)10) // digits: three hundred years
#define HTTP_ANSWER_NAME_MAX            16           // longer than the names that are looked for

// All-zero is an answer that was not begun.
struct http_answer {
    http_parser parser;
    size_t bytes, bytes_max; // fed so far; of HTTP_ANSWER_BYTES_MAX
    int status;              // 0: the head is not whole
    // Headers: "" for none, or longer than that. Several of a name run together.
    char location[HTTP_ANSWER_LOCATION_MAX + 1];
    char date[HTTP_ANSWER_DATE_MAX + 1];
    // How long caches on the way have held it, by the sum that Age is (RFC 9111 section 5.1): the
    // date is so old. 0: none did, or none says so. With an Age that is no number there is no date.
    int64_t held_us;
    struct buffer body;
    bool is_whole, is_refused;         // refused: more than the limits
    char name[HTTP_ANSWER_NAME_MAX];   // of the header under way, lower case, cut
    char age[HTTP_ANSWER_AGE_MAX + 1]; // as text
    size_t name_len, location_len, date_len, age_len;
    bool is_in_value, is_in_head; // not in the trailers of a chunked body
};

// http_answer_init begins one whose body has at most `body_max` bytes.
void http_answer_init(struct http_answer *answer, size_t body_max);
void http_answer_clear(struct http_answer *answer);

// http_answer_feed takes the next bytes: PARSE_MORE, PARSE_OK when the answer is whole, PARSE_BAD
// when it is none or passes a limit. http_answer_end takes the peer's end of the connection, which
// ends a body without a length. Interim answers (1xx) are passed over.
enum parse http_answer_feed(struct http_answer *answer, struct slice bytes);
enum parse http_answer_end(struct http_answer *answer);

// http_answer_body borrows the body until the clear.
struct slice http_answer_body(const struct http_answer *answer);
