// Answers of HTTP/1 in pieces, and the addresses they point to. The first byte says how long the
// pieces are; 0: all at once.
#undef NDEBUG // the asserts are the test
#include <assert.h>
#include <string.h>

#include "http_answer.h"
#include "web_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_address(const struct web_address *address)
{
    char host[ENDPOINT_TEXT_MAX];
    assert(address->path[0] == '/' && strlen(address->path) <= WEB_PATH_MAX);
    for (const char *at = address->path; *at != '\0'; at++) {
        assert(*at > 0x20 && *at < 0x7f); // nothing that could begin another header
    }
    assert(address->endpoint.port != 0 && web_address_host(address, host)[0] != '\0');
}

static void check_location(const char *location)
{
    const struct web_address from = {.endpoint = {.host = "from.test", .port = 80, .is_ip = false},
                                     .path = "/a"};
    struct web_address to;
    if (web_address_follow(&from, slice_of_text(location), &to)) {
        check_address(&to);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer answer;
    struct slice input = slice_part((struct slice){data, size}, 1, size);
    size_t piece = size > 0 && data[0] > 0 ? data[0] : size;
    enum parse parse = PARSE_MORE;
    http_answer_init(&answer, HTTP_ANSWER_BODY_MAX);
    for (size_t at = 0; at < input.len && parse == PARSE_MORE; at += piece) {
        parse = http_answer_feed(&answer, slice_part(input, at, piece));
    }
    parse = parse == PARSE_MORE ? http_answer_end(&answer) : parse;
    assert(parse != PARSE_MORE);
    assert(http_answer_body(&answer).len <= HTTP_ANSWER_BODY_MAX);
    assert(strlen(answer.location) <= HTTP_ANSWER_LOCATION_MAX);
    assert(strlen(answer.date) <= HTTP_ANSWER_DATE_MAX);
    assert(parse != PARSE_OK || answer.status >= 200);
    check_location(answer.location);
    http_answer_clear(&answer);
    return 0;
}
