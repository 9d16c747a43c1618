// One direction of a connection, fed whole and fed in pieces: the same items must come out, and
// the stream must hold no more than one record and one message.
//
// Input: the number of cuts, then a byte a cut (the length of that piece), then the message after
// which the reader says "encrypted" (0: never), then the bytes of the connection.
#include <stdlib.h>

#include "tls_stream.h"

// Buffers grow by doubling: twice what they may hold.
#define RECORD_CAPACITY_MAX  (2 * (TLS_RECORD_HEADER_LEN + TLS_RECORD_BODY_MAX))
#define MESSAGE_CAPACITY_MAX (2 * HANDSHAKE_MESSAGE_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

struct reading {
    struct tls_stream stream;
    struct buffer items; // all fields of all items, one after the other
    unsigned messages_before_encrypted;
};

static void on_item(void *user, const struct stream_item *item)
{
    struct reading *reading = user;
    must(buffer_printf(&reading->items, "%d %u %x %u %d %u %u %zu:", item->kind, item->content_type,
                       item->version, item->record_len, item->is_encrypted, item->alert_level,
                       item->alert, item->bytes.len));
    must(buffer_append(&reading->items, item->bytes));
    must(item->kind != STREAM_MESSAGE || item->bytes.len >= HANDSHAKE_HEADER_LEN);
    if (item->kind == STREAM_MESSAGE && reading->messages_before_encrypted > 0) {
        reading->messages_before_encrypted--;
        if (reading->messages_before_encrypted == 0) {
            tls_stream_encrypted(&reading->stream);
        }
    }
}

static enum parse feed(struct reading *reading, struct slice bytes)
{
    enum parse parsed = tls_stream_feed(&reading->stream, bytes, on_item, reading);
    must(reading->stream.record.capacity <= RECORD_CAPACITY_MAX);
    must(reading->stream.message.capacity <= MESSAGE_CAPACITY_MAX);
    must(reading->stream.is_bad == (parsed == PARSE_BAD));
    return parsed;
}

static void reading_clear(struct reading *reading)
{
    tls_stream_clear(&reading->stream);
    buffer_clear(&reading->items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor cursor = cursor_over((struct slice){data, size});
    struct slice cuts;
    uint8_t encrypted_after;
    if (!cursor_vector8(&cursor, &cuts) || !cursor_u8(&cursor, &encrypted_after)) {
        return 0;
    }
    struct slice bytes = cursor.left;
    struct reading whole = {.messages_before_encrypted = encrypted_after};
    struct reading pieces = {.messages_before_encrypted = encrypted_after};
    enum parse parsed = feed(&whole, bytes);
    for (size_t i = 0; i < cuts.len; i++) {
        (void)feed(&pieces, slice_part(bytes, 0, cuts.data[i])); // its last answer counts
        bytes = slice_part(bytes, cuts.data[i], bytes.len);
    }
    must(feed(&pieces, bytes) == parsed);
    must(slice_equals(buffer_slice(&whole.items), buffer_slice(&pieces.items)));
    must(feed(&whole, SLICE_EMPTY) == parsed);
    reading_clear(&whole);
    reading_clear(&pieces);
    return 0;
}
