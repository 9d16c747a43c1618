#include "observe.h"

#include <stdlib.h>

#include "h1_reader.h"
#include "h2_reader.h"

// HTTP/1 gives one answer after the other; HTTP/2's clients put names of several hosts on one
// connection, and the 421 comes late.
#define HTTP1_EXCHANGES 4
#define HTTP2_EXCHANGES EXCHANGES_MAX

enum direction {
    REQUESTS,
    RESPONSES,
    DIRECTIONS
};

struct observer {
    enum observe_protocol protocol;
    bool is_over[DIRECTIONS];
    union {
        struct h1_reader h1;
        struct h2_reader h2;
    } readers[DIRECTIONS]; // by protocol
    struct exchanges exchanges;
};

bool observe_protocol_of(struct slice client_alpn, struct slice server_alpn,
                         enum observe_protocol *out_protocol)
{
    bool is_h2 = slice_equals_text(server_alpn, "h2");
    if (is_h2 != slice_equals_text(client_alpn, "h2")) {
        return false; // the bytes of one mean nothing to the other
    }
    if (!is_h2 && server_alpn.len > 0 && !slice_starts_with(server_alpn, "http/1.")) {
        return false;
    }
    *out_protocol = is_h2 ? OBSERVE_HTTP2 : OBSERVE_HTTP1;
    return true;
}

struct observer *observer_new(enum observe_protocol protocol)
{
    struct observer *observer = calloc(1, sizeof(*observer));
    if (observer == NULL) {
        return NULL;
    }
    observer->protocol = protocol;
    observer->exchanges.count_max = protocol == OBSERVE_HTTP2 ? HTTP2_EXCHANGES : HTTP1_EXCHANGES;
    for (int i = 0; i < DIRECTIONS; i++) {
        if (protocol == OBSERVE_HTTP1) {
            h1_reader_init(&observer->readers[i].h1, i == REQUESTS, &observer->exchanges);
        } else if (!h2_reader_init(&observer->readers[i].h2, i == REQUESTS, &observer->exchanges)) {
            observer_free(observer);
            return NULL;
        }
    }
    return observer;
}

void observer_free(struct observer *observer)
{
    if (observer == NULL) {
        return;
    }
    if (observer->protocol == OBSERVE_HTTP2) {
        h2_reader_clear(&observer->readers[REQUESTS].h2);
        h2_reader_clear(&observer->readers[RESPONSES].h2);
    }
    free(observer);
}

static bool feed(struct observer *observer, enum direction direction, struct slice bytes)
{
    if (observer->protocol == OBSERVE_HTTP1) {
        return h1_reader_feed(&observer->readers[direction].h1, bytes);
    }
    return h2_reader_feed(&observer->readers[direction].h2, bytes);
}

bool observer_requests(struct observer *observer, struct slice bytes)
{
    if (!observer->is_over[REQUESTS] && !feed(observer, REQUESTS, bytes)) {
        // Its responses are still to come; bytes that are no request at all have none to wait for.
        observer->is_over[REQUESTS] = true;
        if (observer->exchanges.request_count == 0) {
            observer->is_over[RESPONSES] = true;
        }
    }
    return !observer->is_over[RESPONSES];
}

bool observer_responses(struct observer *observer, struct slice bytes)
{
    if (!observer->is_over[RESPONSES] && !feed(observer, RESPONSES, bytes)) {
        observer->is_over[RESPONSES] = true;
    }
    return !observer->is_over[RESPONSES];
}

const struct observed *observer_seen(const struct observer *observer)
{
    return &observer->exchanges.seen;
}
