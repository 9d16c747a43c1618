// The first requests of a connection and their responses, and what of them a verdict can use. Both
// directions' readers write here.
#pragma once

#include "base.h"

#define EXCHANGE_HOST_MAX (ENDPOINT_HOST_MAX + 8)
#define EXCHANGES_MAX     8

struct observed {
    // The first response's status, or, when there was one, the first that tells of TLS: 421, 400,
    // 495, 496, 525, 526. 0: no response.
    int status;
    // Host or :authority of that response's request, or of the first when that one is not known; ""
    // when there was none.
    char host[EXCHANGE_HOST_MAX];
    int64_t date_us; // the first Date header, wall time; 0: none
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
