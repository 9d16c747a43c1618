// The first requests of a connection and their responses, and what of them a verdict can use. Both
// directions' readers write here.
#pragma once

#include "base.h"

#define EXCHANGE_HOST_MAX (ENDPOINT_HOST_MAX + 8)
#define EXCHANGES_MAX     8
// How much of an error page is read.
#define ERROR_PAGE_MAX 512

struct observed {
    // The first response's status, or, when there was one, the first that tells of TLS: 421, 400,
    // 495, 496, 525, 526. 0: no response.
    int status;
    // Host or :authority of that response's request, or of the first when that one is not known; ""
    // when there was none.
    char host[EXCHANGE_HOST_MAX];
    int64_t date_us; // the first Date header, wall time; 0: none
    // What the body of that response says of TLS (error_page_words), static; NULL: nothing known.
    const char *words;
};

struct exchange {
    uint32_t stream; // HTTP/2; HTTP/1 counts its requests from 0
    bool is_head;
    char host[EXCHANGE_HOST_MAX];
};

struct exchanges {
    size_t count_max; // at most EXCHANGES_MAX are looked at
    struct exchange requests[EXCHANGES_MAX];
    size_t request_count, response_count;
    struct observed seen;
    bool is_in_page; // the body of the response that `seen` tells of is being read
    uint32_t page_stream;
    size_t page_len;
    char page[ERROR_PAGE_MAX];
};

// exchanges_request notes a request's head; `host` empty: none. A host that is too long, or holds
// anything but printable ASCII, is left out. False when no further request is wanted.
bool exchanges_request(struct exchanges *exchanges, uint32_t stream, bool is_head,
                       struct slice host);

// exchanges_find gives the request of a stream, NULL when it was not seen.
const struct exchange *exchanges_find(const struct exchanges *exchanges, uint32_t stream);

// exchanges_response notes the head of a final response (RFC 9110 section 15: not 1xx) and its
// Date header, empty when it has none. False when nothing more is wanted.
bool exchanges_response(struct exchanges *exchanges, uint32_t stream, int status,
                        struct slice date);

// exchanges_body notes a piece of a response's body, exchanges_body_end its end. False when nothing
// more is wanted.
bool exchanges_body(struct exchanges *exchanges, uint32_t stream, struct slice bytes);
bool exchanges_body_end(struct exchanges *exchanges, uint32_t stream);
