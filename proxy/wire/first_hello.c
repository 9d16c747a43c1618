// The client's first flight, as peeked: where the ClientHello is, or that there is none.
#include "tls_stream.h"

#define SSLV2_HEADER_LEN 2

static enum parse first_hello_sslv2(struct slice in, struct slice *out_message, bool *out_is_sslv2)
{
    size_t len = (size_t)(in.data[0] & 0x7f) << 8 | in.data[1];
    struct slice message = slice_part(in, SSLV2_HEADER_LEN, len);
    if (message.len < len) {
        return PARSE_MORE;
    }
    *out_message = message;
    *out_is_sslv2 = true;
    return PARSE_OK;
}

static enum parse read_hello(struct slice in, struct slice *out_message)
{
    if (in.len > 0 && in.data[0] != HANDSHAKE_CLIENT_HELLO) {
        return PARSE_BAD;
    }
    struct handshake message;
    enum parse parsed = handshake_parse(in, &message);
    if (parsed == PARSE_OK) {
        *out_message = message.whole;
    }
    return parsed;
}

enum parse first_hello(struct slice in, struct buffer *joined, struct slice *out_message,
                       bool *out_is_sslv2)
{
    switch (opening_of(in)) {
    case OPENING_UNDECIDED:
        return PARSE_MORE;
    case OPENING_OTHER:
        return PARSE_BAD;
    case OPENING_SSLV2:
        return first_hello_sslv2(in, out_message, out_is_sslv2);
    case OPENING_TLS:
        break;
    }
    buffer_consume(joined, joined->len);
    struct slice hello = SLICE_EMPTY; // so far: in `in` while it is one record, then in `joined`
    size_t empty_count = 0;
    enum parse parsed = PARSE_MORE;
    while (parsed == PARSE_MORE) {
        struct tls_record record;
        parsed = tls_record_parse(in, &record);
        if (parsed != PARSE_OK) {
            return parsed;
        }
        empty_count = record.body.len > 0 ? 0 : empty_count + 1;
        if (record.content_type != CONTENT_HANDSHAKE || empty_count > STREAM_EMPTY_RECORDS_MAX) {
            return PARSE_BAD;
        }
        in = slice_part(in, record.len, in.len);
        if (hello.len == 0) {
            hello = record.body;
        } else {
            bool is_joined = (joined->len > 0 || buffer_append(joined, hello)) &&
                             buffer_append(joined, record.body);
            if (!is_joined) {
                return PARSE_BAD;
            }
            hello = buffer_slice(joined);
        }
        parsed = read_hello(hello, out_message);
    }
    if (parsed == PARSE_OK) {
        *out_is_sslv2 = false;
    }
    return parsed;
}
