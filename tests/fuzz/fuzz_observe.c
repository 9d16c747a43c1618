// Both directions of a connection, fed whole and fed in pieces: the same must be seen.
//
// Input: the protocol (odd: HTTP/2, whose preface is put in front), the number of cuts, then a byte
// a cut (the length of that piece), the requests after their length in two bytes, the responses.
#include <stdlib.h>
#include <string.h>

#include "observe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

typedef bool (*feed_fn)(struct observer *observer, struct slice bytes);

static bool feed_pieces(feed_fn feed, struct observer *observer, struct slice bytes,
                        struct slice cuts)
{
    for (size_t i = 0; i < cuts.len; i++) {
        (void)feed(observer, slice_part(bytes, 0, cuts.data[i])); // its last answer counts
        bytes = slice_part(bytes, cuts.data[i], bytes.len);
    }
    return feed(observer, bytes);
}

static void check(const struct observed *seen)
{
    must(seen->status >= 0 && seen->status <= 999);
    must(seen->date_us >= 0);
    must(memchr(seen->host, '\0', sizeof(seen->host)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cursor = cursor_over((struct slice){data, size});
    struct slice cuts, requests;
    uint8_t protocol;
    if (!cursor_u8(&cursor, &protocol) || !cursor_vector8(&cursor, &cuts) ||
        !cursor_vector16(&cursor, &requests)) {
        return 0;
    }
    bool is_h2 = protocol % 2 == 1;
    struct observer *whole = observer_new(is_h2 ? OBSERVE_HTTP2 : OBSERVE_HTTP1);
    struct observer *pieces = observer_new(is_h2 ? OBSERVE_HTTP2 : OBSERVE_HTTP1);
    must(whole != NULL && pieces != NULL);
    if (is_h2) {
        struct slice preface = slice_of_text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        must(observer_requests(whole, preface) && observer_requests(pieces, preface));
    }
    bool is_more = observer_requests(whole, requests);
    must(feed_pieces(observer_requests, pieces, requests, cuts) == is_more);
    is_more = observer_responses(whole, cursor.left);
    must(feed_pieces(observer_responses, pieces, cursor.left, cuts) == is_more);
    check(observer_seen(whole));
    must(memcmp(observer_seen(whole), observer_seen(pieces), sizeof(struct observed)) == 0);
    observer_free(whole);
    observer_free(pieces);
    return 0;
}
