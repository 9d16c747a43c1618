// HTTP answers of midspan's own: the page that explains a failure, and the authority's page at
// http://midspan.test/. Pure text.
#pragma once

#include "authority.h"
#include "verdict.h"

// An answer waits for the request's end, then is sent; HTTP/1.1, or HTTP/2 on a leg that agreed so.
struct answer {
    struct buffer request; // what was read of the request's head
    struct buffer response;
    bool is_abandoned; // the client left before its request was whole
};

#define ANSWER_REQUEST_BYTES_MAX  ((size_t)32 * 1024)
#define ANSWER_RESPONSE_BYTES_MAX ((size_t)256 * 1024)

// answer_wants_more is true until the request's head is whole (or too long to wait for).
bool answer_wants_more(const struct answer *answer, bool is_h2);

// answer_page appends a response that explains `verdict` (NULL: only `status` and `text`), as HTML
// when the request's Accept takes it, else as plain text. `status` is 502, 504 or a preset's.
bool answer_page(struct answer *answer, int status, const struct verdict *verdict,
                 const struct evidence *evidence, bool is_h2);

// answer_path is the path that was asked for; "/" where that can't be read, as in HTTP/2, whose
// requests are packed by HPACK. Borrowed from `answer`.
struct slice answer_path(const struct answer *answer, bool is_h2);

// answer_local appends the response to `path` on the proxy itself: "/", "/ca.pem", "/ca.der",
// "/ca.crt"; 404 for others. Private keys are never served.
bool answer_local(struct answer *answer, const char *path, bool is_head, const struct authority *ca,
                  const char *proxy_address, bool is_h2);

// answer_moved appends a redirection to `location`, a URL of ours; HTTP/1.1.
bool answer_moved(struct answer *answer, const char *location, bool is_head);

void answer_clear(struct answer *answer);
